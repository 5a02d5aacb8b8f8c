// SPDX-License-Identifier: Apache-2.0
// ResolvedPolicy: a Policy whose names have become sets: addresses, ports, numbers of zones and
// applications. Groups are opened, negation is applied, the two default rules stand last. What
// could not be resolved is a problem; the set is then what could be.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/vocabulary.hpp"
#include "policy/address_set.hpp"
#include "policy/policy.hpp"
#include "policy/port_set.hpp"
#include "policy/problem.hpp"

namespace endreason {

// Numbers that a policy gives to names. 0 is a name that the policy does not have; of an
// application it is one that is not known yet.
enum class ZoneId : std::uint16_t { Unknown = 0 };
enum class UserId : std::uint32_t { NotKnown = 0, NotNamed = 1 };  // nobody; somebody else
enum class CategoryId : std::uint32_t { NotKnown = 0, NotNamed = 1 };
enum class PolicyApp : std::uint32_t {
  NotYetKnown = 0,  // "any" of the first lookup
  Unnamed = 1,      // an application that neither the policy nor our table has
  First = 2
};

// Names in the order of their first mention.
class NameNumbers {
 public:
  explicit NameNumbers(std::uint32_t first) : first_(first) {}
  std::uint32_t add(std::string_view name);
  // 0 when the name is not there.
  std::uint32_t find(std::string_view name) const {
    const auto at = numbers_.find(name);
    return at == numbers_.end() ? 0 : at->second;
  }
  // Empty for numbers that were not given out here.
  std::string_view name(std::uint32_t number) const {
    return number < first_ || number - first_ >= names_.size() ? std::string_view()
                                                               : names_[number - first_];
  }
  std::uint32_t end() const { return first_ + static_cast<std::uint32_t>(names_.size()); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return std::hash<std::string_view>()(name);
    }
  };
  std::uint32_t first_;
  std::vector<std::string> names_;
  std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>> numbers_;
};

struct ResolvedService {
  std::uint8_t protocol{};
  PortSet ports;
  PortSet source_ports;  // empty: any
  bool takes(std::uint8_t p, std::uint16_t sport, std::uint16_t dport) const {
    return p == protocol && ports.contains(dport) &&
           (source_ports.empty() || source_ports.contains(sport));
  }
};

struct ResolvedApp {
  bool ports_known{};
  bool ports_certain{};  // not only by a rule of thumb
  std::vector<ResolvedService> ports;
  Action deny{Action::Deny};       // what a rule's deny comes to; Deny: nothing of its own
  std::vector<PolicyApp> implies;  // sorted
  bool standard_port(std::uint8_t protocol, std::uint16_t dport) const {
    for (const ResolvedService& service : ports)
      if (service.takes(protocol, 0, dport)) return true;
    return false;
  }
};

struct ResolvedMatch {
  bool any_from{}, any_to{}, any_user{}, any_category{};
  bool any_service{}, application_default{};
  std::vector<ZoneId> from, to;  // sorted
  AddressSet source, destination;
  std::vector<ResolvedService> services;
  std::vector<UserId> users;           // sorted
  std::vector<CategoryId> categories;  // sorted
  bool known_user{}, unknown_user{};   // the words known-user and unknown
};

struct ResolvedRule {
  ResolvedMatch match;
  RuleType type{};
  bool disabled{};
  bool any_application{};
  std::vector<PolicyApp> applications;  // sorted
  std::vector<PolicyApp> carriers;      // sorted: what they imply and the rule does not name
  Action action{Action::Allow};         // as the log has it
  bool icmp_unreachable{}, log_start{}, log_end{};
};

struct ResolvedPolicy {
  NameNumbers zones{1}, users{2}, categories{2}, applications{2};
  std::vector<ResolvedApp> apps;         // by PolicyApp
  std::vector<ResolvedRule> rules;       // the default rules are the last two
  std::vector<ResolvedRule> decryption;  // action and applications mean nothing here

  // As a log or the identification spells it; placeholders such as incomplete are NotYetKnown.
  PolicyApp application(std::string_view name) const;
  ZoneId zone(std::string_view name) const { return static_cast<ZoneId>(zones.find(name)); }
  UserId user(std::string_view name) const;
  CategoryId category(std::string_view name) const;
};

ResolvedPolicy resolve_policy(const Policy& policy, Problems& problems);

// The rule as it stands in the policy: the default rules follow the others.
const SecurityRule& rule_at(const Policy& policy, std::size_t index);

}  // namespace endreason
