// SPDX-License-Identifier: Apache-2.0
// The configuration, hostile: a firewall's XML to a policy, or our own YAML. What was read is
// written and read again, and gives the same; the rule base is compiled, and its lookups are those
// of asking every rule in turn.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "config/panos_import.hpp"
#include "config/policy_yaml.hpp"
#include "config/settings.hpp"
#include "policy/compiled_policy.hpp"
#include "policy/policy_check.hpp"
#include "policy/rule_fit.hpp"

namespace endreason {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void look_up(const CompiledPolicy& policy) {
  const auto zones = static_cast<std::uint32_t>(policy.policy().zones.size()) + 2;
  const auto apps = static_cast<std::uint32_t>(policy.resolved().apps.size());
  for (std::uint32_t i = 0; i < 64; ++i) {
    PolicyQuery query;
    query.from = ZoneId(i % zones);
    query.to = ZoneId(i / 3 % zones);
    query.src.bytes.fill(static_cast<std::uint8_t>(i * 37));
    query.dst = parse_ip(i % 2 == 0 ? "10.0.0.1" : "192.0.2.9").value_or(IpAddress{});
    query.protocol = i % 3 == 0 ? 17 : 6;
    query.dport = static_cast<std::uint16_t>(i % 5 == 0 ? 443 : i * 1009);
    query.application = i % 4 == 0 ? PolicyApp::NotYetKnown : PolicyApp((i * 7919) % apps);
    query.application_may_change = i % 7 == 0;
    require(policy.lookup(query) == linear_lookup(policy.resolved(), query));
  }
}

void use(Policy policy) {
  const auto problems = check_policy(policy);
  for (const PolicyProblem& problem : problems) require(!problem.message.empty());
  const auto compiled = CompiledPolicy::create(std::move(policy));
  if (compiled) look_up(*compiled);
}

// Written and read again: the same, unless names are such as no reader takes.
void write_and_read(const Policy& policy) {
  const std::string written = policy_yaml(policy);
  const auto again = parse_settings(written, "again.yaml");
  if (again) require(policy_yaml(again->policy) == written);
}

}  // namespace
}  // namespace endreason

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace endreason;
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (text.find('<') < 4) {
    auto imported = import_panos_config(text, "fuzz.xml", {});
    if (!imported) return 0;
    write_and_read(imported->policy);
    use(std::move(imported->policy));
    return 0;
  }
  auto settings = parse_settings(text, "fuzz.yaml");
  if (!settings) return 0;
  write_and_read(settings->policy);
  use(std::move(settings->policy));
  return 0;
}
