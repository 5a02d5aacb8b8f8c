// SPDX-License-Identifier: Apache-2.0
#include "model/handshake.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "model/packet_view.hpp"

namespace endreason {
namespace {

constexpr std::uint8_t pack(HandshakeWord word, Flow flow) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(word) | static_cast<unsigned>(flow) << 3);
}

}  // namespace

HandshakeWord handshake_word(std::uint8_t tcp_flags) {
  const bool ack = (tcp_flags & kTcpAck) != 0;
  if (tcp_flags & kTcpRst) return ack ? HandshakeWord::RstAck : HandshakeWord::Rst;
  if (tcp_flags & kTcpSyn) return ack ? HandshakeWord::SynAck : HandshakeWord::Syn;
  if (tcp_flags & kTcpFin) return HandshakeWord::Fin;
  return ack ? HandshakeWord::Ack : HandshakeWord::Other;
}

void Handshake::add(HandshakeWord word, Flow flow) {
  const std::size_t used = size();
  const std::uint8_t kind = pack(word, flow);
  if (used > 0 && (entries_[used - 1] & 15) == kind) {
    if (entries_[used - 1] >> 4 < kMostRepeats)
      entries_[used - 1] = static_cast<std::uint8_t>(entries_[used - 1] + 16);
  } else if (used < kMostWords) {
    entries_[used] = static_cast<std::uint8_t>(kind | 16);
  }
}

std::size_t Handshake::size() const {
  return static_cast<std::size_t>(std::find(entries_.begin(), entries_.end(), 0) -
                                  entries_.begin());
}

Handshake::Entry Handshake::operator[](std::size_t i) const {
  const unsigned packed = entries_[i];
  return {static_cast<HandshakeWord>(packed & 7), static_cast<Flow>(packed >> 3 & 1), packed >> 4};
}

std::string to_string(const Handshake& handshake) {
  std::string text;
  for (std::size_t i = 0; i < handshake.size(); ++i) {
    const Handshake::Entry entry = handshake[i];
    if (i > 0) text += ", ";
    text += kHandshakeWords[static_cast<std::size_t>(entry.word)].log_name;
    if (entry.repeats > 1) text += fmt::format(" x{}", entry.repeats);
  }
  return text;
}

}  // namespace endreason
