// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "config/policy_sections.hpp"
#include "config/setting_fields.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

template <class Rule, Names RuleMatch::*kList>
Done read_list(const SettingNode& node, Rule& rule) {
  return read_texts(node, rule.match.*kList);
}
template <class Rule, bool RuleMatch::*kFlag>
Done read_match_flag(const SettingNode& node, Rule& rule) {
  return read_flag(node, rule.match.*kFlag);
}

constexpr std::array<std::string_view, 7> kRuleActions{
    "allow", "deny", "drop", "drop-icmp", "reset-client", "reset-server", "reset-both"};

Done read_action(const SettingNode& node, SecurityRule& rule) {
  const auto word = node.one_of(kRuleActions);
  if (!word) return tl::unexpected(word.error());
  rule.action = action_from(kRuleActions[*word]);
  if (rule.action == Action::DropIcmp) {
    rule.action = Action::Drop;
    rule.icmp_unreachable = true;
  }
  return {};
}

Done read_rule_profiles(const SettingNode& node, SecurityRule& rule) {
  const auto profiles = node.pairs("vulnerability: strict");
  if (!profiles) return tl::unexpected(profiles.error());
  for (const SettingNode& profile : *profiles) {
    Names names;
    if (auto done = read_texts(profile, names); !done) return done;
    for (std::string& name : names) rule.profiles.emplace_back(profile.key(), std::move(name));
  }
  return {};
}

using SecurityRow = SettingRow<SecurityRule>;
constexpr SecurityRow kName{
    "name", [](const SettingNode& n, SecurityRule& r) { return read_text(n, r.name); }};
constexpr SecurityRow kLogStart{
    "log-start", [](const SettingNode& n, SecurityRule& r) { return read_flag(n, r.log_start); }};
constexpr SecurityRow kLogEnd{
    "log-end", [](const SettingNode& n, SecurityRule& r) { return read_flag(n, r.log_end); }};
constexpr SecurityRow kIcmp{"icmp-unreachable", [](const SettingNode& n, SecurityRule& r) {
                              return read_flag(n, r.icmp_unreachable);
                            }};

constexpr SecurityRow kLogSetting{"log-setting", [](const SettingNode& n, SecurityRule& r) {
                                    return read_text(n, r.log_setting);
                                  }};

constexpr auto kSecurityKeys = std::to_array<SecurityRow>({
    kName,
    {"from", read_list<SecurityRule, &RuleMatch::from>},
    {"to", read_list<SecurityRule, &RuleMatch::to>},
    {"source", read_list<SecurityRule, &RuleMatch::source>},
    {"destination", read_list<SecurityRule, &RuleMatch::destination>},
    {"negate-source", read_match_flag<SecurityRule, &RuleMatch::negate_source>},
    {"negate-destination", read_match_flag<SecurityRule, &RuleMatch::negate_destination>},
    {"source-user", read_list<SecurityRule, &RuleMatch::source_user>},
    {"application",
     [](const SettingNode& n, SecurityRule& r) { return read_texts(n, r.application); }},
    {"service", read_list<SecurityRule, &RuleMatch::service>},
    {"category", read_list<SecurityRule, &RuleMatch::category>},
    {"action", read_action},
    kIcmp,
    {"rule-type",
     [](const SettingNode& n, SecurityRule& r) { return read_row(n, kRuleTypes, r.type); }},
    kLogStart,
    kLogEnd,
    {"profiles", read_rule_profiles},
    {"disabled", [](const SettingNode& n, SecurityRule& r) { return read_flag(n, r.disabled); }},
    kLogSetting,
    {"uuid", [](const SettingNode& n, SecurityRule& r) { return read_text(n, r.uuid); }},
    {"description",
     [](const SettingNode& n, SecurityRule& r) { return read_text(n, r.description); }},
    {"tags", [](const SettingNode& n, SecurityRule& r) { return read_texts(n, r.tags); }},
    {"place", [](const SettingNode& n, SecurityRule& r) { return read_text(n, r.place); }},
});

constexpr auto kDefaultRuleKeys = std::to_array<SecurityRow>({
    {"action", read_action},
    kIcmp,
    kLogStart,
    kLogEnd,
    kLogSetting,
    {"profiles", read_rule_profiles},
});

using DecryptionRow = SettingRow<DecryptionRule>;
constexpr auto kDecryptionKeys = std::to_array<DecryptionRow>({
    {"name", [](const SettingNode& n, DecryptionRule& r) { return read_text(n, r.name); }},
    {"from", read_list<DecryptionRule, &RuleMatch::from>},
    {"to", read_list<DecryptionRule, &RuleMatch::to>},
    {"source", read_list<DecryptionRule, &RuleMatch::source>},
    {"destination", read_list<DecryptionRule, &RuleMatch::destination>},
    {"negate-source", read_match_flag<DecryptionRule, &RuleMatch::negate_source>},
    {"negate-destination", read_match_flag<DecryptionRule, &RuleMatch::negate_destination>},
    {"source-user", read_list<DecryptionRule, &RuleMatch::source_user>},
    {"service", read_list<DecryptionRule, &RuleMatch::service>},
    {"category", read_list<DecryptionRule, &RuleMatch::category>},
    {"action",
     [](const SettingNode& n, DecryptionRule& r) -> Done {
       constexpr std::array<std::string_view, 2> kWords{"decrypt", "no-decrypt"};
       const auto word = n.one_of(kWords);
       if (!word) return tl::unexpected(word.error());
       r.decrypt = *word == 0;
       return {};
     }},
    {"type",
     [](const SettingNode& n, DecryptionRule& r) { return read_row(n, kDecryptTypes, r.type); }},
    {"profile", [](const SettingNode& n, DecryptionRule& r) { return read_text(n, r.profile); }},
    {"disabled", [](const SettingNode& n, DecryptionRule& r) { return read_flag(n, r.disabled); }},
    {"place", [](const SettingNode& n, DecryptionRule& r) { return read_text(n, r.place); }},
});

template <std::uint32_t DecryptionProfile::*kChecks>
Done read_checks(const SettingNode& node, DecryptionProfile& into) {
  Names names;
  if (auto done = read_texts(node, names); !done) return done;
  std::vector<std::string_view> known;
  for (const DecryptCheckInfo& row : kDecryptChecks) known.push_back(row.log_name);
  into.*kChecks = 0;
  for (const std::string& name : names) {
    const auto row = std::ranges::find(kDecryptChecks, name, &DecryptCheckInfo::log_name);
    if (row == kDecryptChecks.end())
      return node.wrong(
          fmt::format("expected some of {}, found '{}'", fmt::join(known, ", "), name));
    into.*kChecks |= DecryptionProfile::bit(row->value);
  }
  return {};
}

constexpr auto kProfileKeys = std::to_array<SettingRow<DecryptionProfile>>({
    {"min-version", [](const SettingNode& n,
                       DecryptionProfile& p) { return read_row(n, kTlsVersions, p.min_version); }},
    {"max-version", [](const SettingNode& n,
                       DecryptionProfile& p) { return read_row(n, kTlsVersions, p.max_version); }},
    {"decrypted", read_checks<&DecryptionProfile::forward_checks>},
    {"not-decrypted", read_checks<&DecryptionProfile::no_decrypt_checks>},
    {"ssh", read_checks<&DecryptionProfile::ssh_checks>},
    {"disabled-algorithms",
     [](const SettingNode& n, DecryptionProfile& p) {
       return read_texts(n, p.disabled_algorithms);
     }},
});

template <class Rule, std::size_t N>
Done read_rule_list(const SettingNode& node, std::string_view example,
                    const std::array<SettingRow<Rule>, N>& rows, std::vector<Rule>& into) {
  const auto list = node.list(example);
  if (!list) return tl::unexpected(list.error());
  for (const SettingNode& item : *list) {
    Rule& rule = into.emplace_back();
    rule.line = static_cast<LineNumber>(item.line());
    if (auto done = read_section(item, rows, rule); !done) return done;
    if (rule.name.empty()) return item.wrong("the rule has no name; give it one");
    if (item.find("action") == nullptr)
      return item.wrong(fmt::format("rule '{}' has no action; say what it does", rule.name));
  }
  return {};
}

Done read_profile_map(const SettingNode& node, Policy& into) {
  const auto profiles = node.pairs("strict: {min-version: tls1-2}");
  if (!profiles) return tl::unexpected(profiles.error());
  for (const SettingNode& entry : *profiles) {
    DecryptionProfile& profile = into.decryption_profiles.emplace_back();
    profile.name = entry.key();
    profile.line = static_cast<LineNumber>(entry.line());
    if (auto done = read_section(entry, kProfileKeys, profile); !done) return done;
  }
  return {};
}

constexpr auto kDecryptionSections = std::to_array<SettingRow<Policy>>({
    {"profiles", read_profile_map},
    {"rules",
     [](const SettingNode& n, Policy& p) {
       return read_rule_list(n, "- {name: outbound, action: decrypt}", kDecryptionKeys,
                             p.decryption_rules);
     }},
});

}  // namespace

Done read_rules(const SettingNode& node, Policy& into) {
  return read_rule_list(node, "- {name: dns, application: dns, action: allow}", kSecurityKeys,
                        into.rules);
}

Done read_default_rules(const SettingNode& node, Policy& into) {
  const auto entries = node.pairs("interzone-default: {action: deny, log-end: yes}");
  if (!entries) return tl::unexpected(entries.error());
  constexpr std::array<std::string_view, 2> kNames{kIntrazoneDefault, kInterzoneDefault};
  for (const SettingNode& entry : *entries) {
    if (std::ranges::find(kNames, entry.key()) == kNames.end())
      return entry.unknown("default rule", kNames);
    SecurityRule& rule =
        entry.key() == kIntrazoneDefault ? into.intrazone_default : into.interzone_default;
    rule.line = static_cast<LineNumber>(entry.line());
    if (auto done = read_section(entry, kDefaultRuleKeys, rule); !done) return done;
  }
  return {};
}

Done read_decryption(const SettingNode& node, Policy& into) {
  return read_section(node, kDecryptionSections, into);
}

}  // namespace endreason
