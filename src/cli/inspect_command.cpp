// SPDX-License-Identifier: Apache-2.0
// `endreason inspect`: captures and threat rules -> what the rules find, one JSON object a line.
#include <fcntl.h>
#include <unistd.h>

#include <memory>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/inspect_run.hpp"
#include "cli/options.hpp"
#include "cli/packet_hints.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "cli/threat_options.hpp"
#include "cli/track_options.hpp"

namespace endreason {
namespace {

struct InspectCommand {
  TrackOptions track;
  RunOptions run;
  InspectionOptions inspection;
  bool check = false, block = false, quiet = false;
};

inspect::InspectSettings inspect_settings(const InspectionOptions& options) {
  inspect::InspectSettings settings;
  if (options.memory_mib != 0)
    settings.memory_bytes = static_cast<std::size_t>(options.memory_mib) << 20;
  if (options.stream_depth) settings.stream_depth = *options.stream_depth;
  if (options.body_depth) settings.body_bytes = *options.body_depth;
  return settings;
}

int run_command(const InspectCommand& command) {
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
  InspectionOptions inspection = command.inspection;
  apply_settings(settings->inspection, inspection);
  if (inspection.rules.files.empty())
    return complain({Error::Code::Usage,
                     "--rules FILE is missing, and the configuration names no rules under "
                     "inspection: what to look for"});
  auto set = load_rules(inspection.rules, command.quiet, command.check);
  if (!set) return complain(set.error());
  if (command.check) return kExitDone;
  if (command.track.captures.empty())
    return complain({Error::Code::Usage, "-r FILE is missing: which capture to look into"});
  auto run = plan_run(command.run, *settings);
  if (!run) return complain(run.error());
  const auto track = plan_track(command.track, *settings);
  if (!track) return complain(track.error());
  if (auto planned = plan_captures(command.track, *run); !planned) return complain(planned.error());
  InspectPlan plan;
  plan.decode = track->engine.decode;
  plan.session = track->engine.session;
  plan.bpf = track->bpf;
  plan.block = command.block;
  plan.inspect = inspect_settings(inspection);
  run->explain.write_output = [](std::string_view text) { return write_all(STDOUT_FILENO, text); };
  run->explain.message = [](std::string_view text) { say(text); };
  const auto totals = run_inspect(run->explain, plan, *set);
  if (!totals) return complain(totals.error());
  if (totals->queue_full > 0)
    say(fmt::format("{} sessions were given up because a limit was reached; --memory raises it",
                    totals->queue_full));
  if (totals->in_frames > 0) say(frames_in_frames_hint(totals->in_frames));
  if (!command.quiet)
    say(fmt::format(
        "{}: {} of sessions, {} alone, {} not IP or not looked at{}; {}, {}",
        counted(totals->packets, "packet"), totals->inspected, totals->alone,
        totals->packets - totals->inspected - totals->alone,
        totals->filtered > 0 ? fmt::format(", {} more filtered out", totals->filtered) : "",
        counted((*set)->size(), "rule"), counted(totals->threats, "threat")));
  return kExitDone;
}

}  // namespace

RunCommand declare_inspect(CLI::App& app) {
  auto command = std::make_shared<InspectCommand>();
  declare_capture_options(app, command->track);
  find_option(app, "--read")->required(false);
  declare_rule_options(app, command->inspection.rules);
  option(app, "--config", command->run.config,
         "Configuration file, of which the section inspection is used")
      .type_name("FILE");
  flag(app, "--check-rules", command->check, "Only read the rules, no capture");
  flag(app, "--block", command->block,
       "Look no further into a session that a rule drops or resets, as inline");
  declare_depth_options(app, command->inspection);
  option(app, "--memory", command->inspection.memory_mib,
         "MiB for streams and messages that are not complete (default 256)")
      .type_name("MIB")
      .range(1, 1 << 20);
  flag(app, "-q,--quiet", command->quiet, "No summary on standard error");
  declare_engine_options(app, command->track);
  footer(app,
         "Examples:\n"
         "  endreason inspect -r capture.pcap --rules local.rules\n"
         "  endreason inspect -r capture.pcap --rules emerging-all.rules --lenient\n"
         "  endreason inspect --rules local.rules --check-rules\n"
         "  endreason inspect -r a.pcap --rules local.rules --var HOME_NET=203.0.113.0/24 tcp port "
         "80");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
