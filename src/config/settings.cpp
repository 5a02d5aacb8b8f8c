// SPDX-License-Identifier: Apache-2.0
#include "config/settings.hpp"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "config/policy_sections.hpp"
#include "config/serve_section.hpp"
#include "config/session_sections.hpp"
#include "config/setting_node.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

Done read_zone(const SettingNode& node, TimeZone& zone) {
  const auto name = node.text();
  if (!name) return tl::unexpected(name.error());
  auto known = TimeZone::named(*name);
  if (!known) return node.wrong(known.error().message);
  zone = *known;
  return {};
}

Done read_tz(const SettingNode& node, Settings& into) {
  into.zone = TimeZone::utc();
  return read_zone(node, *into.zone);
}

Done read_time_zones(const SettingNode& node, Settings& into) {
  const auto serials = node.pairs("\"013201030824\": Europe/Berlin");
  if (!serials) return tl::unexpected(serials.error());
  for (const SettingNode& serial : *serials) {
    TimeZone zone = TimeZone::utc();
    if (auto done = read_zone(serial, zone); !done) return done;
    into.zones_by_serial.emplace_back(serial.key(), zone);
  }
  return {};
}

Done read_ruleset(const SettingNode& node, Settings& into) {
  const auto name = node.text();
  if (!name) return tl::unexpected(name.error());
  auto parsed = ruleset_named(*name);
  if (!parsed) return node.wrong(parsed.error().message);
  into.ruleset = *parsed;
  return {};
}

tl::unexpected<Error> unknown_column(const SettingNode& alias, const std::string& column) {
  std::vector<std::string_view> names;
  for (const auto& row : kFields) names.push_back(row.log_name);
  const auto near = nearest_names(column, names);
  return alias.wrong(
      fmt::format("no column is named '{}'{}; `endreason terms` lists them", column,
                  near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
}

Done read_aliases(const SettingNode& node, Settings& into) {
  const auto aliases = node.pairs("your_name: column");
  if (!aliases) return tl::unexpected(aliases.error());
  for (const SettingNode& alias : *aliases) {
    const auto column = alias.text();
    if (!column) return tl::unexpected(column.error());
    const auto field = find_field(*column);
    if (!field) return unknown_column(alias, *column);
    into.aliases.emplace_back(alias.key(), *field);
  }
  return {};
}

template <Done (*kRead)(const SettingNode&, Policy&)>
Done in_policy(const SettingNode& node, Settings& into) {
  return kRead(node, into.policy);
}

Done read_all_zones(const SettingNode& node, Settings& into) {
  if (auto done = read_zones(node, into); !done) return done;
  return read_policy_zones(node, into.policy);
}

Done read_all_inspection(const SettingNode& node, Settings& into) {
  return read_inspection(node, into.path, into.inspection);
}

constexpr auto kSections = std::to_array<SettingRow<Settings>>({
    {"tz", read_tz},
    {"time-zones", read_time_zones},
    {"ruleset", read_ruleset},
    {"aliases", read_aliases},
    {"profile", read_profile},
    {"zones", read_all_zones},
    {"timers", read_timers},
    {"sessions", read_sessions},
    {"packets", read_packets},
    {"applications", read_applications},
    {"user-applications", read_user_applications},
    {"interfaces", in_policy<read_policy_interfaces>},
    {"host-services", in_policy<read_host_services>},
    {"addresses", in_policy<read_addresses>},
    {"address-groups", in_policy<read_address_groups>},
    {"external-lists", in_policy<read_external_lists>},
    {"services", in_policy<read_services>},
    {"service-groups", in_policy<read_service_groups>},
    {"application-groups", in_policy<read_application_groups>},
    {"application-filters", in_policy<read_application_filters>},
    {"rules", in_policy<read_rules>},
    {"default-rules", in_policy<read_default_rules>},
    {"decryption", in_policy<read_decryption>},
    {"limits", in_policy<read_limits>},
    {"serve", [](const SettingNode& node, Settings& into) { return read_serve(node, into.serve); }},
    {"inspection", read_all_inspection},
});

std::string from_environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

// The file to read, and whether the user named it (then it must exist).
std::pair<std::string, bool> settings_path(const std::string& given) {
  if (!given.empty()) return {given, true};
  if (std::string path = from_environment("ENDREASON_CONFIG"); !path.empty()) return {path, true};
  std::vector<std::string> places;
  if (const std::string xdg = from_environment("XDG_CONFIG_HOME"); !xdg.empty())
    places.push_back(xdg + "/endreason/endreason.yaml");
  if (const std::string home = from_environment("HOME"); !home.empty())
    places.push_back(home + "/.config/endreason/endreason.yaml");
  places.emplace_back("/etc/endreason/endreason.yaml");
  std::error_code ignored;
  for (const std::string& place : places)
    if (std::filesystem::is_regular_file(place, ignored)) return {place, true};
  return {"", false};
}

}  // namespace

Result<Ruleset> ruleset_named(std::string_view name) {
  if (name == "standard") return Ruleset::Standard;
  if (name == "vendor") return Ruleset::Vendor;
  return fail(Error::Code::Usage, fmt::format("expected standard or vendor, found '{}'", name));
}

Result<Settings> parse_settings(const std::string& text, const std::string& name) {
  const auto root = parse_yaml(text, name);
  if (!root) return tl::unexpected(root.error());
  Settings settings;
  settings.path = name;
  settings.policy.source = name;
  if (root->kind() == SettingNode::Kind::List || root->kind() == SettingNode::Kind::Text)
    return root->wrong("expected settings as `key: value`, see docs/operating/config.md");
  if (auto done = read_section(*root, kSections, settings); !done)
    return tl::unexpected(done.error());
  if (auto done = check_application_names(*root, settings); !done)
    return tl::unexpected(done.error());
  return settings;
}

std::string settings_file(const std::string& given) {
  return settings_path(given).first;
}

Result<Settings> load_settings(const std::string& given) {
  const auto [path, named] = settings_path(given);
  if (!named) return Settings{};
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail(Error::Code::Usage,
                fmt::format("{}: cannot open the configuration file; check --config and "
                            "$ENDREASON_CONFIG",
                            path));
  std::ostringstream text;
  text << file.rdbuf();
  return parse_settings(text.str(), path);
}

}  // namespace endreason
