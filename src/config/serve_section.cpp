// SPDX-License-Identifier: Apache-2.0
#include "config/serve_section.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/policy_yaml.hpp"
#include "config/setting_fields.hpp"
#include "query/filter.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

Done read_filter(const SettingNode& node, AlertSettings& into) {
  if (auto done = read_text(node, into.filter); !done) return done;
  if (const auto filter = Filter::parse(into.filter); !filter)
    return node.wrong(filter.error().message);
  return {};
}

Done read_webhook(const SettingNode& node, AlertSettings& into) {
  if (auto done = read_text(node, into.webhook); !done) return done;
  if (into.webhook.starts_with("http://") || into.webhook.starts_with("https://")) return {};
  return node.wrong(fmt::format(
      "expected an address such as https://hooks.example/alerts, found '{}'", into.webhook));
}

constexpr auto kAlertKeys = std::to_array<SettingRow<AlertSettings>>({
    {"name", [](const SettingNode& n, AlertSettings& a) -> Done { return read_text(n, a.name); }},
    {"filter", read_filter},
    {"threshold",
     [](const SettingNode& n, AlertSettings& a) -> Done {
       const auto rows = n.number(1, 1'000'000'000, "sessions");
       if (!rows) return tl::unexpected(rows.error());
       a.threshold = *rows;
       return {};
     }},
    {"window-seconds",
     [](const SettingNode& n, AlertSettings& a) -> Done {
       const auto seconds = n.number(10, 86'400, "seconds");
       if (!seconds) return tl::unexpected(seconds.error());
       a.window_s = static_cast<std::uint32_t>(*seconds);
       return {};
     }},
    {"webhook", read_webhook},
    {"webhook-token-file",
     [](const SettingNode& n, AlertSettings& a) -> Done {
       return read_text(n, a.webhook_token_file);
     }},
    {"webhook-ca",
     [](const SettingNode& n, AlertSettings& a) -> Done { return read_text(n, a.webhook_ca); }},
});

Done read_alerts(const SettingNode& node, ServeSettings& into) {
  const auto list = node.list("{name: threats, filter: ..., threshold: 10, webhook: https://...}");
  if (!list) return tl::unexpected(list.error());
  for (const SettingNode& item : *list) {
    AlertSettings alert;
    if (auto done = read_section(item, kAlertKeys, alert); !done) return done;
    for (const std::string_view key : {"name", "filter", "webhook"})
      if (item.find(key) == nullptr)
        return item.wrong(
            fmt::format("an alert needs '{}'; docs/operating/alerts.md has one", key));
    // The name is what its state is kept under.
    if (std::ranges::find(into.alerts, alert.name, &AlertSettings::name) != into.alerts.end())
      return item.wrong(
          fmt::format("another alert is called '{}' too; give it another name", alert.name));
    into.alerts.push_back(std::move(alert));
  }
  return {};
}

Done read_one(const SettingNode& value, ServeSettings& into) {
  into.lines[value.key()] = value.line();
  if (value.key() == "alerts") return read_alerts(value, into);
  const auto rows = serve_settings();
  const auto row = std::ranges::find(rows, value.key(), &ServeSettingInfo::name);
  if (row == rows.end()) {
    std::vector<std::string_view> names{"alerts"};
    for (const ServeSettingInfo& known : rows) names.push_back(known.name);
    return value.unknown("setting", names);
  }
  std::vector<std::string> texts;
  if (row->kind == ServeKind::Texts) {
    if (auto done = read_texts(value, texts); !done) return done;
  } else {
    if (auto done = read_text(value, texts.emplace_back()); !done) return done;
  }
  if (auto set = set_from_texts(*row, texts, into); !set) return value.wrong(set.error().message);
  return {};
}

std::string yaml_value(const ServeSettingInfo& row, const std::vector<std::string>& texts) {
  if (row.kind != ServeKind::Texts)
    return row.kind == ServeKind::Text ? yaml_text(texts[0]) : texts[0];
  std::vector<std::string> quoted;
  for (const std::string& text : texts) quoted.push_back(yaml_text(text));
  return fmt::format("[{}]", fmt::join(quoted, ", "));
}

std::string alerts_yaml(const std::vector<AlertSettings>& alerts) {
  std::string out;
  for (const AlertSettings& alert : alerts) {
    out += fmt::format(
        "    - name: {}\n      filter: {}\n      threshold: {}\n      window-seconds: {}\n"
        "      webhook: {}\n",
        yaml_text(alert.name), yaml_text(alert.filter), alert.threshold, alert.window_s,
        yaml_text(alert.webhook));
    if (!alert.webhook_token_file.empty())
      out += fmt::format("      webhook-token-file: {}\n", yaml_text(alert.webhook_token_file));
    if (!alert.webhook_ca.empty())
      out += fmt::format("      webhook-ca: {}\n", yaml_text(alert.webhook_ca));
  }
  return out.empty() ? out : "  alerts:\n" + out;
}

}  // namespace

Done read_serve(const SettingNode& node, ServeSettings& into) {
  const auto values = node.pairs("keep-days: 90");
  if (!values) return tl::unexpected(values.error());
  for (const SettingNode& value : *values)
    if (auto done = read_one(value, into); !done) return done;
  return {};
}

std::string serve_yaml(const ServeSettings& settings, bool effective) {
  const ServeSettings usual;
  std::string out;
  for (const ServeSettingInfo& row : serve_settings()) {
    const auto texts = value_texts(row, settings);
    const bool empty = texts.empty() || (texts.size() == 1 && texts[0].empty());
    if (empty || (!effective && texts == value_texts(row, usual))) continue;
    out += fmt::format("  {}: {}\n", row.name, yaml_value(row, texts));
  }
  out += alerts_yaml(settings.alerts);
  return out.empty() ? out : "serve:\n" + out;
}

}  // namespace endreason
