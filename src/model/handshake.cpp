// SPDX-License-Identifier: Apache-2.0
#include "model/handshake.hpp"

#include <fmt/format.h>

namespace endreason {
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
