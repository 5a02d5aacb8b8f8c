// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_finder.hpp"

namespace endreason {
namespace {

// Words that the sets of all pairs of zones may have, before they are asked one by one: 32 MiB.
constexpr std::size_t kMostPairWords = 4'194'304;

}  // namespace

RuleFinder::ZoneRules RuleFinder::zone_rules(const ResolvedPolicy& policy,
                                             const std::vector<ResolvedRule>& rules, End end) {
  ZoneRules out{RuleSets(rules.size()), {}};
  std::vector<RuleBits> by_zone(policy.zones.end(), out.sets.no_rules());
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const ResolvedMatch& match = rules[i].match;
    if (rules[i].disabled) continue;
    if (end == End::From ? match.any_from : match.any_to) {
      out.sets.set_any(i);
      continue;
    }
    for (const ZoneId zone : end == End::From ? match.from : match.to)
      set_bit(by_zone[static_cast<std::size_t>(zone)], i);
  }
  for (const RuleBits& bits : by_zone) out.by_zone.push_back(out.sets.add(bits));
  out.sets.finish();
  return out;
}

RuleFinder::ZonePairRules RuleFinder::pair_rules(const ResolvedPolicy& policy,
                                                 const std::vector<ResolvedRule>& rules,
                                                 const ZoneRules& from, const ZoneRules& to) {
  ZonePairRules out{RuleSets(rules.size()), policy.zones.end(), {}};
  if (out.zones * out.zones * out.sets.words() > kMostPairWords) return out;
  RuleBits not_any(out.sets.words(), ~RuleWord{0});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].disabled || !rules[i].match.any_from || !rules[i].match.any_to) continue;
    out.sets.set_any(i);
    flip_bit(not_any, i);
  }
  RuleBits both = out.sets.no_rules();
  for (std::size_t f = 0; f < out.zones; ++f)
    for (std::size_t t = 0; t < out.zones; ++t) {
      const RuleSetView left = from.view(ZoneId(f));
      const RuleSetView right = to.view(ZoneId(t));
      for (std::size_t w = 0; w < both.size(); ++w)
        both[w] = left.word(w) & right.word(w) & not_any[w];
      out.by_pair.push_back(out.sets.add(both));
    }
  out.sets.finish();
  return out;
}

RuleFinder::ApplicationRules RuleFinder::application_rules(const ResolvedPolicy& policy,
                                                           const std::vector<ResolvedRule>& rules) {
  ApplicationRules out{RuleSets(rules.size()), 0, {}, {}};
  std::vector<RuleBits> named(policy.apps.size()), carried(policy.apps.size());
  RuleBits every = out.sets.no_rules();
  const auto note = [&](std::vector<RuleBits>& by_app, PolicyApp app, std::size_t rule) {
    RuleBits& bits = by_app[static_cast<std::size_t>(app)];
    if (bits.empty()) bits = out.sets.no_rules();
    set_bit(bits, rule);
  };
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].disabled) continue;
    if (rules[i].any_application) {
      out.sets.set_any(i);
      continue;
    }
    set_bit(every, i);
    for (const PolicyApp app : rules[i].applications) {
      note(named, app, i);
      note(carried, app, i);
    }
    for (const PolicyApp app : rules[i].carriers) note(carried, app, i);
  }
  const RuleBits none = out.sets.no_rules();
  for (const RuleBits& bits : named) out.by_app.push_back(out.sets.add(bits.empty() ? none : bits));
  for (const RuleBits& bits : carried)
    out.by_carrier.push_back(out.sets.add(bits.empty() ? none : bits));
  out.every_rule = out.sets.add(every);
  out.sets.finish();
  return out;
}

RuleFinder::RuleFinder(const ResolvedPolicy& policy, const std::vector<ResolvedRule>& rules)
    : from_(zone_rules(policy, rules, End::From)),
      to_(zone_rules(policy, rules, End::To)),
      pairs_(pair_rules(policy, rules, from_, to_)),
      source_(rules, AddressRules::Side::Source),
      destination_(rules, AddressRules::Side::Destination),
      service_(policy, rules),
      application_(application_rules(policy, rules)),
      not_interzone_(from_.sets.no_rules()),
      not_intrazone_(from_.sets.no_rules()) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    if (rules[i].type != RuleType::Interzone) set_bit(not_interzone_, i);
    if (rules[i].type != RuleType::Intrazone) set_bit(not_intrazone_, i);
  }
}

}  // namespace endreason
