// SPDX-License-Identifier: Apache-2.0
#include "verdict/placeholders.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kValueBytesMax = 200;

// C0 controls, DEL, and the C1 controls as UTF-8 writes them (C2 80 to C2 9F): any of them could
// move the cursor of a terminal or end a command when pasted.
bool is_control(std::string_view text, std::size_t i, std::size_t& length) {
  const auto c = static_cast<unsigned char>(text[i]);
  length = 1;
  if (c < 0x20 || c == 0x7f) return true;
  if (c != 0xc2 || i + 1 >= text.size()) return false;
  const auto next = static_cast<unsigned char>(text[i + 1]);
  if (next < 0x80 || next > 0x9f) return false;
  length = 2;
  return true;
}

bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '-' || c == '_' || c == '/';
  });
}

// Filters quote with ', commands with "; the other mark serves a value that holds the first. A
// value with both cannot be written at all.
std::string quoted(std::string_view text, NextCheck::Kind kind) {
  if (kind == NextCheck::Kind::Elsewhere || is_plain_word(text)) return std::string(text);
  char mark = kind == NextCheck::Kind::LogFilter ? '\'' : '"';
  if (text.find(mark) != std::string_view::npos) mark = mark == '"' ? '\'' : '"';
  if (text.find(mark) != std::string_view::npos) return {};
  return fmt::format("{}{}{}", mark, text, mark);
}

bool has_ports(const TrafficRecord& r) {
  return !r.knows(Known::Proto) || r.proto == kProtoTcp || r.proto == kProtoUdp ||
         r.proto == kProtoSctp;
}

// The digits of a time column as the device's clock showed them.
std::optional<CivilTime> civil_of(const TrafficRecord& r, Field f) {
  const auto time = parse_time(r.text(f));
  if (!time) return std::nullopt;
  return time->civil;
}

// "2026/03/10 10:00:00", as filters take it: RFC 3339 with other marks.
std::string device_time(std::int64_t micros) {
  std::string text;
  append_rfc3339(text, ZonedTime{micros, 0, 0});
  if (text.size() < 19) return {};
  text.resize(19);
  text[4] = text[7] = '/';
  text[10] = ' ';
  return text;
}

// From a minute before the session began to a minute after the row was written: the Threat row of
// a session is earlier than its traffic row.
constexpr std::int64_t kMarginMicros = 60'000'000;

std::string since(const TrafficRecord& r) {
  auto begin = civil_of(r, Field::Start);
  if (!begin) begin = civil_of(r, Field::TimeGenerated);
  if (!begin) begin = civil_of(r, Field::ReceiveTime);
  return begin ? device_time(begin->micros - kMarginMicros) : std::string();
}

std::string until(const TrafficRecord& r) {
  auto end = civil_of(r, Field::ReceiveTime);
  if (!end) end = civil_of(r, Field::TimeGenerated);
  return end ? device_time(end->micros + kMarginMicros) : std::string();
}

std::string number_or_nothing(bool known, std::uint64_t value) {
  return known && value != 0 ? std::to_string(value) : std::string();
}

std::string value_of(std::string_view place, const TrafficRecord& r) {
  if (place == "src") return clean_text(r.text(Field::Src));
  if (place == "dst") return clean_text(r.text(Field::Dst));
  if (place == "from") return clean_text(r.text(Field::From));
  if (place == "to") return clean_text(r.text(Field::To));
  if (place == "rule") return clean_text(r.text(Field::Rule));
  if (place == "serial") return clean_text(r.text(Field::Serial));
  if (place == "sport") return number_or_nothing(has_ports(r) && r.knows(Known::Sport), r.sport);
  if (place == "dport") return number_or_nothing(has_ports(r) && r.knows(Known::Dport), r.dport);
  if (place == "sessionid") return number_or_nothing(r.knows(Known::Sessionid), r.sessionid);
  if (place == "proto-number") return number_or_nothing(r.knows(Known::Proto), r.proto);
  // The statuses are no applications: a policy test would refuse them.
  if (place == "app")
    return r.app_status == AppStatus::Identified ? clean_text(r.text(Field::App)) : std::string();
  if (place == "since") return since(r);
  if (place == "until") return until(r);
  return {};
}

struct Clause {
  std::string text;
  bool has_places{};
  bool filled{true};
};

Clause fill_clause(std::string_view pattern, NextCheck::Kind kind, const TrafficRecord& r) {
  Clause clause;
  while (!pattern.empty()) {
    const std::size_t open = pattern.find('{');
    clause.text.append(pattern.substr(0, open));
    if (open == std::string_view::npos) break;
    const std::size_t close = pattern.find('}', open);
    const std::string value = quoted(value_of(pattern.substr(open + 1, close - open - 1), r), kind);
    clause.has_places = true;
    if (value.empty()) clause.filled = false;
    clause.text.append(value);
    pattern.remove_prefix(close + 1);
  }
  return clause;
}

}  // namespace

std::string clean_text(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size() && out.size() < kValueBytesMax;) {
    std::size_t length = 1;
    if (!is_control(text, i, length)) out.push_back(text[i]);
    i += length;
  }
  // The limit may have cut a UTF-8 character in two: its lead byte goes with it.
  if (out.size() >= kValueBytesMax) {
    while (!out.empty() && (static_cast<unsigned char>(out.back()) & 0xc0) == 0x80) out.pop_back();
    if (!out.empty() && static_cast<unsigned char>(out.back()) >= 0xc0) out.pop_back();
  }
  return out;
}

std::optional<NextCheck> fill(const checks::Pattern& pattern, const TrafficRecord& record) {
  const std::string_view joint = pattern.kind == NextCheck::Kind::LogFilter ? " and " : " ";
  std::string text;
  bool any_places = false;
  bool any_filled = false;
  for (std::string_view rest = pattern.text; !rest.empty();) {
    const std::size_t bar = std::min(rest.find('|'), rest.size());
    std::string_view part = rest.substr(0, bar);
    rest.remove_prefix(std::min(bar + 1, rest.size()));
    const bool needed = part.starts_with('+');
    if (needed) part.remove_prefix(1);
    const Clause clause = fill_clause(part, pattern.kind, record);
    any_places |= clause.has_places;
    if (!clause.filled) {
      if (needed) return std::nullopt;
      continue;
    }
    any_filled |= clause.has_places;
    if (!text.empty()) text.append(joint);
    text.append(clause.text);
  }
  if (text.empty() || (any_places && !any_filled)) return std::nullopt;
  return NextCheck{pattern.kind, std::string(pattern.what), std::move(text)};
}

}  // namespace endreason
