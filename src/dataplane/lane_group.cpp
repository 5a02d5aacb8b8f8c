// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane_group.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <utility>

#include "dataplane/reply_sink.hpp"

namespace endreason {
namespace {

// What stays near in the first caches.
constexpr std::size_t kAloneBatch = 128;

// Packets taken one by one: of so many the buckets are fetched, then the sessions, then they are
// taken.
constexpr std::size_t kFetchedTogether = 16;
static_assert(ShareDecoder::kMost % kFetchedTogether == 0);

// Of sessions and rows that are told their numbers, some batches after they were met.
constexpr std::size_t kSessionsAhead = 8, kRowsAhead = 4;

std::optional<PolicyGate> gate_of(const EngineOptions& options, const AppCatalogue& catalogue) {
  if (!options.policy) return std::nullopt;
  return PolicyGate(options.policy, options.zones, catalogue);
}

}  // namespace

LaneGroup::LaneGroup(const EngineOptions& options, const AppCatalogue& catalogue, unsigned lanes)
    : options_(options),
      catalogue_(catalogue),
      reads_apart_(reading(options, options.inspection != nullptr).kept == 1),
      policy_(gate_of(options, catalogue)),
      unreachable_limit_(policy_ ? policy_->unreachables_a_second() : 0),
      team_(lanes),
      spread_(options, lanes, batch_packets(lanes)),
      batches_(lanes > 1 ? kBatches : 1),
      coming_(&batches_.front()),
      hand_(&batches_.back()),
      begun_(std::make_unique<std::atomic<bool>[]>(lanes)),
      named_(lanes) {
  if (lanes == 1) return;
  taken_.resize(lanes);
  hashes_.resize(ShareDecoder::kMost);
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
  const LaneShared shared{options_, catalogue_, policy(), interface_names_, blocked_};
  for (unsigned i = 0; i < options_.threads; ++i) {
    auto lane = Lane::create(shared, i);
    if (!lane) return tl::unexpected(lane.error());
    lanes_.push_back(std::move(*lane));
    if (options_.threads == 1) continue;
    lanes_.back()->table().note_births();
    decoders_.emplace_back(options_, spread_);
  }
  return {};
}

void LaneGroup::name_interface(std::size_t number, std::string_view name) {
  interface_names_.set(number, name);
  spread_.name_interface(number, name);
}

std::size_t LaneGroup::batch_packets(unsigned lanes) {
  return lanes > 1 ? kTogetherBatch : kAloneBatch;
}

EngineReading LaneGroup::reading(const EngineOptions& options, bool inspects) {
  if (options.threads == 1) return {kAloneBatch, 1, 1};
  const bool in_calls = options.policy || inspects || options.clear_session_ns;
  if (in_calls || wants_bytes(options)) return {kTogetherBatch, kBatches, 1};
  return {kApartRead, 1, options.threads};
}

void LaneGroup::set_overflow(std::function<void()> overflow) {
  if (size() > 1) return;
  lanes_.front()->set_overflow([this, overflow = std::move(overflow)] {
    join_rows();
    overflow();
  });
}

void LaneGroup::track_alone(std::span<const RawPacket> packets) {
  spread_.decode_alone(packets, *hand_);
  lanes_.front()->table().process(hand_->views(), *lanes_.front(), hand_->zones());
  hand_->packets = 0;
  send_replies();
  join_rows();
}

// All pieces, each done by the thread that comes to it. The first `own` are the lanes': each is
// done by the lane's own thread, near whose memory its sessions are, unless that comes late.
void LaneGroup::do_pieces(std::size_t own, std::size_t pieces,
                          const std::function<void(std::size_t)>& piece) {
  next_piece_.store(own, std::memory_order_relaxed);
  for (std::size_t i = 0; i < own; ++i) begun_[i].store(false, std::memory_order_relaxed);
  team_.run([&](unsigned thread) {
    const auto do_own = [&](std::size_t i) {
      if (!begun_[i].exchange(true, std::memory_order_relaxed)) piece(i);
    };
    if (thread < own) do_own(thread);
    for (;;) {
      const std::size_t next = next_piece_.fetch_add(1, std::memory_order_relaxed);
      if (next >= pieces) break;
      piece(next);
    }
    for (std::size_t i = 0; i < own; ++i) do_own(i);
  });
}

// Reading comes early, as it may wait.
void LaneGroup::run(std::span<const RawPacket> packets, const Beside& beside) {
  begin_batch();
  const std::size_t track = hand_->empty() && !numbers_found_ ? 0 : one_by_one_ ? 1 : size();
  const std::size_t read = beside.meanwhile ? 1 : 0;
  const std::size_t put_in_order = to_join_.empty() ? 0 : 1;
  const std::size_t write = rows_.empty() ? 0 : size();
  const std::size_t spread = packets.empty() ? 0 : 1;
  coming_->clear();
  do_pieces(track, track + read + put_in_order + write + spread, [&](std::size_t piece) {
    if (piece < track) return one_by_one_ ? track_one_by_one(*hand_) : track_lane(piece);
    piece -= track;
    if (piece < read) return beside.meanwhile();
    piece -= read;
    if (piece < put_in_order) return join(to_join_, joined_);
    piece -= put_in_order;
    if (piece < write) return beside.write(static_cast<unsigned>(piece));
    spread_.spread(packets, *coming_);
  });
}

void LaneGroup::settle() {
  std::swap(rows_, joined_);
  joined_.clear();
  to_join_.clear();
  if (numbers_found_)
    for (const auto& lane : lanes_) to_join_.push_back(lane->give_rows());
  numbers_found_ = !hand_->empty();
  if (numbers_found_) {
    for (std::size_t lane = 0; lane < size(); ++lane) close_lane(lane, tracked_);
    find_numbers(tracked_++);
    send_replies();
  }
  if (policy_ || options_.inspection != nullptr) join_at_once();
  hand_->clear();
  std::swap(hand_, coming_);
}

// Rows and what was found in the packets stay beside each other.
void LaneGroup::join_at_once() {
  if (numbers_found_)
    do_pieces(size(), size(), [this](std::size_t lane) { end_lane(lane, tracked_ - 1); });
  numbers_found_ = false;
  join_rows();
}

void LaneGroup::begin_batch() {
  one_by_one_ = !hand_->empty() && near_a_limit(use(), *hand_, 1);
  if (!one_by_one_) return;
  for (std::size_t lane = 0; lane < size(); ++lane) begin_lane(lane);
}

// What a lane does before it takes packets of the batch in hand.
void LaneGroup::begin_lane(std::size_t number) {
  if (numbers_found_) end_lane(number, tracked_ - 1);
  SessionTable& table = lanes_[number]->table();
  if (!hand_->empty()) table.expect(hand_->latest(), hand_->first);
}

// What it does behind a batch, and when the numbers of its sessions are known.
void LaneGroup::close_lane(std::size_t number, std::uint64_t batch) {
  lanes_[number]->table().take_born(named_[number][batch % LaneFlow::kNamed].born);
  lanes_[number]->close_rows();
}

void LaneGroup::end_lane(std::size_t number, std::uint64_t batch) {
  tell_numbers(number, batch);
  lanes_[number]->order_rows();
}

LaneUse LaneGroup::use() const {
  LaneUse sum;
  for (const auto& lane : lanes_) sum += lane->use();
  return sum;
}

bool LaneGroup::near_a_limit_of_content(const LaneUse& use, const PacketBatch& batch) const {
  if (options_.inspection->may_block_addresses()) return true;
  return use.content_bytes + batch.bytes > options_.inspection->most_bytes_held();
}

// Whether a limit could be met within so many batches, of which this is the last.
bool LaneGroup::near_a_limit(const LaneUse& use, const PacketBatch& batch,
                             std::uint64_t batches) const {
  // A packet begins a session at most, and announces another.
  const std::uint64_t most = batches * 2 * kTogetherBatch;
  const SessionSettings& session = options_.session;
  const std::uint64_t sessions_allowed =
      session.accelerated_aging
          ? std::uint64_t{session.capacity} * session.accelerated_threshold_percent / 100
          : session.capacity;
  const Identifier* identifier = lanes_.front()->identifier();
  if (options_.inspection != nullptr && near_a_limit_of_content(use, batch)) return true;
  return use.accelerated || use.sessions + most > sessions_allowed ||
         use.segments + most > session.tcp.segments_in_all ||
         use.decoders + most > StreamDecoders::kMost ||
         (identifier != nullptr && use.app_states + most > identifier->settings().states_max);
}

void LaneGroup::track_lane(std::size_t number) {
  begin_lane(number);
  if (!hand_->empty()) track_share(number, *hand_);
}

void LaneGroup::track_share(std::size_t number, const PacketBatch& batch) {
  Lane& lane = *lanes_[number];
  lane.set_elsewhere({});  // no limit can be met
  const std::span<const SpreadPacket> packets = batch.of_lane(number);
  std::span<const NotPlain> not_plain = batch.not_plain(number);
  for (std::size_t first = 0; first < packets.size(); first += ShareDecoder::kMost)
    lane.table().process(decoders_[number].decode(batch, packets, not_plain, first), lane);
  lane.table().advance(batch.latest().back(), lane);
}

// As a single table does it: what ages before a packet ages in all lanes, then the packet is taken,
// knowing what the other lanes hold.
void LaneGroup::track_one_by_one(const PacketBatch& batch) {
  LaneUse sum = use();
  std::fill(taken_.begin(), taken_.end(), 0);
  batch.find_lanes(lane_of_);
  for (std::size_t first = 0; first < batch.packets;) {
    const PacketShare run = decoders_.front().decode_all(batch, lane_of_, first, taken_);
    for (std::size_t i = 0; i < run.packets.size(); ++i) {
      if (i % kFetchedTogether == 0) fetch(run, i);
      const std::uint8_t number = lane_of_[run.number(i)];
      if (lanes_.front()->table().due(run.latest(i))) {
        advance_all(run.latest(i));
        sum = use();
      }
      Lane& lane = *lanes_[number];
      const LaneUse own = lane.use();
      lane.set_elsewhere(sum - own);
      take_packet(number, run.part(i, 1));
      sum = sum - own;
      sum += lane.use();
    }
    first += run.packets.size();
  }
  advance_all(batch.latest().back());
}

// What the group of packets behind the next group needs first, and the next one's sessions.
void LaneGroup::fetch(const PacketShare& run, std::size_t first) {
  const auto each = [&](std::size_t from, auto&& step) {
    const std::size_t end = std::min(from + kFetchedTogether, run.packets.size());
    for (std::size_t i = from; i < end; ++i) step(i, lanes_[lane_of_[run.number(i)]]->table());
  };
  const auto buckets = [&](std::size_t i, const SessionTable& table) {
    hashes_[i] = table.fetch_bucket(run.packets[i], run.zone(i));
  };
  const auto sessions = [&](std::size_t i, const SessionTable& table) {
    table.fetch_session(run.packets[i], hashes_[i]);
  };
  if (first == 0) {
    each(0, buckets);
    each(kFetchedTogether, buckets);
    each(0, sessions);
  }
  each(first + kFetchedTogether, sessions);
  each(first + 2 * kFetchedTogether, buckets);
}

void LaneGroup::advance_all(std::int64_t now_ns) {
  for (const auto& lane : lanes_) lane->table().advance(now_ns, *lane);
  const LaneUse sum = use();
  for (const auto& lane : lanes_) {
    lane->set_elsewhere(sum - lane->use());
    lane->table().relax();
  }
}

void LaneGroup::take_packet(std::size_t number, const PacketShare& packet) {
  Lane& lane = *lanes_[number];
  const bool before = lane.table().accelerated();
  lane.table().process(packet, lane);
  if (lane.table().accelerated() == before) return;
  for (const auto& other : lanes_)
    if (other.get() != &lane)
      other->table().set_accelerated(!before, lane.table().accelerated_since_ns());
}

// Sessions get the numbers that a single lane gives: in the order in which they began. Which lane's
// is next is as good as random, so it is chosen without a jump.
void LaneGroup::find_numbers(std::uint64_t batch) {
  struct Unnumbered {
    const Birth *next, *end;
    std::uint32_t* number;
    std::uint64_t packet() const { return next != end ? next->packet : UINT64_MAX; }
  };
  std::vector<Unnumbered> lanes;
  std::size_t left = 0;
  for (NamedBatches& lane : named_) {
    Named& named = lane[batch % lane.size()];
    const std::vector<Birth>& births = named.born.births;
    named.numbers.resize(births.size());
    left += births.size();
    lanes.push_back({births.data(), births.data() + births.size(), named.numbers.data()});
  }
  for (; left > 0; --left) {
    Unnumbered* first = lanes.data();
    std::uint64_t packet = first->packet();
    for (Unnumbered& lane : std::span(lanes).subspan(1)) {
      const std::uint64_t other = lane.packet();
      first = other < packet ? &lane : first;
      packet = std::min(packet, other);
    }
    last_id_ = (last_id_ + 1) & ~kProvisionalId;
    ++first->next;
    *first->number++ = last_id_;
  }
}

// What a provisional id stands for that was given in this batch, or some before; others stand for
// themselves, and so do those that were given later.
std::uint32_t LaneGroup::number_of(std::size_t lane, std::uint64_t batch, std::uint32_t id) const {
  if ((id & kProvisionalId) == 0) return id;
  for (std::uint64_t ago = 0; ago < LaneFlow::kAhead && ago <= batch; ++ago) {
    const Named& named = named_[lane][(batch - ago) % LaneFlow::kNamed];
    const std::uint32_t place = (id - named.born.first_id) & ~kProvisionalId;
    if (place < named.numbers.size()) return named.numbers[place];
  }
  return id;
}

// Wherever a number of the lane's own stands, the session's own comes. A place may be free by now,
// or another session's, which began in this batch or in one behind it.
void LaneGroup::tell_numbers(std::size_t number, std::uint64_t batch) {
  Lane& lane = *lanes_[number];
  SessionTable& table = lane.table();
  const Named& named = named_[number][batch % LaneFlow::kNamed];
  const std::span<const Birth> births = named.born.births;
  for (std::size_t i = 0; i < named.numbers.size(); ++i) {
    if (i + kSessionsAhead < births.size())
      __builtin_prefetch(&table.session(births[i + kSessionsAhead].session).id, 1);
    const SessionIndex index = births[i].session;
    const std::uint32_t id = (named.born.first_id + static_cast<std::uint32_t>(i)) | kProvisionalId;
    if (table.session(index).id == id) table.renumber(index, named.numbers[i]);
  }
  for (const SessionIndex index : named.born.announced) {
    const Session& session = table.session(index);
    const bool has_parent =
        session.state != SessionState::Init && (session.has(kPredict) || session.has(kPredicted));
    if (has_parent) table.renumber_parent(index, number_of(number, batch, session.user));
  }
  lane.closed_rows().each([&](EngineRow& row) {
    const auto* const id = reinterpret_cast<const char*>(&row.session.id);
    __builtin_prefetch(id + kRowsAhead * sizeof row, 1);
    Session& session = row.session;
    session.id = number_of(number, batch, session.id);
    assert((session.id & kProvisionalId) == 0);
    if (session.has(kPredicted)) session.user = number_of(number, batch, session.user);
  });
  if (lane.gate() != nullptr) lane.gate()->renumber(named.born.first_id - 1, named.numbers);
}

void LaneGroup::join_rows() {
  if (options_.inspection != nullptr) options_.inspection->on_tracked();
  to_join_.clear();
  for (const auto& lane : lanes_) to_join_.push_back(lane->give_rows());
  join(to_join_, rows_);
  to_join_.clear();
}

void LaneGroup::join(std::span<const std::span<const RowPlace>> places,
                     std::vector<const EngineRow*>& rows) {
  rows.clear();
  std::span<const RowPlace> all = places.front();
  for (const std::span<const RowPlace> more : places.subspan(1)) {
    merged_.clear();
    std::merge(all.begin(), all.end(), more.begin(), more.end(), std::back_inserter(merged_));
    std::swap(places_, merged_);
    all = places_;
  }
  for (const RowPlace& place : all) rows.push_back(place.row);
}

void LaneGroup::forget_rows() {
  rows_.clear();
}

void LaneGroup::advance(std::int64_t now_ns) {
  advance_all(now_ns);
  join_rows();
}

void LaneGroup::clear(std::int64_t now_ns) {
  advance_all(now_ns);
  for (const auto& lane : lanes_) lane->table().clear(now_ns, *lane);
  advance_all(now_ns);  // they learn that nothing is left elsewhere
  join_rows();
}

std::int64_t LaneGroup::now_ns() const {
  std::int64_t latest = INT64_MIN;
  for (const auto& lane : lanes_) latest = std::max(latest, lane->table().now_ns());
  return latest;
}

bool LaneGroup::finish_some(const Beside& beside) {
  std::vector<std::optional<Ended>> ended(size());
  const std::size_t put_in_order = to_join_.empty() ? 0 : 1;
  const std::size_t write = rows_.empty() ? 0 : size();
  do_pieces(size(), size() + put_in_order + write, [&](std::size_t piece) {
    if (piece < size()) {
      ended[piece] = lanes_[piece]->table().finish_some(kRowsTogether, *lanes_[piece]);
      return;
    }
    piece -= size();
    if (piece < put_in_order) return join(to_join_, joined_);
    beside.write(static_cast<unsigned>(piece - put_in_order));
  });
  const auto furthest = *std::max_element(ended.begin(), ended.end());  // nothing is the least
  if (furthest) {
    finish_until(*furthest);
  } else {
    do_pieces(size(), size(),
              [&](std::size_t piece) { lanes_[piece]->table().finish_rest(*lanes_[piece]); });
  }
  do_pieces(size(), size(), [this](std::size_t piece) { lanes_[piece]->order_rows(); });
  return !furthest;
}

void LaneGroup::turn_rows() {
  if (size() == 1 || options_.inspection != nullptr) return join_rows();
  std::swap(rows_, joined_);
  joined_.clear();
  to_join_.clear();
  for (const auto& lane : lanes_) to_join_.push_back(lane->give_rows());
  const auto none = [](std::span<const RowPlace> places) { return places.empty(); };
  if (std::all_of(to_join_.begin(), to_join_.end(), none)) to_join_.clear();
}

// So that all lanes have come equally far. Rows may be of later moments, where packets came out of
// order: then what ages up to there comes before them.
void LaneGroup::finish_until(Ended last) {
  for (;;) {
    do_pieces(size(), size(), [&](std::size_t piece) {
      lanes_[piece]->table().finish_until(last, *lanes_[piece]);
    });
    std::int64_t latest_row_ns = INT64_MIN;
    for (const auto& lane : lanes_) latest_row_ns = std::max(latest_row_ns, lane->latest_row_ns());
    if (latest_row_ns <= last.deadline_ns) return;
    last.deadline_ns = latest_row_ns;
  }
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

StreamDecoderCounters LaneGroup::decoders() const {
  StreamDecoderCounters all;
  for (const auto& lane : lanes_) {
    all.begun += lane->decoders().begun;
    all.refused += lane->decoders().refused;
    all.third_hosts += lane->decoders().third_hosts;
  }
  return all;
}

SessionCounters LaneGroup::counters() const {
  SessionCounters sum;
  for (const auto& lane : lanes_) sum += lane->table().counters();
  return sum;
}

}  // namespace endreason
