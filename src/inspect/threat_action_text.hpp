// SPDX-License-Identifier: Apache-2.0
// Threat actions as options and the configuration write them. An error says what was expected; who
// calls says where it stands.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "inspect/threat_action.hpp"

namespace endreason::inspect {

// "drop", "block-ip", "block-ip:60", "block-ip:60:source-and-destination".
Result<void> read_threat_action(std::string_view text, ThreatOverride& into);
// "critical=reset-both", "sid:2000001=alert", "class:trojan-activity=block-ip", "any=alert".
Result<ThreatOverride> threat_override_of(std::string_view text);

}  // namespace endreason::inspect
