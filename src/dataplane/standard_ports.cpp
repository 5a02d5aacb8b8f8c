// SPDX-License-Identifier: Apache-2.0
#include "dataplane/standard_ports.hpp"

#include "model/protocol.hpp"

namespace endreason {

StandardPorts::StandardPorts(const AppCatalogue& catalogue, const ResolvedPolicy* resolved) {
  if (resolved == nullptr) {
    Problems none;
    own_ = resolve_policy(Policy{}, none);
    resolved = &own_;
  }
  for (std::size_t i = 0; i < catalogue.size(); ++i) {
    const auto app = static_cast<std::size_t>(resolved->application(catalogue.name(AppId(i))));
    const bool certain = app < resolved->apps.size() && resolved->apps[app].ports_certain;
    by_app_.push_back(certain ? &resolved->apps[app] : nullptr);
  }
}

bool StandardPorts::has_ports(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp;
}

}  // namespace endreason
