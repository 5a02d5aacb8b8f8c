// SPDX-License-Identifier: Apache-2.0
#include "session/session_table.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include <fmt/format.h>

#include "model/protocol.hpp"
#include "session/arrival.hpp"
#include "session/icmp_error.hpp"
#include "session/protocol_timers.hpp"
#include "session/quoted_flow.hpp"

namespace endreason {
namespace {

// Packets go through the table in groups, a step at a time: keys, buckets, sessions, third lines,
// tracking. Each step but the last does little more than to prefetch, so that many prefetches stand
// side by side: one waits until the address is known, which takes a walk through the page tables at
// a million sessions, and the processor goes on past it only as far as its window of instructions
// reaches. Not more of them than it can have on their way: with groups of sixteen an AMD processor
// (Zen 3) took an eighth longer for a million open sessions, an Intel one did not care.
constexpr std::size_t kTogether = 8;
constexpr std::size_t kSessionsAgo = kTogether, kOpeningAgo = 2 * kTogether,
                      kTrackAgo = 3 * kTogether;
constexpr std::size_t kArrivals = 4 * kTogether;
static_assert((kArrivals & (kArrivals - 1)) == 0, "a place in the ring is a mask, not a division");

// Segments with one of these touch what a session keeps of its beginning and end.
constexpr std::uint8_t kOpeningOrClosing = kTcpSyn | kTcpFin | kTcpRst;

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
      timeouts_{settings.timeouts},
      arrivals_(std::make_unique<Arrival[]>(kArrivals)) {
  const auto share = [&](std::uint64_t percent) {
    return static_cast<std::uint32_t>(settings.capacity * percent / 100);
  };
  accelerate_above_ = share(settings.accelerated_threshold_percent);
  relax_below_ = share(settings.accelerated_threshold_percent - kRelaxPercent);
  one_zone_ = settings.zones <= 1;
  if (kNanosPerSecond % settings.accelerated_factor == 0)
    accelerated_second_ns_ = kNanosPerSecond / settings.accelerated_factor;
}

SessionTable::~SessionTable() = default;

inline void SessionTable::arrive(const PacketView& p, PacketZones zones, Arrival& arrival) const {
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
}

inline void SessionTable::prefetch(const Arrival& arrival, const PacketView& p) const {
  const SessionIndex session = arrival.likely;
  if (session == kNoSession) return;
  if ((p.tcp_flags & kOpeningOrClosing) == 0) return pool_.prefetch(session);
  pool_.prefetch_whole(session);
  ager_.prefetch(session);
}

// The ACK that completes a handshake has no flag that tells so, and is noted in the third line.
inline void SessionTable::prefetch_opening(const Arrival& arrival) const {
  if (arrival.likely == kNoSession) return;
  if (info(pool_[arrival.likely].tcp_state).opening) pool_.prefetch_rest(arrival.likely);
}

// Where the key has led to some packets ago, mostly. A place that is not free holds a session that
// is in the flow table, so its key decides.
inline SessionIndex SessionTable::find_arrived(const Arrival& arrival) const {
  if (arrival.likely != kNoSession) [[likely]] {
    const Session& session = pool_[arrival.likely];
    if (session.key == arrival.key && session.state != SessionState::Init) [[likely]]
      return arrival.likely;
  }
  return table_.find(arrival.key, arrival.hash);
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
  std::int64_t latest_ns(std::size_t, const Arrival& arrival) const { return arrival.at_ns; }
};

// Or a share of them.
struct SessionTable::ShareRow {
  const PacketShare& share;
  std::uint64_t first_packet;

  std::size_t size() const { return share.packets.size(); }
  const PacketView& packet(std::size_t i) const { return share.packets[i]; }
  PacketZones zone(std::size_t i) const { return share.zone(i); }
  std::uint64_t number(std::size_t i) const { return first_packet + share.number(i); }
  std::int64_t latest_ns(std::size_t i, const Arrival&) const { return share.latest(i); }
};

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
  assert((share.packets.empty() || share.number(share.packets.size() - 1) < latest_ns_.size()) &&
         "expect() comes first");
  process_row(ShareRow{share, next_packet_}, sink);
}

std::uint64_t SessionTable::fetch_bucket(const PacketView& packet, PacketZones zones) const {
  Arrival arrival;
  arrive(packet, zones, arrival);
  table_.prefetch_bucket(arrival.hash);
  return arrival.hash;
}

void SessionTable::fetch_session(const PacketView& packet, std::uint64_t hash) const {
  Arrival arrival;
  arrival.likely = table_.likely(hash);
  prefetch(arrival, packet);
}

template <class Row>
void SessionTable::process_row(const Row& row, SessionSink& sink) {
  const bool wants_packets = sink.wants_packets(), wants_coming = sink.wants_coming();
  const std::size_t count = row.size();
  const auto track = [&](std::size_t i, const Arrival& arrival) {
    const PacketView& p = row.packet(i);
    begin_moment(row.number(i), row.latest_ns(i, arrival), sink);
    PacketResult result;
    if (take_expected(p, arrival, result)) [[likely]] {
      if (!wants_packets) return counters_.add(SessionCounter::Forwarded);
    } else {
      result = take(p, arrival, sink);
    }
    if (wants_packets) sink.on_packet(p, result);
    if (refused_) [[unlikely]] {
      counters_.add(*std::exchange(refused_, std::nullopt));
    } else {
      counters_.add(result.outcome);
    }
    if (result.session != nullptr && result.session->state == SessionState::Closing)
      end(result.index, arrival.at_ns, sink);
  };
  for (std::size_t first = 0; first < count + kTrackAgo; first += kTogether) {
    // The group that arrived so many packets ago, or the part of one that there is. Its places in
    // the ring stand side by side.
    struct Group {
      std::size_t next, end;
      Arrival* arrival;
    };
    const auto group = [this, first, count](std::size_t ago) {
      const std::size_t begin = first < ago ? count : std::min(first - ago, count);
      return Group{begin, std::min(begin + kTogether, count),
                   &arrivals_[(first - ago) % kArrivals]};
    };
    for (auto [i, end, arrival] = group(0); i < end; ++i, ++arrival)
      arrive(row.packet(i), row.zone(i), *arrival);
    for (auto [i, end, arrival] = group(0); i < end; ++i, ++arrival)
      table_.prefetch_bucket(arrival->hash);
    for (auto [i, end, arrival] = group(kSessionsAgo); i < end; ++i, ++arrival)
      arrival->likely = table_.likely(arrival->hash);
    for (auto [i, end, arrival] = group(kSessionsAgo); i < end; ++i, ++arrival)
      prefetch(*arrival, row.packet(i));
    if (wants_coming)
      for (auto [i, end, arrival] = group(kSessionsAgo); i < end; ++i, ++arrival)
        if (arrival->likely != kNoSession) sink.on_coming(arrival->likely);
    for (auto [i, end, arrival] = group(kOpeningAgo); i < end; ++i, ++arrival)
      prefetch_opening(*arrival);
    for (auto [i, end, arrival] = group(kTrackAgo); i < end; ++i, ++arrival) track(i, *arrival);
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
    in_hand_ = packet - next_packet_;
    age(sink);
    moment_ = {packet, Moment::kAfterAging};
  }
}

inline void SessionTable::count(Session& session, Flow flow, const PacketView& p,
                                std::int64_t at) const {
  FlowState& own = session.flow(flow);
  own.bytes += p.wire_length;
  own.packets += p.packets;
  session.last_ns = std::max(session.last_ns, at);
}

// What most packets are: the next segment of an established connection, in time, in the session
// that the prefetch has found. True: all is done that take() does. False: nothing was changed.
inline bool SessionTable::take_expected(const PacketView& p, const Arrival& arrival,
                                        PacketResult& result) {
  if (!TcpTracker::is_common(p) || arrival.likely == kNoSession || !one_zone_) return false;
  Session& session = pool_[arrival.likely];
  if (!TcpTracker::is_common(session) || session.state != SessionState::Active) return false;
  if (session.key != arrival.key || arrival.kind != Arrival::Kind::Packet) return false;
  if (arrival.at_ns >= deadline_ns(session)) return false;
  const Flow flow = session.flow_of(arrival.way);
  if (!tracker_.take_expected(session, flow, p)) return false;
  last_before_ns_ = session.last_ns;
  count(session, flow, p, arrival.at_ns);
  session.refreshed_ns = std::max(session.refreshed_ns, arrival.at_ns);
  result = {.outcome = SessionCounter::Forwarded,
            .flow = flow,
            .session = &session,
            .index = arrival.likely};
  return true;
}

PacketResult SessionTable::take(const PacketView& p, const Arrival& arrival, SessionSink& sink) {
  if (arrival.kind != Arrival::Kind::Packet) [[unlikely]] {
    if (arrival.kind == Arrival::Kind::NotDecoded) return {.outcome = undecoded(p.status)};
    return take_icmp_error(p, arrival);
  }
  SessionIndex index = find_arrived(arrival);
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
  if (table_.surely_none(arrival.hash)) return kNoSession;
  FlowKey key = arrival.key;
  const auto in_zone = [&](ZoneNumber zone) {
    key.zone = zone;
    const SessionIndex index = table_.find(key, arrival.hash);
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
  if (p.protocol == kProtoTcp) {
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
  if (p.protocol == kProtoSctp && sctp_timer(p) != session.timer)
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
  const SessionCounter admitted = may_begin(p, arrival.zones, sink);
  if (admitted != SessionCounter::Created) return {.outcome = admitted};
  const SessionIndex index = allocate();
  if (index == kNoSession) return refuse_for_want_of_room(p, sink);
  Session& session = pool_[index];
  session.key = arrival.key;
  if (!table_.insert(arrival.hash, index)) {
    pool_.release(index);
    return refuse_for_want_of_room(p, sink);
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

PacketResult SessionTable::refuse_for_want_of_room(const PacketView& p, SessionSink& sink) const {
  if (settings_.full_pool == FullPool::Bypass) return {.outcome = SessionCounter::PoolFullBypass};
  sink.on_pool_full(p);
  return {.outcome = SessionCounter::PoolFull};
}

SessionIndex SessionTable::allocate() {
  if (sessions_in_all() >= pool_.capacity()) return kNoSession;
  const SessionIndex index = pool_.allocate();
  if (index != kNoSession) note_birth(index);
  return index;
}

void SessionTable::note_birth(SessionIndex index) {
  if (notes_births_) born_.births.push_back({moment_.packet, index});
}

SessionCounter SessionTable::may_begin(const PacketView& p, PacketZones zones,
                                       SessionSink& sink) const {
  if (p.protocol == kProtoTcp) {
    const SessionCounter admitted = tracker_.admit(p);
    // A connection that the full pool let pass has no session, and goes on as it began.
    const bool passed_by = admitted == SessionCounter::NonSyn &&
                           settings_.full_pool == FullPool::Bypass &&
                           sessions_in_all() >= pool_.capacity();
    if (admitted != SessionCounter::Created && !passed_by) return admitted;
  }
  return sink.admit(p, zones);
}

void SessionTable::begin(Session& session, SessionIndex index, const PacketView& p,
                         const Arrival& arrival) {
  const std::int64_t at = arrival.at_ns;
  session.start_ns = session.last_ns = at;
  session.server_zone = arrival.zones.to;
  if (p.protocol == kProtoTcp)
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
  if (p.protocol == kProtoTcp) return info(session.tcp_state).timer;
  return p.protocol == kProtoSctp ? sctp_timer(p) : timers_of(p.protocol).idle;
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

}  // namespace endreason
