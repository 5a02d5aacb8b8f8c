// SPDX-License-Identifier: Apache-2.0
// `endreason track`: captures through the session engine to the rows of a traffic log.
#include <memory>

#include "cli/commands.hpp"
#include "cli/kept_memory.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/threat_options.hpp"
#include "cli/track_options.hpp"

namespace endreason {
namespace {

struct TrackCommand {
  RunOptions run;
  TrackOptions track;
  InspectionOptions inspection;
};

int run_command(const TrackCommand& command) {
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
  auto plan = plan_run(command.run, *settings);
  if (!plan) return complain(plan.error());
  if (command.run.explain_filter) return print_filter(plan->explain);
  auto track = plan_track(command.track, command.inspection, *settings, command.run.quiet);
  if (!track) return complain(track.error());
  if (auto done = plan_clear_session(command.track, plan->zone, *track); !done)
    return complain(done.error());
  if (command.track.interface.empty())
    if (auto planned = plan_captures(command.track, *plan); !planned)
      return complain(planned.error());
  keep_freed_memory_in_large_pages();
  return run_captures(command.run, std::move(*plan), *track);
}

}  // namespace

RunCommand declare_track(CLI::App& app) {
  auto command = std::make_shared<TrackCommand>();
  declare_source_options(app, command->track);
  declare_run_options(app, command->run);
  declare_row_options(app, command->track);
  declare_inspection_options(app, command->inspection);
  declare_engine_options(app, command->track);
  footer(
      app,
      "Examples:\n"
      "  endreason track -r capture.pcap\n"
      "  endreason track -r a.pcapng -r b.pcap.gz -o panos tcp port 443\n"
      "  endreason track -i eth0 tcp port 443\n"
      "  tcpdump -i eth0 -w - | endreason track -r -\n"
      "  endreason track -r a.pcap --config policy.yaml --rules local.rules --threats threats.log\n"
      "  endreason track -r capture.pcap -f \"( handshake contains 'RST' )\"\n"
      "  endreason track -r capture.pcap --tcp-reject-non-syn no --timeout-tcp 60 --summary\n"
      "  endreason track -r capture.pcap --clear-session '2026/03/10 10:00:00'");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
