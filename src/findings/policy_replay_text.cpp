// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <fmt/format.h>

#include "findings/policy_replay.hpp"
#include "findings/printable.hpp"

namespace endreason {
namespace {

constexpr std::size_t kNameColumns = 48;
constexpr std::size_t kSessionColumns = 160;

std::string shown(std::string_view text, std::size_t columns = kNameColumns) {
  std::string out;
  append_printable(text, columns, out);
  return out.empty() ? "(none)" : out;
}

std::string place_of(const ReplayExample& example, const ReplayTextOptions& options) {
  const std::string file =
      example.file < options.inputs.size() ? options.inputs[example.file] : std::string();
  return fmt::format("{}:{}", shown(file, kSessionColumns), example.line);
}

void append_group(const ReplayGroup& group, const ReplayTextOptions& options, std::string& out) {
  const bool differs = info(group.outcome).differs;
  const std::string_view strong = options.colour && differs ? "\x1b[1m" : "";
  const std::string_view plain = strong.empty() ? "" : "\x1b[0m";
  out += fmt::format("{:>10}  {}{}{}: {} ({}) -> {} ({})\n", group.sessions, strong,
                     info(group.outcome).meaning, plain, shown(group.old_rule),
                     info(group.old_action).log_name, shown(group.new_rule),
                     info(group.new_action).log_name);
  for (const ReplayExample& example : group.examples)
    out += fmt::format("            {}  ({})\n", shown(example.session, kSessionColumns),
                       place_of(example, options));
  if (group.ports_assumed > 0)
    out += fmt::format("            {} of them rest on standard ports that are not known here\n",
                       group.ports_assumed);
}

void append_left_out(const ReplayReport& report, std::string& out) {
  for (const NotComparedInfo& row : kNotCompared)
    if (const auto count = report.not_compared[static_cast<std::size_t>(row.value)]; count > 0)
      out += fmt::format("not compared: {} {}\n", count, row.meaning);
  constexpr std::size_t kZones = 5;
  for (std::size_t i = 0; i < report.unknown_zones.size() && i < kZones; ++i)
    out += fmt::format("              zone {}: {}\n", shown(report.unknown_zones[i].first),
                       report.unknown_zones[i].second);
  if (report.unknown_zones.size() > kZones)
    out += fmt::format("              and {} more zones\n", report.unknown_zones.size() - kZones);
}

}  // namespace

void append_text(const ReplayReport& report, const ReplayTextOptions& options, std::string& out) {
  const std::uint64_t differing = report.differing();
  out += fmt::format(
      "{} sessions compared: {} would end otherwise, {} as before by another rule, "
      "{} as before\n",
      report.compared(), differing,
      report.sessions[static_cast<std::size_t>(ReplayOutcome::OtherRule)],
      report.sessions[static_cast<std::size_t>(ReplayOutcome::Same)]);
  append_left_out(report, out);
  if (report.ports_assumed > 0)
    out += fmt::format(
        "{} lookups took a port for a standard one, because the standard ports of "
        "the application are not known here\n",
        report.ports_assumed);
  if (!report.groups.empty()) out += "\n  sessions  what changes: old rule -> new rule\n";
  std::uint64_t more = 0;
  for (std::size_t i = 0; i < report.groups.size(); ++i) {
    if (i < options.top)
      append_group(report.groups[i], options, out);
    else
      more += report.groups[i].sessions;
  }
  more += report.in_no_group;
  if (more > 0) out += fmt::format("{:>10}  in further groups; --top shows more of them\n", more);
}

void append_ndjson(const ReplayReport& report, const ReplayTextOptions& options, std::string& out) {
  const auto text = [&](std::string_view name, std::string_view value) {
    out += fmt::format(",\"{}\":", name);
    append_json_string(value, out);
  };
  out += fmt::format("{{\"kind\":\"totals\",\"compared\":{},\"differing\":{}", report.compared(),
                     report.differing());
  for (const ReplayOutcomeInfo& row : kReplayOutcomes)
    out += fmt::format(",\"{}\":{}", row.log_name,
                       report.sessions[static_cast<std::size_t>(row.value)]);
  for (const NotComparedInfo& row : kNotCompared)
    out += fmt::format(",\"not-compared-{}\":{}", row.log_name,
                       report.not_compared[static_cast<std::size_t>(row.value)]);
  out += fmt::format(",\"ports_assumed\":{},\"in_no_group\":{}", report.ports_assumed,
                     report.in_no_group);
  out += ",\"unknown_zones\":{";
  for (std::size_t i = 0; i < report.unknown_zones.size(); ++i) {
    if (i > 0) out += ',';
    append_json_string(report.unknown_zones[i].first, out);
    out += fmt::format(":{}", report.unknown_zones[i].second);
  }
  out += "}}\n";
  for (const ReplayGroup& group : report.groups) {
    out += fmt::format("{{\"kind\":\"group\",\"outcome\":\"{}\",\"sessions\":{}",
                       info(group.outcome).log_name, group.sessions);
    text("old_rule", group.old_rule);
    text("old_action", info(group.old_action).log_name);
    text("new_rule", group.new_rule);
    text("new_action", info(group.new_action).log_name);
    out += fmt::format(",\"ports_assumed\":{},\"examples\":[", group.ports_assumed);
    for (std::size_t i = 0; i < group.examples.size(); ++i) {
      const ReplayExample& example = group.examples[i];
      out += i == 0 ? "{\"session\":" : ",{\"session\":";
      append_json_string(example.session, out);
      out += ",\"file\":";
      append_json_string(
          example.file < options.inputs.size() ? options.inputs[example.file] : std::string(), out);
      out += fmt::format(",\"line\":{}}}", example.line);
    }
    out += "]}\n";
  }
}

}  // namespace endreason
