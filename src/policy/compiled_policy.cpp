// SPDX-License-Identifier: Apache-2.0
#include "policy/compiled_policy.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "policy/host_addresses.hpp"
#include "policy/rule_finder.hpp"
#include "policy/rule_fit.hpp"

namespace endreason {

struct CompiledPolicy::Parts {
  Parts(Policy written, ResolvedPolicy names)
      : policy(std::move(written)),
        resolved(std::move(names)),
        finder(resolved, resolved.rules),
        decryption_finder(resolved, resolved.decryption),
        host(policy) {
    for (const ResolvedRule& rule : resolved.rules) plain.push_back(is_plain(rule));
  }

  // Nothing is left to ask of a candidate, once the application is settled or does not matter.
  static bool is_plain(const ResolvedRule& rule) {
    const ResolvedMatch& match = rule.match;
    const bool by_port = match.any_service ||
                         (!match.application_default &&
                          std::ranges::all_of(match.services, [](const ResolvedService& service) {
                            return service.source_ports.empty();
                          }));
    return by_port && match.any_user && match.any_category;
  }

  Policy policy;
  ResolvedPolicy resolved;
  RuleFinder finder;
  RuleFinder decryption_finder;
  HostAddresses host;
  std::vector<bool> plain;
};

CompiledPolicy::CompiledPolicy(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
CompiledPolicy::CompiledPolicy(CompiledPolicy&&) noexcept = default;
CompiledPolicy& CompiledPolicy::operator=(CompiledPolicy&&) noexcept = default;
CompiledPolicy::~CompiledPolicy() = default;

Result<CompiledPolicy> CompiledPolicy::create(Policy policy, Problems* problems) {
  Problems own;
  Problems& all = problems == nullptr ? own : *problems;
  ResolvedPolicy resolved = resolve_policy(policy, all);
  const auto& list = all.list();
  const auto first = std::ranges::find(list, Severity::Error, &PolicyProblem::severity);
  if (first != list.end()) {
    const auto count = std::ranges::count(list, Severity::Error, &PolicyProblem::severity);
    return fail(
        Error::Code::Usage,
        fmt::format("{}:{}: {}{}", policy.source, first->line, first->message,
                    count == 1 ? std::string()
                               : fmt::format(" (and {} more; `endreason config check` lists "
                                             "them)",
                                             count - 1)));
  }
  return CompiledPolicy(std::make_unique<Parts>(std::move(policy), std::move(resolved)));
}

PolicyDecision CompiledPolicy::lookup(const PolicyQuery& query) const {
  const Parts& parts = *parts_;
  RuleChooser chooser(parts.resolved, query);
  // With the application settled the finder has asked everything of a plain rule.
  const bool settled = query.application != PolicyApp::NotYetKnown && !query.application_may_change;
  parts.finder.find(query, [&](std::uint32_t index) {
    if (settled && parts.plain[index]) return chooser.offer(index, Fit::Yes);
    return chooser.offer(index,
                         fit_of_content(parts.resolved, parts.resolved.rules[index], query).fit);
  });
  return chooser.decision();
}

std::optional<std::uint32_t> CompiledPolicy::decryption_rule(const PolicyQuery& query) const {
  std::optional<std::uint32_t> found;
  parts_->decryption_finder.find(query, [&](std::uint32_t index) {
    const RuleFit fit = fit_of_content(parts_->resolved, parts_->resolved.decryption[index], query);
    if (fit.fit != Fit::Yes) return false;
    found = index;
    return true;
  });
  return found;
}

HostAnswer CompiledPolicy::host_answer(const IpAddress& src, const IpAddress& dst,
                                       std::uint8_t protocol, std::uint16_t dport) const {
  return parts_->host.answer(src, dst, protocol, dport);
}

ZoneId CompiledPolicy::zone(std::string_view name) const {
  return parts_->resolved.zone(name);
}

PolicyApp CompiledPolicy::application(std::string_view name) const {
  return parts_->resolved.application(name);
}

UserId CompiledPolicy::user(std::string_view name) const {
  return parts_->resolved.user(name);
}

CategoryId CompiledPolicy::category(std::string_view name) const {
  return parts_->resolved.category(name);
}

std::string_view CompiledPolicy::zone_name(ZoneId zone) const {
  return parts_->resolved.zones.name(static_cast<std::uint32_t>(zone));
}

std::size_t CompiledPolicy::rule_count() const {
  return parts_->resolved.rules.size();
}

const SecurityRule& CompiledPolicy::rule(std::uint32_t index) const {
  return rule_at(parts_->policy, index);
}

const Policy& CompiledPolicy::policy() const {
  return parts_->policy;
}

const ResolvedPolicy& CompiledPolicy::resolved() const {
  return parts_->resolved;
}

}  // namespace endreason
