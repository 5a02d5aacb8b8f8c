// SPDX-License-Identifier: Apache-2.0
// `endreason policy replay`: a traffic log against another rule base. What would this change break?
#include <unistd.h>

#include <cerrno>
#include <memory>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "findings/policy_replay.hpp"

namespace endreason {
namespace {

struct ReplayCommand {
  RunOptions run;
  std::vector<std::string> paths;
};

class ReplaySink final : public RecordSink {
 public:
  explicit ReplaySink(PolicyReplay& replay) : replay_(replay) {}
  void add(const TrafficRecord& record, const Verdict&, std::string&) override {
    replay_.add(record);
  }

 private:
  PolicyReplay& replay_;
};

Result<CompiledPolicy> new_policy(const Settings& settings) {
  if (settings.policy.zones.empty())
    return fail(Error::Code::Usage,
                fmt::format("{}: it has no zones, so no rule base to compare with",
                            settings.path.empty() ? "--config" : settings.path));
  return CompiledPolicy::create(settings.policy);
}

int replay(const ReplayCommand& command, const CompiledPolicy& policy, RunPlan plan, bool json) {
  std::vector<PolicyReplay> parts(plan.explain.threads, PolicyReplay(policy));
  ProgressLine progress;
  plan.explain.make_sink = [&](unsigned worker) {
    return std::make_unique<ReplaySink>(parts[worker]);
  };
  plan.explain.write_output = [](std::string_view) { return true; };
  plan.explain.write_rejects = [](std::string_view) { return true; };
  plan.explain.message = [&](std::string_view text) {
    progress.clear();
    if (!command.run.quiet) say(text);
  };
  if (stderr_is_terminal() && !command.run.quiet)
    plan.explain.progress = [&](const Progress& p) { progress.show(p.bytes_read, p.bytes_total); };
  const ExplainResult result = run_explain(plan.explain);
  progress.clear();
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0].merge(std::move(parts[i]));
  const ReplayReport report = parts[0].report();
  const ReplayTextOptions text{colour_wanted(command.run.colour), command.run.top,
                               plan.writer.inputs};
  std::string out;
  json ? append_ndjson(report, text, out) : append_text(report, text, out);
  const bool written = write_all(STDOUT_FILENO, out) || errno == EPIPE;
  for (const Error& error : result.errors) say(error.message);
  if (!command.run.quiet) say(result.accounting.to_line());
  return written && result.errors.empty() ? kExitDone : kExitIo;
}

int run_replay(const ReplayCommand& command) {
  RunOptions options = command.run;
  const bool json = options.output.empty() ? !stdout_is_terminal() : options.output == "ndjson";
  if (!json && !options.output.empty() && options.output != "table" && options.output != "text")
    return complain(Error{Error::Code::Usage,
                          fmt::format("-o: expected table or ndjson, found '{}'", options.output)});
  options.output = "ndjson";  // read by as many threads as there are
  const auto settings = load_settings(options.config);
  if (!settings) return complain(settings.error());
  const auto policy = new_policy(*settings);
  if (!policy) return complain(policy.error());
  auto plan = plan_run(options, *settings);
  if (!plan) return complain(plan.error());
  if (auto planned = plan_inputs(command.paths, *plan); !planned) return complain(planned.error());
  if (plan->captures)
    return complain(Error{Error::Code::Usage,
                          "-r: policy replay reads traffic logs; make one of the captures with "
                          "`endreason track -o panos`"});
  return replay(command, *policy, std::move(*plan), json);
}

}  // namespace

RunCommand declare_policy(CLI::App& app) {
  auto command = std::make_shared<ReplayCommand>();
  app.require_subcommand(1);
  CLI::App* sub = app.add_subcommand(
      "replay", "Which sessions of a traffic log would end otherwise under another rule base");
  sub->add_option("-r,--read", command->paths, "Traffic logs, in every format that is read")
      ->type_name("PATH")
      ->required();
  sub->add_option("--config", command->run.config, "The configuration with the new rule base")
      ->type_name("FILE")
      ->required();
  sub->add_option("-o,--output", command->run.output, "table or ndjson")->type_name("FORMAT");
  sub->add_option("-f,--filter", command->run.filter, "Of the rows that match this PAN-OS filter")
      ->type_name("FILTER");
  sub->add_option("--top", command->run.top, "Groups to show")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  sub->add_option("--threads", command->run.threads, "Threads (default: one a core)")
      ->type_name("N");
  sub->add_option("--color,--colour", command->run.colour, "auto, always or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  sub->add_flag("-q,--quiet", command->run.quiet, "No accounting on standard error");
  sub->footer("Examples:\n  endreason policy replay -r /var/log/pa/ --config new.yaml");
  return [command] { return run_replay(*command); };
}

}  // namespace endreason
