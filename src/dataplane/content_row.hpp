// SPDX-License-Identifier: Apache-2.0
// ContentRow: one thing that inspection found in a session, for the THREAT log or that of
// decryption. ContentSink takes them in the order of the traffic log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/session_policy.hpp"
#include "inspect/decryption_terms.hpp"
#include "inspect/threat_action.hpp"
#include "inspect/threat_set.hpp"
#include "session/session_table.hpp"

namespace endreason {

enum class ContentKind : std::uint8_t {
  Rule,        // a threat rule is fulfilled
  Address,     // an end stands in a block list
  Name,        // a name that the session asks for does
  Decryption,  // a handshake has something against a decryption profile, or something is to be said
};

struct ContentRow {
  Session session;  // as it was then
  Moment moment;
  std::int64_t time_ns{};
  std::uint64_t packet{};  // of all that the engine took, from 1; 0: at the session's end
  std::uint32_t part{};    // of those of one lane in a batch, which comes first
  SessionPolicy policy;
  ContentKind kind{};
  inspect::ThreatAction action{};
  bool from_client{};    // whose bytes it was found in
  std::uint32_t rule{};  // Rule: index into the ThreatSet
  inspect::DecryptionCause cause{};
  // These live as long as the engine.
  std::string_view app, from_zone, to_zone, rule_name;
  // Block lists: the list, its entry, and what was looked up. Decryption: the rule and a sentence.
  std::string list, entry, subject;
};

class ContentSink {
 public:
  virtual ~ContentSink() = default;
  virtual void on_content(const ContentRow& row) = 0;
};

}  // namespace endreason
