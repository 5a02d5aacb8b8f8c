// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_check.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "policy/address_resolver.hpp"
#include "policy/address_set.hpp"
#include "policy/policy_settings.hpp"
#include "policy/resolved_policy.hpp"
#include "policy/rule_cover.hpp"
#include "policy/service_resolver.hpp"

namespace endreason {
namespace {

// A rule base of more pairs than these is searched for shadowed rules in its first rules only.
constexpr std::size_t kMostPairs = 200'000'000;

std::string likely(std::string_view name, const std::vector<std::string_view>& known) {
  const auto near = nearest_names(name, known, 1);
  return near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]);
}

class Checker {
 public:
  explicit Checker(const Policy& policy) : policy_(policy) {}

  std::vector<PolicyProblem> run() {
    check_names();
    check_zones();
    check_interfaces();
    check_management();
    check_decryption();
    check_lists();
    const ResolvedPolicy resolved = resolve_policy(policy_, problems_);
    check_unused();
    check_order(resolved);
    std::vector<PolicyProblem> list = problems_.list();
    std::ranges::stable_sort(list, {}, &PolicyProblem::line);
    return list;
  }

 private:
  using FirstLine = std::unordered_map<std::string_view, LineNumber>;

  template <class Object>
  void check_unique(const std::vector<Object>& objects, std::string_view what, FirstLine& seen) {
    for (const Object& object : objects) {
      if (object.name.empty())
        problems_.error(object.line, fmt::format("{}: it has no name; give it one", what));
      const auto [at, fresh] = seen.emplace(object.name, object.line);
      if (!fresh)
        problems_.error(object.line, fmt::format("{} '{}': the name is taken on line {}; rename "
                                                 "one of them",
                                                 what, object.name, at->second));
    }
  }
  template <class Object>
  void check_unique(const std::vector<Object>& objects, std::string_view what) {
    FirstLine seen;
    check_unique(objects, what, seen);
  }

  // Objects and groups of a kind share their names, as on the firewall.
  void check_names() {
    FirstLine addresses, services, applications;
    check_unique(policy_.addresses, "address", addresses);
    check_unique(policy_.address_groups, "address group", addresses);
    check_unique(policy_.external_lists, "external list", addresses);
    check_unique(policy_.services, "service", services);
    check_unique(policy_.service_groups, "service group", services);
    check_unique(policy_.applications, "application", applications);
    check_unique(policy_.application_groups, "application group", applications);
    check_unique(policy_.application_filters, "application filter", applications);
    check_unique(policy_.zones, "zone");
    check_unique(policy_.interfaces, "interface");
    check_unique(policy_.rules, "rule");
    check_unique(policy_.decryption_rules, "decryption rule");
    check_unique(policy_.decryption_profiles, "decryption profile");
    check_unique(policy_.management_profiles, "management profile");
  }

  void check_zones() {
    FirstLine owner;
    std::vector<std::string_view> known;
    for (const Interface& interface : policy_.interfaces) known.push_back(interface.name);
    for (const Zone& zone : policy_.zones) {
      for (const std::string& name : zone.interfaces) {
        if (!owner.emplace(name, zone.line).second)
          problems_.error(zone.line, fmt::format("zone '{}': interfaces: {} is in the zone of line "
                                                 "{} too; an interface has one zone",
                                                 zone.name, name, owner[name]));
        if (!known.empty() && std::ranges::find(known, name) == known.end())
          problems_.warning(zone.line, fmt::format("zone '{}': interfaces: none is named '{}'{}",
                                                   zone.name, name, likely(name, known)));
      }
      for (const std::string& network : zone.subnets)
        check_address(network, zone.line, fmt::format("zone '{}': subnets", zone.name));
    }
  }

  void check_address(const std::string& text, LineNumber line, const std::string& who) {
    if (const auto set = AddressSet::parse(text); !set)
      problems_.error(line, who + ": " + set.error().message);
  }

  void check_interfaces() {
    std::vector<std::string_view> profiles;
    for (const ManagementProfile& profile : policy_.management_profiles)
      profiles.push_back(profile.name);
    for (const Interface& interface : policy_.interfaces) {
      for (const std::string& address : interface.addresses)
        check_address(address, interface.line,
                      fmt::format("interface '{}': addresses", interface.name));
      if (!interface.management.empty() &&
          std::ranges::find(profiles, interface.management) == profiles.end())
        problems_.error(interface.line,
                        fmt::format("interface '{}': management: no profile is named '{}'{}; "
                                    "define it under host-services",
                                    interface.name, interface.management,
                                    likely(interface.management, profiles)));
    }
  }

  void check_management() {
    std::vector<std::string_view> known;
    for (const HostServiceInfo& row : kHostServices)
      if (known.empty() || known.back() != row.log_name) known.push_back(row.log_name);
    for (const ManagementProfile& profile : policy_.management_profiles) {
      const std::string who = fmt::format("management profile '{}'", profile.name);
      for (const std::string& service : profile.services)
        if (std::ranges::find(known, service) == known.end())
          problems_.error(
              profile.line,
              fmt::format("{}: services: no host service is named '{}'{}; they are {}", who,
                          service, likely(service, known), fmt::join(known, ", ")));
      for (const std::string& address : profile.permitted)
        check_address(address, profile.line, who + ": permitted");
    }
  }

  void check_decryption() {
    std::vector<std::string_view> known;
    for (const DecryptionProfile& profile : policy_.decryption_profiles) {
      known.push_back(profile.name);
      const bool reversed = profile.min_version != TlsVersion::Any &&
                            profile.max_version != TlsVersion::Any &&
                            profile.max_version < profile.min_version;
      if (reversed)
        problems_.error(profile.line,
                        fmt::format("decryption profile '{}': min-version {} is above max-version "
                                    "{}; swap them",
                                    profile.name, info(profile.min_version).log_name,
                                    info(profile.max_version).log_name));
    }
    for (const DecryptionRule& rule : policy_.decryption_rules)
      if (!rule.profile.empty() && std::ranges::find(known, rule.profile) == known.end())
        problems_.error(rule.line,
                        fmt::format("decryption rule '{}': profile: none is named "
                                    "'{}'{}; define it under decryption",
                                    rule.name, rule.profile, likely(rule.profile, known)));
  }

  void check_lists() {
    for (const ExternalList& list : policy_.external_lists) {
      for (const std::string& entry : list.entries)
        if ((list.type.empty() || list.type == "ip") && !AddressSet::parse(entry))
          problems_.warning(list.line,
                            fmt::format("external list '{}': '{}' is no address, network "
                                        "or range and matches nothing; mend it",
                                        list.name, entry));
      if (list.entries.empty())
        problems_.warning(list.line,
                          fmt::format("external list '{}': the firewall fetches it{}; here it has "
                                      "no entries and matches nothing; list them under `entries`",
                                      list.name, list.url.empty() ? "" : " from " + list.url));
    }
  }

  // Objects that no rule uses are wrong all the same. What a rule uses has been told.
  void check_unused() {
    Problems found;
    Names addresses, services;
    for (const auto& object : policy_.addresses) addresses.push_back(object.name);
    for (const auto& group : policy_.address_groups) addresses.push_back(group.name);
    for (const auto& object : policy_.services) services.push_back(object.name);
    for (const auto& group : policy_.service_groups) services.push_back(group.name);
    AddressResolver(policy_, found).resolve(addresses, 0, "addresses");
    ResolvedMatch match;
    ServiceResolver(policy_, found).resolve(services, 0, "services", match);
    std::unordered_set<LineNumber> told;
    for (const PolicyProblem& problem : problems_.list())
      if (problem.severity == Severity::Error) told.insert(problem.line);
    for (const PolicyProblem& problem : found.list())
      if (problem.severity == Severity::Error && problem.line != 0 &&
          told.insert(problem.line).second)
        problems_.error(problem.line, problem.message);
  }

  void check_order(const ResolvedPolicy& resolved) {
    const std::size_t written = policy_.rules.size();
    std::size_t pairs = 0;
    for (std::size_t later = 1; later < written && pairs < kMostPairs; ++later)
      for (std::size_t earlier = 0; earlier < later; ++earlier, ++pairs) {
        if (!covers(resolved.rules[earlier], resolved.rules[later])) continue;
        const SecurityRule& first = policy_.rules[earlier];
        const bool same = resolved.rules[earlier].action == resolved.rules[later].action;
        problems_.warning(
            policy_.rules[later].line,
            fmt::format("rule '{}': it is never reached: rule '{}' (line {}) takes all that it "
                        "would{}; {}",
                        policy_.rules[later].name, first.name, first.line,
                        same ? "" : ", with another action",
                        same ? "remove it" : "move it up or narrow the other"));
        break;
      }
    if (pairs >= kMostPairs)
      problems_.note(0, "so many rules: not all were searched for rules that are never reached");
  }

  const Policy& policy_;
  Problems problems_;
};

}  // namespace

std::vector<PolicyProblem> check_policy(const Policy& policy) {
  return Checker(policy).run();
}

std::string to_line(const PolicyProblem& problem, std::string_view source) {
  return fmt::format("{}:{}: {}: {}", source, problem.line, info(problem.severity).log_name,
                     problem.message);
}

}  // namespace endreason
