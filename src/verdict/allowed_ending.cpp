// SPDX-License-Identifier: Apache-2.0
// Each function handles one kind of ending; the packet shapes are from real lines (one SYN of 78
// bytes and one RST of 64, SYN and SYN-ACK and RST as 148+78 bytes) and from KB kA10g000000boBJCAY.
#include "verdict/allowed_ending.hpp"

#include <algorithm>
#include <array>

#include "model/protocol.hpp"
#include "verdict/questions.hpp"
#include "verdict/seen_handshake.hpp"
#include "verdict/session_counters.hpp"

namespace endreason {
namespace {

// A record as these functions look at it.
struct Case {
  const TrafficRecord& record;
  const Timers& timers;
  SessionCounters count;

  bool tcp() const {
    if (record.knows(Known::Proto)) return record.proto == kProtoTcp;
    return record.app_status == AppStatus::Incomplete ||
           record.app_status == AppStatus::UnknownTcp || record.end_reason == EndReason::TcpFin ||
           record.end_reason == EndReason::TcpReuse ||
           record.end_reason == EndReason::TcpRstFromClient ||
           record.end_reason == EndReason::TcpRstFromServer;
  }
  // Without a protocol, an aged-out session may be of any kind.
  bool datagrams() const {
    return record.knows(Known::Proto) ? record.proto != kProtoTcp
                                      : record.app_status == AppStatus::UnknownUdp;
  }
  bool elapsed_reaches(SessionTimer t) const {
    return record.knows(Known::Elapsed) && record.elapsed >= timers[t];
  }
  // The packets without payload of a repeated row cannot be told apart session by session.
  Confidence shape(Confidence c) const {
    return record.repeatcnt > 1 ? std::max(c, Confidence::Medium) : c;
  }
};

constexpr Ending ending(ReasonCode code, Outcome outcome, EndedBy by, Confidence confidence) {
  return {code, outcome, by, confidence};
}

// Several packets went out, at most as many came back, and none of them had room for data: the
// client repeats its SYN, and the server answers with something else than a SYN-ACK that would
// have opened the connection. A SYN-ACK that gets lost behind the firewall looks alike, therefore
// never High. A bare ACK has 60 to 66 bytes, a SYN-ACK with the usual options 74 or more.
constexpr std::uint64_t kBareAckBytes = 66;
constexpr std::uint64_t kSynRetries = 3;

bool challenge_ack_shape(const Case& c, std::uint64_t sent_least) {
  const WayCount& sent = c.count.sent;
  const WayCount& received = c.count.received;
  if (!c.count.packets_known() || sent.packets < sent_least || received.packets == 0) return false;
  const bool v6 = is_ipv6(c.record);
  return received.packets <= sent.packets && only_bare_packets(sent, v6) &&
         only_bare_packets(received, v6);
}

Confidence challenge_ack_confidence(const Case& c) {
  const std::uint64_t ack = kBareAckBytes + (is_ipv6(c.record) ? 20 : 0);
  const WayCount& received = c.count.received;
  return received.bytes <= received.packets * ack ? Confidence::Medium : Confidence::Low;
}

Ending incomplete_aged_out(const Case& c) {
  const WayCount& received = c.count.received;
  const EndedBy by = EndedBy::Timer;
  switch (received.passed()) {
    case Passed::Unknown:
      return ending(ReasonCode::IncompleteNoCounters, Outcome::Failed, by, Confidence::Low);
    case Passed::Nothing:
      return ending(ReasonCode::SynNoAnswer, Outcome::Failed, by, Confidence::High);
    case Passed::Something:
      break;
  }
  // Only an established session waits as long as the TCP timer; a handshake is given seconds.
  if (c.elapsed_reaches(SessionTimer::Tcp))
    return ending(ReasonCode::IdleWithoutData, Outcome::Failed, by, Confidence::High);
  if (challenge_ack_shape(c, kSynRetries))
    return ending(ReasonCode::ChallengeAck, Outcome::Failed, by, challenge_ack_confidence(c));
  const bool one_syn = c.count.packets_known() && c.count.sent.packets == 1;
  return ending(ReasonCode::HandshakeNotCompleted, Outcome::Failed, by,
                c.shape(one_syn ? Confidence::High : Confidence::Medium));
}

Ending incomplete_reset_by_server(const Case& c) {
  const EndedBy by = EndedBy::Server;
  if (!c.count.packets_known())
    return ending(ReasonCode::ResetBeforeDataByServer, Outcome::Failed, by, Confidence::Medium);
  const std::uint64_t sent = c.count.sent.packets;
  const std::uint64_t received = c.count.received.packets;
  // SYN, SYN-ACK, ACK, RST needs two packets from the server; one can only be the reset itself.
  if (received <= 1) {
    const bool plain = sent == 1 && received == 1;
    return ending(ReasonCode::RefusedByServer, Outcome::Failed, by,
                  c.shape(plain ? Confidence::High : Confidence::Medium));
  }
  return ending(ReasonCode::ResetBeforeDataByServer, Outcome::Failed, by,
                c.shape(Confidence::Medium));
}

Ending incomplete_reset_by_client(const Case& c) {
  const EndedBy by = EndedBy::Client;
  if (c.count.received.nothing())
    return ending(ReasonCode::SynNoAnswer, Outcome::Failed, by, Confidence::Medium);
  // SYN, SYN-ACK, RST and SYN, SYN-ACK, ACK, RST are 2 and 3 packets sent; more are retries.
  if (challenge_ack_shape(c, kSynRetries + 1))
    return ending(ReasonCode::ChallengeAck, Outcome::Failed, by, Confidence::Low);
  // The reset itself is the client's second packet.
  const bool counted = c.count.packets_known() && c.count.sent.packets >= 2;
  return ending(ReasonCode::ResetBeforeData, Outcome::Failed, by,
                c.shape(counted ? Confidence::High : Confidence::Medium));
}

Ending incomplete_closed(const Case& c) {
  if (c.count.received.nothing())  // a close needs packets of the server: they went another way
    return ending(ReasonCode::OneWayTraffic, Outcome::Unknown, EndedBy::Unknown,
                  Confidence::Medium);
  return ending(ReasonCode::ClosedWithoutData, Outcome::Failed, EndedBy::Unknown, Confidence::High);
}

// --- TCP with data -------------------------------------------------------------------------------

// One direction without a single packet, though data was identified: the other one was routed
// around this firewall, or the counters are wrong. Whether it worked, the log cannot say.
bool one_sided(const Case& c) {
  return c.count.received.nothing() || (c.count.sent.nothing() && c.count.received.something());
}

// Some connections carry data one way by design (syslog over TCP), so no payload from the server
// is a failure only when the server itself broke off.
Outcome tcp_data_outcome(const Case& c, Outcome without_answer) {
  if (c.count.received.passed() != Passed::Something) return Outcome::Unknown;
  return only_bare_packets(c.count.received, is_ipv6(c.record)) ? without_answer
                                                                : Outcome::Succeeded;
}

Ending tcp_closed(const Case& c) {
  if (c.record.app_status == AppStatus::InsufficientData)
    return ending(ReasonCode::LittleData, Outcome::Succeeded, EndedBy::Unknown, Confidence::Medium);
  return ending(ReasonCode::ClosedNormally, Outcome::Succeeded, EndedBy::Unknown, Confidence::High);
}

Ending tcp_reset(const Case& c, EndedBy by) {
  const Outcome without_answer = by == EndedBy::Server ? Outcome::Failed : Outcome::Unknown;
  Outcome outcome = tcp_data_outcome(c, without_answer);
  if (c.record.app_status == AppStatus::InsufficientData && outcome == Outcome::Succeeded)
    outcome = Outcome::Partial;
  return ending(ReasonCode::ResetAfterData, outcome, by, Confidence::Medium);
}

Ending tcp_aged_out(const Case& c) {
  const EndedBy by = EndedBy::Timer;
  if (c.count.received.passed() == Passed::Unknown)
    return ending(ReasonCode::IdleTimeout, Outcome::Unknown, by, Confidence::Low);
  if (c.record.app_status == AppStatus::InsufficientData)
    return ending(ReasonCode::LittleData, Outcome::Partial, by, Confidence::Medium);
  const bool long_idle = c.elapsed_reaches(SessionTimer::Tcp);
  return ending(ReasonCode::IdleTimeout, tcp_data_outcome(c, Outcome::Unknown), by,
                long_idle ? Confidence::High : Confidence::Medium);
}

// --- UDP, ICMP and other protocols without connections -------------------------------------------

// Ports whose senders expect no answer. Source: IANA service names; flow export and tunnels send
// one way per session.
constexpr auto kOneWayUdpPorts = std::to_array<std::uint16_t>({
    138,                           // NetBIOS datagrams
    162,                           // SNMP traps
    514,                           // syslog
    2055, 4739, 6343, 9995, 9996,  // NetFlow, IPFIX, sFlow
    4789, 6081, 8472,              // VXLAN, Geneve: the way back is another session
});

// IPv4 multicast 224/4, likely broadcasts, IPv6 multicast ff00::/8.
bool many_receivers(std::string_view dst) {
  if (dst.size() > 4 && dst.ends_with(".255")) return true;
  if (dst.size() < 4) return false;
  if (dst[0] == '2' && dst[3] == '.' && (dst[1] == '2' || dst[1] == '3')) {
    const int octet = (dst[1] - '0') * 10 + (dst[2] - '0');
    return octet >= 24 && octet <= 39;
  }
  return (dst[0] | 0x20) == 'f' && (dst[1] | 0x20) == 'f' &&
         dst.find(':') != std::string_view::npos;
}

bool answer_expected(const TrafficRecord& r) {
  if (many_receivers(r.text(Field::Dst))) return false;
  if (r.proto == kProtoIcmp || r.proto == kProtoIcmp6 || r.proto == kProtoSctp) return true;
  if (r.proto != kProtoUdp) return false;  // GRE, ESP: each direction may be a session of its own
  return !r.knows(Known::Dport) || std::find(kOneWayUdpPorts.begin(), kOneWayUdpPorts.end(),
                                             r.dport) == kOneWayUdpPorts.end();
}

Ending datagrams_aged_out(const Case& c) {
  const EndedBy by = EndedBy::Timer;
  if (answered_by_icmp_error(c.record))
    return ending(ReasonCode::IcmpError, Outcome::Failed, by, Confidence::High);
  const WayCount& received = c.count.received;
  if (received.passed() == Passed::Unknown)
    return ending(ReasonCode::AgedOutNoCounters, Outcome::Unknown, by, Confidence::Low);
  if (received.nothing()) {
    const bool expected = answer_expected(c.record);
    return ending(ReasonCode::NoReply, expected ? Outcome::Failed : Outcome::Unknown, by,
                  expected ? Confidence::High : Confidence::Medium);
  }
  if (c.count.sent.nothing())
    return ending(ReasonCode::OneWayTraffic, Outcome::Unknown, by, Confidence::Medium);
  const bool identified = c.record.app_status != AppStatus::InsufficientData;
  return ending(ReasonCode::Answered, Outcome::Succeeded, by,
                identified ? Confidence::High : Confidence::Medium);
}

// --- endings that are the same for every protocol ------------------------------------------------

// Where the end reason tells nothing about success: by the counters, as far as they go.
Outcome outcome_by_counters(const Case& c) {
  if (c.record.app_status == AppStatus::Incomplete) return Outcome::Failed;
  if (c.count.received.nothing())
    return c.datagrams() && answer_expected(c.record) ? Outcome::Failed : Outcome::Unknown;
  if (!c.count.received.something() || !c.count.sent.something()) return Outcome::Unknown;
  return c.tcp() ? tcp_data_outcome(c, Outcome::Unknown) : Outcome::Succeeded;
}

// A log without the column still has the counters. Where they alone show that nobody answered, that
// is what to look into; how the session ended stays unknown, and so does the confidence low.
ReasonCode code_by_counters(const Case& c) {
  if (!c.count.received.nothing()) return ReasonCode::AllowedNoEndReason;
  if (c.record.app_status == AppStatus::Incomplete && c.tcp()) return ReasonCode::SynNoAnswer;
  if (c.datagrams() && answer_expected(c.record)) return ReasonCode::NoReply;
  return ReasonCode::AllowedNoEndReason;
}

Ending without_end_reason(const Case& c) {
  return ending(code_by_counters(c), outcome_by_counters(c), EndedBy::Unknown, Confidence::Low);
}

Ending still_running(const Case& c) {
  const bool plain =
      c.record.subtype == Subtype::Start && c.record.end_reason == EndReason::NotEnded;
  const bool no_column = c.record.end_reason == EndReason::Absent;
  return ending(ReasonCode::InProgress, Outcome::InProgress, EndedBy::NobodyYet,
                plain       ? Confidence::High
                : no_column ? Confidence::Low
                            : Confidence::Medium);
}

Ending by_reason_alone(const Case& c) {
  const EndedBy by = question(c.record.end_reason).ended_by;
  const Outcome counted = outcome_by_counters(c);
  const Outcome failed = counted == Outcome::Failed ? Outcome::Failed : Outcome::Unknown;
  switch (c.record.end_reason) {
    case EndReason::TcpReuse:
      return ending(ReasonCode::TupleReused, counted, by, Confidence::Medium);
    case EndReason::Decoder:
      return ending(ReasonCode::ReplacedByInnerConnection, counted, by, Confidence::Medium);
    case EndReason::RequestTimeout:
      return ending(ReasonCode::EndpointRequestTimeout, Outcome::Failed, by, Confidence::Low);
    case EndReason::ShutdownFromEndpoint:
      return ending(ReasonCode::EndpointShutdown, counted, by, Confidence::Low);
    case EndReason::AbortFromEndpoint:
      return ending(ReasonCode::EndpointAbort, failed, by, Confidence::Low);
    case EndReason::SplitTunnel:
      return ending(ReasonCode::SplitTunnel, failed, by, Confidence::Low);
    default:
      return ending(ReasonCode::ClearedOrUnrecorded, failed, by, Confidence::Low);
  }
}

Ending incomplete_ending(const Case& c) {
  if (const auto seen = seen_ending(c.record)) return *seen;
  switch (c.record.end_reason) {
    case EndReason::AgedOut:
      return incomplete_aged_out(c);
    case EndReason::TcpRstFromServer:
      return incomplete_reset_by_server(c);
    case EndReason::TcpRstFromClient:
      return incomplete_reset_by_client(c);
    case EndReason::TcpFin:
      return incomplete_closed(c);
    default:
      return by_reason_alone(c);
  }
}

Ending tcp_data_ending(const Case& c) {
  const EndReason reason = c.record.end_reason;
  const bool by_host_or_timer = reason == EndReason::TcpFin || reason == EndReason::AgedOut ||
                                reason == EndReason::TcpRstFromClient ||
                                reason == EndReason::TcpRstFromServer;
  if (!by_host_or_timer) return by_reason_alone(c);
  const EndedBy by = question(reason).ended_by;
  if (one_sided(c))
    return ending(ReasonCode::OneWayTraffic, Outcome::Unknown, by, Confidence::Medium);
  if (reason == EndReason::TcpFin) return tcp_closed(c);
  return reason == EndReason::AgedOut ? tcp_aged_out(c) : tcp_reset(c, by);
}

}  // namespace

Ending allowed_ending(const TrafficRecord& record, const Timers& timers) {
  const Case c{record, timers, SessionCounters(record)};
  if (record.subtype == Subtype::Start) return still_running(c);
  if (record.end_reason == EndReason::NotEnded)
    return record.subtype == Subtype::End ? without_end_reason(c) : still_running(c);
  if (record.end_reason == EndReason::Absent) return without_end_reason(c);
  if (c.tcp())
    return record.app_status == AppStatus::Incomplete ? incomplete_ending(c) : tcp_data_ending(c);
  if (record.end_reason != EndReason::AgedOut) {
    // A TCP ending of another protocol contradicts itself; the reason is all there is.
    if (record.end_reason == EndReason::TcpFin ||
        record.end_reason == EndReason::TcpRstFromClient ||
        record.end_reason == EndReason::TcpRstFromServer)
      return tcp_data_ending(c);
    return by_reason_alone(c);
  }
  if (c.datagrams()) return datagrams_aged_out(c);
  return ending(ReasonCode::AgedOutNoCounters, outcome_by_counters(c), EndedBy::Timer,
                Confidence::Low);
}

}  // namespace endreason
