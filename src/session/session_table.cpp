// SPDX-License-Identifier: Apache-2.0
#include "session/session_table.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "session/icmp_error.hpp"
#include "session/quoted_flow.hpp"

namespace endreason {
namespace {

constexpr std::uint8_t kIcmp = 1, kTcp = 6, kUdp = 17, kIcmpv6 = 58, kSctp = 132;

// How many packets ahead of the one in hand a bucket is fetched, and from the bucket the session.
// One after the other, so that the processor's few open requests to memory are never exceeded.
// Measured with bench_session at a million open sessions, on a busy machine: fetching for 32
// packets in bursts 122 ns a packet, this 72 to 104.
constexpr std::size_t kSessionAhead = 12;
constexpr std::size_t kBucketAhead = 24;
constexpr std::size_t kArrivals = 32;
static_assert(kBucketAhead < kArrivals && kSessionAhead < kBucketAhead);
static_assert((kArrivals & (kArrivals - 1)) == 0, "a place in the ring is a mask, not a division");

// Segments with one of these touch what a session keeps of its beginning and end.
constexpr std::uint8_t kOpeningOrClosing = kTcpSyn | kTcpFin | kTcpRst;

// Times are kept far from the ends of their type, so that adding a timeout cannot overflow. A
// capture with such times is damaged; it is still tracked.
constexpr std::int64_t kLatest = std::int64_t{1} << 61;

// Above the threshold every timeout is divided; it must fall by so much of the capacity before
// they are whole again, so that a table at the edge does not switch with every session.
constexpr std::uint64_t kRelaxPercent = 10;

// Which timer a chunk starts (RFC 9260 section 3.2 for the types; "Session Timeouts" of the 11.2
// help for the timers).
struct SctpRow {
  std::uint8_t chunk;
  SessionTimer timer;
};
constexpr auto kSctpTimers = std::to_array<SctpRow>({
    {1, SessionTimer::SctpInit},       // INIT: the INIT ACK is awaited
    {2, SessionTimer::SctpCookie},     // INIT ACK: the COOKIE ECHO is awaited
    {6, SessionTimer::SctpShutdown},   // ABORT: nothing more will come
    {7, SessionTimer::SctpShutdown},   // SHUTDOWN
    {8, SessionTimer::SctpShutdown},   // SHUTDOWN ACK
    {14, SessionTimer::SctpShutdown},  // SHUTDOWN COMPLETE
});
SessionTimer sctp_timer(const PacketView& p) {
  for (const SctpRow& row : kSctpTimers)
    if (row.chunk == p.sctp_chunk) return row.timer;
  return SessionTimer::Sctp;
}

struct ProtocolTimers {
  std::uint8_t protocol;
  SessionTimer idle;
  SessionTimer discard;
};
constexpr auto kProtocolTimers = std::to_array<ProtocolTimers>({
    {kTcp, SessionTimer::Tcp, SessionTimer::DiscardTcp},
    {kUdp, SessionTimer::Udp, SessionTimer::DiscardUdp},
    {kIcmp, SessionTimer::Icmp, SessionTimer::DiscardDefault},
    {kIcmpv6, SessionTimer::Icmp, SessionTimer::DiscardDefault},
    {kSctp, SessionTimer::Sctp, SessionTimer::DiscardSctp},
});
constexpr ProtocolTimers timers_of(std::uint8_t protocol) {
  for (const ProtocolTimers& row : kProtocolTimers)
    if (row.protocol == protocol) return row;
  return {protocol, SessionTimer::Default, SessionTimer::DiscardDefault};
}

Result<void> check(const SessionSettings& s) {
  if (s.capacity == 0 || s.capacity > 0x8000'0000)
    return fail(Error::Code::Usage,
                fmt::format("sessions: {} is out of range (set 1 to 2147483648)", s.capacity));
  if (s.accelerated_threshold_percent < 50 || s.accelerated_threshold_percent > 99)
    return fail(Error::Code::Usage,
                fmt::format("accelerated-aging-threshold: {} is out of range (set 50 to 99 %)",
                            s.accelerated_threshold_percent));
  if (s.accelerated_factor < 2 || s.accelerated_factor > 16)
    return fail(Error::Code::Usage,
                fmt::format("accelerated-aging-scaling-factor: {} is out of range (set 2 to 16)",
                            s.accelerated_factor));
  return {};
}

}  // namespace

// What is known of a packet before its session is looked for.
struct SessionTable::Arrival {
  enum class Kind : std::uint8_t { Packet, IcmpError, IcmpErrorUnread, NotDecoded };
  FlowKey key;
  std::uint64_t hash{};
  std::int64_t at_ns{};
  KeyDirection way{};
  Kind kind{};
  PacketZones zones{};
};

Result<std::unique_ptr<SessionTable>> SessionTable::create(const SessionSettings& settings) {
  if (auto checked = check(settings); !checked) return tl::unexpected(checked.error());
  std::unique_ptr<SessionTable> made(new SessionTable(settings));
  if (made->pool_.empty() || made->table_.empty() || made->ager_.empty())
    return fail(Error::Code::Usage,
                fmt::format("sessions: no memory for {} sessions (set fewer)", settings.capacity));
  return made;
}

SessionTable::SessionTable(const SessionSettings& settings)
    : settings_(settings),
      pool_(settings.capacity),
      table_(pool_, FlowHash(settings.hash_seed)),
      ager_(settings.capacity),
      tracker_(settings_.tcp, counters_),
      timeouts_{settings.timeouts} {
  const auto share = [&](std::uint64_t percent) {
    return static_cast<std::uint32_t>(settings.capacity * percent / 100);
  };
  accelerate_above_ = share(settings.accelerated_threshold_percent);
  relax_below_ = share(settings.accelerated_threshold_percent - kRelaxPercent);
}

inline void SessionTable::prefetch(std::uint64_t hash, const PacketView& p) const {
  const SessionIndex session = table_.likely(hash);
  if (session == kNoSession) return;
  if ((p.tcp_flags & kOpeningOrClosing) == 0) return pool_.prefetch(session);
  pool_.prefetch_whole(session);
  ager_.prefetch(session);
}

// The packets of one call, as process_row() wants them: all of a span.
struct SessionTable::WholeRow {
  std::span<const PacketView> packets;
  std::span<const PacketZones> zones;
  std::uint64_t first_packet;

  std::size_t size() const { return packets.size(); }
  const PacketView& packet(std::size_t i) const { return packets[i]; }
  PacketZones zone(std::size_t i) const { return zones.empty() ? PacketZones{} : zones[i]; }
  std::uint64_t number(std::size_t i) const { return first_packet + i; }
  // The table's own time is the latest.
  std::int64_t latest_ns(std::size_t i) const { return usable_time(packets[i].time_ns); }
};

// Or a share of them.
struct SessionTable::ShareRow {
  const PacketShare& share;
  std::span<const std::int64_t> latest;
  std::uint64_t first_packet;

  std::size_t size() const { return share.which.size(); }
  const PacketView& packet(std::size_t i) const { return share.packets[share.which[i]]; }
  PacketZones zone(std::size_t i) const {
    return share.zones.empty() ? PacketZones{} : share.zones[share.which[i]];
  }
  std::uint64_t number(std::size_t i) const { return first_packet + share.which[i]; }
  std::int64_t latest_ns(std::size_t i) const { return latest[share.which[i]]; }
};

std::int64_t SessionTable::usable_time(std::int64_t time_ns) {
  return std::clamp(time_ns, -kLatest, kLatest);
}

void SessionTable::process(std::span<const PacketView> packets, SessionSink& sink,
                           std::span<const PacketZones> zones) {
  assert(zones.empty() || zones.size() == packets.size());
  process_row(WholeRow{packets, zones, next_packet_}, sink);
  next_packet_ += packets.size();
}

void SessionTable::expect(std::span<const std::int64_t> latest_ns, std::uint64_t first_packet) {
  latest_ns_ = latest_ns;
  next_packet_ = first_packet;
  if (started_ || latest_ns.empty()) return;
  started_ = true;
  now_ns_ = latest_ns.front();
  ager_.start(now_ns_);
}

void SessionTable::process(const PacketShare& share, SessionSink& sink) {
  assert(share.packets.size() == latest_ns_.size() && "expect() comes first");
  process_row(ShareRow{share, latest_ns_, next_packet_}, sink);
}

template <class Row>
void SessionTable::process_row(const Row& row, SessionSink& sink) {
  const bool wants_packets = sink.wants_packets();
  std::array<Arrival, kArrivals> ring;
  const auto slot = [&ring](std::size_t i) -> Arrival& { return ring[i % kArrivals]; };
  const std::size_t count = row.size();
  for (std::size_t i = 0; i < count + kBucketAhead; ++i) {
    if (i < count) arrive(row.packet(i), row.zone(i), slot(i));
    if (const std::size_t near = i - (kBucketAhead - kSessionAhead); near < count)
      prefetch(slot(near).hash, row.packet(near));
    const std::size_t now = i - kBucketAhead;
    if (now >= count) continue;  // also before the first: the difference wraps
    const PacketView& p = row.packet(now);
    begin_moment(row.number(now), row.latest_ns(now), sink);
    const PacketResult result = take(p, slot(now), sink);
    counters_.add(result.outcome);
    if (wants_packets) sink.on_packet(p, result);
    if (result.session != nullptr && result.session->state == SessionState::Closing)
      end(result.index, slot(now).at_ns, sink);
  }
}

// Time goes on to that of a packet: what has aged meanwhile ends before it.
inline void SessionTable::begin_moment(std::uint64_t packet, std::int64_t latest_ns,
                                       SessionSink& sink) {
  if (!started_) [[unlikely]] {
    started_ = true;
    now_ns_ = latest_ns;
    ager_.start(now_ns_);
  }
  now_ns_ = std::max(now_ns_, latest_ns);
  moment_ = {packet, Moment::kAfterAging};
  if (ager_.due(now_ns_)) [[unlikely]] {
    age(sink);
    moment_ = {packet, Moment::kAfterAging};
  }
}

void SessionTable::arrive(const PacketView& p, PacketZones zones, Arrival& arrival) const {
  using Kind = Arrival::Kind;
  arrival.zones = zones;
  arrival.at_ns = usable_time(p.time_ns);
  if (p.status != DecodeStatus::Ok) {
    arrival.kind = Kind::NotDecoded;
    arrival.hash = 0;
    return;
  }
  if (is_icmp_error(p)) [[unlikely]] {
    arrival.kind = Kind::IcmpErrorUnread;
    if (p.quoted != nullptr &&
        quoted_flow_key({p.quoted, p.quoted_length}, zones.from, arrival.key))
      arrival.kind = Kind::IcmpError;
  } else {
    arrival.kind = Kind::Packet;
    arrival.way =
        make_flow_key(p.src, p.dst, p.sport, p.dport, p.protocol, zones.from, arrival.key);
  }
  arrival.hash = arrival.kind == Kind::IcmpErrorUnread ? 0 : table_.hash(arrival.key);
  table_.prefetch_bucket(arrival.hash);
}

PacketResult SessionTable::take(const PacketView& p, const Arrival& arrival, SessionSink& sink) {
  if (arrival.kind != Arrival::Kind::Packet) [[unlikely]] {
    if (arrival.kind == Arrival::Kind::NotDecoded) return {.outcome = SessionCounter::NotDecoded};
    return take_icmp_error(p, arrival);
  }
  SessionIndex index = table_.find(arrival.key, arrival.hash);
  if (index == kNoSession && settings_.zones > 1) index = find_across_zones(arrival, true);
  if (index == kNoSession) return take_first(p, arrival, sink);
  const std::int64_t deadline = deadline_ns(pool_[index]);
  const bool awaited = pool_[index].has(kPredict);
  if (arrival.at_ns < deadline && !awaited) return take_next(p, arrival, index, sink);
  if (awaited) [[unlikely]] {
    // A packet whose port is 0, as that of the prediction is.
    if (find_predicted(p, arrival) == index) return take_predicted(p, arrival, index);
    end(index, arrival.at_ns, sink);
    return take_first(p, arrival, sink);
  }
  // Its time is over, or it is CLOSING: the packet begins another session.
  counters_.add(SessionCounter::AgedByPacket);
  end(index, deadline, sink);
  return take_first(p, arrival, sink);
}

// Replies come in by another interface than the session's first packet did, so their zone is not
// the key's. Where the address tells the client's zone it is tried first, then all in their order:
// what other sessions did has no say, or the rows would depend on which of them share a thread.
SessionIndex SessionTable::find_across_zones(const Arrival& arrival, bool only_replies) {
  FlowKey key = arrival.key;
  const auto in_zone = [&](ZoneNumber zone) {
    key.zone = zone;
    const SessionIndex index = table_.find(key, table_.hash(key));
    if (index == kNoSession || !only_replies) return index;
    const Session& session = pool_[index];
    const bool fits = session.server_zone == kNoZone || session.server_zone == arrival.zones.from;
    return fits && session.flow_of(arrival.way) == Flow::S2c ? index : kNoSession;
  };
  if (arrival.zones.to != kNoZone)
    if (const SessionIndex index = in_zone(arrival.zones.to); index != kNoSession) return index;
  for (ZoneNumber zone = 0; zone < settings_.zones; ++zone)
    if (const SessionIndex index = in_zone(zone); index != kNoSession) return index;
  return kNoSession;
}

// An error is tied to the session that it quotes. It neither begins one nor keeps one alive, and is
// not counted as a packet of it: it comes from some router on the way.
PacketResult SessionTable::take_icmp_error(const PacketView& p, const Arrival& arrival) {
  SessionIndex index = arrival.kind == Arrival::Kind::IcmpError
                           ? table_.find(arrival.key, arrival.hash)
                           : kNoSession;
  if (index == kNoSession && settings_.zones > 1 && arrival.kind == Arrival::Kind::IcmpError)
    index = find_across_zones(arrival, false);
  if (index == kNoSession || arrival.at_ns >= deadline_ns(pool_[index]))
    return {.outcome = SessionCounter::IcmpErrorUnmatched};
  Session& session = pool_[index];
  session.remark(kIcmpErrorSeen);
  session.icmp_error_type = p.icmp_type;
  session.icmp_error_code = p.icmp_code;
  const bool to_client = p.dst == session.client();
  return {.outcome = SessionCounter::IcmpErrorMatched,
          .flow = to_client ? Flow::S2c : Flow::C2s,
          .session = &session,
          .index = index};
}

PacketResult SessionTable::take_next(const PacketView& p, const Arrival& arrival,
                                     SessionIndex index, SessionSink& sink) {
  Session& session = pool_[index];
  const Flow flow = session.flow_of(arrival.way);
  last_before_ns_ = session.last_ns;
  if (settings_.zones > 1 && flow == Flow::S2c && session.server_zone == kNoZone)
    session.server_zone = arrival.zones.from;
  PacketResult result{
      .outcome = SessionCounter::Forwarded, .flow = flow, .session = &session, .index = index};
  if (session.state == SessionState::Discard) {
    count(session, flow, p, arrival.at_ns);
    result.outcome = SessionCounter::Discarded;
    if (settings_.refresh_discard) follow_order(session, index, TimerOrder::Refresh, arrival.at_ns);
    return result;
  }
  TimerOrder order = TimerOrder::Refresh;
  if (p.protocol == kTcp) {
    const TcpStep step = tracker_.take(session, flow, p);
    if (step.timer == TimerOrder::Reuse) [[unlikely]] {
      session.end_reasons =
          static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(EndReason::TcpReuse));
      counters_.add(SessionCounter::Reused);
      end(index, arrival.at_ns, sink);
      return take_first(p, arrival, sink);
    }
    result.outcome = step.outcome;
    order = step.timer;
  } else if (p.payload_length > 0) {
    session.set(data_seen(flow));
  }
  count(session, flow, p, arrival.at_ns);
  if (order == TimerOrder::TakenOver) [[unlikely]] {
    counters_.add(SessionCounter::Reused);
    divide(p, result, EndReason::TcpReuse, sink);
    TcpTracker::begin_taken_over(session);
    order = TimerOrder::State;
  }
  if (p.protocol == kSctp && sctp_timer(p) != session.timer)
    arm(session, index, sctp_timer(p), arrival.at_ns);
  else
    follow_order(session, index, order, arrival.at_ns);
  return result;
}

PacketResult SessionTable::take_first(const PacketView& p, const Arrival& arrival,
                                      SessionSink& sink) {
  if (predicted_ > 0)
    if (const SessionIndex index = find_predicted(p, arrival); index != kNoSession)
      return take_predicted(p, arrival, index);
  const SessionCounter admitted = may_begin(p, sink);
  if (admitted != SessionCounter::Created) return {.outcome = admitted};
  const SessionIndex index = allocate();
  const bool full = index == kNoSession;
  if (full)
    return {.outcome = settings_.full_pool == FullPool::Drop ? SessionCounter::PoolFull
                                                             : SessionCounter::PoolFullBypass};
  Session& session = pool_[index];
  session.key = arrival.key;
  if (!table_.insert(arrival.hash, index)) {
    pool_.release(index);
    return {.outcome = settings_.full_pool == FullPool::Drop ? SessionCounter::PoolFull
                                                             : SessionCounter::PoolFullBypass};
  }
  if (arrival.way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  begin(session, index, p, arrival);
  watch_utilization();
  return {.outcome = SessionCounter::Created,
          .flow = Flow::C2s,
          .first = true,
          .session = &session,
          .index = index};
}

SessionIndex SessionTable::allocate() {
  if (sessions_in_all() >= pool_.capacity()) return kNoSession;
  const SessionIndex index = pool_.allocate();
  if (index != kNoSession) note_birth(index);
  return index;
}

void SessionTable::note_birth(SessionIndex index) {
  if (notes_births_) births_.push_back({moment_.packet, index});
}

SessionCounter SessionTable::may_begin(const PacketView& p, SessionSink& sink) const {
  if (p.protocol == kTcp) {
    const SessionCounter admitted = tracker_.admit(p);
    if (admitted != SessionCounter::Created) return admitted;
  }
  return sink.admit(p) ? SessionCounter::Created : SessionCounter::PolicyDeny;
}

void SessionTable::begin(Session& session, SessionIndex index, const PacketView& p,
                         const Arrival& arrival) {
  const std::int64_t at = arrival.at_ns;
  session.start_ns = session.last_ns = at;
  session.server_zone = arrival.zones.to;
  if (p.protocol == kTcp)
    tracker_.begin(session, p);
  else if (p.payload_length > 0)
    session.set(data_seen(Flow::C2s));
  count(session, Flow::C2s, p, at);
  session.state = SessionState::Active;
  session.timer = first_timer(session, p);
  session.timeout_s = timeouts_of(session).seconds(session.timer);
  session.refreshed_ns = at;
  ager_.queue(index, deadline_ns(session));
}

SessionTimer SessionTable::first_timer(const Session& session, const PacketView& p) const {
  if (p.protocol == kTcp) return info(session.tcp_state).timer;
  return p.protocol == kSctp ? sctp_timer(p) : timers_of(p.protocol).idle;
}

void SessionTable::count(Session& session, Flow flow, const PacketView& p, std::int64_t at) const {
  FlowState& own = session.flow(flow);
  own.bytes += p.wire_length;
  own.packets = (own.packets + p.packets) & ((std::uint64_t{1} << 56) - 1);
  session.last_ns = std::max(session.last_ns, at);
}

void SessionTable::follow_order(Session& session, SessionIndex index, TimerOrder order,
                                std::int64_t at) {
  switch (order) {
    case TimerOrder::Refresh:
      session.refreshed_ns = std::max(session.refreshed_ns, at);
      return;
    case TimerOrder::State:
      arm(session, index, info(session.tcp_state).timer, at);
      return;
    case TimerOrder::UnverifiedRst:
      arm(session, index, SessionTimer::TcpUnverifiedRst, at);
      return;
    case TimerOrder::Keep:
    case TimerOrder::TakenOver:
    case TimerOrder::Reuse:
      return;
  }
}

void SessionTable::arm(Session& session, SessionIndex index, SessionTimer timer, std::int64_t at) {
  const std::int64_t before = deadline_ns(session);
  session.timer = timer;
  session.timeout_s = timeouts_of(session).seconds(timer);
  session.refreshed_ns = std::max(session.refreshed_ns, at);
  const std::int64_t deadline = deadline_ns(session);
  // A later deadline is found when the earlier one is over.
  if (deadline < before) ager_.queue(index, deadline);
}

std::int64_t SessionTable::deadline_ns(const Session& session) const {
  if (session.state == SessionState::Closing) return session.refreshed_ns;
  const std::int64_t timeout = std::int64_t{session.timeout_s} * kNanosPerSecond;
  const std::int64_t whole = session.refreshed_ns + timeout;
  if (!accelerated_) return whole;
  const std::int64_t divided = session.refreshed_ns + timeout / settings_.accelerated_factor;
  // None has aged before acceleration set in.
  return std::min(whole, std::max(divided, accelerated_since_ns_));
}

void SessionTable::advance(std::int64_t now_ns, SessionSink& sink) {
  if (!started_) return;
  now_ns_ = std::max(now_ns_, usable_time(now_ns));
  moment_.packet = next_packet_;
  age(sink);
}

void SessionTable::finish(SessionSink& sink) {
  while (finish_some(SIZE_MAX, sink)) {
  }
  finish_rest(sink);
}

std::optional<std::uint32_t> SessionTable::finish_some(std::size_t enough, SessionSink& sink) {
  if (!started_) return std::nullopt;
  latest_ns_ = {};
  moment_.packet = UINT64_MAX;
  const std::int64_t last_packet_ns = std::exchange(now_ns_, kLatest);
  const std::uint32_t before = pool_.allocated();
  bool more = true;
  while (more && before - pool_.allocated() < enough) more = end_expired(sink);
  now_ns_ = last_packet_ns;
  return more ? std::optional(moment_.tick) : std::nullopt;
}

void SessionTable::finish_until(std::uint32_t tick, SessionSink& sink) {
  if (!started_) return;
  latest_ns_ = {};
  moment_.packet = UINT64_MAX;
  const std::int64_t last_packet_ns =
      std::exchange(now_ns_, std::min(ager_.end_of_tick(tick), kLatest));
  while (end_expired(sink)) {
  }
  now_ns_ = last_packet_ns;
}

void SessionTable::finish_rest(SessionSink& sink) {
  std::vector<Ager::Expired> left;
  for (SessionIndex i = 0; i < pool_.high_water(); ++i)
    if (pool_[i].state != SessionState::Init)
      left.push_back({deadline_ns(pool_[i]), pool_[i].id, i});
  std::sort(left.begin(), left.end());
  moment_ = {UINT64_MAX, Moment::kAfterAging};
  for (const Ager::Expired& row : left) end(row.session, row.deadline_ns, sink);
}

void SessionTable::note_births(std::uint32_t last_id) {
  notes_births_ = true;
  births_.clear();
  announced_.clear();
  pool_.number_from(last_id);
}

void SessionTable::age(SessionSink& sink) {
  while (end_expired(sink)) {
  }
  if (latest_ns_.empty()) relax();
}

// Looked at when all that ages together has aged, and not at each end: so it is the same in
// whatever order they end, and in however many tables.
void SessionTable::relax() {
  if (accelerated_ && sessions_in_all() < relax_below_) accelerated_ = false;
}

// Where in the row of packets a tick of the ager was over: with a single table, that is at the
// packet at hand.
void SessionTable::tell_moment(std::uint32_t tick) {
  moment_.tick = tick;
  if (latest_ns_.empty()) return;
  const auto at = std::lower_bound(latest_ns_.begin(), latest_ns_.end(), ager_.end_of_tick(tick));
  moment_.packet = next_packet_ + static_cast<std::uint64_t>(at - latest_ns_.begin());
}

// Ends what has aged in the next tick that has any. False when there is none before now.
bool SessionTable::end_expired(SessionSink& sink) {
  constexpr std::size_t kAhead = 4;
  const std::vector<Ager::Expired>& over = ager_.expired(
      now_ns_,
      [this](SessionIndex i) {
        return Ager::Expired{deadline_ns(pool_[i]), pool_[i].id, i};
      },
      [this](SessionIndex i) { pool_.prefetch_whole(i); });
  if (over.empty()) return false;
  tell_moment(over.front().tick);
  for (std::size_t i = 0; i < over.size(); ++i) {
    if (i + kAhead < over.size())
      table_.prefetch_bucket(table_.hash(pool_[over[i + kAhead].session].key));
    end(over[i].session, over[i].deadline_ns, sink);
  }
  sink.on_tick();
  return true;
}

// CLOSING, still in ager and flow table; CLOSED, out of the ager; FREE, out of both; then INIT.
void SessionTable::end(SessionIndex index, std::int64_t ended_ns, SessionSink& sink) {
  Session& session = pool_[index];
  session.state = SessionState::Closing;
  ager_.remove(index);
  session.state = SessionState::Closed;
  if (session.has(kPredict)) [[unlikely]] {
    --predicted_;
    counters_.add(SessionCounter::PredictExpired);
  } else {
    if (session.key.protocol == kTcp) tracker_.forget(session);
    counters_.add(SessionCounter::SessionsEnded);
    sink.on_end(session, std::max(ended_ns, session.last_ns));  // packets may come out of order
  }
  table_.erase(table_.hash(session.key), index);
  session.state = SessionState::Free;
  pool_.release(index);
}

void SessionTable::watch_utilization() {
  if (accelerated_ || !settings_.accelerated_aging || sessions_in_all() <= accelerate_above_)
    return;
  counters_.add(SessionCounter::AcceleratedAging);
  set_accelerated(true, now_ns_);
}

void SessionTable::set_accelerated(bool on, std::int64_t since_ns) {
  accelerated_ = on;
  if (!on) return;
  accelerated_since_ns_ = since_ns;
  // Deadlines come nearer for all at once; the ager learns of an earlier one only when told.
  for (SessionIndex i = 0; i < pool_.high_water(); ++i)
    if (pool_[i].state != SessionState::Init) ager_.queue(i, deadline_ns(pool_[i]));
}

void SessionTable::set_application(SessionIndex index, std::uint16_t app,
                                   std::uint8_t timeout_profile) {
  Session& session = pool_[index];
  session.app = app;
  if (timeout_profile == session.timeout_profile || timeout_profile >= timeouts_.size()) return;
  session.timeout_profile = timeout_profile;
  arm(session, index, session.timer, session.refreshed_ns);
}

void SessionTable::deny(SessionIndex index, TrackerStage stage) {
  note_end(pool_[index], stage, true);
  discard(index);
}

void SessionTable::mitigate(SessionIndex index, TrackerStage stage, EndReason reason) {
  Session& session = pool_[index];
  note_end(session, stage, true);
  session.end_reasons = static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(reason));
  discard(index);
}

void SessionTable::discard(SessionIndex index) {
  Session& session = pool_[index];
  session.state = SessionState::Discard;
  arm(session, index, timers_of(session.key.protocol).discard, session.last_ns);
}

void SessionTable::close(SessionIndex index, EndReason reason) {
  Session& session = pool_[index];
  session.end_reasons = static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(reason));
  session.state = SessionState::Closing;
  session.refreshed_ns = session.last_ns;
  ager_.queue(index, session.refreshed_ns);
}

void SessionTable::divide(const PacketView& p, const PacketResult& result, EndReason reason,
                          SessionSink& sink) {
  constexpr auto kOfTheConnection =
      static_cast<std::uint16_t>(kBeganWithoutSyn | kOneWay | kSplitHandshake | kSynWithData);
  const std::int64_t at = usable_time(p.time_ns);
  Session& session = pool_[result.index];
  Session earlier = session;
  earlier.flow(result.flow).bytes -= p.wire_length;
  earlier.flow(result.flow).packets -= p.packets;
  earlier.last_ns = last_before_ns_;
  earlier.end_reasons = static_cast<std::uint16_t>(earlier.end_reasons | end_reason_bit(reason));
  earlier.state = SessionState::Closed;
  counters_.add(SessionCounter::SessionsEnded);
  counters_.add(SessionCounter::Divided);
  sink.on_end(earlier, std::max(at, earlier.last_ns));

  session.id = pool_.next_id();
  note_birth(result.index);
  session.start_ns = session.last_ns = at;
  for (FlowState& flow : session.flows) flow.bytes = flow.packets = 0;
  for (FlowExtra& extra : session.extras) extra.retransmitted = extra.out_of_order = 0;
  session.zero_windows = {};
  session.user = session.end_reasons = 0;
  session.remarks = static_cast<std::uint16_t>(session.remarks & kOfTheConnection);
  for (const SessionFlag flag : {kDataC2s, kDataS2c, kStageKnown, kPredicted, kWatched})
    session.clear(flag);
  if (p.payload_length > 0) session.set(data_seen(result.flow));
  count(session, result.flow, p, at);
  set_application(result.index, 0);
}

void SessionTable::predict(SessionIndex parent_index, const PredictedFlow& flow,
                           std::uint16_t app) {
  const Session& parent = pool_[parent_index];
  const bool from_client = flow.client == parent.client();
  const bool server_known = parent.server_zone != kNoZone;
  const auto client_zone = static_cast<ZoneNumber>(parent.key.zone);
  FlowKey key;
  const KeyDirection way =
      make_flow_key(flow.client, flow.server, 0, flow.server_port, flow.protocol,
                    from_client || !server_known ? client_zone : parent.server_zone, key);
  const std::uint64_t hash = table_.hash(key);
  SessionIndex index = table_.find(key, hash);
  if (index != kNoSession && !pool_[index].has(kPredict)) return;  // it is there already
  if (index == kNoSession) {
    index = allocate();
    if (index != kNoSession) {
      pool_[index].key = key;
      if (!table_.insert(hash, index)) {
        pool_.release(index);
        index = kNoSession;
      }
    }
    counters_.add(index == kNoSession ? SessionCounter::PredictRefused : SessionCounter::Predicted);
    if (index == kNoSession) return;
    ++predicted_;
  }
  Session& session = pool_[index];
  session.set(kPredict);
  session.clear(kClientIsHigh);
  if (way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  session.state = SessionState::Active;
  session.start_ns = session.last_ns = session.refreshed_ns = now_ns_;
  session.timeout_s = kPredictSeconds;
  session.user = parent.id;
  if (notes_births_) announced_.push_back(index);
  session.app = app;
  ager_.queue(index, deadline_ns(session));
  watch_utilization();
}

SessionIndex SessionTable::find_predicted(const PacketView& p, const Arrival& arrival) const {
  if (p.protocol == kTcp && tracker_.admit(p) != SessionCounter::Created) return kNoSession;
  FlowKey key;
  const KeyDirection way =
      make_flow_key(p.src, p.dst, 0, p.dport, p.protocol, arrival.zones.from, key);
  const auto in_zone = [&](std::uint16_t zone) {
    key.zone = zone;
    const SessionIndex index = table_.find(key, table_.hash(key));
    if (index == kNoSession) return kNoSession;
    const Session& session = pool_[index];
    const bool awaited = session.has(kPredict) && session.flow_of(way) == Flow::C2s &&
                         arrival.at_ns < deadline_ns(session);
    return awaited ? index : kNoSession;
  };
  for (std::uint16_t i = 0; i < settings_.zones; ++i) {
    // The zone that it came in by, then the others: the server's may not be known when it was said.
    const auto zone = static_cast<std::uint16_t>(i == 0                    ? arrival.zones.from
                                                 : i <= arrival.zones.from ? i - 1
                                                                           : i);
    if (const SessionIndex index = in_zone(zone); index != kNoSession) return index;
  }
  return kNoSession;
}

// A PREDICT session becomes a FLOW session: same place, same id, now with the client's port.
PacketResult SessionTable::take_predicted(const PacketView& p, const Arrival& arrival,
                                          SessionIndex index) {
  Session& session = pool_[index];
  table_.erase(table_.hash(session.key), index);
  ager_.remove(index);
  session.clear(kPredict);
  session.clear(kClientIsHigh);
  if (arrival.way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  session.set(kPredicted);
  session.key = arrival.key;
  --predicted_;
  counters_.add(SessionCounter::PredictMatched);
  const bool placed = table_.insert(arrival.hash, index);
  assert(placed && "the entry that was erased left room");
  static_cast<void>(placed);
  begin(session, index, p, arrival);
  return {.outcome = SessionCounter::Created,
          .flow = Flow::C2s,
          .first = true,
          .session = &session,
          .index = index};
}

Result<std::uint8_t> SessionTable::add_timeout_profile(const SessionTimeouts& timeouts) {
  if (timeouts_.size() > UINT8_MAX)
    return fail(Error::Code::Usage,
                "timeouts: 255 applications and services at most may have their own (share one)");
  timeouts_.push_back(timeouts);
  return static_cast<std::uint8_t>(timeouts_.size() - 1);
}

}  // namespace endreason
