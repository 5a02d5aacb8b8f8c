// SPDX-License-Identifier: Apache-2.0
// `endreason policy replay`: a traffic log, or the sessions of captures, against another rule base.
// What would this change break?
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "cli/track_run.hpp"
#include "findings/policy_replay.hpp"

namespace endreason {
namespace {

struct ReplayCommand {
  RunOptions run;
  std::vector<std::string> paths;
  std::string old_config;
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

// What the sessions of captures were under the old rules, or without any: every one of them,
// whatever those rules log.
Result<TrackPlan> old_sessions(const ReplayCommand& command, const Settings& settings) {
  const bool with_old = !command.old_config.empty();
  const auto old = with_old ? load_settings(command.old_config) : Result<Settings>(settings);
  if (!old) return tl::unexpected(old.error());
  if (with_old && !has_rules(old->policy))
    return fail(Error::Code::Usage,
                fmt::format("--old: {} has no rules; leave it out to compare with no rules at all",
                            old->path));
  auto track = plan_track(TrackOptions{}, *old);
  if (!track) return track;
  if (!with_old) track->engine.policy = nullptr;
  track->engine.rules_decide_logs = false;
  track->verdicts = !command.run.filter.empty();
  return track;
}

struct Replayed {
  ExplainResult result;
  std::string accounting;
};

Result<Replayed> feed(const ExplainPlan& plan, const std::optional<TrackPlan>& sessions) {
  if (!sessions) {
    ExplainResult result = run_explain(plan);
    return Replayed{std::move(result), result.accounting.to_line()};
  }
  auto outcome = run_track(plan, *sessions);
  if (!outcome) return tl::unexpected(outcome.error());
  return Replayed{std::move(outcome->result), std::move(outcome->accounting)};
}

int replay(const ReplayCommand& command, const CompiledPolicy& policy, RunPlan plan,
           const std::optional<TrackPlan>& sessions, bool json) {
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
  const auto fed = feed(plan.explain, sessions);
  progress.clear();
  if (!fed) return complain(fed.error());
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0].merge(std::move(parts[i]));
  const ReplayReport report = parts[0].report();
  const ReplayTextOptions text{colour_wanted(command.run.colour), command.run.top,
                               plan.writer.inputs};
  std::string out;
  json ? append_ndjson(report, text, out) : append_text(report, text, out);
  const bool written = write_all(STDOUT_FILENO, out) || errno == EPIPE;
  for (const Error& error : fed->result.errors) say(error.message);
  if (!command.run.quiet) say(fed->accounting);
  return written && fed->result.errors.empty() ? kExitDone : kExitIo;
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
  std::optional<TrackPlan> sessions;
  if (plan->captures) {
    auto tracked = old_sessions(command, *settings);
    if (!tracked) return complain(tracked.error());
    sessions = std::move(*tracked);
    join_input_names(plan->writer.inputs);
  } else if (!command.old_config.empty()) {
    return complain(Error{Error::Code::Usage,
                          "--old: a log says itself what its rules decided; it is for captures"});
  }
  return replay(command, *policy, std::move(*plan), sessions, json);
}

}  // namespace

RunCommand declare_policy(CLI::App& app) {
  auto command = std::make_shared<ReplayCommand>();
  app.require_subcommand(1);
  CLI::App* sub = app.add_subcommand("replay",
                                     "Which sessions of a traffic log, or of captures, would end "
                                     "otherwise under another rule base");
  sub->add_option("-r,--read", command->paths,
                  "Traffic logs, in every format that is read, or captures")
      ->type_name("PATH")
      ->required();
  sub->add_option("--config", command->run.config, "The configuration with the new rule base")
      ->type_name("FILE")
      ->required();
  sub->add_option("--old", command->old_config,
                  "Captures: the configuration whose rules were in force (default: none, and "
                  "everything was allowed)")
      ->type_name("FILE");
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
  sub->footer(
      "Examples:\n"
      "  endreason policy replay -r /var/log/pa/ --config new.yaml\n"
      "  endreason policy replay -r capture.pcap --config new.yaml --old old.yaml");
  return [command] { return run_replay(*command); };
}

}  // namespace endreason
