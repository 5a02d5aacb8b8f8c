// SPDX-License-Identifier: Apache-2.0
// SessionCounters: what became of every packet, and what else was noticed, under names in the
// manner of `show counter global`. Each packet ends in exactly one Outcome, so that
// packets = sum of the outcomes. Plain counts; one thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/packet_view.hpp"

namespace endreason {

enum class SessionCounter : std::uint8_t {
  // Outcomes.
  Created,
  Forwarded,
  IcmpErrorMatched,
  FragmentHeld,
  NotIp,
  FrameInFrame,
  UnknownLinkType,
  Truncated,
  Malformed,
  BadChecksum,
  TooDeep,
  FragmentLimit,
  PolicyDeny,
  ApplicationDeny,
  HostServiceDeny,
  AddressBlocked,
  ContentBlocked,
  ContentLimit,
  Discarded,
  NonSyn,
  ZeroFlags,
  BadFlags,
  SynWithData,
  SplitHandshake,
  OutOfSync,
  OutOfWindow,
  RstOutOfWindow,
  ChallengeAckRst,
  SegmentLimitFlow,
  SegmentLimitAll,
  IcmpErrorUnmatched,
  PoolFull,
  PoolFullBypass,
  // Events: a packet may cause several, or none.
  SessionsEnded,
  Reused,
  AgedByPacket,
  AcceleratedAging,
  ChallengeAck,
  UnverifiedRst,
  OutOfOrder,
  Overlap,
  Retransmitted,
  Urgent,
  CaptureGap,
  SegmentLimitBypass,
  SynInSession,
  Predicted,
  PredictMatched,
  PredictExpired,
  PredictRefused,
  Divided,
};

enum class CounterSeverity : std::uint8_t { Info, Warning, Drop };
constexpr std::string_view severity_name(CounterSeverity v) {
  constexpr std::array<std::string_view, 3> kNames{"info", "warn", "drop"};  // as the CLI prints
  return kNames[static_cast<std::size_t>(v)];
}
enum class CounterKind : std::uint8_t { Outcome, Event };

struct SessionCounterInfo {
  SessionCounter value;
  std::string_view log_name;  // the vendor's where it is known, else ours in its manner
  CounterKind kind;
  CounterSeverity severity;  // Drop: the packet went no further
  std::string_view sentence;
};
inline constexpr auto kSessionCounters = std::to_array<SessionCounterInfo>({
    {SessionCounter::Created, "flow_session_created", CounterKind::Outcome, CounterSeverity::Info,
     "The packet began a session."},
    {SessionCounter::Forwarded, "flow_session_forwarded", CounterKind::Outcome,
     CounterSeverity::Info, "The packet belongs to a session and passed."},
    {SessionCounter::IcmpErrorMatched, "flow_icmp_error_matched", CounterKind::Outcome,
     CounterSeverity::Info, "An ICMP error quotes a packet of a session and passed with it."},
    {SessionCounter::FragmentHeld, "flow_ipfrag_held", CounterKind::Outcome, CounterSeverity::Info,
     "A fragment that waited for the others, or still does; the whole counts with the last one."},
    {SessionCounter::NotIp, "flow_rcv_not_ip", CounterKind::Outcome, CounterSeverity::Drop,
     "No IP packet: ARP, LLDP, spanning tree and the like, which have no sessions."},
    {SessionCounter::FrameInFrame, "flow_rcv_frame_in_frame", CounterKind::Outcome,
     CounterSeverity::Drop,
     "A backbone's frame around another (802.1ah, FabricPath); --decap looks into it."},
    {SessionCounter::UnknownLinkType, "flow_rcv_link_unknown", CounterKind::Outcome,
     CounterSeverity::Drop, "The capture's link type is none that is decoded."},
    {SessionCounter::Truncated, "flow_parse_truncated", CounterKind::Outcome, CounterSeverity::Drop,
     "The bytes end inside a header: the capture was snapped, or the packet was cut."},
    {SessionCounter::Malformed, "flow_parse_malformed", CounterKind::Outcome, CounterSeverity::Drop,
     "A header contradicts itself or the packet's length."},
    {SessionCounter::BadChecksum, "flow_parse_cksm", CounterKind::Outcome, CounterSeverity::Drop,
     "The checksum of IP, TCP, UDP or ICMP is wrong (--checksums ignore takes such packets)."},
    {SessionCounter::TooDeep, "flow_parse_too_deep", CounterKind::Outcome, CounterSeverity::Drop,
     "More headers within each other than the limit."},
    {SessionCounter::FragmentLimit, "flow_ipfrag_limit", CounterKind::Outcome,
     CounterSeverity::Drop, "There was no room to hold another fragment."},
    {SessionCounter::PolicyDeny, "flow_policy_deny", CounterKind::Outcome, CounterSeverity::Drop,
     "Policy let the packet begin no session."},
    {SessionCounter::ApplicationDeny, "appid_policy_lookup_deny", CounterKind::Outcome,
     CounterSeverity::Drop, "The packet showed the application, which a rule denies."},
    {SessionCounter::HostServiceDeny, "flow_host_service_deny", CounterKind::Outcome,
     CounterSeverity::Drop, "It is for the firewall itself, and for no service that is enabled."},
    {SessionCounter::AddressBlocked, "flow_block_ip_drop", CounterKind::Outcome,
     CounterSeverity::Drop, "It is from an address that a threat has blocked for some time."},
    {SessionCounter::ContentBlocked, "ctd_mitigation_drop", CounterKind::Outcome,
     CounterSeverity::Drop, "Content inspection blocked the packet's session."},
    {SessionCounter::ContentLimit, "ctd_resource_limit_drop", CounterKind::Outcome,
     CounterSeverity::Drop, "Content inspection had no room left for the packet's session."},
    {SessionCounter::Discarded, "flow_session_discarded", CounterKind::Outcome,
     CounterSeverity::Drop, "The packet belongs to a denied session, which is in DISCARD."},
    {SessionCounter::NonSyn, "flow_tcp_non_syn_drop", CounterKind::Outcome, CounterSeverity::Drop,
     "A TCP packet without session is no SYN (set tcp-reject-non-syn to no to allow it)."},
    {SessionCounter::ZeroFlags, "tcp_flag_zero", CounterKind::Outcome, CounterSeverity::Drop,
     "A TCP segment without any flag."},
    {SessionCounter::BadFlags, "tcp_flag_contradiction", CounterKind::Outcome,
     CounterSeverity::Drop, "A TCP segment with SYN and also FIN or RST."},
    {SessionCounter::SynWithData, "tcp_syn_with_data", CounterKind::Outcome, CounterSeverity::Drop,
     "A SYN or SYN-ACK that carries data, where the setting refuses it."},
    {SessionCounter::SplitHandshake, "tcp_split_handshake", CounterKind::Outcome,
     CounterSeverity::Drop, "A SYN from the server, where the setting refuses it."},
    {SessionCounter::OutOfSync, "tcp_out_of_sync", CounterKind::Outcome, CounterSeverity::Drop,
     "A segment that the handshake so far does not allow: the other direction was not seen."},
    {SessionCounter::OutOfWindow, "tcp_out_of_window", CounterKind::Outcome, CounterSeverity::Drop,
     "A segment outside the window."},
    {SessionCounter::RstOutOfWindow, "tcp_rst_out_of_window", CounterKind::Outcome,
     CounterSeverity::Drop, "A reset outside the window."},
    {SessionCounter::ChallengeAckRst, "tcp_challenge_ack_rst", CounterKind::Outcome,
     CounterSeverity::Drop,
     "The client's reset of a challenge ACK (set tcp allow-challenge-ack to yes to pass it)."},
    {SessionCounter::SegmentLimitFlow, "tcp_exceed_flow_seg_limit", CounterKind::Outcome,
     CounterSeverity::Drop, "More segments of a session wait for a missing one than the limit."},
    {SessionCounter::SegmentLimitAll, "tcp_exceed_seg_limit", CounterKind::Outcome,
     CounterSeverity::Drop, "More segments of all sessions wait for missing ones than the limit."},
    {SessionCounter::IcmpErrorUnmatched, "flow_icmp_error_unmatched", CounterKind::Outcome,
     CounterSeverity::Drop, "An ICMP error quotes a packet of no session."},
    {SessionCounter::PoolFull, "session_alloc_failure", CounterKind::Outcome, CounterSeverity::Drop,
     "The session pool is full, and the setting says drop."},
    {SessionCounter::PoolFullBypass, "session_alloc_bypass", CounterKind::Outcome,
     CounterSeverity::Warning, "The session pool is full, and the setting says bypass."},
    {SessionCounter::SessionsEnded, "session_ended", CounterKind::Event, CounterSeverity::Info,
     "Sessions that ended."},
    {SessionCounter::Reused, "session_tcp_reuse", CounterKind::Event, CounterSeverity::Info,
     "Sessions ended by a new SYN of the same tuple."},
    {SessionCounter::AgedByPacket, "session_aged_by_packet", CounterKind::Event,
     CounterSeverity::Info, "Sessions found to have aged out when a packet came for them."},
    {SessionCounter::AcceleratedAging, "session_accelerated_aging", CounterKind::Event,
     CounterSeverity::Warning, "Times that accelerated aging set in."},
    {SessionCounter::ChallengeAck, "tcp_challenge_ack", CounterKind::Event,
     CounterSeverity::Warning, "SYNs that the server answered with the ACK of another connection."},
    {SessionCounter::UnverifiedRst, "tcp_unverified_rst", CounterKind::Event, CounterSeverity::Info,
     "Resets in the window without the exact sequence number."},
    {SessionCounter::OutOfOrder, "tcp_out_of_order", CounterKind::Event, CounterSeverity::Info,
     "Segments that came before a missing one."},
    {SessionCounter::Overlap, "tcp_overlap", CounterKind::Event, CounterSeverity::Info,
     "Segments that repeat a part of another."},
    {SessionCounter::Retransmitted, "tcp_retransmitted", CounterKind::Event, CounterSeverity::Info,
     "Segments sent again, whole."},
    {SessionCounter::Urgent, "tcp_clear_urg", CounterKind::Event, CounterSeverity::Info,
     "Segments with the urgent flag, which the firewall clears."},
    {SessionCounter::CaptureGap, "tcp_capture_gap", CounterKind::Event, CounterSeverity::Warning,
     "Places where packets were acknowledged that were never seen."},
    {SessionCounter::SegmentLimitBypass, "tcp_bypass_exceed_oo_queue", CounterKind::Event,
     CounterSeverity::Warning, "Segments beyond a limit that passed, as the setting says."},
    {SessionCounter::SynInSession, "tcp_syn_in_session", CounterKind::Event, CounterSeverity::Info,
     "SYNs in an established session; they pass and change nothing."},
    {SessionCounter::Predicted, "session_predict", CounterKind::Event, CounterSeverity::Info,
     "Sessions of type PREDICT, which an application announced."},
    {SessionCounter::PredictMatched, "session_predict_match", CounterKind::Event,
     CounterSeverity::Info, "Predicted sessions whose first packet came."},
    {SessionCounter::PredictExpired, "session_predict_expired", CounterKind::Event,
     CounterSeverity::Info, "Predicted sessions that nobody opened."},
    {SessionCounter::PredictRefused, "session_predict_refused", CounterKind::Event,
     CounterSeverity::Warning, "Announced sessions for which the pool had no room."},
    {SessionCounter::Divided, "session_divided", CounterKind::Event, CounterSeverity::Info,
     "Sessions ended by a connection that began within them; it is a session of its own."},
});
static_assert(rows_in_enum_order(kSessionCounters) && log_names_unique(kSessionCounters));
constexpr const SessionCounterInfo& info(SessionCounter v) {
  return kSessionCounters[static_cast<std::size_t>(v)];
}
// What a packet that was not decoded is counted as.
constexpr SessionCounter undecoded(DecodeStatus status) {
  constexpr auto kOfStatus = std::to_array<SessionCounter>(
      {SessionCounter::Created, SessionCounter::FragmentHeld, SessionCounter::Truncated,
       SessionCounter::Malformed, SessionCounter::NotIp, SessionCounter::FrameInFrame,
       SessionCounter::UnknownLinkType, SessionCounter::BadChecksum, SessionCounter::TooDeep,
       SessionCounter::FragmentLimit});
  static_assert(kOfStatus.size() == kDecodeStatuses);
  return kOfStatus[static_cast<std::size_t>(status)];
}
static_assert(undecoded(DecodeStatus::FragmentHeld) == SessionCounter::FragmentHeld &&
              undecoded(DecodeStatus::NotIp) == SessionCounter::NotIp &&
              undecoded(DecodeStatus::FragmentLimit) == SessionCounter::FragmentLimit);
constexpr bool passes(SessionCounter outcome) {
  return info(outcome).severity != CounterSeverity::Drop;
}

class SessionCounters {
 public:
  void add(SessionCounter c) { ++counts_[static_cast<std::size_t>(c)]; }
  std::uint64_t operator[](SessionCounter c) const { return counts_[static_cast<std::size_t>(c)]; }
  SessionCounters& operator+=(const SessionCounters& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
    return *this;
  }
  // Packets: the sum of all outcomes.
  std::uint64_t packets() const {
    std::uint64_t sum = 0;
    for (const SessionCounterInfo& row : kSessionCounters)
      if (row.kind == CounterKind::Outcome) sum += (*this)[row.value];
    return sum;
  }

 private:
  std::array<std::uint64_t, kSessionCounters.size()> counts_{};
};

}  // namespace endreason
