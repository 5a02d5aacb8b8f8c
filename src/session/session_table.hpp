// SPDX-License-Identifier: Apache-2.0
// SessionTable: packets in, sessions out. Puts the flow table, the pool, the ager and the TCP
// tracker together. It knows addresses, ports and time, and neither policy nor applications: those
// come in through SessionSink and the calls below. One thread a table.
//
// Time is the packets' own; a packet that is earlier than one before it is taken as it comes. What
// comes out depends on the packets alone, not on how they are cut into batches.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "base/result.hpp"
#include "model/packet_view.hpp"
#include "session/ager.hpp"
#include "session/flow_table.hpp"
#include "session/session.hpp"
#include "session/session_counters.hpp"
#include "session/session_pool.hpp"
#include "session/session_settings.hpp"
#include "session/tcp_tracker.hpp"

namespace endreason {

// What became of one packet. The session may be changed until the sink's call returns.
struct PacketResult {
  SessionCounter outcome{};
  Flow flow{Flow::C2s};
  bool first{};        // it began the session
  Session* session{};  // null: it has none
  SessionIndex index{kNoSession};
};

// Packets of one table out of a longer row of packets, of which other tables take the rest.
struct PacketShare {
  std::span<const PacketView> packets;  // those of this table
  std::span<const PacketZones> zones;   // of `packets`, or empty when there is one zone
  // Of the first packet; those of the next ones stand so many bytes behind each other.
  const std::uint16_t* numbers;   // in the row, ascending
  const std::int64_t* latest_ns;  // the latest time of all of the row up to it
  std::size_t stride;

  PacketZones zone(std::size_t i) const { return zones.empty() ? PacketZones{} : zones[i]; }
  std::uint16_t number(std::size_t i) const { return *behind(numbers, i); }
  std::int64_t latest(std::size_t i) const { return *behind(latest_ns, i); }
  PacketShare part(std::size_t first, std::size_t count) const {
    return {packets.subspan(first, count), zones.empty() ? zones : zones.subspan(first, count),
            behind(numbers, first), behind(latest_ns, first), stride};
  }

 private:
  template <class T>
  const T* behind(const T* at, std::size_t i) const {
    return reinterpret_cast<const T*>(reinterpret_cast<const char*>(at) + i * stride);
  }
};

// Where in the row of all packets something happened. Rows of several tables are put in one order
// by this, which is the order that a single table has.
struct Moment {
  static constexpr std::uint32_t kAfterAging = UINT32_MAX;

  std::uint64_t packet{};  // number of the packet at which it happened, from 0
  // Sessions that age at a packet go by the ager's ticks and come before what the packet itself
  // does.
  std::uint32_t tick{kAfterAging};
};

// How far sessions have been ended: those of earlier ticks of the ager, and those of this tick up
// to this deadline.
struct Ended {
  std::uint32_t tick;
  std::int64_t deadline_ns;
  friend auto operator<=>(const Ended&, const Ended&) = default;
};

// A session that a packet has begun.
struct Birth {
  std::uint64_t packet;
  SessionIndex session;
};

// Sessions that began while some packets were taken.
struct Born {
  std::uint32_t first_id{};   // provisional; that of the others follow
  std::vector<Birth> births;  // in their order
  // Sessions of type PREDICT whose `user` may name a session by a provisional id.
  std::vector<SessionIndex> announced;
};

class SessionSink {
 public:
  virtual ~SessionSink() = default;
  // Asked before a packet begins a session. Created, or the outcome that says why there is none.
  virtual SessionCounter admit(const PacketView& first, PacketZones zones) {
    static_cast<void>(first), static_cast<void>(zones);
    return SessionCounter::Created;
  }
  // The pool is full, so the packet that was admitted is dropped and begins no session. Told
  // whether on_packet() is wanted or not.
  virtual void on_pool_full(const PacketView& first) { static_cast<void>(first); }
  // Whether on_packet() is to be called; asked once a batch.
  virtual bool wants_packets() const { return false; }
  virtual void on_packet(const PacketView& packet, const PacketResult& result) {
    static_cast<void>(packet), static_cast<void>(result);
  }
  // Whether on_coming() is to be called; asked once a batch.
  virtual bool wants_coming() const { return false; }
  // A session that one of the next packets probably belongs to, or that is about to age out: what
  // is kept of it elsewhere can be fetched by now. Called in the order of what comes.
  virtual void on_coming(SessionIndex session) { static_cast<void>(session); }
  // A session has ended, at this time: the end of its timer, or the packet that closed it. It is
  // in state CLOSED; its memory is used again after the call.
  virtual void on_end(const Session& session, std::int64_t ended_ns) = 0;
  // A point at which to pause: of what ages in this tick of the ager, all that ended before this
  // time has been told; INT64_MAX: all.
  virtual void on_pause(std::int64_t before_ns) { static_cast<void>(before_ns); }
};

// Who is to open a connection to whom (FTP's data).
struct PredictedFlow {
  IpAddress client, server;
  std::uint16_t server_port{};
  std::uint8_t protocol{};
};
// The vendor does not say how long it waits; FTP clients open theirs at once.
inline constexpr std::uint32_t kPredictSeconds = 60;

class SessionTable {
 public:
  // Wrong settings, or no room for so many sessions, are errors that name the setting.
  static Result<std::unique_ptr<SessionTable>> create(const SessionSettings& settings);
  ~SessionTable();
  SessionTable(const SessionTable&) = delete;
  SessionTable& operator=(const SessionTable&) = delete;

  // Packets in the order of their arrival. `zones`: one a packet, or empty when there is one zone.
  // A session belongs to the zone of its first packet; its replies may come from another one, and
  // from there on it is the server's zone.
  void process(std::span<const PacketView> packets, SessionSink& sink,
               std::span<const PacketZones> zones = {});

  // One table of several, which together do what a single one would. For each row of packets:
  // expect() it, process() one's share in as many calls as one likes, advance() to its latest time.
  //
  // latest_ns: for each packet of the row, the latest time of all packets up to it; usable_time()s
  // that never fall. first_packet: the number of the row's first among all packets, from 0.
  void expect(std::span<const std::int64_t> latest_ns, std::uint64_t first_packet);
  void process(const PacketShare& share, SessionSink& sink);
  // Where a share is one packet, as other tables' packets come between: fetched ahead, in two steps
  // some packets apart. The first gives what the second wants to know.
  std::uint64_t fetch_bucket(const PacketView& packet, PacketZones zones) const;
  void fetch_session(const PacketView& packet, std::uint64_t hash) const;
  // True when advance() to this time would age sessions.
  bool due(std::int64_t now_ns) const { return ager_.due(now_ns); }
  // What a packet's time is taken for.
  static std::int64_t usable_time(std::int64_t time_ns) {
    return std::clamp(time_ns, -kLatest, kLatest);
  }
  // Lets time run without a packet: sessions age.
  void advance(std::int64_t now_ns, SessionSink& sink);
  // Lets time run until every session has aged.
  void finish(SessionSink& sink);
  // The same in pieces. Ends `enough` sessions or a few more, and says how far that is; nothing
  // when there is none left that the ager can reach.
  std::optional<Ended> finish_some(std::size_t enough, SessionSink& sink);
  // All up to there.
  void finish_until(const Ended& last, SessionSink& sink);
  // At last, what the ager could not reach, because its times are damaged.
  void finish_rest(SessionSink& sink);
  // An operator's `clear session all`: what is open when time has run to this moment ends there, in
  // the order in which it began; with the end reason Unknown where there is no other one.
  void clear(std::int64_t now_ns, SessionSink& sink);

  // Within on_end() and on_packet(): where in the row of packets this happens.
  const Moment& moment() const { return moment_; }
  // Within on_end(): where the session has its place; of one that is divided, its successor's.
  SessionIndex place() const { return place_; }

  // What other tables of the same firewall hold: sessions count against the capacity and the
  // threshold of accelerated aging, segments against the limit of all.
  void set_elsewhere(std::uint32_t sessions, std::uint32_t segments) {
    sessions_elsewhere_ = sessions;
    tracker_.set_held_elsewhere(segments);
  }
  // Another table has found that accelerated aging sets in or ends.
  void set_accelerated(bool on, std::int64_t since_ns);
  std::int64_t accelerated_since_ns() const { return accelerated_since_ns_; }
  // Ends accelerated aging when few enough sessions are left. A single table does so by itself; of
  // several, call it when all have been advanced and know what is elsewhere.
  void relax();
  // From now on sessions get provisional ids, which rise by one from each to the next, and who is
  // born is noted.
  void note_births();
  // Those since the last call. The memory of `born` is used again.
  void take_born(Born& born);
  void renumber_parent(SessionIndex session, std::uint32_t id) { pool_[session].user = id; }
  const Session& session(SessionIndex index) const { return pool_[index]; }
  void renumber(SessionIndex session, std::uint32_t id) { pool_[session].id = id; }

  // For the sink, within its calls or between: what others decided about a session.
  void set_application(SessionIndex index, std::uint16_t app, std::uint8_t timeout_profile = 0);
  // A rule denies it: it goes on in DISCARD, where its packets are dropped.
  void deny(SessionIndex index, TrackerStage stage = TrackerStage::AppidPolicyLookupDeny);
  // A threat, or another cause of higher rank than policy; DISCARD as well. Without a stage: the
  // vendor names none for the reason.
  void mitigate(SessionIndex index, std::optional<TrackerStage> stage, EndReason reason);
  // Of the packet in hand, so within on_packet() only: it goes no further, and is counted so.
  void refuse(SessionCounter outcome) { refused_ = outcome; }
  // The packet in hand with the outcome that it is counted by.
  PacketResult as_counted(const PacketResult& result) const {
    PacketResult counted = result;
    if (refused_) counted.outcome = *refused_;
    return counted;
  }
  // It ends at once: a decoder found a new connection inside (Decoder), an operator cleared it
  // (Unknown).
  void close(SessionIndex index, EndReason reason);
  // Of the packet in hand, so for others within on_packet() only: it begins another connection
  // inside this one, or one that took the tuple over. The
  // session ends before the packet; its successor, with the same place, tuple and TCP state and a
  // new id, begins with it.
  void divide(const PacketView& packet, const PacketResult& result, EndReason reason,
              SessionSink& sink);
  // A session that the application announced: from this client, whatever its port. It stands in the
  // table as PREDICT until its first packet comes, or for kPredictSeconds.
  // Returns its place, or kNoSession: there is no room, or there is such a session already.
  SessionIndex predict(SessionIndex parent, const PredictedFlow& flow, std::uint16_t app);
  // Timeouts of an application or a service, for set_application(); 255 at most.
  Result<std::uint8_t> add_timeout_profile(const SessionTimeouts& timeouts);

  const SessionCounters& counters() const { return counters_; }
  const SessionSettings& settings() const { return settings_; }
  const SessionPool& pool() const { return pool_; }
  const FlowTable& flow_table() const { return table_; }
  std::uint32_t segments_held() const { return tracker_.segments_held(); }
  std::int64_t now_ns() const { return now_ns_; }
  bool accelerated() const { return accelerated_; }
  // When the session ages if no packet comes.
  std::int64_t deadline_ns(const Session& session) const {
    if (session.state == SessionState::Closing) return session.refreshed_ns;
    const std::int64_t timeout = std::int64_t{session.timeout_s} * kNanosPerSecond;
    const std::int64_t whole = session.refreshed_ns + timeout;
    if (!accelerated_) return whole;
    const std::int64_t divided =
        session.refreshed_ns + (accelerated_second_ns_ != 0
                                    ? std::int64_t{session.timeout_s} * accelerated_second_ns_
                                    : timeout / settings_.accelerated_factor);
    // None has aged before acceleration set in.
    return std::min(whole, std::max(divided, accelerated_since_ns_));
  }
  // The session of a key, or kNoSession; one whose time is over counts until it has ended.
  SessionIndex find(const FlowKey& key) const { return table_.find(key, table_.hash(key)); }
  // Calls visit(const Session&) for each that is open, in the order of their places.
  template <class Visit>
  void visit(Visit&& visit_session) const {
    for (SessionIndex i = 0; i < pool_.high_water(); ++i)
      if (pool_[i].state != SessionState::Init) visit_session(pool_[i]);
  }

 private:
  struct Arrival;
  struct WholeRow;
  struct ShareRow;

  // Times are kept far from the ends of their type, so that adding a timeout cannot overflow. A
  // capture with such times is damaged; it is still tracked.
  static constexpr std::int64_t kLatest = std::int64_t{1} << 61;

  explicit SessionTable(const SessionSettings& settings);

  [[gnu::always_inline]] void arrive(const PacketView& p, PacketZones zones,
                                     Arrival& arrival) const;
  // Inlined by order: GCC 12 takes a function that only prefetches for one without effect, and
  // leaves out calls of it.
  [[gnu::always_inline]] void prefetch(const Arrival& arrival, const PacketView& p) const;
  [[gnu::always_inline]] void prefetch_opening(const Arrival& arrival) const;
  SessionIndex find_arrived(const Arrival& arrival) const;
  [[gnu::always_inline]] bool take_expected(const PacketView& p, const Arrival& arrival,
                                            PacketResult& result);
  PacketResult take(const PacketView& p, const Arrival& arrival, SessionSink& sink);
  SessionIndex find_across_zones(const Arrival& arrival, bool only_replies);
  SessionIndex find_predicted(const PacketView& p, const Arrival& arrival) const;
  PacketResult take_predicted(const PacketView& p, const Arrival& arrival, SessionIndex index);
  PacketResult take_icmp_error(const PacketView& p, const Arrival& arrival);
  PacketResult take_next(const PacketView& p, const Arrival& arrival, SessionIndex index,
                         SessionSink& sink);
  PacketResult take_first(const PacketView& p, const Arrival& arrival, SessionSink& sink);
  SessionCounter may_begin(const PacketView& p, PacketZones zones, SessionSink& sink) const;
  PacketResult refuse_for_want_of_room(const PacketView& p, SessionSink& sink) const;
  void begin(Session& session, SessionIndex index, const PacketView& p, const Arrival& arrival);
  void count(Session& session, Flow flow, const PacketView& p, std::int64_t at) const;
  void follow_order(Session& session, SessionIndex index, TimerOrder order, std::int64_t at);
  SessionTimer first_timer(const Session& session, const PacketView& p) const;
  void arm(Session& session, SessionIndex index, SessionTimer timer, std::int64_t at);
  void discard(SessionIndex index);
  void age(SessionSink& sink);
  bool end_expired(SessionSink& sink);
  bool find_expired();
  void end_found(std::size_t enough, std::int64_t last_ns, SessionSink& sink);
  void tell_moment(std::uint32_t tick);
  std::uint64_t packet_at(std::int64_t time_ns) const;
  void begin_moment(std::uint64_t packet, std::int64_t latest_ns, SessionSink& sink);
  template <class Row>
  void process_row(const Row& row, SessionSink& sink);
  SessionIndex allocate();
  void note_birth(SessionIndex index);
  std::uint32_t sessions_in_all() const { return pool_.allocated() + sessions_elsewhere_; }
  void end(SessionIndex index, std::int64_t ended_ns, SessionSink& sink);
  // The same of a session that the ager has given out.
  void end_out_of_ager(SessionIndex index, std::int64_t ended_ns, SessionSink& sink);
  void watch_utilization();
  const SessionTimeouts& timeouts_of(const Session& session) const {
    return timeouts_[session.timeout_profile];
  }

  SessionSettings settings_;
  SessionCounters counters_;
  SessionPool pool_;
  FlowTable table_;
  Ager ager_;
  TcpTracker tracker_;
  std::vector<SessionTimeouts> timeouts_;  // the general ones, then the profiles
  std::unique_ptr<Arrival[]> arrivals_;    // a ring of those that are on their way
  Born born_;
  Moment moment_;
  std::span<const Ager::Expired> found_;  // of the tick in hand, what is still to be ended
  SessionIndex place_ = kNoSession;
  std::optional<SessionCounter> refused_;    // what the packet in hand is counted as, if not passed
  std::uint64_t next_packet_ = 0;            // number of the first of the packets at hand
  std::span<const std::int64_t> latest_ns_;  // of the row expected; empty for a single table
  std::size_t in_hand_ = 0;                  // which of that row time has come to
  std::int64_t now_ns_ = 0;
  std::uint32_t sessions_elsewhere_ = 0;
  std::int64_t accelerated_since_ns_ = 0;
  std::int64_t accelerated_second_ns_ = 0;  // what is left of a second; 0: no whole number
  std::int64_t last_before_ns_ = 0;         // of the session in hand, before the packet in hand
  std::uint32_t predicted_ = 0;             // sessions of type PREDICT
  std::uint32_t accelerate_above_ = 0;      // sessions
  std::uint32_t relax_below_ = 0;
  bool accelerated_ = false;
  bool one_zone_ = true;
  bool notes_births_ = false;
  bool started_ = false;
};

}  // namespace endreason
