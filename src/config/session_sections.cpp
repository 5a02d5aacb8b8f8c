// SPDX-License-Identifier: Apache-2.0
#include "config/session_sections.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "appid/app_catalogue.hpp"
#include "config/policy_sections.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

constexpr std::array<std::string_view, 2> kTransports{"tcp", "udp"};
constexpr std::array<std::string_view, 2> kSides{"client", "server"};
constexpr std::array<std::string_view, 2> kChecksums{"check", "ignore"};

Done read_timer(const SettingNode& node, std::span<const std::string_view> known,
                std::string_view kind, std::pair<SessionTimer, std::uint32_t>& into) {
  if (std::ranges::find(known, node.key()) == known.end()) return node.unknown(kind, known);
  const auto row = std::ranges::find(kSessionTimers, node.key(), &SessionTimerInfo::log_name);
  const auto seconds = node.number(row->min_s, row->max_s, "seconds");
  if (!seconds) return tl::unexpected(seconds.error());
  into = {row->value, static_cast<std::uint32_t>(*seconds)};
  return {};
}

// Texts of a member that are blocks of addresses.
Done read_subnets(const SettingNode& node, ZoneDefinition& into) {
  const auto texts = node.texts();
  if (!texts) return tl::unexpected(texts.error());
  for (const std::string& text : *texts) {
    const auto range = parse_ip_range(text);
    if (!range)
      return node.wrong(fmt::format(
          "expected a block of addresses such as 10.0.0.0/8 or 2001:db8::/32, found '{}'", text));
    into.subnets.push_back(*range);
  }
  return {};
}

Done read_vlans(const SettingNode& node, ZoneDefinition& into) {
  const auto add = [&](const SettingNode& one) -> Done {
    const auto vlan = one.number(1, 4094);
    if (!vlan) return tl::unexpected(vlan.error());
    into.vlans.push_back(static_cast<std::uint16_t>(*vlan));
    return {};
  };
  if (node.kind() != SettingNode::Kind::List) return add(node);
  for (const SettingNode& one : node.children())
    if (auto done = add(one); !done) return done;
  return {};
}

constexpr auto kZoneKeys = std::to_array<SettingRow<ZoneDefinition>>({
    {"interfaces",
     [](const SettingNode& node, ZoneDefinition& into) -> Done {
       auto names = node.texts();
       if (!names) return tl::unexpected(names.error());
       into.interfaces = std::move(*names);
       return {};
     }},
    {"vlans", read_vlans},
    {"subnets", read_subnets},
});

Done read_text(const SettingNode& node, std::string& into) {
  auto text = node.text();
  if (!text) return tl::unexpected(text.error());
  into = std::move(*text);
  return {};
}

// "16 03 01" or "160301": what a text cannot hold.
Done read_hex(const SettingNode& node, UserSignature& into) {
  const auto text = node.text();
  if (!text) return tl::unexpected(text.error());
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string digits;
  for (const char c : *text) {
    const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
    if (kDigits.find(lower) != std::string_view::npos)
      digits += lower;
    else if (c != ' ')
      return node.wrong(fmt::format("expected bytes such as '16 03 01', found '{}'", *text));
  }
  if (digits.size() % 2 != 0) return node.wrong("expected two digits a byte, such as '16 03 01'");
  for (std::size_t i = 0; i < digits.size(); i += 2)
    into.pattern += static_cast<char>(kDigits.find(digits[i]) << 4 | kDigits.find(digits[i + 1]));
  return {};
}

constexpr auto kSignatureKeys = std::to_array<SettingRow<UserSignature>>({
    {"name", [](const SettingNode& n, UserSignature& s) -> Done { return read_text(n, s.app); }},
    {"protocol",
     [](const SettingNode& n, UserSignature& s) -> Done {
       const auto word = n.one_of(kTransports);
       if (!word) return tl::unexpected(word.error());
       s.protocol = *word == 0 ? kProtoTcp : kProtoUdp;
       return {};
     }},
    {"port",
     [](const SettingNode& n, UserSignature& s) -> Done {
       const auto port = n.number(1, 65535);
       if (!port) return tl::unexpected(port.error());
       s.port = static_cast<std::uint16_t>(*port);
       return {};
     }},
    {"host", [](const SettingNode& n, UserSignature& s) -> Done { return read_text(n, s.host); }},
    {"pattern",
     [](const SettingNode& n, UserSignature& s) -> Done { return read_text(n, s.pattern); }},
    {"pattern-hex", read_hex},
    {"offset",
     [](const SettingNode& n, UserSignature& s) -> Done {
       const auto offset = n.number(0, SignatureSet::kReachMax - 1, "bytes");
       if (!offset) return tl::unexpected(offset.error());
       s.offset = static_cast<std::uint32_t>(*offset);
       return {};
     }},
    {"from",
     [](const SettingNode& n, UserSignature& s) -> Done {
       const auto side = n.one_of(kSides);
       if (!side) return tl::unexpected(side.error());
       s.pattern_from_client = *side == 0;
       return {};
     }},
});

Done read_one_application(const SettingNode& app, std::span<const std::string_view> timers,
                          Settings& into) {
  ApplicationTimeouts own{.app = app.key(), .timers = {}};
  ApplicationObject object;
  object.name = app.key();
  object.line = static_cast<LineNumber>(app.line());
  bool defined = false;
  const auto values = app.pairs("timeout-udp: 5");
  if (!values) return tl::unexpected(values.error());
  for (const SettingNode& value : *values) {
    const auto key = read_application_key(value, object);
    if (!key) return tl::unexpected(key.error());
    defined = defined || key->known;
    if (key->known) continue;
    if (auto done = read_timer(value, timers, "setting", own.timers.emplace_back()); !done)
      return done;
  }
  for (const auto& [timer, seconds] : own.timers) {
    if (timer == SessionTimer::Default) object.timeout_s = seconds;
    if (timer == SessionTimer::Tcp) object.tcp_timeout_s = seconds;
    if (timer == SessionTimer::Udp) object.udp_timeout_s = seconds;
  }
  if (!own.timers.empty() || !defined) into.application_timeouts.push_back(std::move(own));
  if (defined) into.policy.applications.push_back(std::move(object));
  return {};
}

}  // namespace

Done read_profile(const SettingNode& node, Settings& into) {
  const auto name = node.text();
  if (!name) return tl::unexpected(name.error());
  auto profile = VersionProfile::named(*name);
  if (!profile) return node.wrong(profile.error().message);
  into.profile = *profile;
  return {};
}

Done read_zones(const SettingNode& node, Settings& into) {
  const auto zones = node.pairs("trust: {subnets: [10.0.0.0/8]}");
  if (!zones) return tl::unexpected(zones.error());
  std::vector<ZoneDefinition> definitions;
  for (const SettingNode& zone : *zones) {
    ZoneDefinition& definition = definitions.emplace_back();
    definition.name = zone.key();
    if (auto done = read_section(zone, kZoneKeys, definition); !done) return done;
  }
  auto table = ZoneTable::make(definitions);
  if (!table) return node.wrong(table.error().message);
  into.zones = std::move(*table);
  return {};
}

Done read_timers(const SettingNode& node, Settings& into) {
  std::array<std::string_view, kSessionTimers.size()> names;
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kSessionTimers[i].log_name;
  const auto timers = node.pairs("timeout-tcp: 3600");
  if (!timers) return tl::unexpected(timers.error());
  for (const SettingNode& value : *timers) {
    std::pair<SessionTimer, std::uint32_t> timer;
    if (auto done = read_timer(value, names, "timer", timer); !done) return done;
    into.timers.set(timer.first, timer.second);
    if (auto set = into.session.timeouts.set(timer.first, timer.second); !set) return set;
    into.policy.timers.push_back({timer.first, timer.second});
  }
  return {};
}

Done read_sessions(const SettingNode& node, Settings& into) {
  const auto values = node.pairs("resource-limit-behavior: drop");
  if (!values) return tl::unexpected(values.error());
  for (const SettingNode& value : *values) {
    const SessionSettingInfo* row = find_session_setting(value.key());
    if (row == nullptr) {
      std::vector<std::string_view> names;
      for (const SessionSettingInfo& known : session_settings()) names.push_back(known.name);
      return value.unknown("setting", names);
    }
    const auto text = value.text();
    if (!text) return tl::unexpected(text.error());
    if (auto set = set_from_text(*row, *text, into.session); !set)
      return value.wrong(set.error().message.substr(row->name.size() + 2));  // the path names it
  }
  return {};
}

constexpr auto kPacketKeys = std::to_array<SettingRow<Settings>>({
    {"decap",
     [](const SettingNode& node, Settings& into) -> Done {
       const auto decap = node.yes_or_no();
       if (!decap) return tl::unexpected(decap.error());
       into.decap = *decap;
       return {};
     }},
    {"checksums",
     [](const SettingNode& node, Settings& into) -> Done {
       const auto which = node.one_of(kChecksums);
       if (!which) return tl::unexpected(which.error());
       into.check_checksums = *which == 0;
       return {};
     }},
});

Done read_packets(const SettingNode& node, Settings& into) {
  return read_section(node, kPacketKeys, into);
}

Done read_applications(const SettingNode& node, Settings& into) {
  std::vector<std::string_view> timers;  // and the other keys, for the message that lists them
  for (const SessionTimer timer : kApplicationTimers) timers.push_back(info(timer).log_name);
  for (const std::string_view key : application_keys()) timers.push_back(key);
  const auto apps = node.pairs("dns-base: {timeout-udp: 5}");
  if (!apps) return tl::unexpected(apps.error());
  for (const SettingNode& app : *apps)
    if (auto done = read_one_application(app, timers, into); !done) return done;
  return {};
}

Done read_user_applications(const SettingNode& node, Settings& into) {
  const auto list = node.list("{name: my-app, port: 9000}");
  if (!list) return tl::unexpected(list.error());
  for (const SettingNode& item : *list) {
    UserSignature signature;
    if (auto done = read_section(item, kSignatureKeys, signature); !done) return done;
    const std::array<AppId, 1> id{AppId::FirstIdentified};
    if (auto good = SignatureSet::make({&signature, 1}, id); !good)
      return item.wrong(good.error().message);
    into.user_applications.push_back(std::move(signature));
  }
  return {};
}

Done check_application_names(const SettingNode& root, Settings& settings) {
  if (settings.application_timeouts.empty()) return {};
  const auto catalogue = AppCatalogue::make(settings.user_applications);
  if (!catalogue) return tl::unexpected(catalogue.error());
  for (const SettingNode& app : root.find("applications")->children()) {
    if (catalogue->find(app.key()) != AppId::None) continue;
    // Defined for rules alone: the engine never finds it, so its timers have nothing to act on.
    if (std::erase_if(settings.application_timeouts,
                      [&](const ApplicationTimeouts& own) { return own.app == app.key(); }) == 0)
      continue;
    const auto& defined = settings.policy.applications;
    if (std::ranges::find(defined, app.key(), &ApplicationObject::name) != defined.end()) continue;
    std::vector<std::string_view> names;
    for (std::size_t i = 1; i < catalogue->size(); ++i)
      names.push_back(catalogue->name(static_cast<AppId>(i)));
    return app.unknown("application", names);
  }
  return {};
}

}  // namespace endreason
