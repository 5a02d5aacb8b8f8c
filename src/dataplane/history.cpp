// SPDX-License-Identifier: Apache-2.0
#include "dataplane/history.hpp"

#include <bit>
#include <cstdlib>
#include <string_view>

#include "model/protocol.hpp"
#include "session/sequence.hpp"

namespace endreason {
namespace {

constexpr std::string_view kLetters = "SHADFRIQTWG";
static_assert(kLetters.size() == static_cast<std::size_t>(HistoryEvent::G) + 1);

// A SYN or reset whose number is further off than this says where its flow is.
constexpr std::int32_t kFarOff = 1 << 20;

std::uint16_t bit(HistoryEvent event) {
  return static_cast<std::uint16_t>(1u << static_cast<unsigned>(event));
}

// True the first, the tenth, the hundredth time and so on. Counts to 65535.
bool at_power_of_ten(std::uint16_t& count) {
  if (count == UINT16_MAX) return false;
  ++count;
  return count == 1 || count == 10 || count == 100 || count == 1000 || count == 10000;
}

}  // namespace

void History::add(HistoryEvent event, Flow flow) {
  const std::size_t word = words_[0] >> (kCodeBits * (kCodesAWord - 1)) != 0 ? 1 : 0;
  const auto used =
      (static_cast<unsigned>(std::bit_width(words_[word])) + kCodeBits - 1) / kCodeBits;
  if (used == kCodesAWord) return;
  const std::uint64_t code = 1 + 2 * static_cast<std::uint64_t>(event) + (flow == Flow::S2c);
  words_[word] |= code << (kCodeBits * used);
}

void History::append_to(std::string& text) const {
  constexpr std::uint64_t kMask = (1u << kCodeBits) - 1;
  for (std::uint64_t codes : words_)
    for (; codes != 0; codes >>= kCodeBits) {
      const auto code = static_cast<std::size_t>((codes & kMask) - 1);
      const char letter = kLetters[code / 2];
      text += code % 2 == 0 ? letter : static_cast<char>(letter - 'A' + 'a');
    }
}

void HistoryNotes::see(const PacketView& p, const PacketResult& result) {
  // The packet of an ICMP error is some router's, not the session's.
  if (result.session == nullptr || result.outcome == SessionCounter::IcmpErrorMatched) return;
  Row& row = rows_[result.index];
  if (p.protocol == kProtoTcp) return see_tcp(row, p, result);
  if (p.protocol != kProtoUdp) return;
  Side& side = row.sides[static_cast<std::size_t>(result.flow)];
  if ((side.seen & bit(HistoryEvent::D)) != 0) return;
  side.seen = bit(HistoryEvent::D);
  row.letters.add(HistoryEvent::D, result.flow);
}

History HistoryNotes::of_one(const PacketView& p) {
  Row row;
  if (p.protocol == kProtoTcp) see_flags(row, p, Flow::C2s);
  if (p.protocol == kProtoUdp) row.letters.add(HistoryEvent::D, Flow::C2s);
  return row.letters;
}

void HistoryNotes::see_tcp(Row& row, const PacketView& p, const PacketResult& result) {
  const Session& session = *result.session;
  Side& own = row.sides[static_cast<std::size_t>(result.flow)];
  Side& peer = row.sides[static_cast<std::size_t>(other(result.flow))];
  // The server took a SYN that came in an earlier session: that SYN is the new one's.
  const bool taken_over = !row.begun && !result.first && (p.tcp_flags & kTcpSyn) != 0;
  if (taken_over) row.letters.add(HistoryEvent::S, Flow::C2s);
  row.begun = true;
  see_flags(row, p, result.flow);
  const bool no_room = p.window == 0 && (p.tcp_flags & kTcpRst) == 0;
  const bool matters =
      ((peer.seen & bit(HistoryEvent::F)) | (own.seen & bit(HistoryEvent::R))) == 0;
  if (no_room && matters && at_power_of_ten(own.zero_windows))
    row.letters.add(HistoryEvent::W, result.flow);
  if (repeats(own, p) && at_power_of_ten(own.retransmissions))
    row.letters.add(HistoryEvent::T, result.flow);
  // Only an acknowledgement moves the other flow's place: over what was never seen.
  const std::uint32_t peer_now = session.flow(other(result.flow)).next_seq;
  const bool plain_ack = (p.tcp_flags & (kTcpSyn | kTcpRst | kTcpAck)) == kTcpAck;
  const bool beyond = !info(session.tcp_state).opening && seq_after(p.ack, peer.highest);
  if (plain_ack && peer.known && (beyond || peer_now != peer.next_seq)) {
    if (at_power_of_ten(peer.gaps)) row.letters.add(HistoryEvent::G, other(result.flow));
    if (beyond) peer.highest = p.ack;
  }
  own.next_seq = session.flow(result.flow).next_seq;
  peer.next_seq = peer_now;
}

void HistoryNotes::see_flags(Row& row, const PacketView& p, Flow flow) {
  Side& side = row.sides[static_cast<std::size_t>(flow)];
  const auto once = [&](HistoryEvent event) {
    if ((side.seen & bit(event)) == 0) row.letters.add(event, flow);
    side.seen |= bit(event);
  };
  // Again, too, when the number is another one.
  const auto each = [&](HistoryEvent event, HistoryEvent same, std::uint32_t& last,
                        std::uint32_t number) {
    const bool before = (side.seen & (bit(event) | bit(same))) != 0;
    if (!before || number != last) row.letters.add(event, flow);
    side.seen |= bit(event);
    last = number;
  };
  const bool syn = (p.tcp_flags & kTcpSyn) != 0, fin = (p.tcp_flags & kTcpFin) != 0;
  const bool rst = (p.tcp_flags & kTcpRst) != 0, ack = (p.tcp_flags & kTcpAck) != 0;
  if (fin && rst) return once(HistoryEvent::I);
  if (syn && (fin || rst)) return once(HistoryEvent::Q);
  if (syn)
    return ack ? each(HistoryEvent::H, HistoryEvent::S, side.last_syn, p.seq)
               : each(HistoryEvent::S, HistoryEvent::H, side.last_syn, p.seq);
  if (fin) return each(HistoryEvent::F, HistoryEvent::F, side.last_fin, p.seq + p.payload_length);
  if (rst) return each(HistoryEvent::R, HistoryEvent::R, side.last_rst, p.seq);
  if (p.payload_length > 0) return once(HistoryEvent::D);
  if (ack) once(HistoryEvent::A);
}

// Data that lies within what was sent before: sent again, or out of order.
bool HistoryNotes::repeats(Side& side, const PacketView& p) {
  const bool rst = (p.tcp_flags & kTcpRst) != 0, syn = (p.tcp_flags & kTcpSyn) != 0;
  const std::uint32_t end = rst ? p.seq : p.seq + segment_length(p);
  const auto ahead = static_cast<std::int32_t>(end - side.highest);
  const bool far_off = (syn || rst) && std::abs(std::int64_t{ahead}) > kFarOff;
  if (!side.known || far_off || ahead > 0) {
    side.known = true;
    side.highest = end;
    return false;
  }
  return p.payload_length > 0 && (side.seen & bit(HistoryEvent::R)) == 0;
}

}  // namespace endreason
