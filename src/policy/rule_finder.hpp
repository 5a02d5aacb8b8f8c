// SPDX-License-Identifier: Apache-2.0
// RuleFinder: the rules that zones, addresses, port and application of a query let through, in
// order. What is left to ask of each is fit_of_content(). Constant once made.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "policy/address_rules.hpp"
#include "policy/policy_query.hpp"
#include "policy/rule_fit.hpp"
#include "policy/rule_sets.hpp"

namespace endreason {

class RuleFinder {
 public:
  RuleFinder(const ResolvedPolicy& policy, const std::vector<ResolvedRule>& rules);

  // Calls take(index) for each candidate in order, until it answers true.
  template <class Take>
  void find(const PolicyQuery& query, Take take) const {
    std::array<RuleSetView, 6> list;
    const std::span<const RuleSetView> views(list.data(), views_of(query, list));
    const RuleBits& related = same_zone(query) ? not_interzone_ : not_intrazone_;
    for (std::size_t i = 0; i < from_.sets.summary_words(); ++i) {
      RuleWord words = ~RuleWord{0};
      for (const RuleSetView& view : views) words &= view.summary(i);
      for (; words != 0; words &= words - 1) {
        const std::size_t w = i * 64 + static_cast<std::size_t>(std::countr_zero(words));
        RuleWord rules = related[w];
        for (std::size_t v = 0; v < views.size() && rules != 0; ++v) rules &= views[v].word(w);
        for (; rules != 0; rules &= rules - 1)
          if (take(static_cast<std::uint32_t>(w * kRulesAWord) +
                   static_cast<std::uint32_t>(std::countr_zero(rules))))
            return;
      }
    }
  }

 private:
  struct ZoneRules {
    RuleSets sets;
    std::vector<std::uint32_t> by_zone;
    RuleSetView view(ZoneId zone) const {
      return sets.view(by_zone[static_cast<std::size_t>(zone)]);
    }
  };
  struct ApplicationRules {
    RuleSets sets;
    std::uint32_t every_rule{};             // while no application is known
    std::vector<std::uint32_t> by_app;      // rules that name it
    std::vector<std::uint32_t> by_carrier;  // and those that imply it
  };
  // Few rules are for one pair of zones, so its set is asked first, and one is cheaper than two.
  // Where the pairs would be too many, the zones are asked one by one.
  struct ZonePairRules {
    RuleSets sets;
    std::size_t zones{};
    std::vector<std::uint32_t> by_pair;  // empty: too many
  };

  std::size_t views_of(const PolicyQuery& query, std::array<RuleSetView, 6>& views) const {
    std::size_t n = 0;
    if (pairs_.by_pair.empty()) {
      views[n++] = from_.view(query.from);
      views[n++] = to_.view(query.to);
    } else {
      const std::size_t pair =
          static_cast<std::size_t>(query.from) * pairs_.zones + static_cast<std::size_t>(query.to);
      views[n++] = pairs_.sets.view(pairs_.by_pair[pair]);
    }
    views[n++] = destination_.find(query.dst);
    views[n++] = source_.find(query.src);
    views[n++] = service_.find(query.protocol, query.dport);
    views[n++] = application_view(query);
    return n;
  }
  RuleSetView application_view(const PolicyQuery& query) const {
    const auto app = static_cast<std::size_t>(query.application);
    if (query.application == PolicyApp::NotYetKnown)
      return application_.sets.view(application_.every_rule);
    return application_.sets.view(query.application_may_change ? application_.by_carrier[app]
                                                               : application_.by_app[app]);
  }
  enum class End : std::uint8_t { From, To };
  static ZoneRules zone_rules(const ResolvedPolicy& policy, const std::vector<ResolvedRule>& rules,
                              End end);
  static ZonePairRules pair_rules(const ResolvedPolicy& policy,
                                  const std::vector<ResolvedRule>& rules, const ZoneRules& from,
                                  const ZoneRules& to);
  static ApplicationRules application_rules(const ResolvedPolicy& policy,
                                            const std::vector<ResolvedRule>& rules);

  ZoneRules from_, to_;
  ZonePairRules pairs_;
  AddressRules source_, destination_;
  PortRules service_;
  ApplicationRules application_;
  RuleBits not_interzone_, not_intrazone_;
};

}  // namespace endreason
