// SPDX-License-Identifier: Apache-2.0
#include "policy/rule_cover.hpp"

#include <algorithm>

namespace endreason {
namespace {

template <class T>
bool includes(const std::vector<T>& outer, const std::vector<T>& inner) {
  return std::ranges::includes(outer, inner);
}

bool type_covers(RuleType earlier, RuleType later) {
  return earlier == RuleType::Universal || earlier == later;
}

// Each service of the later lies within one of the earlier: enough for what people write.
bool services_cover(const ResolvedMatch& earlier, const ResolvedMatch& later) {
  if (earlier.any_service) return true;
  if (later.any_service) return false;
  if (earlier.application_default || later.application_default)
    return earlier.application_default && later.application_default;
  return std::ranges::all_of(later.services, [&](const ResolvedService& inner) {
    return std::ranges::any_of(earlier.services, [&](const ResolvedService& outer) {
      const bool sources =
          outer.source_ports.empty() ||
          (!inner.source_ports.empty() && outer.source_ports.covers(inner.source_ports));
      return outer.protocol == inner.protocol && sources && outer.ports.covers(inner.ports);
    });
  });
}

bool users_cover(const ResolvedMatch& earlier, const ResolvedMatch& later) {
  if (earlier.any_user) return true;
  if (later.any_user) return false;
  const bool known =
      earlier.known_user || (!later.known_user && includes(earlier.users, later.users));
  return known && (earlier.unknown_user || !later.unknown_user);
}

}  // namespace

bool covers(const ResolvedRule& earlier, const ResolvedRule& later) {
  const ResolvedMatch& a = earlier.match;
  const ResolvedMatch& b = later.match;
  if (earlier.disabled || later.disabled || !type_covers(earlier.type, later.type)) return false;
  if (!a.any_from && (b.any_from || !includes(a.from, b.from))) return false;
  if (!a.any_to && (b.any_to || !includes(a.to, b.to))) return false;
  if (!earlier.any_application &&
      (later.any_application || !includes(earlier.applications, later.applications)))
    return false;
  if (!a.any_category && (b.any_category || !includes(a.categories, b.categories))) return false;
  return services_cover(a, b) && users_cover(a, b) && a.source.covers(b.source) &&
         a.destination.covers(b.destination);
}

}  // namespace endreason
