// SPDX-License-Identifier: Apache-2.0
// CompiledPolicy: the rule base made ready for lookups. In: a Policy. Out: for a session the rule,
// the action and whether to ask again when its application is known. Constant once made: lookups
// allocate nothing, lock nothing and may run on any number of threads.
//
// Each criterion gives the set of rules that it lets through; the rules that all let through are
// looked at in order, until one decides (rule_fit.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/result.hpp"
#include "model/ip_address.hpp"
#include "policy/policy.hpp"
#include "policy/policy_query.hpp"
#include "policy/problem.hpp"

namespace endreason {

// What the firewall does with traffic to one of its own addresses.
enum class HostAnswer : std::uint8_t {
  NotOurs,      // the address is not the firewall's
  Enabled,      // a service that the interface's management profile has
  NotEnabled,   // none: stage "host service"
  NotPermitted  // enabled, but not for this source: the same
};

class CompiledPolicy {
 public:
  // Errors of the policy fail; the first is the message, and all are in `problems` when given.
  static Result<CompiledPolicy> create(Policy policy, Problems* problems = nullptr);
  CompiledPolicy(CompiledPolicy&&) noexcept;
  CompiledPolicy& operator=(CompiledPolicy&&) noexcept;
  ~CompiledPolicy();

  PolicyDecision lookup(const PolicyQuery& query) const;
  // The decryption rule that the session falls under, by its index.
  std::optional<std::uint32_t> decryption_rule(const PolicyQuery& query) const;
  HostAnswer host_answer(const IpAddress& src, const IpAddress& dst, std::uint8_t protocol,
                         std::uint16_t dport) const;

  // Numbers for queries. Look them up once where names come again and again.
  ZoneId zone(std::string_view name) const;
  PolicyApp application(std::string_view name) const;
  UserId user(std::string_view name) const;
  CategoryId category(std::string_view name) const;

  std::string_view zone_name(ZoneId zone) const;
  std::size_t rule_count() const;  // with the two default rules
  const SecurityRule& rule(std::uint32_t index) const;
  const Policy& policy() const;
  const ResolvedPolicy& resolved() const;  // for explanations and linear_lookup()

 private:
  struct Parts;
  explicit CompiledPolicy(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace endreason
