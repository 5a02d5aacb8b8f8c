// SPDX-License-Identifier: Apache-2.0
#include "policy/lookup_explanation.hpp"

#include <fmt/format.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

// A long list by its first members.
std::string listed(const Names& names) {
  constexpr std::size_t kShown = 4;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < kShown; ++i)
    out += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kShown) out += fmt::format(" and {} more", names.size() - kShown);
  return out;
}

class Explainer {
 public:
  Explainer(const Policy& policy, const ResolvedPolicy& resolved, const PolicyQuery& query,
            std::string_view application)
      : policy_(policy), resolved_(resolved), query_(query), application_(application) {}

  LookupExplanation run() {
    LookupExplanation out;
    std::vector<RuleStep> steps;
    RuleChooser chooser(resolved_, query_);
    for (std::uint32_t i = 0; i < resolved_.rules.size(); ++i) {
      const RuleFit fit = fit_of(resolved_, resolved_.rules[i], query_);
      steps.push_back({i, fit.fit, fit.misfit, {}});
      if (chooser.offer(i, fit.fit)) break;
    }
    out.decision = chooser.decision();
    for (RuleStep& step : steps) {
      if (step.rule >= out.decision.rule) break;
      step.why = why(step);
      out.earlier.push_back(std::move(step));
    }
    add_notes(out);
    return out;
  }

 private:
  std::string port_text() const {
    const std::string_view name = protocol_name(query_.protocol);
    const std::string protocol =
        name.empty() ? fmt::format("protocol {}", query_.protocol) : std::string(name);
    const bool ports = query_.protocol == kProtoTcp || query_.protocol == kProtoUdp ||
                       query_.protocol == kProtoSctp;
    return ports ? fmt::format("{}/{}", protocol, query_.dport) : protocol;
  }

  std::string zone_text(ZoneId zone) const {
    const std::string_view name = resolved_.zones.name(static_cast<std::uint32_t>(zone));
    return name.empty() ? "unknown to this policy" : std::string(name);
  }

  std::string address_why(std::string_view word, const IpAddress& address, const Names& names,
                          bool negated) const {
    return fmt::format("the {} {} is {} {}", word, to_string(address),
                       negated ? "in the negated" : "not in", listed(names));
  }

  std::string waiting(const SecurityRule& rule) const {
    if (is_any(rule.application))
      return "it waits for the application, whose standard port this is";
    return fmt::format("it waits for the application: it is for {}", listed(rule.application));
  }

  std::string service_why(const SecurityRule& rule) const {
    const bool by_application = resolved_.rules[step_rule_].match.application_default;
    if (!by_application)
      return fmt::format("{} is not in the service {}", port_text(), listed(rule.match.service));
    return query_.application == PolicyApp::NotYetKnown
               ? fmt::format("{} is a standard port of none of {}", port_text(),
                             listed(rule.application))
               : fmt::format("{} is no standard port of {} (application-default)", port_text(),
                             application_);
  }

  std::string why(const RuleStep& step) {
    const SecurityRule& rule = rule_at(policy_, step.rule);
    step_rule_ = step.rule;
    if (step.fit == Fit::Temporary)
      return fmt::format("{} is a carrier of what it allows ({})", application_,
                         listed(rule.application));
    if (step.fit == Fit::Pending && step.misfit == Criterion::Category)
      return fmt::format("it waits for the URL category: it is for {}",
                         listed(rule.match.category));
    if (step.fit == Fit::Pending) return waiting(rule);
    switch (step.misfit) {
      case Criterion::Disabled:
        return "it is disabled";
      case Criterion::From:
        return fmt::format("the zone it comes from, {}, is not in {}", zone_text(query_.from),
                           listed(rule.match.from));
      case Criterion::To:
        return fmt::format("the zone it goes to, {}, is not in {}", zone_text(query_.to),
                           listed(rule.match.to));
      case Criterion::ZoneRelation:
        return fmt::format("it is {}, and the zones are {}", info(rule.type).log_name,
                           same_zone(query_) ? "the same" : "not the same");
      case Criterion::Source:
        return address_why("source", query_.src, rule.match.source, rule.match.negate_source);
      case Criterion::Destination:
        return address_why("destination", query_.dst, rule.match.destination,
                           rule.match.negate_destination);
      case Criterion::User:
        return query_.user == UserId::NotKnown
                   ? fmt::format("it is for {}, and the user is not known",
                                 listed(rule.match.source_user))
                   : fmt::format("the user is not one of {}", listed(rule.match.source_user));
      case Criterion::Application:
        return fmt::format("the application {} is not in {}", application_,
                           listed(rule.application));
      case Criterion::Service:
        return service_why(rule);
      case Criterion::Category:
        return query_.category == CategoryId::NotKnown
                   ? fmt::format("it is for the URL category {}, and none is known",
                                 listed(rule.match.category))
                   : fmt::format("the URL category is not {}", listed(rule.match.category));
      case Criterion::None:
        break;
    }
    return "it fits, and a later rule decides";
  }

  void add_notes(LookupExplanation& out) const {
    const PolicyDecision& decision = out.decision;
    const bool known = query_.application != PolicyApp::NotYetKnown;
    if (decision.depends_on_application && !known)
      out.notes.emplace_back(
          "the session is kept until its application is known, and looked up "
          "again then");
    if (decision.temporary)
      out.notes.push_back(
          fmt::format("{} passes only until the application inside it is known", application_));
    if (decision.ports_assumed)
      out.notes.push_back(
          fmt::format("the standard ports of {} are not known here, so this one "
                      "passed for one of them; give them under applications",
                      application_));
    if (decision.source == ActionSource::FromApplication)
      out.notes.push_back(fmt::format("the rule says deny; {} is what that comes to for {}",
                                      info(decision.action).log_name, application_));
  }

  const Policy& policy_;
  const ResolvedPolicy& resolved_;
  const PolicyQuery& query_;
  std::string_view application_;
  std::uint32_t step_rule_ = 0;
};

}  // namespace

LookupExplanation explain_lookup(const Policy& policy, const ResolvedPolicy& resolved,
                                 const PolicyQuery& query, std::string_view application_name) {
  return Explainer(policy, resolved, query, application_name).run();
}

}  // namespace endreason
