// SPDX-License-Identifier: Apache-2.0
// `endreason inspect`: captures and threat rules -> what the rules find, one JSON object a line.
#include <fcntl.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/inspect_run.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "inspect/rule_file.hpp"

namespace endreason {
namespace {

constexpr std::size_t kProblemsShown = 20;

struct InspectCommand {
  TrackOptions track;
  RunOptions run;
  std::vector<std::string> rules, variables;
  std::uint64_t memory_mib = 256;
  bool lenient = false, check = false, block = false, quiet = false;
};

Result<inspect::RuleVariables> variables_of(const InspectCommand& command) {
  inspect::RuleVariables variables;
  for (const std::string& text : command.variables) {
    const std::size_t equals = text.find('=');
    std::string name = text.substr(0, equals);
    if (name.starts_with('$')) name.erase(0, 1);
    if (equals == std::string::npos || name.empty() || equals + 1 == text.size())
      return fail(Error::Code::Usage,
                  "--var " + text + ": expected NAME=VALUE, such as HOME_NET=10.0.0.0/8");
    variables.set(std::move(name), text.substr(equals + 1));
  }
  return variables;
}

void say_problems(const inspect::RuleLoad& load) {
  for (std::size_t i = 0; i < load.problems.size() && i < kProblemsShown; ++i)
    say(load.problems[i]);
  if (load.skipped > kProblemsShown)
    say(fmt::format("and {} more rules that cannot be read", load.skipped - kProblemsShown));
}

void say_skipped(const inspect::RuleLoad& load, std::size_t kept) {
  std::string causes;
  for (const auto& [cause, count] : load.causes)
    causes += fmt::format("{}{} {}", causes.empty() ? "" : ", ", cause, count);
  say(fmt::format("{} of {} rules are left out: {}", load.skipped, load.skipped + kept, causes));
}

Result<std::shared_ptr<const inspect::ThreatSet>> load_rules(const InspectCommand& command) {
  auto variables = variables_of(command);
  if (!variables) return tl::unexpected(variables.error());
  inspect::RuleLoad load;
  for (const std::string& path : command.rules)
    if (auto done = inspect::read_rule_file(path, *variables, load); !done)
      return tl::unexpected(done.error());
  auto set = inspect::ThreatSet::compile(load);
  if (!set) return tl::unexpected(set.error());
  if (load.skipped > 0 && !command.lenient) {
    say_problems(load);
    return fail(Error::Code::Usage,
                fmt::format("{} of {} rules cannot be read; mend them, or leave them out with "
                            "--lenient",
                            load.skipped, load.read));
  }
  if (load.skipped > 0 && !command.quiet) say_skipped(load, (*set)->size());
  if (command.check && !command.quiet) say(fmt::format("{} rules can be used", (*set)->size()));
  return set;
}

int run_command(const InspectCommand& command) {
  auto set = load_rules(command);
  if (!set) return complain(set.error());
  if (command.check) return kExitDone;
  if (command.track.captures.empty())
    return complain({Error::Code::Usage, "-r FILE is missing: which capture to look into"});
  const auto settings = load_settings(command.run.config);
  if (!settings) return complain(settings.error());
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
  plan.inspect.memory_bytes = static_cast<std::size_t>(command.memory_mib) << 20;
  run->explain.write_output = [](std::string_view text) { return write_all(STDOUT_FILENO, text); };
  run->explain.message = [](std::string_view text) { say(text); };
  const auto totals = run_inspect(run->explain, plan, *set);
  if (!totals) return complain(totals.error());
  if (totals->queue_full > 0)
    say(fmt::format("{} sessions were given up because a limit was reached; --memory raises it",
                    totals->queue_full));
  if (!command.quiet)
    say(fmt::format(
        "{} packets: {} of sessions, {} alone, {} not IP or not looked at; {} rules, "
        "{} threats",
        totals->packets, totals->inspected, totals->alone,
        totals->packets - totals->inspected - totals->alone, (*set)->size(), totals->threats));
  return kExitDone;
}

}  // namespace

RunCommand declare_inspect(CLI::App& app) {
  auto command = std::make_shared<InspectCommand>();
  declare_capture_options(app, command->track);
  app.get_option("--read")->required(false);
  app.add_option("--rules", command->rules,
                 "Threat rules in the Suricata rule language; may be given several times")
      ->type_name("FILE")
      ->allow_extra_args(false)
      ->required();
  app.add_flag("--lenient", command->lenient,
               "Leave out rules that cannot be read, and say how many and why");
  app.add_option("--var", command->variables,
                 "A variable of the rules, such as HOME_NET=10.0.0.0/8; may be given several times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
  app.add_flag("--check-rules", command->check, "Only read the rules, no capture");
  app.add_flag("--block", command->block,
               "Look no further into a session that a rule drops or resets, as inline");
  app.add_option("--memory", command->memory_mib,
                 "MiB for streams and messages that are not complete (default 256)")
      ->type_name("MIB")
      ->check(CLI::Range(1, 1 << 20));
  app.add_flag("-q,--quiet", command->quiet, "No summary on standard error");
  declare_engine_options(app, command->track);
  app.footer(
      "Examples:\n"
      "  endreason inspect -r capture.pcap --rules local.rules\n"
      "  endreason inspect -r capture.pcap --rules emerging-all.rules --lenient\n"
      "  endreason inspect --rules local.rules --check-rules\n"
      "  endreason inspect -r a.pcap --rules local.rules --var HOME_NET=203.0.113.0/24 tcp port "
      "80");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
