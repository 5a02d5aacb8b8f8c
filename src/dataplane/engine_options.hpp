// SPDX-License-Identifier: Apache-2.0
// EngineOptions: what an engine is asked to do. A plain value; Engine::create() checks it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "appid/user_signature.hpp"
#include "decode/decoder.hpp"
#include "model/application_timeouts.hpp"
#include "model/engine_facts.hpp"
#include "model/zone_table.hpp"
#include "policy/compiled_policy.hpp"
#include "session/session_settings.hpp"

namespace endreason {

class ContentInspection;
class EngineObserver;
class ReplySink;

// EngineOptions::clear_session_ns: behind the last packet.
inline constexpr std::int64_t kClearAtEnd = INT64_MAX;

// How an engine of some options has packets read: so many at a time at most, which stay, with their
// bytes, until so many reads later; and how many threads read in turn.
struct EngineReading {
  std::size_t packets;
  unsigned kept;
  unsigned readers;
};

struct EngineOptions {
  DecodeOptions decode;
  SessionSettings session;
  bool identify = true;  // false: applications are not looked for
  // Without rules, or when they do not decide: a row when the first application data has passed.
  bool log_start = false;
  bool log_end = true;
  bool rules_decide_logs = true;
  bool denials_at_end = false;  // rows of denied sessions come when these end, and not at once
  bool open_at_end = false;     // sessions that have not ended when the input does stay open
  // When an operator's `clear session all` ends every open session, in ns since the epoch.
  std::optional<std::int64_t> clear_session_ns{};
  unsigned threads = 1;                 // the rows are the same with any number
  std::uint16_t config_version = 2817;  // the release whose rows are written (11.1)
  ZoneTable zones{};
  std::vector<ApplicationTimeouts> application_timeouts{};
  std::vector<UserSignature> user_applications{};
  bool lines = false;  // rows are wanted as lines of that release's log: EngineSink::on_lines()
  EngineColumnSet engine_columns = EngineColumnSet{}.set();  // that the rows are to have as text
  std::shared_ptr<const CompiledPolicy> policy{};  // null: no rules, everything is allowed
  // These outlive the engine.
  ContentInspection* inspection = nullptr;
  ReplySink* replies = nullptr;        // takes what the firewall sends itself
  EngineObserver* observer = nullptr;  // with one thread
};

}  // namespace endreason
