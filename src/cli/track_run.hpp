// SPDX-License-Identifier: Apache-2.0
// run_track: captures -> session engine -> judged rows -> the same sinks as run_explain.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/record_run.hpp"
#include "cli/run_plan.hpp"
#include "cli/threat_options.hpp"
#include "dataplane/engine.hpp"
#include "ingest/explain_run.hpp"

namespace endreason {

struct TrackPlan {
  EngineOptions engine;
  bool verdicts = true;       // false: nobody asks for them, and rows are not judged
  std::string bpf;            // as tcpdump takes it; empty: every packet
  std::string interface;      // a live one instead of captures; empty: captures
  std::uint64_t packets = 0;  // of the interface, at most; 0: until it is stopped
  std::string write_replies;  // the file for what the firewall sends itself; empty: none
  bool threats_as_panos = false;
  std::shared_ptr<const InspectionPlan> inspection{};  // null: content is not looked into
};

struct TrackOutcome {
  ExplainResult result;
  std::string stats_json;          // packets, counters, sessions: packets = sum of the outcomes
  std::string accounting;          // the same for a person
  std::vector<std::string> hints;  // what the operator may want to set
  bool input_failed = false;       // a capture was not read to its end
};

// Uses of the plan: inputs (captures, merged by time), open, ruleset, timers, filter, since, until,
// clock, contradictions_only, make_sink(0), write_output, message, progress. Fails for settings
// that do not go together or an input that cannot be opened.
Result<TrackOutcome> run_track(const ExplainPlan& plan, const TrackPlan& track);

// Captures are merged, and a session may have packets in several: its row comes from all of them.
void join_input_names(std::vector<std::string>& names);

// A run whose inputs are captures, to its exit code.
int run_captures(const RunOptions& options, RunPlan plan, const TrackPlan& track);

}  // namespace endreason
