// SPDX-License-Identifier: Apache-2.0
#include "policy/resolved_policy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "policy/address_resolver.hpp"
#include "policy/service_resolver.hpp"

namespace endreason {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

class Resolver {
 public:
  Resolver(const Policy& policy, Problems& problems)
      : policy_(policy),
        problems_(problems),
        addresses_(policy, problems),
        services_(policy, problems) {
    for (const Zone& zone : policy.zones) {
      out_.zones.add(zone.name);
      zone_names_.push_back(zone.name);
    }
    out_.zones.add("multicast");  // the vendor's own zone of destinations, in every policy
  }

  ResolvedPolicy run() {
    ApplicationResolver applications(policy_, out_, problems_);
    for (std::size_t i = 0; i < policy_.rules.size() + 2; ++i) {
      const SecurityRule& rule = rule_at(policy_, i);
      const std::string who = fmt::format("rule '{}'", rule.name);
      ResolvedRule& resolved = out_.rules.emplace_back();
      resolve_match(rule.match, rule.line, who, resolved.match);
      applications.resolve(rule.application, rule.line, who, resolved);
      resolved.type = rule.type;
      resolved.disabled = rule.disabled;
      resolved.action = action_of(rule);
      resolved.icmp_unreachable = rule.icmp_unreachable;
      resolved.log_start = rule.log_start;
      resolved.log_end = rule.log_end;
    }
    for (const DecryptionRule& rule : policy_.decryption_rules) {
      ResolvedRule& resolved = out_.decryption.emplace_back();
      resolve_match(rule.match, rule.line, fmt::format("decryption rule '{}'", rule.name),
                    resolved.match);
      resolved.any_application = true;
      resolved.disabled = rule.disabled;
    }
    return std::move(out_);
  }

 private:
  void resolve_match(const RuleMatch& match, LineNumber line, const std::string& who,
                     ResolvedMatch& into) {
    into.any_from = is_any(match.from);
    into.any_to = is_any(match.to);
    if (!into.any_from) resolve_zones(match.from, line, who + ": from", into.from);
    if (!into.any_to) resolve_zones(match.to, line, who + ": to", into.to);
    into.source = addresses_.resolve(match.source, line, who + ": source");
    into.destination = addresses_.resolve(match.destination, line, who + ": destination");
    if (match.negate_source) into.source = into.source.complement();
    if (match.negate_destination) into.destination = into.destination.complement();
    services_.resolve(match.service, line, who + ": service", into);
    resolve_users(match.source_user, into);
    into.any_category = is_any(match.category);
    if (!into.any_category)
      for (const std::string& name : match.category)
        into.categories.push_back(CategoryId{out_.categories.add(name)});
    std::ranges::sort(into.categories);
  }

  void resolve_zones(const Names& names, LineNumber line, const std::string& who,
                     std::vector<ZoneId>& into) {
    for (const std::string& name : names) {
      const ZoneId zone = out_.zone(name);
      if (zone == ZoneId::Unknown) {
        const auto near = nearest_names(name, zone_names_, 1);
        problems_.error(
            line, fmt::format("{}: no zone is named '{}'{}; define it under zones", who, name,
                              near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
        continue;
      }
      into.push_back(zone);
    }
    std::ranges::sort(into);
  }

  void resolve_users(const Names& names, ResolvedMatch& into) {
    into.any_user = is_any(names);
    if (into.any_user) return;
    for (const std::string& name : names) {
      if (name == "known-user")
        into.known_user = true;
      else if (name == "unknown")
        into.unknown_user = true;
      else
        into.users.push_back(UserId{out_.users.add(lower(name))});
    }
    std::ranges::sort(into.users);
  }

  const Policy& policy_;
  Problems& problems_;
  ResolvedPolicy out_;
  AddressResolver addresses_;
  ServiceResolver services_;
  std::vector<std::string_view> zone_names_;
};

}  // namespace

std::uint32_t NameNumbers::add(std::string_view name) {
  if (const std::uint32_t known = find(name)) return known;
  const std::uint32_t number = end();
  names_.emplace_back(name);
  numbers_.emplace(std::string(name), number);
  return number;
}

UserId ResolvedPolicy::user(std::string_view name) const {
  if (name.empty()) return UserId::NotKnown;
  const std::uint32_t number = users.find(lower(name));
  return number == 0 ? UserId::NotNamed : UserId{number};
}

CategoryId ResolvedPolicy::category(std::string_view name) const {
  if (name.empty() || name == kAny) return CategoryId::NotKnown;
  const std::uint32_t number = categories.find(name);
  return number == 0 ? CategoryId::NotNamed : CategoryId{number};
}

ResolvedPolicy resolve_policy(const Policy& policy, Problems& problems) {
  return Resolver(policy, problems).run();
}

const SecurityRule& rule_at(const Policy& policy, std::size_t index) {
  if (index < policy.rules.size()) return policy.rules[index];
  return index == policy.rules.size() ? policy.intrazone_default : policy.interzone_default;
}

}  // namespace endreason
