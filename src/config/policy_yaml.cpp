// SPDX-License-Identifier: Apache-2.0
#include "config/policy_yaml.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "policy/policy_settings.hpp"

namespace endreason {
namespace {

// Words that YAML takes for values of other kinds.
constexpr auto kSpecialWords = std::to_array<std::string_view>(
    {"yes", "no", "true", "false", "on", "off", "y", "n", "null", "~"});

bool is_plain_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '/' || c == ':';
}

// A colon at the end or before a blank would part key and value; in a flow list any might.
bool is_plain(std::string_view text) {
  if (text.empty() || !std::ranges::all_of(text, is_plain_byte)) return false;
  if (text.front() == '-' || text.front() == ':' || text.back() == ':') return false;
  if (text.front() == '.' || text.find("::") != std::string_view::npos) return false;
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return std::ranges::find(kSpecialWords, lower) == kSpecialWords.end();
}

std::string yaml_list(const Names& names) {
  std::string out = "[";
  for (std::size_t i = 0; i < names.size(); ++i) out += (i == 0 ? "" : ", ") + yaml_text(names[i]);
  return out + "]";
}

std::string yaml_names(const Names& names) {
  return names.size() == 1 ? yaml_text(names[0]) : yaml_list(names);
}

// A map within braces, made entry by entry.
class FlowMap {
 public:
  FlowMap& add(std::string_view key, const std::string& value) {
    body_ += fmt::format("{}{}: {}", body_.empty() ? "" : ", ", key, value);
    return *this;
  }
  FlowMap& text(std::string_view key, std::string_view value) {
    return value.empty() ? *this : add(key, yaml_text(value));
  }
  FlowMap& names(std::string_view key, const Names& value) {
    return value.empty() ? *this : add(key, yaml_names(value));
  }
  FlowMap& number(std::string_view key, std::uint64_t value) {
    return value == 0 ? *this : add(key, fmt::format("{}", value));
  }
  std::string str() const { return "{" + body_ + "}"; }

 private:
  std::string body_;
};

class Writer {
 public:
  Writer(const Policy& policy, bool effective) : policy_(policy), effective_(effective) {}

  std::string run() {
    zones();
    interfaces();
    objects();
    applications();
    rules();
    default_rules();
    decryption();
    numbers();
    return std::move(out_);
  }

 private:
  template <class Object, class Value>
  void section(std::string_view name, const std::vector<Object>& objects, Value value) {
    if (objects.empty()) return;
    out_ += fmt::format("{}:\n", name);
    for (const Object& object : objects)
      out_ += fmt::format("  {}: {}\n", yaml_text(object.name), value(object));
  }

  void zones() {
    section("zones", policy_.zones, [](const Zone& zone) {
      FlowMap map;
      if (!zone.interfaces.empty()) map.add("interfaces", yaml_list(zone.interfaces));
      if (!zone.vlans.empty()) map.add("vlans", yaml_list(zone.vlans));
      if (!zone.subnets.empty()) map.add("subnets", yaml_list(zone.subnets));
      return map.str();
    });
  }

  void interfaces() {
    section("interfaces", policy_.interfaces, [](const Interface& interface) {
      return FlowMap()
          .names("address", interface.addresses)
          .text("management", interface.management)
          .str();
    });
    section("host-services", policy_.management_profiles, [](const ManagementProfile& profile) {
      FlowMap map;
      if (!profile.services.empty()) map.add("services", yaml_list(profile.services));
      if (!profile.permitted.empty()) map.add("permitted", yaml_list(profile.permitted));
      return map.str();
    });
  }

  void objects() {
    section("addresses", policy_.addresses, [](const AddressObject& object) {
      const bool simple = object.kind == AddressKind::IpNetmask && object.tags.empty();
      if (simple) return yaml_text(object.value);
      return FlowMap()
          .text(info(object.kind).log_name, object.value)
          .names("resolved", object.resolved)
          .names("tags", object.tags)
          .str();
    });
    section("address-groups", policy_.address_groups, [](const AddressGroup& group) {
      if (group.filter.empty() && !group.members.empty()) return yaml_list(group.members);
      return FlowMap().names("members", group.members).text("filter", group.filter).str();
    });
    section("external-lists", policy_.external_lists, [](const ExternalList& list) {
      return FlowMap()
          .text("type", list.type)
          .text("url", list.url)
          .names("entries", list.entries)
          .str();
    });
    section("services", policy_.services, [](const ServiceObject& object) {
      if (object.source_port.empty() && object.timeout_s == 0)
        return yaml_text(object.protocol + "/" + object.port);
      return FlowMap()
          .text("protocol", object.protocol)
          .text("port", object.port)
          .text("source-port", object.source_port)
          .number("timeout", object.timeout_s)
          .str();
    });
    groups("service-groups", policy_.service_groups);
  }

  void groups(std::string_view name, const std::vector<ObjectGroup>& list) {
    section(name, list, [](const ObjectGroup& group) {
      return group.members.empty() ? std::string("{}") : yaml_list(group.members);
    });
  }

  void applications() {
    section("applications", policy_.applications, [](const ApplicationObject& object) {
      return FlowMap()
          .names("ports", object.ports)
          .text("ip-protocol", object.ip_protocol)
          .text("deny-action", object.deny_action)
          .names("implicit-uses", object.implicit_uses)
          .text("parent-app", object.parent)
          .number("timeout-default", object.timeout_s)
          .number("timeout-tcp", object.tcp_timeout_s)
          .number("timeout-udp", object.udp_timeout_s)
          .str();
    });
    groups("application-groups", policy_.application_groups);
    section("application-filters", policy_.application_filters, [](const ApplicationFilter& f) {
      FlowMap map, criteria;
      for (std::size_t i = 0; i < f.criteria.size(); ++i) {
        const std::string& key = f.criteria[i].first;
        const auto same = [&](const auto& pair) { return pair.first == key; };
        if (std::ranges::find_if(f.criteria, same) - f.criteria.begin() !=
            static_cast<std::ptrdiff_t>(i))
          continue;
        Names values;
        for (const auto& [name, value] : f.criteria)
          if (name == key) values.push_back(value);
        criteria.names(yaml_text(key), values);
      }
      if (!f.criteria.empty()) map.add("criteria", criteria.str());
      return map.names("members", f.members).str();
    });
  }

  void line(std::string_view key, const std::string& value) {
    out_ += fmt::format("    {}: {}\n", key, value);
  }
  void list(std::string_view key, const Names& names) {
    if (!is_any(names)) line(key, yaml_names(names));
  }
  void flag(std::string_view key, bool value, bool usual) {
    if (value != usual) line(key, value ? "yes" : "no");
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) line(key, yaml_text(value));
  }

  void match(const RuleMatch& match) {
    list("from", match.from);
    list("to", match.to);
    list("source", match.source);
    flag("negate-source", match.negate_source, false);
    list("destination", match.destination);
    flag("negate-destination", match.negate_destination, false);
    list("source-user", match.source_user);
  }

  static std::string profiles(const SecurityRule& rule) {
    FlowMap map;
    for (std::size_t i = 0; i < rule.profiles.size(); ++i) {
      const std::string& key = rule.profiles[i].first;
      bool before = false;
      Names values;
      for (std::size_t j = 0; j < rule.profiles.size(); ++j) {
        if (rule.profiles[j].first != key) continue;
        before = before || j < i;
        values.push_back(rule.profiles[j].second);
      }
      if (!before) map.names(yaml_text(key), values);
    }
    return map.str();
  }

  static std::string action_name(const SecurityRule& rule) {
    return std::string(info(action_of(rule)).log_name);
  }

  void rules() {
    if (policy_.rules.empty()) return;
    out_ += "rules:\n";
    for (const SecurityRule& rule : policy_.rules) {
      out_ += fmt::format("  - name: {}\n", yaml_text(rule.name));
      text("place", rule.place);
      text("description", rule.description);
      if (!rule.tags.empty()) line("tags", yaml_list(rule.tags));
      match(rule.match);
      list("application", rule.application);
      list("service", rule.match.service);
      list("category", rule.match.category);
      line("action", action_name(rule));
      if (rule.action != Action::Drop) flag("icmp-unreachable", rule.icmp_unreachable, false);
      if (rule.type != RuleType::Universal)
        line("rule-type", std::string(info(rule.type).log_name));
      flag("log-start", rule.log_start, false);
      flag("log-end", rule.log_end, true);
      text("log-setting", rule.log_setting);
      text("uuid", rule.uuid);
      if (!rule.profiles.empty()) line("profiles", profiles(rule));
      flag("disabled", rule.disabled, false);
    }
  }

  void default_rules() {
    std::string body;
    for (const SecurityRule* rule : {&policy_.intrazone_default, &policy_.interzone_default}) {
      const SecurityRule usual = default_rule(rule->type);
      const bool changed = rule->action != usual.action || rule->log_end != usual.log_end ||
                           rule->log_start != usual.log_start || !rule->profiles.empty() ||
                           rule->icmp_unreachable || !rule->log_setting.empty();
      if (!changed && !effective_) continue;
      FlowMap map;
      map.add("action", action_name(*rule));
      if (rule->icmp_unreachable && rule->action != Action::Drop)
        map.add("icmp-unreachable", "yes");
      map.add("log-start", rule->log_start ? "yes" : "no");
      map.add("log-end", rule->log_end ? "yes" : "no");
      map.text("log-setting", rule->log_setting);
      if (!rule->profiles.empty()) map.add("profiles", profiles(*rule));
      body += fmt::format("  {}: {}\n", rule->name, map.str());
    }
    if (!body.empty()) out_ += "default-rules:\n" + body;
  }

  static std::string checks(std::uint32_t bits) {
    Names names;
    for (const DecryptCheckInfo& row : kDecryptChecks)
      if ((bits & DecryptionProfile::bit(row.value)) != 0) names.emplace_back(row.log_name);
    return yaml_list(names);
  }

  void decryption() {
    if (policy_.decryption_profiles.empty() && policy_.decryption_rules.empty()) return;
    out_ += "decryption:\n";
    if (!policy_.decryption_profiles.empty()) out_ += "  profiles:\n";
    for (const DecryptionProfile& profile : policy_.decryption_profiles) {
      FlowMap map;
      map.add("min-version", std::string(info(profile.min_version).log_name));
      map.add("max-version", std::string(info(profile.max_version).log_name));
      if (profile.forward_checks != 0) map.add("decrypted", checks(profile.forward_checks));
      if (profile.no_decrypt_checks != 0)
        map.add("not-decrypted", checks(profile.no_decrypt_checks));
      if (profile.ssh_checks != 0) map.add("ssh", checks(profile.ssh_checks));
      map.names("disabled-algorithms", profile.disabled_algorithms);
      out_ += fmt::format("    {}: {}\n", yaml_text(profile.name), map.str());
    }
    if (!policy_.decryption_rules.empty()) out_ += "  rules:\n";
    for (const DecryptionRule& rule : policy_.decryption_rules) decryption_rule(rule);
  }

  void decryption_rule(const DecryptionRule& rule) {
    FlowMap map;
    map.text("name", rule.name).text("place", rule.place);
    const auto add = [&](std::string_view key, const Names& names) {
      if (!is_any(names)) map.names(key, names);
    };
    add("from", rule.match.from);
    add("to", rule.match.to);
    add("source", rule.match.source);
    if (rule.match.negate_source) map.add("negate-source", "yes");
    add("destination", rule.match.destination);
    if (rule.match.negate_destination) map.add("negate-destination", "yes");
    add("source-user", rule.match.source_user);
    add("service", rule.match.service);
    add("category", rule.match.category);
    map.add("action", rule.decrypt ? "decrypt" : "no-decrypt");
    map.add("type", std::string(info(rule.type).log_name));
    map.text("profile", rule.profile);
    if (rule.disabled) map.add("disabled", "yes");
    out_ += fmt::format("    - {}\n", map.str());
  }

  void numbers() {
    std::vector<std::pair<std::string, std::string>> timers, limits;
    for (const TimerSetting& timer : policy_.timers)
      timers.emplace_back(info(timer.timer).log_name, std::to_string(timer.seconds));
    out_ += section_yaml("timers", timers);
    for (const PolicyLimitInfo& row : kPolicyLimits) {
      const auto set = std::ranges::find(policy_.limits, row.log_name, &NamedNumber::name);
      if (set != policy_.limits.end())
        limits.emplace_back(row.log_name, std::to_string(set->value));
      else if (effective_)
        limits.emplace_back(row.log_name, std::to_string(row.default_value));
    }
    out_ += section_yaml("limits", limits);
  }

  const Policy& policy_;
  bool effective_;
  std::string out_;
};

}  // namespace

std::string yaml_text(std::string_view text) {
  if (is_plain(text)) return std::string(text);
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out += fmt::format("\\{}", c);
    else if (c == '\n')
      out += "\\n";
    else if (byte < 0x20 || byte == 0x7f)
      out += fmt::format("\\x{:02x}", byte);
    else
      out += c;
  }
  return out + "\"";
}

std::string section_yaml(std::string_view name,
                         const std::vector<std::pair<std::string, std::string>>& values) {
  if (values.empty()) return {};
  std::string out = fmt::format("{}:\n", name);
  for (const auto& [key, value] : values) out += fmt::format("  {}: {}\n", yaml_text(key), value);
  return out;
}

std::string policy_yaml(const Policy& policy, bool effective) {
  return Writer(policy, effective).run();
}

}  // namespace endreason
