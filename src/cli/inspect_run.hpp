// SPDX-License-Identifier: Apache-2.0
// run_inspect: captures -> decode, session, inspect -> the threats that rules find, one JSON object
// a line.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "decode/decoder.hpp"
#include "ingest/explain_run.hpp"
#include "inspect/inspector.hpp"
#include "session/session_settings.hpp"

namespace endreason {

struct InspectPlan {
  DecodeOptions decode;
  SessionSettings session;
  inspect::InspectSettings inspect;
  std::string bpf;
  bool block = false;  // a session that a rule blocks is not looked into any further
};

struct InspectTotals {
  std::uint64_t packets{};    // read, and taken by the capture filter
  std::uint64_t filtered{};   // not taken by it
  std::uint64_t inspected{};  // of sessions
  std::uint64_t alone{};      // that belong to no session; looked at one by one
  std::uint64_t in_frames{};  // frames within frames, not looked into
  std::uint64_t threats{};    // written
  std::uint64_t queue_full{};
  bool stopped = false;  // nobody reads the output any more
};

// Uses of the plan's inputs: open, inputs, write_output, message.
Result<InspectTotals> run_inspect(const ExplainPlan& inputs, const InspectPlan& plan,
                                  std::shared_ptr<const inspect::ThreatSet> set);

}  // namespace endreason
