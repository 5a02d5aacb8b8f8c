// SPDX-License-Identifier: Apache-2.0
// TrackOptions: the command line of what reads captures (`track`, `ladder`, `show`), and the engine
// that it and the configuration ask for.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cli/run_plan.hpp"
#include "cli/threat_options.hpp"
#include "cli/track_run.hpp"
#include "config/settings.hpp"
#include "session/session_setting.hpp"

namespace CLI {
class App;
}

namespace endreason {

struct TrackOptions {
  std::vector<std::string> captures;
  std::vector<std::string> words;  // more captures, then a capture filter
  std::string interface;           // a live one, instead of captures
  std::uint64_t packets = 0;       // of it, at most; 0: until it is stopped
  std::string log;                 // empty: end, or what the rules say
  std::string checksums, profile;  // empty: as the configuration says
  std::string write_replies;
  std::string clear_session;  // when an operator does; empty: never
  bool may_be_live = false;   // -i is an option
  bool no_appid = false, decap = false, no_decap = false, open_at_end = false;
  std::vector<std::pair<const SessionSettingInfo*, std::string>> settings;
  std::vector<std::pair<const SessionTimerInfo*, std::string>> timers;
};

// -r, and the words behind the options: captures and a filter.
void declare_capture_options(CLI::App& app, TrackOptions& options);
// -r or -i.
void declare_source_options(CLI::App& app, TrackOptions& options);
// What the engine is to do with packets and sessions. The options stay where they are until the
// command line has been parsed.
void declare_engine_options(CLI::App& app, TrackOptions& options);
// Which rows it is to write.
void declare_row_options(CLI::App& app, TrackOptions& options);

// The captures into the plan's inputs; logs among them are an error.
Result<void> plan_captures(const TrackOptions& options, RunPlan& plan);
Result<TrackPlan> plan_track(const TrackOptions& options, const Settings& settings);
// --clear-session; `zone`: of a time that names none.
Result<void> plan_clear_session(const TrackOptions& options, const TimeZone& zone, TrackPlan& plan);
// The same with inspection, as `track`, `ladder`, `show` and `explain CAPTURE` have it.
Result<TrackPlan> plan_track(const TrackOptions& options, const InspectionOptions& inspection,
                             const Settings& settings, bool quiet);

}  // namespace endreason
