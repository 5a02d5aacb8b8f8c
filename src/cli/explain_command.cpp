// SPDX-License-Identifier: Apache-2.0
// `endreason explain`: logs of any format, or captures, to verdicts.
#include <memory>

#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/record_run.hpp"
#include "cli/track_options.hpp"

namespace endreason {
namespace {

struct ExplainCommand {
  RunOptions run;
  std::vector<std::string> paths;
};

Result<Produced> produce_from_logs(const ExplainPlan& plan) {
  Produced produced;
  produced.result = run_explain(plan);
  produced.accounting = produced.result.accounting.to_line();
  produced.stats_json = produced.result.accounting.to_json() + "\n";
  return produced;
}

int run_command(const ExplainCommand& command) {
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
  auto plan = plan_run(command.run, *settings);
  if (!plan) return complain(plan.error());
  if (command.run.explain_filter) return print_filter(plan->explain);
  if (auto planned = plan_inputs(command.paths, *plan); !planned) return complain(planned.error());
  if (!plan->captures) return RecordRun(command.run, std::move(*plan)).run(produce_from_logs);
  const auto track = plan_track(TrackOptions{}, *settings);
  if (!track) return complain(track.error());
  return run_captures(command.run, std::move(*plan), *track);
}

}  // namespace

RunCommand declare_explain(CLI::App& app) {
  auto command = std::make_shared<ExplainCommand>();
  app.add_option(
      "PATH", command->paths,
      "Files, folders (read whole) or - for standard input; plain, gzip or zstd, any mix "
      "of formats. Captures go through the session engine. None: standard input");
  declare_run_options(app, command->run);
  app.footer(
      "Examples:\n"
      "  endreason explain traffic.log\n"
      "  endreason explain --summary /var/log/pa/\n"
      "  endreason explain -f '( action eq allow ) and ( final_action eq blocked )' fw.log.gz\n"
      "  zstdcat fw.zst | endreason explain -o ndjson --fields src,dst,dport,why -\n"
      "  endreason explain --contradictions -o csv export.csv\n"
      "  endreason explain < capture.pcap");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
