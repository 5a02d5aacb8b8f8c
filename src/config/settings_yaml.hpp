// SPDX-License-Identifier: Apache-2.0
// Settings back to a configuration file: what was written, or all that acts.
#pragma once

#include <string>

#include "config/settings.hpp"

namespace endreason {

std::string settings_yaml(const Settings& settings, bool effective);

}  // namespace endreason
