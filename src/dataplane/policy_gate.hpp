// SPDX-License-Identifier: Apache-2.0
// PolicyGate: the engine's sessions as questions to the rules. Knows what zones and applications of
// the engine are called in the policy. Constant once made; shared by all lanes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "dataplane/session_policy.hpp"
#include "model/app_id.hpp"
#include "model/packet_view.hpp"
#include "model/zone_table.hpp"
#include "policy/compiled_policy.hpp"
#include "session/session.hpp"

namespace endreason {

class PolicyGate {
 public:
  PolicyGate(std::shared_ptr<const CompiledPolicy> policy, const ZoneTable& zones,
             const AppCatalogue& catalogue);

  // A packet that would begin a session. `app`: what its protocol alone tells; None: nothing yet.
  SessionPolicy at_first(const PacketView& packet, PacketZones zones, AppId app) const;
  // A session whose application has become known, or another. `may_change`: it may again.
  SessionPolicy with_application(const Session& session, AppId app, bool may_change) const;
  // The decryption rule that the session falls under, by its index.
  std::optional<std::uint32_t> decryption_rule(const Session& session, AppId app) const;
  // Whether it is for the firewall itself, and for no service that is enabled.
  bool refuses_as_host(const PacketView& packet) const;
  // An address of the firewall in this zone, of the same family; null: it has none.
  const IpAddress* own_address(ZoneNumber zone, const IpAddress& like) const;

  const SecurityRule& rule(std::uint32_t index) const { return policy_->rule(index); }
  const CompiledPolicy& policy() const { return *policy_; }
  std::uint32_t unreachables_a_second() const { return unreachables_a_second_; }

 private:
  PolicyQuery query_of(const Session& session, AppId app, bool may_change) const;
  ZoneId zone(std::uint16_t number) const {
    return number < zones_.size() ? zones_[number] : ZoneId::Unknown;
  }
  SessionPolicy decide(const PolicyQuery& query) const;

  struct OwnAddress {
    ZoneId zone;
    IpAddress address;
  };
  std::shared_ptr<const CompiledPolicy> policy_;
  std::vector<ZoneId> zones_;    // by ZoneNumber
  std::vector<PolicyApp> apps_;  // by AppId
  std::vector<OwnAddress> own_;  // in the order of the configuration
  std::uint32_t unreachables_a_second_ = 0;
};

}  // namespace endreason
