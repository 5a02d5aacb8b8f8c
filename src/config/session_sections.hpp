// SPDX-License-Identifier: Apache-2.0
// The sections of the configuration file that say how sessions are tracked and named: profile,
// zones, timers, sessions, packets, applications and user-applications.
#pragma once

#include "config/setting_node.hpp"
#include "config/settings.hpp"

namespace endreason {

Result<void> read_profile(const SettingNode& node, Settings& into);
Result<void> read_zones(const SettingNode& node, Settings& into);
Result<void> read_timers(const SettingNode& node, Settings& into);
Result<void> read_sessions(const SettingNode& node, Settings& into);
Result<void> read_packets(const SettingNode& node, Settings& into);
Result<void> read_applications(const SettingNode& node, Settings& into);
Result<void> read_user_applications(const SettingNode& node, Settings& into);

// The names under `applications` are those of App-ID's spelling or of `user-applications`, which
// may stand behind it in the file: checked when all has been read.
Result<void> check_application_names(const SettingNode& root, Settings& settings);

}  // namespace endreason
