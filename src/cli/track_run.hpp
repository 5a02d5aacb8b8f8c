// SPDX-License-Identifier: Apache-2.0
// run_track: captures -> session engine -> judged rows -> the same sinks as run_explain.
#pragma once

#include <string>

#include "base/result.hpp"
#include "dataplane/engine.hpp"
#include "ingest/explain_run.hpp"

namespace endreason {

struct TrackPlan {
  EngineOptions engine;
  std::string bpf;  // as tcpdump takes it; empty: every packet
};

struct TrackOutcome {
  ExplainResult result;
  std::string stats_json;  // packets, counters, sessions: packets = sum of the outcomes
  std::string hint;        // what the operator may want to set; empty when there is nothing
};

// Uses of the plan: inputs (captures, merged by time), ruleset, timers, filter, since, until,
// clock, contradictions_only, make_sink(0), write_output, message, progress. Fails for settings
// that do not go together or an input that cannot be opened.
Result<TrackOutcome> run_track(const ExplainPlan& plan, const TrackPlan& track);

// True when the input is a capture that CaptureSource reads, by its first bytes after any
// compression. Standard input is not looked at: its bytes cannot be given back.
bool is_capture(const Input& input);

}  // namespace endreason
