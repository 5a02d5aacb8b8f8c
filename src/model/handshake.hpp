// SPDX-License-Identifier: Apache-2.0
// Handshake: how a TCP session began, as up to eight words with the side that sent them and how
// often in a row: "SYN x3", "SYN, SYN-ACK, ACK", "SYN, ACK, RST". Eight bytes; a plain value.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/packet_view.hpp"

namespace endreason {

// The two flows of a session, seen from who began it.
enum class Flow : std::uint8_t { C2s, S2c };
constexpr Flow other(Flow flow) {
  return flow == Flow::C2s ? Flow::S2c : Flow::C2s;
}

enum class HandshakeWord : std::uint8_t { None, Syn, SynAck, Ack, Rst, RstAck, Fin, Other };
struct HandshakeWordInfo {
  HandshakeWord value;
  std::string_view log_name;
};
inline constexpr auto kHandshakeWords = std::to_array<HandshakeWordInfo>({
    {HandshakeWord::None, ""},
    {HandshakeWord::Syn, "SYN"},
    {HandshakeWord::SynAck, "SYN-ACK"},
    {HandshakeWord::Ack, "ACK"},
    {HandshakeWord::Rst, "RST"},
    {HandshakeWord::RstAck, "RST-ACK"},
    {HandshakeWord::Fin, "FIN"},
    {HandshakeWord::Other, "OTHER"},
});
static_assert(rows_in_enum_order(kHandshakeWords) && log_names_unique(kHandshakeWords));

// The word for a segment's flags.
constexpr HandshakeWord handshake_word(std::uint8_t tcp_flags) {
  const bool ack = (tcp_flags & kTcpAck) != 0;
  if (tcp_flags & kTcpRst) return ack ? HandshakeWord::RstAck : HandshakeWord::Rst;
  if (tcp_flags & kTcpSyn) return ack ? HandshakeWord::SynAck : HandshakeWord::Syn;
  if (tcp_flags & kTcpFin) return HandshakeWord::Fin;
  return ack ? HandshakeWord::Ack : HandshakeWord::Other;
}

class Handshake {
 public:
  static constexpr std::size_t kMostWords = 8;
  static constexpr unsigned kMostRepeats = 15;  // and from there on it stays

  struct Entry {
    HandshakeWord word{HandshakeWord::None};
    Flow flow{Flow::C2s};
    unsigned repeats{};
  };

  // Nothing once eight words are there: how a session began is known by then.
  constexpr void add(HandshakeWord word, Flow flow) {
    const std::size_t used = size();
    const std::uint64_t kind = static_cast<unsigned>(word) | static_cast<unsigned>(flow) << 3;
    const std::size_t last = kEntryBits * (used - 1);
    if (used > 0 && (entries_ >> last & 15) == kind) {
      if ((entries_ >> last & 255) >> 4 < kMostRepeats) entries_ += std::uint64_t{16} << last;
    } else if (used < kMostWords) {
      entries_ |= (kind | 16) << (kEntryBits * used);
    }
  }
  // None of those that are there is 0.
  constexpr std::size_t size() const {
    return (static_cast<std::size_t>(std::bit_width(entries_)) + kEntryBits - 1) / kEntryBits;
  }
  constexpr Entry operator[](std::size_t i) const {
    const auto packed = static_cast<unsigned>(entries_ >> (kEntryBits * i) & 255);
    return {static_cast<HandshakeWord>(packed & 7), static_cast<Flow>(packed >> 3 & 1),
            packed >> 4};
  }
  friend bool operator==(const Handshake&, const Handshake&) = default;

 private:
  static constexpr std::size_t kEntryBits = 8;
  // The first lowest. Of each: three bits word, one bit flow, four bits repeats.
  std::uint64_t entries_ = 0;
};
static_assert(sizeof(Handshake) == 8);

// "SYN x3, SYN-ACK"; "" when no handshake was seen.
std::string to_string(const Handshake& handshake);

}  // namespace endreason
