// SPDX-License-Identifier: Apache-2.0
// `endreason explain`: logs of any format, or captures, to verdicts.
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/kept_memory.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/track_options.hpp"

namespace endreason {
namespace {

struct ExplainCommand {
  RunOptions run;
  std::vector<std::string> paths;
  TrackOptions track;
  InspectionOptions inspection;
  std::vector<DeclaredOption> of_captures;  // which of the two stand for
};

// What `track` has beside the options of logs. They are not listed: most inputs are logs.
void declare_options_of_captures(CLI::App& app, ExplainCommand& command) {
  const std::size_t before = all_options(app).size();
  declare_row_options(app, command.track);
  declare_inspection_options(app, command.inspection);
  declare_engine_options(app, command.track);
  auto all = all_options(app);
  for (std::size_t i = before; i < all.size(); ++i) {
    all[i].group("");
    command.of_captures.push_back(all[i]);
  }
}

// They are many, and declaring them takes longer than a small log: only a long option which is none
// of those declared can ask for them.
bool ask_for_more(const CLI::App& app, std::span<const char* const> words) {
  return words.empty() || std::any_of(words.begin(), words.end(), [&](std::string_view word) {
           return word.starts_with("--") &&
                  !find_option(app, std::string(word.substr(0, word.find('='))));
         });
}

Result<void> refuse_options_of_captures(const ExplainCommand& command) {
  for (const DeclaredOption& option : command.of_captures)
    if (option.given())
      return fail(Error::Code::Usage,
                  fmt::format("--{} is about captures, and no input is one", option.name()));
  return {};
}

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
  if (!plan->captures) {
    if (auto fits = refuse_options_of_captures(command); !fits) return complain(fits.error());
    keep_freed_memory();
    return RecordRun(command.run, std::move(*plan)).run(produce_from_logs);
  }
  const auto track = plan_track(command.track, command.inspection, *settings, command.run.quiet);
  if (!track) return complain(track.error());
  return run_captures(command.run, std::move(*plan), *track);
}

}  // namespace

RunCommand declare_explain(CLI::App& app, std::span<const char* const> words) {
  auto command = std::make_shared<ExplainCommand>();
  option(app, "PATH", command->paths,
         "Files, folders (read whole) or - for standard input; plain, gzip or zstd, any mix "
         "of formats. Captures go through the session engine. None: standard input");
  declare_run_options(app, command->run);
  if (ask_for_more(app, words)) declare_options_of_captures(app, *command);
  footer(app,
         "Examples:\n"
         "  endreason explain traffic.log\n"
         "  endreason explain --summary /var/log/pa/\n"
         "  endreason explain -f '( action eq allow ) and ( final_action eq blocked )' fw.log.gz\n"
         "  zstdcat fw.zst | endreason explain -o ndjson --fields src,dst,dport,why -\n"
         "  endreason explain --contradictions -o csv export.csv\n"
         "  endreason explain < capture.pcap\n"
         "  endreason explain capture.pcap --rules local.rules\n"
         "`endreason track --help` lists the options that captures take here, too.");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
