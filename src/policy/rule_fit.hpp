// SPDX-License-Identifier: Apache-2.0
// Whether a rule fits a query, criterion by criterion, and which of the fitting rules decides. The
// meaning of a lookup stands here alone: the compiled lookup only finds candidates faster.
// Allocates nothing; any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/enum_table.hpp"
#include "policy/policy_query.hpp"
#include "policy/resolved_policy.hpp"

namespace endreason {

// In the order in which they are asked.
enum class Criterion : std::uint8_t {
  Disabled,
  From,
  To,
  ZoneRelation,
  Source,
  Destination,
  User,
  Application,
  Service,
  Category,
  None
};
struct CriterionInfo {
  Criterion value;
  std::string_view log_name;  // the setting's name
};
inline constexpr auto kCriteria = std::to_array<CriterionInfo>({
    {Criterion::Disabled, "disabled"},
    {Criterion::From, "from"},
    {Criterion::To, "to"},
    {Criterion::ZoneRelation, "rule-type"},
    {Criterion::Source, "source"},
    {Criterion::Destination, "destination"},
    {Criterion::User, "source-user"},
    {Criterion::Application, "application"},
    {Criterion::Service, "service"},
    {Criterion::Category, "category"},
    {Criterion::None, ""},
});
static_assert(rows_in_enum_order(kCriteria) && log_names_unique(kCriteria));
constexpr const CriterionInfo& info(Criterion v) {
  return kCriteria[static_cast<std::size_t>(v)];
}

enum class Fit : std::uint8_t {
  No,
  Yes,
  Pending,    // everything fits but what is not known yet: the application, the URL category
  Temporary,  // the application is a carrier of one that the rule names
};
struct RuleFit {
  Fit fit{Fit::No};
  Criterion misfit{Criterion::None};  // the first that does not fit
};

// The whole rule.
RuleFit fit_of(const ResolvedPolicy& policy, const ResolvedRule& rule, const PolicyQuery& query);
// User, application, service and category alone.
RuleFit fit_of_content(const ResolvedPolicy& policy, const ResolvedRule& rule,
                       const PolicyQuery& query);

// Zones are the same when both are known and equal.
inline bool same_zone(const PolicyQuery& query) {
  return query.from == query.to && query.from != ZoneId::Unknown;
}

// Takes the rules that fit, in order, and tells when the decision stands.
//
// First lookup (application not yet known): the first rule that fits wholly decides, unless a rule
// before it allows and waits only for the application: then the session is kept. A rule that waits
// and denies keeps nothing by itself.
// Later lookups: the first rule that fits wholly decides. A carrier that it would block passes for
// the time being when a rule before it allows an application inside that carrier, and the blocking
// rule does not name the carrier.
class RuleChooser {
 public:
  RuleChooser(const ResolvedPolicy& policy, const PolicyQuery& query)
      : policy_(policy), query_(query) {}
  // True: the decision stands, no further rule matters.
  bool offer(std::uint32_t index, Fit fit);
  PolicyDecision decision() const;

 private:
  bool known() const { return query_.application != PolicyApp::NotYetKnown; }
  const ResolvedPolicy& policy_;
  const PolicyQuery& query_;
  std::uint32_t chosen_ = 0;
  std::optional<std::uint32_t> carried_by_;  // the first allowing rule that waits
  bool waiting_denial_ = false;
  bool kept_ = false;
};

// Every rule in turn, as the meaning of CompiledPolicy::lookup(). Slow.
PolicyDecision linear_lookup(const ResolvedPolicy& policy, const PolicyQuery& query);

}  // namespace endreason
