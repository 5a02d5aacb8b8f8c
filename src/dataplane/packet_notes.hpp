// SPDX-License-Identifier: Apache-2.0
// PacketNotes: what is worth telling of one packet of a session: who sent it, its numbers counted
// from the beginning of its flow, and what about it was out of the ordinary. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <unordered_map>

#include "base/enum_table.hpp"
#include "model/packet_view.hpp"
#include "session/session_table.hpp"

namespace endreason {

enum class PacketRemark : std::uint8_t {
  SynAgain,
  SynAnew,
  SplitHandshake,
  ChallengeAck,
  WrongAck,
  Opened,
  Retransmission,
  OutOfOrder,
  Overlap,
  CaptureGap,
  ZeroWindow,
  Urgent,
  Closes,
  RstExact,
  RstNotExact,
  SynInSession,
  IcmpError,
  Dropped
};
struct PacketRemarkInfo {
  PacketRemark value;
  std::string_view log_name;
  std::string_view text;
  bool wrong;  // something that a healthy connection does not have
};
inline constexpr auto kPacketRemarks = std::to_array<PacketRemarkInfo>({
    {PacketRemark::SynAgain, "syn-again", "the same SYN again", true},
    {PacketRemark::SynAnew, "syn-anew", "a SYN with another number", true},
    {PacketRemark::SplitHandshake, "split-handshake", "both sides sent a SYN", true},
    {PacketRemark::ChallengeAck, "challenge-ack",
     "expected SYN-ACK, saw ACK: a challenge of a server that holds an old connection, or the "
     "SYN-ACK was not captured",
     true},
    {PacketRemark::WrongAck, "wrong-ack", "acknowledges what was never sent", true},
    {PacketRemark::Opened, "opened", "open", false},
    {PacketRemark::Retransmission, "retransmission", "retransmission", true},
    {PacketRemark::OutOfOrder, "out-of-order", "out of order: one before it is missing", true},
    {PacketRemark::Overlap, "overlap", "repeats a part of another", true},
    {PacketRemark::CaptureGap, "capture-gap", "packets before it were not captured", true},
    {PacketRemark::ZeroWindow, "zero-window", "zero window: no room to receive", true},
    {PacketRemark::Urgent, "urgent", "urgent data", false},
    {PacketRemark::Closes, "closes", "closes its side", false},
    {PacketRemark::RstExact, "reset", "reset", true},
    {PacketRemark::RstNotExact, "reset-not-exact",
     "reset not exact: in the window, with another number than expected", true},
    {PacketRemark::SynInSession, "syn-in-session", "a SYN in an established session", true},
    {PacketRemark::IcmpError, "icmp-error", "ICMP error that quotes this session", true},
    {PacketRemark::Dropped, "dropped", "dropped", true},
});
static_assert(rows_in_enum_order(kPacketRemarks) && log_names_unique(kPacketRemarks));
constexpr const PacketRemarkInfo& info(PacketRemark v) {
  return kPacketRemarks[static_cast<std::size_t>(v)];
}

struct NotedPacket {
  std::int64_t time_ns{};
  std::uint64_t number{};     // of all that the engine took, from 1; whoever counts sets it
  std::int32_t seq{}, ack{};  // TCP, from the first number of the flow; other tuples' are far off
  std::uint32_t payload{};
  std::uint32_t wire_length{};
  std::uint32_t remarks{};  // bit per PacketRemark
  std::uint16_t window{};   // as it stands in the header
  std::uint8_t tcp_flags{}, protocol{}, icmp_type{}, icmp_code{};
  std::uint8_t sctp_chunk{kNoSctpChunk};  // the type of the first
  Flow flow{};
  SessionCounter outcome{};

  bool has(PacketRemark r) const { return (remarks >> static_cast<unsigned>(r) & 1) != 0; }
  bool remarkable() const { return remarks != 0; }
};
static_assert(kPacketRemarks.size() <= 32);

class PacketNotes {
 public:
  // In the order of arrival; the packet has a session.
  NotedPacket of(const PacketView& packet, const PacketResult& result);
  // The session has ended.
  void forget(std::uint32_t session_id) { before_.erase(session_id); }

 private:
  // What the session was like before its latest packet.
  struct Before {
    std::array<std::uint32_t, 2> first_seq{};
    std::array<bool, 2> seq_known{};
    std::array<FlowExtra, 2> extras{};
    std::array<std::uint8_t, 2> zero_windows{};
    std::uint16_t remarks{}, flags{};
    TcpState tcp_state{TcpState::None};
  };
  // begun: the packet's flow had a number before.
  static std::uint32_t remarks_of(const PacketView& packet, const PacketResult& result,
                                  const Before& before, std::int32_t seq, bool begun);

  std::unordered_map<std::uint32_t, Before> before_;
};

}  // namespace endreason
