// SPDX-License-Identifier: Apache-2.0
// Settings: what the configuration file says, checked. Every mistake is an error that names file,
// line, setting and remedy; an unknown key names the nearest ones.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "appid/user_signature.hpp"
#include "base/result.hpp"
#include "base/timestamp.hpp"
#include "config/inspection_settings.hpp"
#include "config/serve_settings.hpp"
#include "model/application_timeouts.hpp"
#include "model/field.hpp"
#include "model/verdict.hpp"
#include "model/zone_table.hpp"
#include "policy/policy.hpp"
#include "session/session_setting.hpp"
#include "session/version_profile.hpp"
#include "verdict/judge.hpp"

namespace endreason {

struct Settings {
  std::string path;  // empty: no file, only defaults
  std::optional<TimeZone> zone;
  std::vector<std::pair<std::string, TimeZone>> zones_by_serial;
  std::optional<Ruleset> ruleset;
  Timers timers;
  std::vector<std::pair<std::string, Field>> aliases;
  // Of the session engine. `timers` stand in `session.timeouts` too.
  std::optional<VersionProfile> profile;
  ZoneTable zones;
  SessionSettings session;
  bool decap = false;            // the sessions inside tunnels, and those of frames within frames
  bool check_checksums = false;  // packets whose checksum is wrong are dropped
  std::vector<ApplicationTimeouts> application_timeouts;
  std::vector<UserSignature> user_applications;
  // Objects, rules, decryption, host services. Its zones and timers are those above.
  Policy policy;
  ServeSettings serve;
  InspectionSettings inspection;
};

// From the file given, else from $ENDREASON_CONFIG, else from the first that exists of
// $XDG_CONFIG_HOME/endreason/endreason.yaml, ~/.config/endreason/endreason.yaml and
// /etc/endreason/endreason.yaml, else defaults.
Result<Settings> load_settings(const std::string& given);
// The text of a file; `name` is for messages.
Result<Settings> parse_settings(const std::string& text, const std::string& name);

// The file that load_settings() would read; empty when there is none.
std::string settings_file(const std::string& given);

Result<Ruleset> ruleset_named(std::string_view name);

}  // namespace endreason
