// SPDX-License-Identifier: Apache-2.0
// Explanation: what a person is told about one verdict. Made by room verdict (the catalogue, with
// this record's values filled in), shown by room format and the pages. Cold: one per card.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace endreason {

struct NextCheck {
  enum class Kind : std::uint8_t {
    Cli,        // an operational-mode command of the firewall, ready to paste
    LogFilter,  // a filter for Monitor > Logs, ready to paste
    Elsewhere,  // something to look at off the firewall
  };
  Kind kind{Kind::Elsewhere};
  std::string what;  // why one does it, in a few words
  std::string text;  // the command, the filter, or the advice
};

struct Explanation {
  std::string headline;              // "Blocked by a security profile, though the rule allowed it"
  std::string sentence;              // what happened, in plain words
  std::vector<std::string> causes;   // the usual causes, most likely first
  std::vector<NextCheck> checks;     // what to do next, in order
  std::vector<std::string> notes;    // version notes, known wrong values
  std::vector<std::string> sources;  // a public address each, or "observed, not documented"
};

}  // namespace endreason
