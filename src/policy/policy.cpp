// SPDX-License-Identifier: Apache-2.0
#include "policy/policy.hpp"

namespace endreason {

SecurityRule default_rule(RuleType type) {
  SecurityRule rule;
  const bool intrazone = type == RuleType::Intrazone;
  rule.name = intrazone ? kIntrazoneDefault : kInterzoneDefault;
  rule.type = intrazone ? RuleType::Intrazone : RuleType::Interzone;
  rule.action = intrazone ? Action::Allow : Action::Deny;
  rule.log_end = false;
  return rule;
}

}  // namespace endreason
