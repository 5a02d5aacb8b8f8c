// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "config/panos_sections.hpp"

namespace endreason {
namespace {

// Settings of a rule that change nothing of its decision.
constexpr std::string_view kWithoutEffect[] = {"description", "tag", "group-tag", "audit-comment"};

Names members_or_any(const XmlNode& entry, std::string_view list) {
  Names names = entry.members(list);
  if (names.empty()) names.emplace_back(kAny);
  return names;
}

void read_match(const XmlNode& entry, RuleMatch& match) {
  match.from = members_or_any(entry, "from");
  match.to = members_or_any(entry, "to");
  match.source = members_or_any(entry, "source");
  match.destination = members_or_any(entry, "destination");
  match.source_user = members_or_any(entry, "source-user");
  match.service = members_or_any(entry, "service");
  match.category = members_or_any(entry, "category");
  match.negate_source = panos_yes(entry.text_at("negate-source"));
  match.negate_destination = panos_yes(entry.text_at("negate-destination"));
}

// Conditions that a session does not show here. A rule with one is read as if it had none, which
// is wider than what the firewall does, and said so.
void warn_of_conditions(const XmlNode& entry, const std::string& who, ImportedConfig& into) {
  for (const std::string_view list : {"hip-profiles", "source-hip", "destination-hip"}) {
    const Names names = members_or_any(entry, list);
    if (!is_any(names) && names[0] != "no-hip")
      into.problems.warning(
          entry.line, fmt::format("{}: {}: host information is not known here, so the rule is "
                                  "read as for every host",
                                  who, list));
  }
  if (const XmlNode* target = entry.find("target")) {
    const XmlNode* devices = target->find("devices");
    const bool some = devices != nullptr && !devices->children.empty();
    target->understood_wholly();
    if (some)
      into.problems.warning(entry.line, fmt::format("{}: target: it is for some devices alone, and "
                                                    "read as if this were one of them",
                                                    who));
  }
  if (const std::string_view schedule = entry.text_at("schedule"); !schedule.empty())
    into.problems.warning(entry.line, fmt::format("{}: schedule: '{}' is not followed, the rule is "
                                                  "read as one that is always on",
                                                  who, schedule));
}

void read_profiles(const XmlNode& entry, SecurityRule& rule) {
  const XmlNode* setting = entry.find("profile-setting");
  if (setting == nullptr) return;
  for (const std::string& group : setting->members("group"))
    rule.profiles.emplace_back("group", group);
  const XmlNode* profiles = setting->find("profiles");
  if (profiles == nullptr) return;
  for (const XmlNode& profile : profiles->children) {
    profile.understood();
    for (const XmlNode* member : profile.all("member"))
      rule.profiles.emplace_back(profile.tag, member->text);
  }
}

// The action of a rule: text, or before PAN-OS 7 and in default rules too.
void read_action(const XmlNode& entry, const std::string& who, SecurityRule& rule,
                 ImportedConfig& into) {
  const std::string_view text = entry.text_at("action");
  const bool icmp = panos_yes(entry.text_at("icmp-unreachable"));
  if (icmp) rule.icmp_unreachable = true;
  if (text.empty()) return;
  const Action action = action_from(text);
  if (action == Action::Unrecognized) {
    into.problems.error(entry.line, fmt::format("{}: action: expected allow, deny, drop, "
                                                "reset-client, reset-server or reset-both, found "
                                                "'{}'",
                                                who, text));
    return;
  }
  rule.action = action == Action::DropIcmp ? Action::Drop : action;
  rule.icmp_unreachable = rule.icmp_unreachable || action == Action::DropIcmp;
}

void read_logging(const XmlNode& entry, SecurityRule& rule) {
  if (const std::string_view start = entry.text_at("log-start"); !start.empty())
    rule.log_start = panos_yes(start);
  if (const std::string_view end = entry.text_at("log-end"); !end.empty())
    rule.log_end = panos_yes(end);
  rule.log_setting = entry.text_at("log-setting");
}

void skip_without_effect(const XmlNode& entry) {
  for (const std::string_view setting : kWithoutEffect)
    if (const XmlNode* node = entry.find(setting)) node->understood_wholly();
}

void read_security_rule(const XmlNode& entry, const std::string& place, ImportedConfig& into) {
  SecurityRule rule;
  rule.name = entry.name;
  rule.uuid = entry.uuid;
  rule.line = entry.line;
  rule.place = place;
  const std::string who = fmt::format("rule '{}'", rule.name);
  read_match(entry, rule.match);
  rule.application = members_or_any(entry, "application");
  read_action(entry, who, rule, into);
  read_logging(entry, rule);
  read_profiles(entry, rule);
  rule.disabled = panos_yes(entry.text_at("disabled"));
  for (const RuleTypeInfo& row : kRuleTypes)
    if (entry.text_at("rule-type") == row.log_name) rule.type = row.value;
  rule.description = entry.text_at("description");
  rule.tags = entry.members("tag");
  warn_of_conditions(entry, who, into);
  skip_without_effect(entry);
  into.policy.rules.push_back(std::move(rule));
}

void read_decryption_rule(const XmlNode& entry, const std::string& place, ImportedConfig& into) {
  DecryptionRule rule;
  rule.name = entry.name;
  rule.line = entry.line;
  rule.place = place;
  const std::string who = fmt::format("decryption rule '{}'", rule.name);
  read_match(entry, rule.match);
  const std::string_view action = entry.text_at("action");
  rule.decrypt = action != "no-decrypt";
  if (const XmlNode* type = entry.find("type"))
    for (const DecryptTypeInfo& row : kDecryptTypes)
      if (const XmlNode* found = type->find(row.log_name)) {
        rule.type = row.value;
        found->understood_wholly();  // of inbound inspection: the certificate's name
      }
  rule.profile = entry.text_at("profile");
  rule.disabled = panos_yes(entry.text_at("disabled"));
  warn_of_conditions(entry, who, into);
  skip_without_effect(entry);
  for (const std::string_view setting : {"log-success", "log-fail", "log-setting"})
    entry.find(setting);
  into.policy.decryption_rules.push_back(std::move(rule));
}

}  // namespace

void read_panos_rules(const XmlNode& rulebase, const std::string& place, ImportedConfig& into) {
  if (const XmlNode* rules = rulebase.at("security/rules"))
    for (const XmlNode* entry : rules->all("entry")) read_security_rule(*entry, place, into);
  if (const XmlNode* rules = rulebase.at("decryption/rules"))
    for (const XmlNode* entry : rules->all("entry")) read_decryption_rule(*entry, place, into);
}

void read_panos_default_rules(const XmlNode& rulebase, ImportedConfig& into) {
  const XmlNode* rules = rulebase.at("default-security-rules/rules");
  if (rules == nullptr) return;
  for (SecurityRule* rule : {&into.policy.intrazone_default, &into.policy.interzone_default}) {
    const XmlNode* entry = rules->entry(rule->name);
    if (entry == nullptr) continue;
    rule->line = entry->line;
    read_action(*entry, fmt::format("rule '{}'", rule->name), *rule, into);
    read_logging(*entry, *rule);
    read_profiles(*entry, *rule);
    skip_without_effect(*entry);
  }
}

}  // namespace endreason
