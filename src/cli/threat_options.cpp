// SPDX-License-Identifier: Apache-2.0
#include "cli/threat_options.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/parse_number.hpp"
#include "cli/terminal.hpp"
#include "dataplane/decryption_rules.hpp"
#include "inspect/block_list.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/key_log.hpp"
#include "inspect/rule_file.hpp"
#include "policy/compiled_policy.hpp"

namespace endreason {
namespace {

using inspect::ThreatAction;

constexpr std::size_t kProblemsShown = 20;
constexpr std::string_view kBytesLimit = "inspection-bytes";
// "1 to 3600 seconds": action block-ip of the vendor's security profiles.
constexpr std::uint32_t kBlockMost = 3600, kBlockDefault = 300;

Result<inspect::RuleVariables> variables_of(const RuleOptions& options) {
  inspect::RuleVariables variables;
  for (const std::string& text : options.variables) {
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

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_decimal(text, value) || value > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

// "drop", "block-ip", "block-ip:60", "block-ip:60:source-and-destination".
Result<void> read_action(std::string_view option, std::string_view text,
                         inspect::ThreatOverride& into) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto row =
      std::ranges::find(inspect::kThreatActions, name, &inspect::ThreatActionInfo::log_name);
  const auto wrong = [&] {
    std::string known;
    for (const inspect::ThreatActionInfo& each : inspect::kThreatActions)
      known += fmt::format("{}{}", known.empty() ? "" : ", ", each.log_name);
    return fail(Error::Code::Usage,
                fmt::format("{} {}: expected one of {}; block-ip may have seconds (1 to {}) and "
                            "what it is tracked by, as in block-ip:60:source-and-destination",
                            option, text, known, kBlockMost));
  };
  if (row == inspect::kThreatActions.end()) return wrong();
  into.action = row->value;
  if (into.action != ThreatAction::BlockIp) {
    if (name.size() != text.size()) return wrong();
    return {};
  }
  into.block_s = kBlockDefault;
  text.remove_prefix(std::min(name.size() + 1, text.size()));
  if (text.empty()) return {};
  const std::size_t colon = text.find(':');
  const auto seconds = number_of(text.substr(0, colon));
  if (!seconds || *seconds == 0 || *seconds > kBlockMost) return wrong();
  into.block_s = *seconds;
  if (colon == std::string_view::npos) return {};
  const std::string_view track = text.substr(colon + 1);
  into.block_towards_this = track == "source-and-destination";
  if (!into.block_towards_this && track != "source") return wrong();
  return {};
}

// "critical=reset-both", "sid:2000001=alert", "class:trojan-activity=block-ip", "any=alert".
Result<inspect::ThreatOverride> read_override(std::string_view text) {
  inspect::ThreatOverride made;
  const std::size_t equals = text.find('=');
  const std::string_view what = text.substr(0, equals);
  const auto severity =
      std::ranges::find(inspect::kThreatSeverities, what, &inspect::ThreatSeverityInfo::log_name);
  bool understood = equals != std::string_view::npos;
  if (what.starts_with("sid:")) {
    const auto sid = number_of(what.substr(4));
    understood &= sid.has_value() && *sid != 0;
    made.sid = sid.value_or(0);
  } else if (what.starts_with("class:")) {
    made.class_type = what.substr(6);
    understood &= !made.class_type.empty();
  } else if (severity != inspect::kThreatSeverities.end()) {
    made.severity = severity->value;
  } else {
    understood &= what == "any";
  }
  if (!understood)
    return fail(Error::Code::Usage,
                fmt::format("--threat-action {}: expected WHAT=ACTION, where WHAT is a severity "
                            "(critical, high, medium, low, informational), sid:NUMBER, "
                            "class:CLASSTYPE or any",
                            text));
  if (auto done = read_action("--threat-action", text.substr(equals + 1), made); !done)
    return tl::unexpected(done.error());
  return made;
}

Result<std::shared_ptr<const inspect::BlockLists>> load_lists(const InspectionOptions& options,
                                                              bool quiet) {
  if (options.lists.empty()) return std::shared_ptr<const inspect::BlockLists>();
  auto lists = std::make_shared<inspect::BlockLists>();
  inspect::BlockListCounts counts;
  for (const std::string& text : options.lists) {
    const std::size_t equals = text.find('=');
    const std::string path = equals == std::string::npos ? text : text.substr(equals + 1);
    const std::string name = equals == std::string::npos
                                 ? std::filesystem::path(path).stem().string()
                                 : text.substr(0, equals);
    if (auto done = lists->add_file(path, name, counts); !done) return tl::unexpected(done.error());
  }
  lists->finish();
  if (counts.unreadable > 0) {
    for (const std::string& problem : counts.problems) say(problem);
    if (!options.rules.lenient)
      return fail(Error::Code::Usage,
                  fmt::format("{} of {} entries of block lists cannot be read; mend them, or leave "
                              "them out with --lenient",
                              counts.unreadable, counts.lines));
  }
  if (!quiet)
    say(fmt::format("block lists: {} addresses, {} domains", counts.addresses, counts.domains));
  return lists;
}

Result<std::shared_ptr<const inspect::DecryptionSetup>> load_decryption(
    const InspectionOptions& options, const CompiledPolicy* policy, std::uint64_t memory_bytes,
    std::uint32_t sessions) {
  auto setup = std::make_shared<inspect::DecryptionSetup>();
  if (policy == nullptr || policy->policy().decryption_rules.empty()) {
    for (const auto& [option, value] :
         {std::pair<std::string_view, const std::string&>{"--keylog", options.key_log},
          {"--trust-store", options.trust_store},
          {"--decryption-log", options.decryption_log}})
      if (!value.empty())
        return fail(Error::Code::Usage,
                    fmt::format("{}: there is no decryption rule that it could serve; add "
                                "rules under decryption to the file of --config",
                                option));
    return std::shared_ptr<const inspect::DecryptionSetup>();
  }
  auto terms = decryption_terms(policy->policy());
  if (!terms) return tl::unexpected(terms.error());
  setup->terms = std::move(*terms);
  auto trust = options.trust_store.empty() ? inspect::TrustStore::system()
                                           : inspect::TrustStore::of_file(options.trust_store);
  if (!trust) return tl::unexpected(trust.error());
  setup->trust = std::move(*trust);
  if (!options.key_log.empty()) {
    auto keys = inspect::KeyLog::of_file(options.key_log);
    if (!keys) return tl::unexpected(keys.error());
    setup->keys = std::make_shared<const inspect::KeyLog>(std::move(*keys));
  }
  setup->memory_bytes = memory_bytes;
  setup->sessions = sessions;
  return setup;
}

std::uint64_t memory_of(const InspectionOptions& options, const CompiledPolicy* policy) {
  if (options.memory_mib != 0) return options.memory_mib << 20;
  if (policy != nullptr)
    for (const NamedNumber& limit : policy->policy().limits)
      if (limit.name == kBytesLimit) return limit.value;
  return ThreatInspectionOptions{}.memory_bytes;
}

}  // namespace

void declare_rule_options(CLI::App& app, RuleOptions& options) {
  app.add_option("--rules", options.files,
                 "Threat rules in the Suricata rule language; may be given several times")
      ->type_name("FILE")
      ->allow_extra_args(false);
  app.add_flag("--lenient", options.lenient,
               "Leave out rules that cannot be read, and say how many and why");
  app.add_option("--var", options.variables,
                 "A variable of the rules, such as HOME_NET=10.0.0.0/8; may be given several times")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false);
}

Result<std::shared_ptr<const inspect::ThreatSet>> load_rules(
    const RuleOptions& options, bool quiet, bool check,
    std::shared_ptr<const inspect::BlockLists> lists) {
  auto variables = variables_of(options);
  if (!variables) return tl::unexpected(variables.error());
  inspect::RuleLoad load;
  for (const std::string& path : options.files)
    if (auto done = inspect::read_rule_file(path, *variables, load); !done)
      return tl::unexpected(done.error());
  auto set = inspect::ThreatSet::compile(load, std::move(lists));
  if (!set) return tl::unexpected(set.error());
  if (load.skipped > 0 && !options.lenient) {
    say_problems(load);
    return fail(Error::Code::Usage,
                fmt::format("{} of {} rules cannot be read; mend them, or leave them out with "
                            "--lenient",
                            load.skipped, load.read));
  }
  if (load.skipped > 0 && !quiet) say_skipped(load, (*set)->size());
  if (check && !quiet) say(fmt::format("{} rules can be used", (*set)->size()));
  return set;
}

void declare_inspection_options(CLI::App& app, InspectionOptions& options) {
  constexpr auto kGroup = "Inspection";
  declare_rule_options(app, options.rules);
  app.add_option("--threat-action", options.actions,
                 "What is done about hits instead of what their rules say: WHAT=ACTION, such as "
                 "critical=block-ip:300; the first that fits counts")
      ->type_name("WHAT=ACTION")
      ->allow_extra_args(false);
  app.add_option(
         "--block-list", options.lists,
         "Addresses and domains, one a line: an external dynamic list; may be given several "
         "times")
      ->type_name("[NAME=]FILE")
      ->allow_extra_args(false);
  app.add_option("--block-list-action", options.list_action,
                 "What is done about their entries (default drop)")
      ->type_name("ACTION");
  app.add_option("--threats", options.threats,
                 "Write the THREAT log: with -o panos as PAN-OS CSV, else as JSON (- for standard "
                 "error)")
      ->type_name("FILE");
  app.add_option("--decryption-log", options.decryption_log,
                 "Write what decryption rules find, as JSON (- for standard error)")
      ->type_name("FILE");
  app.add_option("--keylog", options.key_log,
                 "Secrets of TLS 1.3 sessions, as programs write them to SSLKEYLOGFILE")
      ->type_name("FILE");
  app.add_option("--trust-store", options.trust_store,
                 "Certificates that are trusted, PEM (default: the system's)")
      ->type_name("FILE");
  app.add_option("--inspection-memory", options.memory_mib,
                 "MiB for streams and messages that are not complete (default 256, or the limit "
                 "inspection-bytes of the configuration)")
      ->type_name("MIB")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--inspection-full", options.when_full,
                 "drop or pass: a session that inspection has no room for (default drop: "
                 "resources-unavailable)")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"drop", "pass"}));
  for (const char* name : {"--rules", "--lenient", "--var", "--threat-action", "--block-list",
                           "--block-list-action", "--threats", "--decryption-log", "--keylog",
                           "--trust-store", "--inspection-memory", "--inspection-full"})
    app.get_option(name)->group(kGroup);
}

Result<std::shared_ptr<const InspectionPlan>> plan_inspection(const InspectionOptions& options,
                                                              const CompiledPolicy* policy,
                                                              std::uint32_t sessions, bool quiet) {
  auto plan = std::make_shared<InspectionPlan>();
  ThreatInspectionOptions& inspection = plan->inspection;
  inspection.memory_bytes = memory_of(options, policy);
  inspection.sessions = sessions;
  inspection.drop_when_full = options.when_full == "drop";
  for (const std::string& text : options.actions) {
    auto made = read_override(text);
    if (!made) return tl::unexpected(made.error());
    inspection.overrides.push_back(std::move(*made));
  }
  if (auto done = read_action("--block-list-action", options.list_action, inspection.listed); !done)
    return tl::unexpected(done.error());
  auto lists = load_lists(options, quiet);
  if (!lists) return tl::unexpected(lists.error());
  inspection.lists = *lists;
  if (!options.rules.files.empty() || inspection.lists) {
    auto rules = load_rules(options.rules, quiet, false, inspection.lists);
    if (!rules) return tl::unexpected(rules.error());
    inspection.rules = std::move(*rules);
  }
  auto decryption = load_decryption(options, policy, inspection.memory_bytes, sessions);
  if (!decryption) return tl::unexpected(decryption.error());
  inspection.decryption = std::move(*decryption);
  if (!options.threats.empty() && !inspection.rules)
    return fail(
        Error::Code::Usage,
        "--threats: there is nothing that could find threats; give --rules or --block-list");
  plan->logs.threats = options.threats;
  plan->logs.decryption = options.decryption_log;
  if (!inspection.rules && !inspection.decryption) return std::shared_ptr<const InspectionPlan>();
  return plan;
}

}  // namespace endreason
