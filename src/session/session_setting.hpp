// SPDX-License-Identifier: Apache-2.0
// The table of what can be set about sessions, with names, ranges and defaults: the configuration
// file, the options of `track` and `show session info` read the same rows. Timers have their own
// table (model/session_terms.hpp).
// Names are keys of the vendor's CLI (`set deviceconfig setting session|tcp ...`) where it has one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "session/session_settings.hpp"

namespace endreason {

enum class SettingKind : std::uint8_t { YesNo, DropBypass, Number };

struct SessionSettingInfo {
  std::string_view name;
  std::string_view meaning;
  SettingKind kind;
  std::uint64_t min, max;  // of a number
  std::uint64_t (*get)(const SessionSettings&);
  void (*set)(SessionSettings&, std::uint64_t);
};
// In the order in which documents list them.
std::span<const SessionSettingInfo> session_settings();
const SessionSettingInfo* find_session_setting(std::string_view name);

// "yes", "bypass", "80": the value as it is written.
std::string value_text(const SessionSettingInfo& setting, const SessionSettings& settings);
// "yes or no", "drop or bypass", "50 to 99".
std::string values_text(const SessionSettingInfo& setting);
// Sets from text; an Error says which values there are.
Result<void> set_from_text(const SessionSettingInfo& setting, std::string_view text,
                           SessionSettings& settings);

}  // namespace endreason
