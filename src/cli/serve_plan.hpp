// SPDX-License-Identifier: Apache-2.0
// The plan of `serve`: the configuration's section `serve` with the options of the command line
// over it, as what the server takes. Made again, from the same options, when the configuration is
// read again.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "cli/run_options.hpp"
#include "config/serve_settings.hpp"
#include "model/field.hpp"
#include "server/server.hpp"

namespace endreason {

struct GivenSetting {
  const ServeSettingInfo* setting;
  std::vector<std::string> texts;
};

struct ServeOrder {
  RunOptions run;  // of which the configuration, the zone and the rule set are used
  std::vector<GivenSetting> given;
};

struct ServePlan {
  ServeSettings settings;
  std::vector<std::pair<std::string, Field>> aliases;
  ServeOptions options;
  LogFormat log_format{};
  LogLevel log_level{};
};
Result<ServePlan> plan_serve(const ServeOrder& order, std::shared_ptr<OperatorLog> log);

// The settings that differ and only act after a restart, by name.
std::vector<std::string> waiting_for_restart(const ServePlan& running, const ServePlan& next);

}  // namespace endreason
