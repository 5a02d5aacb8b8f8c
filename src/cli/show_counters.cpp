// SPDX-License-Identifier: Apache-2.0
#include "cli/show_counters.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace endreason {
namespace {

const std::string kRule(80, '-');

// The part of a name before its first underscore, as the vendor's names have it.
std::string_view category_of(std::string_view name) {
  return name.substr(0, name.find('_'));
}

// What the counter is about; the first row whose piece is in the name.
struct AspectRow {
  std::string_view piece, aspect;
};
constexpr auto kAspects = std::to_array<AspectRow>({
    {"limit", "resource"},
    {"alloc", "resource"},
    {"exceed", "resource"},
    {"aged", "aging"},
    {"aging", "aging"},
    {"parse", "parse"},
    {"rcv", "parse"},
    {"ipfrag", "ipfrag"},
    {"flag", "parse"},
    {"flow_", "session"},
    {"session", "session"},
});
std::string_view aspect_of(std::string_view name) {
  for (const AspectRow& row : kAspects)
    if (name.find(row.piece) != std::string_view::npos) return row.aspect;
  return "pktproc";
}

bool fits(const std::string& wanted, std::string_view value) {
  return wanted.empty() || wanted == value;
}

}  // namespace

Result<CounterFilter> CounterFilter::parse(const std::vector<std::string>& words) {
  CounterFilter filter;
  const auto wrong = [](std::string text) {
    return fail(Error::Code::Usage, "show counter global filter: " + std::move(text));
  };
  for (std::size_t i = 0; i < words.size(); i += 2) {
    std::string* place = words[i] == "severity"   ? &filter.severity
                         : words[i] == "category" ? &filter.category
                         : words[i] == "aspect"   ? &filter.aspect
                                                  : nullptr;
    if (place == nullptr)
      return wrong(
          fmt::format("'{}' is no word of it; there are severity, category and aspect "
                      "(a capture has one sampling, so there is no delta)",
                      words[i]));
    if (i + 1 == words.size()) return wrong(fmt::format("{}: its value is missing", words[i]));
    *place = words[i + 1];
  }
  constexpr std::array<std::string_view, 3> kSeverities{"info", "warn", "drop"};
  if (!filter.severity.empty() &&
      std::find(kSeverities.begin(), kSeverities.end(), filter.severity) == kSeverities.end())
    return wrong(fmt::format("severity: expected info, warn or drop, found '{}'", filter.severity));
  return filter;
}

void append_counters(std::string& out, const SessionCounters& counters,
                     const std::vector<NamedEvent>& events, const CounterFilter& filter,
                     std::int64_t elapsed_ns) {
  const double seconds = static_cast<double>(elapsed_ns) / 1e9;
  out += fmt::format("\nGlobal counters:\nElapsed time since last sampling: {:.3f} seconds\n\n",
                     seconds);
  out += fmt::format("{:<30}{:>13}{:>9} {:<9} {:<9} {:<9} {}\n", "name", "value", "rate",
                     "severity", "category", "aspect", "description");
  out += kRule + "\n";
  std::size_t shown = 0;
  const auto line = [&](std::string_view name, std::uint64_t value, CounterSeverity severity,
                        std::string_view sentence) {
    if (value == 0 || !fits(filter.severity, severity_name(severity)) ||
        !fits(filter.category, category_of(name)) || !fits(filter.aspect, aspect_of(name)))
      return;
    ++shown;
    const double rate = seconds > 0 ? static_cast<double>(value) / seconds : 0;
    out += fmt::format("{:<30}{:>13}{:>9.0f} {:<9} {:<9} {:<9} {}\n", name, value, rate,
                       severity_name(severity), category_of(name), aspect_of(name), sentence);
  };
  for (const SessionCounterInfo& row : kSessionCounters)
    line(row.log_name, counters[row.value], row.severity, row.sentence);
  for (const NamedEvent& event : events)
    line(event.name, event.count, CounterSeverity::Info, event.sentence);
  out += kRule + fmt::format("\nTotal counters shown: {}\n", shown) + kRule + "\n";
}

}  // namespace endreason
