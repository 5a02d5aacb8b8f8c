// SPDX-License-Identifier: Apache-2.0
// `endreason policy replay`: a traffic log, or the sessions of captures, against another rule base.
// What would this change break?
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/progress.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "cli/track_run.hpp"
#include "findings/policy_replay.hpp"
#include "findings/session_replay.hpp"

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

// The rows of captures under one of the rule bases, every session, whatever its rules log.
class SideSink final : public RecordSink {
 public:
  using Add = void (SessionReplay::*)(const TrafficRecord&);
  SideSink(SessionReplay& replay, Add side) : replay_(replay), add_(side) {}
  void add(const TrafficRecord& record, const Verdict&, std::string&) override {
    (replay_.*add_)(record);
  }

 private:
  SessionReplay& replay_;
  Add add_;
};

Result<TrackPlan> sessions_of(const Settings& settings, bool with_rules) {
  auto track = plan_track(TrackOptions{}, settings);
  if (!track) return track;
  if (!with_rules) track->engine.policy = nullptr;
  track->engine.rules_decide_logs = false;
  return track;
}

Result<TrackPlan> old_sessions(const ReplayCommand& command, const Settings& settings) {
  if (command.old_config.empty()) return sessions_of(settings, false);
  const auto old = load_settings(command.old_config);
  if (!old) return tl::unexpected(old.error());
  if (!has_rules(old->policy))
    return fail(Error::Code::Usage,
                fmt::format("--old: {} has no rules; leave it out to compare with no rules at all",
                            old->path));
  return sessions_of(*old, true);
}

Result<void> may_be_read_twice(const ExplainPlan& plan) {
  std::error_code none;
  for (const Input& input : plan.inputs)
    if (!std::filesystem::is_regular_file(input.path, none))
      return fail(Error::Code::Usage,
                  fmt::format("-r: {}: captures are read once for each rule base; name a file",
                              input.path));
  return {};
}

struct Replayed {
  ExplainResult result;
  std::string accounting;
  ReplayReport report;
};

Result<Replayed> replay_log(const CompiledPolicy& policy, ExplainPlan& plan) {
  std::vector<PolicyReplay> parts(plan.threads, PolicyReplay(policy));
  plan.make_sink = [&](unsigned worker) { return std::make_unique<ReplaySink>(parts[worker]); };
  ExplainResult result = run_explain(plan);
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0].merge(std::move(parts[i]));
  const std::string accounting = result.accounting.to_line();
  return Replayed{std::move(result), accounting, parts[0].report()};
}

// Both engines see the same packets; a filter is for the rows of the old rules.
Result<Replayed> replay_captures(const ReplayCommand& command, const Settings& settings,
                                 const CompiledPolicy& policy, ExplainPlan& plan) {
  if (const auto twice = may_be_read_twice(plan); !twice) return tl::unexpected(twice.error());
  auto old_plan = old_sessions(command, settings);
  auto new_plan = sessions_of(settings, true);
  if (!old_plan) return tl::unexpected(old_plan.error());
  if (!new_plan) return tl::unexpected(new_plan.error());
  new_plan->verdicts = false;
  std::vector<SessionReplay> parts(plan.threads);
  const auto run = [&](const TrackPlan& track, SideSink::Add add) {
    plan.make_sink = [&parts, add](unsigned worker) {
      return std::make_unique<SideSink>(parts[worker], add);
    };
    return run_track(plan, track);
  };
  auto before = run(*old_plan, &SessionReplay::add_old);
  if (!before) return tl::unexpected(before.error());
  plan.filter.reset();
  plan.message = [](std::string_view) {};  // what there is to say of the captures has been said
  auto now = run(*new_plan, &SessionReplay::add_new);
  if (!now) return tl::unexpected(now.error());
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0].merge(std::move(parts[i]));
  return Replayed{std::move(now->result), std::move(now->accounting),
                  std::move(parts[0]).report(policy)};
}

int replay(const ReplayCommand& command, const Settings& settings, const CompiledPolicy& policy,
           RunPlan plan, bool json) {
  ProgressLine progress;
  plan.explain.write_output = [](std::string_view) { return true; };
  plan.explain.write_rejects = [](std::string_view) { return true; };
  plan.explain.message = [&](std::string_view text) {
    progress.clear();
    if (!command.run.quiet) say(text);
  };
  if (stderr_is_terminal() && !command.run.quiet)
    plan.explain.progress = [&](const Progress& p) { progress.show(p.bytes_read, p.bytes_total); };
  const auto replayed = plan.captures ? replay_captures(command, settings, policy, plan.explain)
                                      : replay_log(policy, plan.explain);
  progress.clear();
  if (!replayed) return complain(replayed.error());
  if (plan.captures) join_input_names(plan.writer.inputs);
  const ReplayTextOptions text{colour_wanted(command.run.colour), command.run.top,
                               plan.writer.inputs};
  std::string out;
  json ? append_ndjson(replayed->report, text, out) : append_text(replayed->report, text, out);
  const bool written = write_all(STDOUT_FILENO, out) || errno == EPIPE;
  for (const Error& error : replayed->result.errors) say(error.message);
  if (!command.run.quiet) say(replayed->accounting);
  return written && replayed->result.errors.empty() ? kExitDone : kExitIo;
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
  if (!plan->captures && !command.old_config.empty())
    return complain(Error{Error::Code::Usage,
                          "--old: a log says itself what its rules decided; it is for captures"});
  return replay(command, *settings, *policy, std::move(*plan), json);
}

}  // namespace

RunCommand declare_policy(CLI::App& app) {
  auto command = std::make_shared<ReplayCommand>();
  CLI::App* const sub = &subcommand(app, "replay",
                                    "Which sessions of a traffic log, or of captures, would end "
                                    "otherwise under another rule base");
  option(*sub, "-r,--read", command->paths,
         "Traffic logs, in every format that is read, or captures")
      .type_name("PATH")
      .required();
  option(*sub, "--config", command->run.config, "The configuration with the new rule base")
      .type_name("FILE")
      .required();
  option(*sub, "--old", command->old_config,
         "Captures: the configuration whose rules were in force (default: none, and "
         "everything was allowed)")
      .type_name("FILE");
  option(*sub, "-o,--output", command->run.output, "table or ndjson").type_name("FORMAT");
  option(*sub, "-f,--filter", command->run.filter, "Of the rows that match this PAN-OS filter")
      .type_name("FILTER");
  option(*sub, "--top", command->run.top, "Groups to show").type_name("N").range(1, 100'000);
  option(*sub, "--threads", command->run.threads, "Threads (default: one a core)").type_name("N");
  option(*sub, "--color,--colour", command->run.colour, "auto, always or never")
      .type_name("WHEN")
      .member({"auto", "always", "never"});
  flag(*sub, "-q,--quiet", command->run.quiet, "No accounting on standard error");
  footer(*sub,
         "Examples:\n"
         "  endreason policy replay -r /var/log/pa/ --config new.yaml\n"
         "  endreason policy replay -r capture.pcap --config new.yaml --old old.yaml");
  return [command] { return run_replay(*command); };
}

}  // namespace endreason
