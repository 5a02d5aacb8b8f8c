// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_fit.hpp"

#include <algorithm>

namespace endreason {
namespace {

template <class T>
bool has(const std::vector<T>& sorted, T value) {
  return std::ranges::binary_search(sorted, value);
}

const ResolvedApp& app_of(const ResolvedPolicy& policy, PolicyApp app) {
  return policy.apps[static_cast<std::size_t>(app)];
}

bool zone_relation_fits(RuleType type, const PolicyQuery& query) {
  switch (type) {
    case RuleType::Intrazone:
      return same_zone(query);
    case RuleType::Interzone:
      return !same_zone(query);
    case RuleType::Universal:
      break;
  }
  return true;
}

bool user_fits(const ResolvedMatch& match, UserId user) {
  if (match.any_user) return true;
  if (user == UserId::NotKnown) return match.unknown_user;
  return match.known_user || has(match.users, user);
}

Fit application_fit(const ResolvedRule& rule, const PolicyQuery& query) {
  if (rule.any_application) return Fit::Yes;
  if (query.application == PolicyApp::NotYetKnown) return Fit::Pending;
  if (has(rule.applications, query.application)) return Fit::Yes;
  const bool carrier = query.application_may_change && rule.action == Action::Allow &&
                       has(rule.carriers, query.application);
  return carrier ? Fit::Temporary : Fit::No;
}

bool standard_for_any(const ResolvedPolicy& policy, const ResolvedRule& rule,
                      const PolicyQuery& query) {
  return std::ranges::any_of(rule.applications, [&](PolicyApp app) {
    const ResolvedApp& known = app_of(policy, app);
    return !known.ports_known || known.standard_port(query.protocol, query.dport);
  });
}

Fit default_service_fit(const ResolvedPolicy& policy, const ResolvedRule& rule,
                        const PolicyQuery& query, Fit application) {
  if (query.application == PolicyApp::NotYetKnown) {
    if (rule.any_application) return Fit::Pending;  // some application has this port, or none
    return standard_for_any(policy, rule, query) ? Fit::Pending : Fit::No;
  }
  const ResolvedApp& known = app_of(policy, query.application);
  if (!known.ports_known || known.standard_port(query.protocol, query.dport)) return Fit::Yes;
  return application == Fit::Temporary && standard_for_any(policy, rule, query) ? Fit::Yes
                                                                                : Fit::No;
}

Fit service_fit(const ResolvedPolicy& policy, const ResolvedRule& rule, const PolicyQuery& query,
                Fit application) {
  const ResolvedMatch& match = rule.match;
  if (match.any_service) return Fit::Yes;
  if (match.application_default) return default_service_fit(policy, rule, query, application);
  const bool takes = std::ranges::any_of(match.services, [&](const ResolvedService& service) {
    return service.takes(query.protocol, query.sport, query.dport);
  });
  return takes ? Fit::Yes : Fit::No;
}

Fit category_fit(const ResolvedMatch& match, const PolicyQuery& query) {
  if (match.any_category || has(match.categories, query.category)) return Fit::Yes;
  const bool may_come =
      query.category == CategoryId::NotKnown &&
      (query.application == PolicyApp::NotYetKnown || query.application_may_change);
  return may_come ? Fit::Pending : Fit::No;
}

}  // namespace

RuleFit fit_of_content(const ResolvedPolicy& policy, const ResolvedRule& rule,
                       const PolicyQuery& query) {
  if (!user_fits(rule.match, query.user)) return {Fit::No, Criterion::User};
  const Fit application = application_fit(rule, query);
  if (application == Fit::No) return {Fit::No, Criterion::Application};
  const Fit service = service_fit(policy, rule, query, application);
  if (service == Fit::No) return {Fit::No, Criterion::Service};
  const Fit category = category_fit(rule.match, query);
  if (category == Fit::No) return {Fit::No, Criterion::Category};
  if (application != Fit::Yes) return {application, Criterion::Application};
  if (service != Fit::Yes) return {service, Criterion::Service};
  return {category, category == Fit::Yes ? Criterion::None : Criterion::Category};
}

RuleFit fit_of(const ResolvedPolicy& policy, const ResolvedRule& rule, const PolicyQuery& query) {
  const ResolvedMatch& match = rule.match;
  if (rule.disabled) return {Fit::No, Criterion::Disabled};
  if (!match.any_from && !has(match.from, query.from)) return {Fit::No, Criterion::From};
  if (!match.any_to && !has(match.to, query.to)) return {Fit::No, Criterion::To};
  if (!zone_relation_fits(rule.type, query)) return {Fit::No, Criterion::ZoneRelation};
  if (!match.source.contains(query.src)) return {Fit::No, Criterion::Source};
  if (!match.destination.contains(query.dst)) return {Fit::No, Criterion::Destination};
  return fit_of_content(policy, rule, query);
}

bool RuleChooser::offer(std::uint32_t index, Fit fit) {
  if (fit == Fit::No) return false;
  const bool allows = policy_.rules[index].action == Action::Allow;
  if (fit == Fit::Yes) {
    chosen_ = index;
    return true;
  }
  if (!allows) {
    waiting_denial_ = true;
    return false;
  }
  if (!carried_by_) carried_by_ = index;
  if (known()) return false;  // what follows may name the carrier
  kept_ = true;
  chosen_ = index;
  return true;
}

PolicyDecision RuleChooser::decision() const {
  const ResolvedRule& chosen = policy_.rules[chosen_];
  PolicyDecision decision;
  decision.rule = chosen_;
  decision.action = chosen.action;
  if (!known()) {
    decision.depends_on_application = kept_ || (waiting_denial_ && chosen.action == Action::Allow);
    if (kept_) decision.action = Action::Allow;
  } else {
    const bool blocks = chosen.action != Action::Allow;
    const bool names_it = !chosen.any_application;
    if (carried_by_ && blocks && !names_it) {
      decision.rule = *carried_by_;
      decision.action = Action::Allow;
      decision.temporary = true;
    }
    decision.depends_on_application = query_.application_may_change;
    const Action own = app_of(policy_, query_.application).deny;
    if (decision.action == Action::Deny && own != Action::Deny) {
      decision.action = own;
      decision.source = ActionSource::FromApplication;
    }
  }
  const ResolvedRule& rule = policy_.rules[decision.rule];
  decision.ports_assumed =
      known() && rule.match.application_default && !app_of(policy_, query_.application).ports_known;
  decision.icmp_unreachable = rule.icmp_unreachable && decision.action != Action::Allow;
  decision.log_start = rule.log_start;
  decision.log_end = rule.log_end;
  return decision;
}

PolicyDecision linear_lookup(const ResolvedPolicy& policy, const PolicyQuery& query) {
  RuleChooser chooser(policy, query);
  for (std::uint32_t i = 0; i < policy.rules.size(); ++i)
    if (chooser.offer(i, fit_of(policy, policy.rules[i], query).fit)) break;
  return chooser.decision();
}

}  // namespace endreason
