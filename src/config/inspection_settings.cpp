// SPDX-License-Identifier: Apache-2.0
#include "config/inspection_settings.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include "config/policy_yaml.hpp"
#include "config/setting_fields.hpp"
#include "config/setting_node.hpp"
#include "inspect/threat_action_text.hpp"

namespace endreason {
namespace {

using Done = Result<void>;

// With the folder of the configuration file, for paths of its own.
struct Target {
  std::filesystem::path folder;
  InspectionSettings& settings;
};

constexpr std::array<std::string_view, 2> kWhenFull{"drop", "pass"};
constexpr std::uint32_t kMemoryMost = 1 << 20;  // MiB

// A file that can be read; relative to the configuration's folder.
Done read_file(const SettingNode& node, const Target& target, std::string_view text,
               std::string& into) {
  if (text.empty()) return node.wrong("expected the path of a file");
  std::filesystem::path path(text);
  if (path.is_relative()) path = target.folder / path;
  into = path.lexically_normal().string();
  if (std::error_code ignored; std::filesystem::is_directory(path, ignored))
    return node.wrong(fmt::format("'{}' is a folder; name the file in it", into));
  if (!std::ifstream(path, std::ios::binary))
    return node.wrong(
        fmt::format("the file '{}' cannot be opened; check the path, which is "
                    "relative to the folder of this file, and its rights",
                    into));
  return {};
}

Done read_one_file(const SettingNode& node, const Target& target, std::string& into) {
  const auto text = node.text();
  if (!text) return tl::unexpected(text.error());
  return read_file(node, target, *text, into);
}

// Of a list, or of one text in its place.
template <class Read>
Done each_text(const SettingNode& node, Read&& read) {
  const auto one = [&](const SettingNode& value) -> Done {
    const auto text = value.text();
    return text ? read(value, *text) : Done(tl::unexpected(text.error()));
  };
  if (node.kind() != SettingNode::Kind::List) return one(node);
  for (const SettingNode& value : node.children())
    if (auto done = one(value); !done) return done;
  return {};
}

Done read_rules(const SettingNode& node, Target& into) {
  return each_text(node, [&](const SettingNode& value, const std::string& text) {
    return read_file(value, into, text, into.settings.rules.emplace_back());
  });
}

Done read_variables(const SettingNode& node, Target& into) {
  const auto pairs = node.pairs("HOME_NET: 10.0.0.0/8");
  if (!pairs) return tl::unexpected(pairs.error());
  for (const SettingNode& variable : *pairs) {
    const auto text = variable.text();
    if (!text) return tl::unexpected(text.error());
    into.settings.variables.push_back(variable.key() + "=" + *text);
  }
  return {};
}

Done read_actions(const SettingNode& node, Target& into) {
  return each_text(node, [&](const SettingNode& value, const std::string& text) -> Done {
    if (auto made = inspect::threat_override_of(text); !made)
      return value.wrong(made.error().message);
    into.settings.actions.push_back(text);
    return {};
  });
}

Done read_block_lists(const SettingNode& node, Target& into) {
  const auto lists = node.pairs("bad-hosts: lists/bad-hosts.txt");
  if (!lists) return tl::unexpected(lists.error());
  for (const SettingNode& list : *lists) {
    std::string path;
    if (auto done = read_one_file(list, into, path); !done) return done;
    into.settings.block_lists.push_back(list.key() + "=" + path);
  }
  return {};
}

Done read_list_action(const SettingNode& node, Target& into) {
  const auto text = node.text();
  if (!text) return tl::unexpected(text.error());
  inspect::ThreatOverride made;
  if (auto done = inspect::read_threat_action(*text, made); !done)
    return node.wrong(done.error().message);
  into.settings.block_list_action = *text;
  return {};
}

Done read_when_full(const SettingNode& node, Target& into) {
  const auto at = node.one_of(kWhenFull);
  if (!at) return tl::unexpected(at.error());
  into.settings.when_full = kWhenFull[*at];
  return {};
}

template <std::optional<std::uint32_t> InspectionSettings::*kMember>
Done read_bytes(const SettingNode& node, Target& into) {
  const auto bytes = node.number(0, UINT32_MAX, "bytes; 0: all");
  if (!bytes) return tl::unexpected(bytes.error());
  into.settings.*kMember = static_cast<std::uint32_t>(*bytes);
  return {};
}

Done read_memory(const SettingNode& node, Target& into) {
  const auto mib = node.number(1, kMemoryMost, "MiB");
  if (!mib) return tl::unexpected(mib.error());
  into.settings.memory_mib = static_cast<std::uint32_t>(*mib);
  return {};
}

constexpr auto kKeys = std::to_array<SettingRow<Target>>({
    {"rules", read_rules},
    {"lenient", [](const SettingNode& n, Target& t) { return read_flag(n, t.settings.lenient); }},
    {"variables", read_variables},
    {"actions", read_actions},
    {"block-lists", read_block_lists},
    {"block-list-action", read_list_action},
    {"stream-depth", read_bytes<&InspectionSettings::stream_depth>},
    {"body-depth", read_bytes<&InspectionSettings::body_depth>},
    {"memory", read_memory},
    {"when-full", read_when_full},
    {"key-log",
     [](const SettingNode& n, Target& t) { return read_one_file(n, t, t.settings.key_log); }},
    {"trust-store",
     [](const SettingNode& n, Target& t) { return read_one_file(n, t, t.settings.trust_store); }},
});

std::string list_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + yaml_text(text);
  return "[" + out + "]";
}

// "NAME=VALUE" texts as a map.
std::string map_text(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", yaml_text(text.substr(0, equals)),
                       yaml_text(text.substr(equals + 1)));
  }
  return "{" + out + "}";
}

}  // namespace

Result<void> read_inspection(const SettingNode& node, const std::string& file,
                             InspectionSettings& into) {
  Target target{std::filesystem::path(file).parent_path(), into};
  return read_section(node, kKeys, target);
}

std::string inspection_yaml(const InspectionSettings& s, bool effective) {
  std::vector<std::pair<std::string, std::string>> values;
  const auto add = [&](std::string_view key, bool said, const std::string& value) {
    if (said || effective) values.emplace_back(key, value);
  };
  const auto text = [&](std::string_view key, const std::string& said, std::string_view usual) {
    if (!said.empty() || (effective && !usual.empty()))
      values.emplace_back(key, yaml_text(said.empty() ? usual : std::string_view(said)));
  };
  add("rules", !s.rules.empty(), list_text(s.rules));
  add("lenient", s.lenient, s.lenient ? "yes" : "no");
  if (!s.variables.empty()) values.emplace_back("variables", map_text(s.variables));
  if (!s.actions.empty()) values.emplace_back("actions", list_text(s.actions));
  add("block-lists", !s.block_lists.empty(), map_text(s.block_lists));
  text("block-list-action", s.block_list_action, "drop");
  add("stream-depth", s.stream_depth.has_value(),
      std::to_string(s.stream_depth.value_or(1024 * 1024)));
  add("body-depth", s.body_depth.has_value(), std::to_string(s.body_depth.value_or(100 * 1024)));
  if (s.memory_mib) values.emplace_back("memory", std::to_string(*s.memory_mib));
  text("when-full", s.when_full, "drop");
  text("key-log", s.key_log, "");
  text("trust-store", s.trust_store, "");
  return section_yaml("inspection", values);
}

}  // namespace endreason
