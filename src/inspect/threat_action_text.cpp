// SPDX-License-Identifier: Apache-2.0
#include "inspect/threat_action_text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"

namespace endreason::inspect {
namespace {

// "1 to 3600 seconds": action block-ip of the vendor's security profiles.
constexpr std::uint32_t kBlockMost = 3600, kBlockDefault = 300;

template <class Row, std::size_t N>
std::string nearest_of(std::string_view word, const std::array<Row, N>& rows) {
  std::array<std::string_view, N> names;
  for (std::size_t i = 0; i < N; ++i) names[i] = rows[i].log_name;
  const auto near = nearest_names(word, names);
  return near.empty() ? std::string() : fmt::format(" (did you mean '{}'?)", near[0]);
}

std::optional<std::uint32_t> number_of(std::string_view text) {
  std::uint64_t value = 0;
  if (!parse_decimal(text, value) || value > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(value);
}

tl::unexpected<Error> wrong_action(std::string_view text, std::string_view name) {
  std::string known;
  for (const ThreatActionInfo& each : kThreatActions)
    known += fmt::format("{}{}", known.empty() ? "" : ", ", each.log_name);
  return fail(Error::Code::Usage,
              fmt::format("expected one of {}, found '{}'{}; block-ip may have seconds (1 to {}) "
                          "and what it is tracked by, as in block-ip:60:source-and-destination",
                          known, text, nearest_of(name, kThreatActions), kBlockMost));
}

}  // namespace

Result<void> read_threat_action(std::string_view text, ThreatOverride& into) {
  const std::string_view whole = text, name = text.substr(0, text.find(':'));
  const auto row = std::ranges::find(kThreatActions, name, &ThreatActionInfo::log_name);
  if (row == kThreatActions.end()) return wrong_action(whole, name);
  into.action = row->value;
  if (into.action != ThreatAction::BlockIp) {
    if (name.size() != text.size()) return wrong_action(whole, name);
    return {};
  }
  into.block_s = kBlockDefault;
  text.remove_prefix(std::min(name.size() + 1, text.size()));
  if (text.empty()) return {};
  const std::size_t colon = text.find(':');
  const auto seconds = number_of(text.substr(0, colon));
  if (!seconds || *seconds == 0 || *seconds > kBlockMost) return wrong_action(whole, name);
  into.block_s = *seconds;
  if (colon == std::string_view::npos) return {};
  const std::string_view track = text.substr(colon + 1);
  into.block_towards_this = track == "source-and-destination";
  if (!into.block_towards_this && track != "source") return wrong_action(whole, name);
  return {};
}

Result<ThreatOverride> threat_override_of(std::string_view text) {
  ThreatOverride made;
  const std::size_t equals = text.find('=');
  const std::string_view what = text.substr(0, equals);
  const auto severity = std::ranges::find(kThreatSeverities, what, &ThreatSeverityInfo::log_name);
  bool understood = equals != std::string_view::npos;
  if (what.starts_with("sid:")) {
    const auto sid = number_of(what.substr(4));
    understood &= sid.has_value() && *sid != 0;
    made.sid = sid.value_or(0);
  } else if (what.starts_with("class:")) {
    made.class_type = what.substr(6);
    understood &= !made.class_type.empty();
  } else if (severity != kThreatSeverities.end()) {
    made.severity = severity->value;
  } else {
    understood &= what == "any";
  }
  if (!understood)
    return fail(Error::Code::Usage,
                fmt::format("expected WHAT=ACTION, where WHAT is a severity (critical, high, "
                            "medium, low, informational), sid:NUMBER, class:CLASSTYPE or any, "
                            "found '{}'{}",
                            text, nearest_of(what, kThreatSeverities)));
  if (auto done = read_threat_action(text.substr(equals + 1), made); !done)
    return tl::unexpected(done.error());
  return made;
}

}  // namespace endreason::inspect
