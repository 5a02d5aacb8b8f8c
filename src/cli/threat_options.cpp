// SPDX-License-Identifier: Apache-2.0
#include "cli/threat_options.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "dataplane/decryption_rules.hpp"
#include "inspect/block_list.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/key_log.hpp"
#include "inspect/rule_file.hpp"
#include "inspect/threat_action_text.hpp"
#include "policy/compiled_policy.hpp"

namespace endreason {
namespace {

constexpr std::size_t kProblemsShown = 20;
constexpr std::string_view kBytesLimit = "inspection-bytes";

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

tl::unexpected<Error> said_of(const std::string& option, const Error& error) {
  return fail(error.code, option + ": " + error.message);
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
  option(app, "--rules", options.files,
         "Threat rules in the Suricata rule language; may be given several times")
      .type_name("FILE")
      .allow_extra_args(false);
  flag(app, "--lenient", options.lenient,
       "Leave out rules that cannot be read, and say how many and why");
  option(app, "--var", options.variables,
         "A variable of the rules, such as HOME_NET=10.0.0.0/8; may be given several times")
      .type_name("NAME=VALUE")
      .allow_extra_args(false);
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
  if (check && !quiet) say(counted((*set)->size(), "rule") + " can be used");
  return set;
}

void declare_depth_options(CLI::App& app, InspectionOptions& options) {
  option(app, "--stream-depth", options.stream_depth,
         "Bytes of each side of a session that are looked into; 0: all (default 1048576)")
      .type_name("BYTES");
  option(app, "--body-depth", options.body_depth,
         "Bytes of an HTTP body, unpacked, that are looked into; 0: all (default 102400)")
      .type_name("BYTES");
}

void declare_inspection_options(CLI::App& app, InspectionOptions& options) {
  constexpr auto kGroup = "Inspection";
  declare_rule_options(app, options.rules);
  option(app, "--threat-action", options.actions,
         "What is done about hits instead of what their rules say: WHAT=ACTION, such as "
         "critical=block-ip:300; the first that fits counts")
      .type_name("WHAT=ACTION")
      .allow_extra_args(false);
  option(app, "--block-list", options.lists,
         "Addresses and domains, one a line: an external dynamic list; may be given several "
         "times")
      .type_name("[NAME=]FILE")
      .allow_extra_args(false);
  option(app, "--block-list-action", options.list_action,
         "What is done about their entries (default drop)")
      .type_name("ACTION");
  option(app, "--threats", options.threats,
         "Write the THREAT log: with -o panos as PAN-OS CSV, else as JSON (- for standard "
         "error)")
      .type_name("FILE");
  option(app, "--decryption-log", options.decryption_log,
         "Write what decryption rules find, as JSON (- for standard error)")
      .type_name("FILE");
  option(app, "--keylog", options.key_log,
         "Secrets of TLS 1.3 sessions, as programs write them to SSLKEYLOGFILE")
      .type_name("FILE");
  option(app, "--trust-store", options.trust_store,
         "Certificates that are trusted, PEM (default: the system's)")
      .type_name("FILE");
  option(app, "--inspection-memory", options.memory_mib,
         "MiB for streams and messages that are not complete (default 256, or the limit "
         "inspection-bytes of the configuration)")
      .type_name("MIB")
      .range(1, 1 << 20);
  declare_depth_options(app, options);
  option(app, "--inspection-full", options.when_full,
         "drop or pass: a session that inspection has no room for (default drop: "
         "resources-unavailable)")
      .type_name("WHAT")
      .member({"drop", "pass"});
  for (const char* name :
       {"--rules", "--lenient", "--var", "--threat-action", "--block-list", "--block-list-action",
        "--threats", "--decryption-log", "--keylog", "--trust-store", "--inspection-memory",
        "--stream-depth", "--body-depth", "--inspection-full"})
    find_option(app, name)->group(kGroup);
}

Result<std::shared_ptr<const InspectionPlan>> plan_inspection(const InspectionOptions& options,
                                                              const CompiledPolicy* policy,
                                                              std::uint32_t sessions, bool quiet) {
  auto plan = std::make_shared<InspectionPlan>();
  ThreatInspectionOptions& inspection = plan->inspection;
  inspection.memory_bytes = memory_of(options, policy);
  inspection.sessions = sessions;
  inspection.drop_when_full = options.when_full != "pass";
  if (options.stream_depth) inspection.stream_depth = *options.stream_depth;
  if (options.body_depth) inspection.body_depth = *options.body_depth;
  for (const std::string& text : options.actions) {
    auto made = inspect::threat_override_of(text);
    if (!made) return said_of("--threat-action " + text, made.error());
    inspection.overrides.push_back(std::move(*made));
  }
  const std::string listed = options.list_action.empty() ? "drop" : options.list_action;
  if (auto done = inspect::read_threat_action(listed, inspection.listed); !done)
    return said_of("--block-list-action " + listed, done.error());
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

// What the command line leaves open is what the configuration says.
void apply_settings(const InspectionSettings& settings, InspectionOptions& options) {
  const auto texts = [](const std::vector<std::string>& from, std::vector<std::string>& to) {
    if (to.empty()) to = from;
  };
  const auto text = [](const std::string& from, std::string& to) {
    if (to.empty()) to = from;
  };
  texts(settings.rules, options.rules.files);
  texts(settings.block_lists, options.lists);
  texts(settings.actions, options.actions);
  // Later ones replace earlier ones of the same name.
  options.rules.variables.insert(options.rules.variables.begin(), settings.variables.begin(),
                                 settings.variables.end());
  options.rules.lenient |= settings.lenient;
  text(settings.block_list_action, options.list_action);
  text(settings.when_full, options.when_full);
  text(settings.trust_store, options.trust_store);
  text(settings.key_log, options.key_log);
  if (options.memory_mib == 0) options.memory_mib = settings.memory_mib.value_or(0);
  if (!options.stream_depth) options.stream_depth = settings.stream_depth;
  if (!options.body_depth) options.body_depth = settings.body_depth;
}

}  // namespace endreason
