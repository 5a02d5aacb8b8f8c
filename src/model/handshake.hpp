// SPDX-License-Identifier: Apache-2.0
// Handshake: how a TCP session began, as up to eight words with the side that sent them and how
// often in a row: "SYN x3", "SYN, SYN-ACK, ACK", "SYN, ACK, RST". Eight bytes; a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"

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

// The word for a segment's flags (model/packet_view.hpp).
HandshakeWord handshake_word(std::uint8_t tcp_flags);

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
  void add(HandshakeWord word, Flow flow);
  std::size_t size() const;
  Entry operator[](std::size_t i) const;
  friend bool operator==(const Handshake&, const Handshake&) = default;

 private:
  // Three bits word, one bit flow, four bits repeats.
  std::array<std::uint8_t, kMostWords> entries_{};
};
static_assert(sizeof(Handshake) == 8);

// "SYN x3, SYN-ACK"; "" when no handshake was seen.
std::string to_string(const Handshake& handshake);

}  // namespace endreason
