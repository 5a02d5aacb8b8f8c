// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane_group.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

#include "dataplane/reply_sink.hpp"
#include "session/flow_lane.hpp"

namespace endreason {
namespace {

// Alone: what stays near in the first caches. Together: enough work, some hundred microseconds, to
// be worth the meeting of the threads at its end.
constexpr std::size_t kAloneBatch = 128;
constexpr std::size_t kTogetherBatch = 4096;

// Every two packets of a batch may make a whole of up to 64 KiB; only what is used takes memory.
constexpr std::uint32_t kTogetherWholesBytes = kTogetherBatch / 2 * (64 << 10);

DecodeOptions decode_of(const EngineOptions& options, unsigned lanes) {
  DecodeOptions decode = options.decode;
  if (lanes > 1)
    decode.fragments.wholes_bytes = std::max(decode.fragments.wholes_bytes, kTogetherWholesBytes);
  return decode;
}

// A decoder that leaves fragments to another needs no room for them.
DecodeOptions apart_of(const EngineOptions& options) {
  DecodeOptions decode = options.decode;
  decode.fragments.packets = 1;
  decode.fragments.bytes = decode.fragments.wholes_bytes = 64 << 10;
  return decode;
}

std::optional<PolicyGate> gate_of(const EngineOptions& options, const AppCatalogue& catalogue) {
  if (!options.policy) return std::nullopt;
  return PolicyGate(options.policy, options.zones, catalogue);
}

}  // namespace

LaneGroup::LaneGroup(const EngineOptions& options, const AppCatalogue& catalogue, unsigned lanes)
    : options_(options),
      catalogue_(catalogue),
      policy_(gate_of(options, catalogue)),
      unreachable_limit_(policy_ ? policy_->unreachables_a_second() : 0),
      decoder_(decode_of(options, lanes)),
      team_(lanes) {
  if (lanes > 1) {
    for (unsigned i = 0; i < lanes; ++i)
      slices_.push_back({.decoder = Decoder(apart_of(options)), .fragments = {}, .by_lane = {}});
    for (Slice& slice : slices_) slice.by_lane.resize(lanes);
    numbers_.resize(lanes);
    latest_ns_.resize(kTogetherBatch);
    lane_of_.resize(kTogetherBatch);
  }
  room_.resize(batch_packets());
  if (!options.zones.empty()) zone_room_.resize(batch_packets());
}

Result<std::unique_ptr<LaneGroup>> LaneGroup::create(const EngineOptions& options,
                                                     const AppCatalogue& catalogue) {
  constexpr unsigned kMostThreads = 256;
  if (options.threads == 0 || options.threads > kMostThreads)
    return fail(Error::Code::Usage, "threads: 1 to 256");
  std::unique_ptr<LaneGroup> group(new LaneGroup(options, catalogue, options.threads));
  if (auto added = group->add_lanes(); !added) return tl::unexpected(added.error());
  return group;
}

Result<void> LaneGroup::add_lanes() {
  const LaneShared shared{options_, catalogue_, policy(), blocked_};
  for (unsigned i = 0; i < options_.threads; ++i) {
    auto lane = Lane::create(shared, i);
    if (!lane) return tl::unexpected(lane.error());
    lanes_.push_back(std::move(*lane));
  }
  return {};
}

void LaneGroup::name_interface(std::size_t number, std::string_view name) {
  interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
  interface_zones_[number] = options_.zones.of_interface(name);
}

void LaneGroup::find_zones(std::size_t packet) {
  const PacketView& p = room_[packet];
  const ZoneNumber interface =
      p.interface < interface_zones_.size() ? interface_zones_[p.interface] : kNoZone;
  zone_room_[packet] = options_.zones.of_packet(interface, p.vlan, p.src, p.dst);
}

std::size_t LaneGroup::batch_packets() const {
  return slices_.empty() ? kAloneBatch : kTogetherBatch;
}

void LaneGroup::set_overflow(std::function<void()> overflow) {
  if (size() > 1) return;
  lanes_.front()->set_overflow([this, overflow = std::move(overflow)] {
    join_rows();
    overflow();
  });
}

void LaneGroup::decode(std::span<const RawPacket> packets,
                       const std::function<void(unsigned)>& beside) {
  assert(packets.size() <= batch_packets());
  if (size() > 1) {
    decode_together(packets, beside);
  } else {
    beside(0);
    decode_alone(packets);
  }
  views_ = std::span<const PacketView>(room_).first(packets.size());
  zones_ =
      std::span<const PacketZones>(zone_room_).first(options_.zones.empty() ? 0 : packets.size());
}

void LaneGroup::track() {
  if (size() > 1) {
    track_together();
  } else {
    lanes_.front()->table().process(views_, *lanes_.front(), zones_);
  }
  send_replies();
  join_rows();
}

void LaneGroup::decode_alone(std::span<const RawPacket> packets) {
  decoder_.decode(packets, room_);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    ++decode_counts_[static_cast<std::size_t>(room_[i].status)];
    if (!options_.zones.empty()) find_zones(i);
  }
}

void LaneGroup::decode_together(std::span<const RawPacket> packets,
                                const std::function<void(unsigned)>& beside) {
  const std::size_t each = (packets.size() + size() - 1) / size();
  team_.run([&](unsigned worker) {
    beside(worker);
    Slice& slice = slices_[worker];
    slice.first = std::min(worker * each, packets.size());
    slice.count = std::min(each, packets.size() - slice.first);
    decode_slice(slice, packets);
  });
  put_fragments_together(packets);
  join_times(packets.size());
}

void LaneGroup::track_together() {
  if (views_.empty()) return;
  const std::span<const std::int64_t> latest(latest_ns_.data(), views_.size());
  for (const auto& lane : lanes_) {
    lane->table().note_births(last_id_);
    lane->table().expect(latest, packets_);
  }
  if (near_a_limit(use())) {
    track_one_by_one();
  } else {
    track_side_by_side();
  }
  number_sessions();
  packets_ += views_.size();
  latest_before_ns_ = latest.back();
}

void LaneGroup::decode_slice(Slice& slice, std::span<const RawPacket> packets) {
  slice.fragments.clear();
  for (auto& list : slice.by_lane) list.clear();
  std::int64_t latest = INT64_MIN;
  for (std::size_t i = slice.first; i < slice.first + slice.count; ++i) {
    latest = std::max(latest, SessionTable::usable_time(packets[i].time_ns));
    latest_ns_[i] = latest;
    const auto packet = static_cast<std::uint32_t>(i);
    if (!slice.decoder.decode_apart(packets[i], room_[i])) [[unlikely]] {
      slice.fragments.push_back(packet);
      continue;
    }
    ++slice.decode_counts[static_cast<std::size_t>(room_[i].status)];
    if (!options_.zones.empty()) find_zones(i);
    lane_of_[i] = flow_lane(room_[i], size());
    slice.by_lane[lane_of_[i]].push_back(packet);
  }
}

void LaneGroup::put_fragments_together(std::span<const RawPacket> packets) {
  decoder_.forget_wholes();
  for (Slice& slice : slices_) {
    for (const std::uint32_t packet : slice.fragments) {
      PacketView& view = room_[packet];
      decoder_.decode_in_order(packets[packet], view);
      ++decode_counts_[static_cast<std::size_t>(view.status)];
      if (!options_.zones.empty()) find_zones(packet);
      lane_of_[packet] = flow_lane(view, size());
      auto& list = slice.by_lane[lane_of_[packet]];
      list.insert(std::lower_bound(list.begin(), list.end(), packet), packet);
    }
    for (std::size_t i = 0; i < kDecodeStatuses; ++i)
      decode_counts_[i] += std::exchange(slice.decode_counts[i], 0);
  }
}

// Each slice knows the latest time within itself. What came before may have been later.
void LaneGroup::join_times(std::size_t packets) {
  if (packets == 0) return;
  std::int64_t before = started_ ? latest_before_ns_ : latest_ns_.front();
  started_ = true;
  for (const Slice& slice : slices_) {
    const std::size_t end = slice.first + slice.count;
    for (std::size_t i = slice.first; i < end && latest_ns_[i] < before; ++i)
      latest_ns_[i] = before;
    if (slice.count > 0) before = latest_ns_[end - 1];
  }
}

LaneUse LaneGroup::use() const {
  LaneUse sum;
  for (const auto& lane : lanes_) sum += lane->use();
  return sum;
}

// A packet begins a session at most, and announces another.
constexpr std::uint64_t kMostOfABatch = 2 * kTogetherBatch;

bool LaneGroup::near_a_limit_of_content(const LaneUse& use) const {
  if (options_.inspection->may_block_addresses()) return true;
  std::uint64_t most = use.content_bytes;
  for (const PacketView& p : views_) most += p.payload_captured;
  return most > options_.inspection->most_bytes_held();
}

// Whether a limit could be met within a batch.
bool LaneGroup::near_a_limit(const LaneUse& use) const {
  const SessionSettings& session = options_.session;
  const std::uint64_t sessions_allowed =
      session.accelerated_aging
          ? std::uint64_t{session.capacity} * session.accelerated_threshold_percent / 100
          : session.capacity;
  const Identifier* identifier = lanes_.front()->identifier();
  if (options_.inspection != nullptr && near_a_limit_of_content(use)) return true;
  return lanes_.front()->table().accelerated() || use.sessions + kMostOfABatch > sessions_allowed ||
         use.segments + kMostOfABatch > session.tcp.segments_in_all ||
         use.decoders + kMostOfABatch > StreamDecoders::kMost ||
         (identifier != nullptr &&
          use.app_states + kMostOfABatch > identifier->settings().states_max);
}

void LaneGroup::track_side_by_side() {
  const std::int64_t now_ns = latest_ns_[views_.size() - 1];
  team_.run([&](unsigned worker) {
    Lane& lane = *lanes_[worker];
    lane.set_elsewhere({});  // no limit can be met
    for (const Slice& slice : slices_)
      lane.table().process({views_, zones_, slice.by_lane[worker]}, lane);
    lane.table().advance(now_ns, lane);
  });
}

// As a single table does it: what ages before a packet ages in all lanes, then the packet is taken,
// knowing what the other lanes hold.
void LaneGroup::track_one_by_one() {
  LaneUse sum = use();
  for (std::uint32_t packet = 0; packet < views_.size(); ++packet) {
    if (lanes_.front()->table().due(latest_ns_[packet])) {
      advance_all(latest_ns_[packet]);
      sum = use();
    }
    Lane& lane = *lanes_[lane_of_[packet]];
    const LaneUse own = lane.use();
    lane.set_elsewhere(sum - own);
    take_packet(lane, packet);
    sum = sum - own;
    sum += lane.use();
  }
  advance_all(latest_ns_[views_.size() - 1]);
}

void LaneGroup::advance_all(std::int64_t now_ns) {
  for (const auto& lane : lanes_) lane->table().advance(now_ns, *lane);
  const LaneUse sum = use();
  for (const auto& lane : lanes_) {
    lane->set_elsewhere(sum - lane->use());
    lane->table().relax();
  }
}

void LaneGroup::take_packet(Lane& lane, std::uint32_t packet) {
  const bool before = lane.table().accelerated();
  lane.table().process({views_, zones_, std::span(&packet, 1)}, lane);
  if (lane.table().accelerated() == before) return;
  for (const auto& other : lanes_)
    if (other.get() != &lane)
      other->table().set_accelerated(!before, lane.table().accelerated_since_ns());
}

// Sessions get the numbers that a single lane gives: in the order in which they began. Those that
// began in this batch have numbers from behind last_id_ that their lane gave them.
void LaneGroup::number_sessions() {
  std::vector<std::span<const Birth>> births;
  for (unsigned i = 0; i < size(); ++i) {
    births.push_back(lanes_[i]->table().births());
    numbers_[i].clear();
  }
  const std::uint32_t before = last_id_;
  for (;;) {
    unsigned first = size();
    for (unsigned i = 0; i < size(); ++i)
      if (!births[i].empty() &&
          (first == size() || births[i].front().packet < births[first].front().packet))
        first = i;
    if (first == size()) break;
    lanes_[first]->table().renumber(births[first].front().session, ++last_id_);
    numbers_[first].push_back(last_id_);
    births[first] = births[first].subspan(1);
  }
  for (unsigned i = 0; i < size(); ++i) tell_numbers(*lanes_[i], before, numbers_[i]);
}

// Wherever a number of the lane's own stands, the session's own comes.
void LaneGroup::tell_numbers(Lane& lane, std::uint32_t before,
                             std::span<const std::uint32_t> numbers) {
  SessionTable& table = lane.table();
  // A place may have been announced twice, may be free, or may be another session's by now.
  std::vector<SessionIndex> announced(table.announced().begin(), table.announced().end());
  std::sort(announced.begin(), announced.end());
  announced.erase(std::unique(announced.begin(), announced.end()), announced.end());
  for (const SessionIndex index : announced) {
    const Session& session = table.session(index);
    const bool has_parent =
        session.state != SessionState::Init && (session.has(kPredict) || session.has(kPredicted));
    if (has_parent && session.user > before)
      table.renumber_parent(index, numbers[session.user - before - 1]);
  }
  for (EngineRow& row : lane.rows()) {
    Session& session = row.session;
    if (session.id > before) session.id = numbers[session.id - before - 1];
    if (session.has(kPredicted) && session.user > before)
      session.user = numbers[session.user - before - 1];
  }
  if (lane.gate() != nullptr) lane.gate()->renumber(before, numbers);
}

void LaneGroup::join_rows() {
  if (options_.inspection != nullptr) options_.inspection->on_tracked();
  rows_.clear();
  for (const auto& lane : lanes_) {
    lane->sort_rows();
    const auto middle = static_cast<std::ptrdiff_t>(rows_.size());
    rows_.insert(rows_.end(), lane->sorted().begin(), lane->sorted().end());
    if (middle == 0) continue;
    std::inplace_merge(rows_.begin(), rows_.begin() + middle, rows_.end(),
                       [](const EngineRow* a, const EngineRow* b) { return comes_before(*a, *b); });
  }
}

void LaneGroup::forget_rows() {
  rows_.clear();
  for (const auto& lane : lanes_) lane->forget_rows();
}

void LaneGroup::advance(std::int64_t now_ns) {
  advance_all(now_ns);
  join_rows();
}

bool LaneGroup::finish_some() {
  std::vector<std::optional<std::uint32_t>> ticks(size());
  team_.run([&](unsigned worker) {
    Lane& lane = *lanes_[worker];
    ticks[worker] = lane.table().finish_some(kRowsAtOnce / size(), lane);
  });
  const auto tick = *std::max_element(ticks.begin(), ticks.end());  // nothing is the least
  team_.run([&](unsigned worker) {
    Lane& lane = *lanes_[worker];
    if (tick) {
      lane.table().finish_until(*tick, lane);  // so that all have come equally far
    } else {
      lane.table().finish_rest(lane);
    }
  });
  join_rows();
  return !tick.has_value();
}

// In the order of the packets that gave rise to them; a packet is one lane's.
void LaneGroup::send_replies() {
  struct Due {
    const Lane* lane;
    const Reply* reply;
  };
  std::vector<Due> due;
  for (const auto& lane : lanes_)
    if (LaneGate* gate = lane->gate())
      for (const Reply& reply : gate->replies().replies()) due.push_back({lane.get(), &reply});
  if (due.empty()) return;
  std::stable_sort(due.begin(), due.end(),
                   [](const Due& a, const Due& b) { return a.reply->cause < b.reply->cause; });
  for (const Due& one : due) send(*one.lane, *one.reply);
  for (const auto& lane : lanes_) lane->gate()->replies().clear();
}

void LaneGroup::send(const Lane& from, const Reply& reply) {
  if (reply.kind == ReplyKind::Reset) {
    ++gate_counters_.resets;
  } else if (unreachable_limit_.take(reply.time_ns)) {
    ++gate_counters_.unreachables;
  } else {
    ++gate_counters_.unreachables_limited;
    return;
  }
  if (options_.replies != nullptr)
    options_.replies->on_reply(reply.time_ns, from.gate()->replies().bytes(reply));
}

GateCounters LaneGroup::gate_counters() const {
  GateCounters all = gate_counters_;
  for (const auto& lane : lanes_) all.rows_not_logged += lane->rows_not_logged();
  return all;
}

SessionPolicy LaneGroup::policy_at(SessionIndex place) const {
  LaneGate* gate = lanes_.front()->gate();
  return gate != nullptr ? gate->of(place) : SessionPolicy{};
}

StreamDecoderCounters LaneGroup::decoders() const {
  StreamDecoderCounters all;
  for (const auto& lane : lanes_) {
    all.begun += lane->decoders().begun;
    all.refused += lane->decoders().refused;
  }
  return all;
}

SessionCounters LaneGroup::counters() const {
  SessionCounters sum;
  for (const auto& lane : lanes_) sum += lane->table().counters();
  return sum;
}

}  // namespace endreason
