// SPDX-License-Identifier: Apache-2.0
// Session: one conversation, its two flows, and what was seen of it. 192 bytes in three cache
// lines: a data packet of an established session touches the first two, what is rarer is in the
// third. Plain bytes, owned by SessionPool; not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "model/flow_key.hpp"
#include "model/handshake.hpp"
#include "model/session_terms.hpp"
#include "model/zone_table.hpp"
#include "session/tcp_machine.hpp"

namespace endreason {

// The place of a session in its pool. Reused after the session has ended; the id is not.
using SessionIndex = std::uint32_t;
inline constexpr SessionIndex kNoSession = 0xffff'ffff;

inline constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

// Bits of Session::flags: what the next packet's handling asks.
enum SessionFlag : std::uint16_t {
  kClientIsHigh = 1 << 0,  // the client is the key's high side
  kSequenceC2s = 1 << 1,   // the flow's sequence numbers are known
  kSequenceS2c = 1 << 2,
  kHoleC2s = 1 << 3,  // segments came that lie beyond a missing one
  kHoleS2c = 1 << 4,
  kUnverifiedRstC2s = 1 << 5,  // a reset came whose sequence number is not the one expected
  kUnverifiedRstS2c = 1 << 6,
  kChallengeAck = 1 << 7,  // the server answered the SYN with an ACK of another connection
  kNoScaling = 1 << 8,     // one side did not offer window scaling, so none applies
  kDataC2s = 1 << 9,       // payload was seen
  kDataS2c = 1 << 10,
  kStageKnown = 1 << 11,  // something has closed it; else nothing but time
  kPredict = 1 << 12,     // awaits its first packet: type PREDICT, its client port is 0
  kPredicted = 1 << 13,   // began as PREDICT; `user` is the id of the session that announced it
  kWatched = 1 << 14,     // dataplane reads its payload though its application is settled
};

// Bits of Session::remarks: what the verdict and the ladder tell about a session.
enum SessionRemark : std::uint16_t {
  kBeganWithoutSyn = 1 << 0,
  kWrongAck = 1 << 1,  // an acknowledgement of what the other side never sent
  kSynWithData = 1 << 2,
  kIcmpErrorSeen = 1 << 3,  // an ICMP error quoted a packet of this session
  kRstDropped = 1 << 4,     // a reset out of the window, or of a challenge ACK
  kOverlapSeen = 1 << 5,    // a segment that repeats a part of another
  kUrgentSeen = 1 << 6,
  kSegmentLimit = 1 << 7,     // segments beyond the out-of-order limit
  kCaptureGap = 1 << 8,       // packets were acknowledged that were never seen
  kOneWay = 1 << 9,           // went on though the other direction was not seen
  kSplitHandshake = 1 << 10,  // both sides sent a SYN
  kSynInSession = 1 << 11,    // a SYN while the session was established
  kOutOfWindow = 1 << 12,     // a segment outside the window
  kFinC2s = 1 << 13,          // a FIN passed
  kFinS2c = 1 << 14,
};

// What is kept of each flow, 32 bytes. The TCP members are in host order and wrap.
struct FlowState {
  std::uint64_t bytes{};  // layer 2, as captures and the vendor count
  std::uint64_t packets : 56 {};
  std::uint64_t scale : 8 {};  // of the windows that this flow's sender announces
  std::uint32_t next_seq{};    // one behind the last byte without a hole before it
  std::uint32_t window_end{};  // one behind the last byte that the other side has room for
  std::uint32_t acked{};       // the highest acknowledgement that this flow's sender sent
  std::uint32_t window{};      // bytes of room that this flow's sender last announced
};
static_assert(sizeof(FlowState) == 32);

// What is kept of a flow in the third line.
struct FlowExtra {
  std::uint32_t held_from{};      // the first segment beyond the hole begins here
  std::uint32_t held_end{};       // the last one ends here
  std::uint16_t retransmitted{};  // segments sent again, whole; stays at 65535
  std::uint16_t out_of_order{};   // segments that came before a missing one; stays at 65535
};

struct alignas(64) Session {
  // First line: found by, and when it ages.
  FlowKey key;
  std::int64_t last_ns{};       // time of the last packet
  std::int64_t refreshed_ns{};  // from here the timeout counts
  std::uint32_t timeout_s{};
  SessionState state{SessionState::Init};
  TcpState tcp_state{TcpState::None};
  std::uint16_t flags{};

  // Second line: the flows, c2s and s2c.
  std::array<FlowState, 2> flows{};

  // Third line.
  std::int64_t start_ns{};
  Handshake handshake;
  std::uint32_t id{};    // from 1; 0 is for packets without a session
  std::uint32_t user{};  // dataplane's own word; 0 for a new session
  std::array<FlowExtra, 2> extras{};
  std::array<std::uint8_t, 2> held{};          // segments beyond the hole now, of each flow
  std::array<std::uint8_t, 2> zero_windows{};  // times without room announced; stays at 255
  std::uint16_t end_reasons{};                 // bit n: EndReason n is a candidate
  std::uint16_t remarks{};
  std::uint16_t app{};  // dataplane's number of the application
  TrackerStage stage{TrackerStage::AgedOut};
  SessionTimer timer{SessionTimer::Default};
  std::uint8_t timeout_profile{};   // 0: the general timeouts
  ZoneNumber server_zone{kNoZone};  // the client's is the key's
  std::uint8_t icmp_error_type{};   // of the last ICMP error, where kIcmpErrorSeen
  std::uint8_t icmp_error_code{};

  FlowState& flow(Flow f) { return flows[static_cast<std::size_t>(f)]; }
  const FlowState& flow(Flow f) const { return flows[static_cast<std::size_t>(f)]; }
  FlowExtra& extra(Flow f) { return extras[static_cast<std::size_t>(f)]; }
  const FlowExtra& extra(Flow f) const { return extras[static_cast<std::size_t>(f)]; }
  std::uint8_t& held_of(Flow f) { return held[static_cast<std::size_t>(f)]; }
  std::uint8_t held_of(Flow f) const { return held[static_cast<std::size_t>(f)]; }
  bool has(SessionFlag flag) const { return (flags & flag) != 0; }
  bool remarked(SessionRemark remark) const { return (remarks & remark) != 0; }
  void set(SessionFlag flag) { flags = static_cast<std::uint16_t>(flags | flag); }
  void clear(SessionFlag flag) { flags = static_cast<std::uint16_t>(flags & ~flag); }
  void remark(SessionRemark r) { remarks = static_cast<std::uint16_t>(remarks | r); }

  Flow flow_of(KeyDirection way) const {
    return (way == KeyDirection::HighToLow) == has(kClientIsHigh) ? Flow::C2s : Flow::S2c;
  }
  const IpAddress& client() const { return has(kClientIsHigh) ? key.high : key.low; }
  const IpAddress& server() const { return has(kClientIsHigh) ? key.low : key.high; }
  std::uint16_t client_port() const { return has(kClientIsHigh) ? key.high_port : key.low_port; }
  std::uint16_t server_port() const { return has(kClientIsHigh) ? key.low_port : key.high_port; }
};
static_assert(sizeof(Session) == 192, "at most 300 bytes with ager and flow table are promised");
static_assert(offsetof(Session, flows) == 64 && offsetof(Session, start_ns) == 128);
static_assert(std::is_trivially_copyable_v<Session>);

constexpr SessionFlag sequence_known(Flow f) {
  return f == Flow::C2s ? kSequenceC2s : kSequenceS2c;
}
constexpr SessionFlag hole_before(Flow f) {
  return f == Flow::C2s ? kHoleC2s : kHoleS2c;
}
constexpr SessionFlag unverified_rst(Flow f) {
  return f == Flow::C2s ? kUnverifiedRstC2s : kUnverifiedRstS2c;
}
constexpr SessionFlag data_seen(Flow f) {
  return f == Flow::C2s ? kDataC2s : kDataS2c;
}
constexpr SessionRemark fin_seen(Flow f) {
  return f == Flow::C2s ? kFinC2s : kFinS2c;
}

// Candidates for the end reason, and which of them the log says: the vendor's priority decides.
constexpr std::uint16_t end_reason_bit(EndReason reason) {
  return static_cast<std::uint16_t>(1u << static_cast<unsigned>(reason));
}
static_assert(static_cast<unsigned>(EndReason::Unknown) < 16, "the bits of end_reasons");

// The lowest priority number among the candidates; aged-out when there is none.
constexpr EndReason winning_reason(std::uint16_t candidates) {
  EndReason best = EndReason::AgedOut;
  unsigned best_priority = 255;
  for (const EndReasonInfo& row : kEndReasons) {
    if (row.priority == 0 || !(candidates & end_reason_bit(row.value))) continue;
    if (row.priority < best_priority) {
      best = row.value;
      best_priority = row.priority;
    }
  }
  return best;
}
static_assert(winning_reason(0) == EndReason::AgedOut);
static_assert(winning_reason(end_reason_bit(EndReason::TcpFin) |
                             end_reason_bit(EndReason::TcpRstFromServer)) ==
              EndReason::TcpRstFromServer);

// Notes a cause of the session's end. The first stage that closed it is kept, unless `decides`:
// a denial or a threat closes a session whatever its ends have done.
inline void note_end(Session& session, TrackerStage stage, bool decides = false) {
  session.end_reasons =
      static_cast<std::uint16_t>(session.end_reasons | end_reason_bit(info(stage).end_reason));
  if (session.has(kStageKnown) && !decides) return;
  session.stage = stage;
  session.set(kStageKnown);
}

}  // namespace endreason
