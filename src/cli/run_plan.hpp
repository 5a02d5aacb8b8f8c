// SPDX-License-Identifier: Apache-2.0
// RunPlan: options and configuration -> what is read, kept and written. Every mistake of them is
// found here, before the first byte is read. The wall clock is read here, and nowhere below.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/run_options.hpp"
#include "config/settings.hpp"
#include "format/record_writer.hpp"
#include "ingest/explain_run.hpp"

namespace endreason {

struct RunPlan {
  ExplainPlan explain;  // its sinks and functions are the runner's to set
  WriterOptions writer;
  bool card_or_table = false;      // as many records as there turn out to be decide
  TimeZone zone{TimeZone::utc()};  // of times on the command line that name none
  bool captures = false;           // the inputs are captures, so the session engine reads them
};

// A time or a day in any spelling that logs use, in microseconds UTC; nothing: it is none.
std::optional<std::int64_t> time_as_logged(const std::string& text, const TimeZone& zone);

// Everything but the inputs.
Result<RunPlan> plan_run(const RunOptions& options, const Settings& settings);

// The inputs that were named, none: standard input. What a folder has that cannot be read is said.
// Captures are told from logs by their first bytes; a pipe that was looked into stays open.
enum class InputsWanted : std::uint8_t { Any, Captures };
Result<void> plan_inputs(std::vector<std::string> paths, RunPlan& plan,
                         InputsWanted wanted = InputsWanted::Any);

}  // namespace endreason
