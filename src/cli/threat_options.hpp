// SPDX-License-Identifier: Apache-2.0
// The options of inspection: threat rules, block lists, what is done about hits, certificates and
// keys of TLS sessions, and where the results are written.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "cli/content_logs.hpp"
#include "config/inspection_settings.hpp"
#include "dataplane/threat_inspection.hpp"
#include "inspect/threat_set.hpp"

namespace CLI {
class App;
}

namespace endreason {

class CompiledPolicy;

struct RuleOptions {
  std::vector<std::string> files, variables;
  bool lenient = false;
};
void declare_rule_options(CLI::App& app, RuleOptions& options);
// Says what is left out, unless quiet. `check`: says how many rules can be used, too.
Result<std::shared_ptr<const inspect::ThreatSet>> load_rules(
    const RuleOptions& options, bool quiet, bool check,
    std::shared_ptr<const inspect::BlockLists> lists = nullptr);

struct InspectionOptions {
  RuleOptions rules;
  std::vector<std::string> lists, actions;
  std::string list_action, when_full;  // empty: drop
  std::string key_log, trust_store;
  std::string threats, decryption_log;
  std::uint64_t memory_mib = 0;  // 0: what the policy says, or the default
  std::optional<std::uint32_t> stream_depth, body_depth;
};
// Fills in what the command line leaves open.
void apply_settings(const InspectionSettings& settings, InspectionOptions& options);
void declare_depth_options(CLI::App& app, InspectionOptions& options);
void declare_inspection_options(CLI::App& app, InspectionOptions& options);

struct InspectionPlan {
  ThreatInspectionOptions inspection;
  ContentLogOptions logs;
};
// Null when nothing is to be inspected. `policy` may be null.
Result<std::shared_ptr<const InspectionPlan>> plan_inspection(const InspectionOptions& options,
                                                              const CompiledPolicy* policy,
                                                              std::uint32_t sessions, bool quiet);

}  // namespace endreason
