// SPDX-License-Identifier: Apache-2.0
#include "cli/settings.hpp"

#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "model/session_terms.hpp"

namespace endreason {
namespace {

constexpr auto kKeys =
    std::to_array<std::string_view>({"tz", "time-zones", "ruleset", "timers", "aliases"});

class Reader {
 public:
  explicit Reader(const std::string& name) : name_(name) {}

  Result<Settings> read(const std::string& text) {
    YAML::Node root;
    try {
      root = YAML::Load(text);
    } catch (const YAML::ParserException& e) {
      return fail(Error::Code::Usage,
                  fmt::format("{}:{}: not YAML: {}", name_, e.mark.line + 1, e.msg));
    }
    settings_.path = name_;
    if (root.IsNull()) return settings_;
    if (!root.IsMap())
      return fail(
          Error::Code::Usage,
          fmt::format("{}:1: expected settings as `key: value`, see docs/operating/config.md",
                      name_));
    for (const auto& item : root) {
      if (auto done = setting(item.first, item.second); !done) return tl::unexpected(done.error());
    }
    return settings_;
  }

 private:
  using Done = Result<void>;

  tl::unexpected<Error> wrong(const YAML::Node& node, const std::string& what) const {
    return fail(Error::Code::Usage, fmt::format("{}:{}: {}", name_, node.Mark().line + 1, what));
  }

  static std::string scalar(const YAML::Node& node) {
    return node.IsScalar() ? node.Scalar() : std::string();
  }

  Done setting(const YAML::Node& key, const YAML::Node& value) {
    const std::string name = scalar(key);
    if (name == "tz") return default_zone(value);
    if (name == "time-zones") return zones(value);
    if (name == "ruleset") return ruleset(value);
    if (name == "timers") return timers(value);
    if (name == "aliases") return aliases(value);
    const auto near = nearest_names(name, kKeys);
    return wrong(
        key, fmt::format("unknown setting '{}'{}; the settings are tz, time-zones, ruleset, "
                         "timers, aliases",
                         name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
  }

  Done default_zone(const YAML::Node& value) {
    auto zone = TimeZone::named(scalar(value));
    if (!zone) return wrong(value, "tz: " + zone.error().message);
    settings_.zone = *zone;
    return {};
  }

  Done zones(const YAML::Node& value) {
    if (!value.IsMap()) return wrong(value, "time-zones: expected `serial: zone` pairs");
    for (const auto& item : value) {
      auto zone = TimeZone::named(scalar(item.second));
      if (!zone)
        return wrong(item.second,
                     fmt::format("time-zones.{}: {}", scalar(item.first), zone.error().message));
      settings_.zones_by_serial.emplace_back(scalar(item.first), *zone);
    }
    return {};
  }

  Done ruleset(const YAML::Node& value) {
    auto parsed = ruleset_named(scalar(value));
    if (!parsed) return wrong(value, parsed.error().message);
    settings_.ruleset = *parsed;
    return {};
  }

  Done timers(const YAML::Node& value) {
    if (!value.IsMap()) return wrong(value, "timers: expected pairs such as `timeout-tcp: 3600`");
    for (const auto& item : value) {
      const std::string name = scalar(item.first);
      const SessionTimerInfo* row = nullptr;
      for (const auto& candidate : kSessionTimers)
        if (candidate.log_name == name) row = &candidate;
      if (row == nullptr) {
        std::vector<std::string_view> names;
        for (const auto& candidate : kSessionTimers) names.push_back(candidate.log_name);
        const auto near = nearest_names(name, names);
        return wrong(
            item.first,
            fmt::format("timers: unknown timer '{}'{}", name,
                        near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
      }
      std::uint64_t seconds = 0;
      if (!parse_decimal(scalar(item.second), seconds) || seconds < row->min_s ||
          seconds > row->max_s)
        return wrong(item.second, fmt::format("timers.{}: expected {} to {} seconds, found '{}'",
                                              name, row->min_s, row->max_s, scalar(item.second)));
      settings_.timers.set(row->value, static_cast<std::uint32_t>(seconds));
    }
    return {};
  }

  Done aliases(const YAML::Node& value) {
    if (!value.IsMap()) return wrong(value, "aliases: expected `your_name: column` pairs");
    for (const auto& item : value) {
      const std::string column = scalar(item.second);
      const auto field = find_field(column);
      if (!field) {
        std::vector<std::string_view> names;
        for (const auto& row : kFields) names.push_back(row.log_name);
        const auto near = nearest_names(column, names);
        return wrong(
            item.second,
            fmt::format("aliases.{}: no column is named '{}'{}; `endreason terms` "
                        "lists them",
                        scalar(item.first), column,
                        near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
      }
      settings_.aliases.emplace_back(scalar(item.first), *field);
    }
    return {};
  }

  const std::string& name_;
  Settings settings_;
};

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
  return fail(Error::Code::Usage,
              fmt::format("ruleset: expected standard or vendor, found '{}'", name));
}

Result<Settings> parse_settings(const std::string& text, const std::string& name) {
  try {
    return Reader(name).read(text);
  } catch (const std::exception& e) {  // yaml-cpp throws on odd documents; nothing of ours does
    return fail(Error::Code::Usage, fmt::format("{}: cannot be read as YAML: {}", name, e.what()));
  }
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
