// SPDX-License-Identifier: Apache-2.0
#include "dataplane/packet_notes.hpp"

#include "model/protocol.hpp"

namespace endreason {
namespace {

class Remarks {
 public:
  void add_if(bool holds, PacketRemark remark) {
    if (holds) bits_ |= std::uint32_t{1} << static_cast<unsigned>(remark);
  }
  std::uint32_t bits() const { return bits_; }

 private:
  std::uint32_t bits_ = 0;
};

// A remark of the session that the packet brought about.
struct SessionNews {
  SessionRemark session;
  PacketRemark packet;
};
constexpr auto kNews = std::to_array<SessionNews>({
    {kWrongAck, PacketRemark::WrongAck},
    {kSplitHandshake, PacketRemark::SplitHandshake},
    {kOverlapSeen, PacketRemark::Overlap},
    {kCaptureGap, PacketRemark::CaptureGap},
});

std::size_t slot(Flow flow) {
  return static_cast<std::size_t>(flow);
}

}  // namespace

std::uint32_t PacketNotes::remarks_of(const PacketView& p, const PacketResult& result,
                                      const Before& before, std::int32_t seq, bool begun) {
  const Session& now = *result.session;
  Remarks remarks;
  remarks.add_if(result.outcome == SessionCounter::IcmpErrorMatched, PacketRemark::IcmpError);
  remarks.add_if(!passes(result.outcome), PacketRemark::Dropped);
  if (now.key.protocol != kProtoTcp || result.outcome == SessionCounter::IcmpErrorMatched)
    return remarks.bits();
  const std::size_t own = slot(result.flow);
  const bool syn = (p.tcp_flags & (kTcpSyn | kTcpAck | kTcpRst)) == kTcpSyn;
  const bool rst = (p.tcp_flags & kTcpRst) != 0;
  const bool was_opening = info(before.tcp_state).opening;
  const auto flag_news = [&](SessionFlag flag) {
    return now.has(flag) && (before.flags & flag) == 0;
  };
  if (syn && was_opening && begun) {
    remarks.add_if(seq == 0, PacketRemark::SynAgain);
    remarks.add_if(seq != 0, PacketRemark::SynAnew);
  }
  remarks.add_if(syn && !result.first && !was_opening, PacketRemark::SynInSession);
  remarks.add_if(flag_news(kChallengeAck), PacketRemark::ChallengeAck);
  for (const SessionNews& row : kNews)
    remarks.add_if(now.remarked(row.session) && (before.remarks & row.session) == 0, row.packet);
  remarks.add_if(was_opening && now.tcp_state == TcpState::Established, PacketRemark::Opened);
  remarks.add_if(now.extras[own].retransmitted != before.extras[own].retransmitted,
                 PacketRemark::Retransmission);
  remarks.add_if(now.extras[own].out_of_order != before.extras[own].out_of_order,
                 PacketRemark::OutOfOrder);
  remarks.add_if(now.zero_windows[own] != before.zero_windows[own], PacketRemark::ZeroWindow);
  remarks.add_if((p.tcp_flags & kTcpUrg) != 0, PacketRemark::Urgent);
  remarks.add_if((p.tcp_flags & kTcpFin) != 0 && passes(result.outcome), PacketRemark::Closes);
  const bool inexact = flag_news(kUnverifiedRstC2s) || flag_news(kUnverifiedRstS2c);
  remarks.add_if(rst && inexact, PacketRemark::RstNotExact);
  remarks.add_if(rst && !inexact && passes(result.outcome), PacketRemark::RstExact);
  return remarks.bits();
}

NotedPacket PacketNotes::of(const PacketView& p, const PacketResult& result) {
  const Session& session = *result.session;
  Before& before = before_[session.id];
  const bool error = result.outcome == SessionCounter::IcmpErrorMatched;
  NotedPacket note;
  note.time_ns = p.time_ns;
  note.payload = p.payload_length;
  note.wire_length = p.wire_length;
  note.window = p.window;
  note.tcp_flags = p.tcp_flags;
  note.protocol = p.protocol;
  note.icmp_type = p.icmp_type;
  note.icmp_code = p.icmp_code;
  note.sctp_chunk = p.sctp_chunk;
  note.flow = result.flow;
  note.outcome = result.outcome;
  const std::size_t own = slot(result.flow), peer = slot(other(result.flow));
  const bool begun = before.seq_known[own];
  if (p.protocol == kProtoTcp && !error) {
    // An answer to a SYN that is none does not tell where this connection's numbers begin.
    const bool begins = (p.tcp_flags & kTcpSyn) != 0 || !info(session.tcp_state).opening;
    if (!before.seq_known[own] && begins && passes(result.outcome) &&
        (p.tcp_flags & kTcpRst) == 0) {
      before.first_seq[own] = p.seq;
      before.seq_known[own] = true;
    }
    if (before.seq_known[own]) note.seq = static_cast<std::int32_t>(p.seq - before.first_seq[own]);
    if (before.seq_known[peer] && (p.tcp_flags & kTcpAck) != 0)
      note.ack = static_cast<std::int32_t>(p.ack - before.first_seq[peer]);
  }
  note.remarks = remarks_of(p, result, before, note.seq, begun);
  if (note.has(PacketRemark::SynAnew)) before.first_seq[own] = p.seq;  // the flow begins anew
  before.extras = session.extras;
  before.zero_windows = session.zero_windows;
  before.remarks = session.remarks;
  before.flags = session.flags;
  before.tcp_state = session.tcp_state;
  return note;
}

}  // namespace endreason
