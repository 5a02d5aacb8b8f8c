// SPDX-License-Identifier: Apache-2.0
// StandardPorts: whether a session's server port is one of its application's own, for the flag of
// the log that says it is not. Knows the applications that policy knows, but for those whose ports
// are only a rule of thumb there. Constant once made; any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "model/app_id.hpp"
#include "policy/resolved_policy.hpp"

namespace endreason {

class StandardPorts {
 public:
  // `resolved`: of the rules; null where there are none.
  StandardPorts(const AppCatalogue& catalogue, const ResolvedPolicy* resolved);

  // False, too, where the application's ports are not certain, and for what has no ports.
  bool surely_another(AppId app, std::uint8_t protocol, std::uint16_t dport) const {
    const ResolvedApp* known = by_app_[static_cast<std::size_t>(app)];
    return known != nullptr && has_ports(protocol) && !known->standard_port(protocol, dport);
  }

 private:
  static bool has_ports(std::uint8_t protocol);

  ResolvedPolicy own_;                      // where there are no rules
  std::vector<const ResolvedApp*> by_app_;  // by AppId; null: not certain
};

}  // namespace endreason
