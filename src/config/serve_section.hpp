// SPDX-License-Identifier: Apache-2.0
// The section `serve` of the configuration file, and back to text.
#pragma once

#include <string>

#include "config/serve_settings.hpp"
#include "config/setting_node.hpp"

namespace endreason {

Result<void> read_serve(const SettingNode& node, ServeSettings& into);

// `effective`: with every default. Nothing when there is nothing to say.
std::string serve_yaml(const ServeSettings& settings, bool effective);

}  // namespace endreason
