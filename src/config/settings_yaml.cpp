// SPDX-License-Identifier: Apache-2.0
#include "config/settings_yaml.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "config/policy_yaml.hpp"
#include "config/serve_section.hpp"
#include "model/protocol.hpp"
#include "session/session_setting.hpp"

namespace endreason {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

void append_logs(const Settings& settings, bool effective, std::string& out) {
  if (settings.zone || effective)
    out += fmt::format("tz: {}\n",
                       yaml_text(settings.zone ? settings.zone->name() : std::string_view("UTC")));
  Pairs zones, aliases;
  for (const auto& [serial, zone] : settings.zones_by_serial)
    zones.emplace_back(serial, yaml_text(zone.name()));
  out += section_yaml("time-zones", zones);
  if (settings.ruleset || effective)
    out +=
        fmt::format("ruleset: {}\n", settings.ruleset == Ruleset::Vendor ? "vendor" : "standard");
  for (const auto& [name, field] : settings.aliases)
    aliases.emplace_back(name, yaml_text(info(field).log_name));
  out += section_yaml("aliases", aliases);
}

void append_sessions(const Settings& settings, bool effective, std::string& out) {
  if (settings.profile || effective)
    out += fmt::format(
        "profile: {}\n",
        yaml_text(settings.profile ? settings.profile->name() : VersionProfile::standard().name()));
  const SessionSettings usual;
  Pairs values;
  for (const SessionSettingInfo& row : session_settings())
    if (effective || row.get(settings.session) != row.get(usual))
      values.emplace_back(row.name, value_text(row, settings.session));
  out += section_yaml("sessions", values);
  Pairs packets;
  if (settings.decap || effective) packets.emplace_back("decap", settings.decap ? "yes" : "no");
  if (settings.check_checksums || effective)
    packets.emplace_back("checksums", settings.check_checksums ? "check" : "ignore");
  out += section_yaml("packets", packets);
}

// Of applications that the policy does not define; those stand with their ports.
void append_timeouts(const Settings& settings, std::string& out) {
  std::string body;
  const auto& defined = settings.policy.applications;
  for (const ApplicationTimeouts& own : settings.application_timeouts) {
    if (std::ranges::find(defined, own.app, &ApplicationObject::name) != defined.end()) continue;
    std::string timers;
    for (const auto& [timer, seconds] : own.timers)
      timers += fmt::format("{}{}: {}", timers.empty() ? "" : ", ", info(timer).log_name, seconds);
    body += fmt::format("  {}: {{{}}}\n", yaml_text(own.app), timers);
  }
  if (body.empty()) return;
  // One section: after the policy's own, when there is one.
  const std::size_t at = out.find("\napplications:\n");
  if (at == std::string::npos)
    out += "applications:\n" + body;
  else
    out.insert(at + std::string_view("\napplications:\n").size(), body);
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

void append_signatures(const Settings& settings, std::string& out) {
  if (settings.user_applications.empty()) return;
  out += "user-applications:\n";
  for (const UserSignature& own : settings.user_applications) {
    std::string map = "name: " + yaml_text(own.app);
    if (own.protocol) map += fmt::format(", protocol: {}", protocol_name(*own.protocol));
    if (own.port) map += fmt::format(", port: {}", *own.port);
    if (!own.host.empty()) map += ", host: " + yaml_text(own.host);
    if (!own.pattern.empty())
      map += fmt::format(", pattern-hex: \"{}\", offset: {}, from: {}", hex(own.pattern),
                         own.offset, own.pattern_from_client ? "client" : "server");
    out += fmt::format("  - {{{}}}\n", map);
  }
}

}  // namespace

std::string settings_yaml(const Settings& settings, bool effective) {
  std::string out;
  append_logs(settings, effective, out);
  Policy policy = settings.policy;
  if (effective) {
    policy.timers.clear();
    for (const SessionTimerInfo& row : kSessionTimers)
      policy.timers.push_back({row.value, settings.session.timeouts.configured(row.value)});
  }
  append_sessions(settings, effective, out);
  out += policy_yaml(policy, effective);
  append_timeouts(settings, out);
  append_signatures(settings, out);
  out += serve_yaml(settings.serve, effective);
  out += inspection_yaml(settings.inspection, effective);
  return out;
}

}  // namespace endreason
