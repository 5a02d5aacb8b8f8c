// SPDX-License-Identifier: Apache-2.0
#include "dataplane/policy_gate.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "policy/policy_settings.hpp"

namespace endreason {
namespace {

constexpr std::string_view kUnreachableRate = "icmp-unreachable-rate";

std::uint32_t limit_of(const Policy& policy, std::string_view name) {
  const auto set = std::ranges::find(policy.limits, name, &NamedNumber::name);
  if (set != policy.limits.end()) return set->value;
  return std::ranges::find(kPolicyLimits, name, &PolicyLimitInfo::log_name)->default_value;
}

bool is_zone_of(const Zone& zone, const Interface& interface) {
  return std::ranges::find(zone.interfaces, interface.name) != zone.interfaces.end();
}

}  // namespace

PolicyGate::PolicyGate(std::shared_ptr<const CompiledPolicy> policy, const ZoneTable& zones,
                       const AppCatalogue& catalogue)
    : policy_(std::move(policy)) {
  for (std::size_t i = 0; i < zones.size(); ++i)
    zones_.push_back(i == kAnyZone ? ZoneId::Unknown
                                   : policy_->zone(zones.name(static_cast<ZoneNumber>(i))));
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    apps_.push_back(policy_->application(catalogue.name(static_cast<AppId>(i))));
  const Policy& written = policy_->policy();
  for (const Interface& interface : written.interfaces)
    for (const Zone& zone : written.zones)
      if (is_zone_of(zone, interface))
        for (const std::string& text : interface.addresses)
          if (const auto own = parse_ip(std::string_view(text).substr(0, text.find('/'))))
            own_.push_back({policy_->zone(zone.name), *own});
  unreachables_a_second_ = limit_of(written, kUnreachableRate);
}

SessionPolicy PolicyGate::decide(const PolicyQuery& query) const {
  const PolicyDecision decision = policy_->lookup(query);
  SessionPolicy result;
  result.rule = decision.rule;
  result.action = decision.action;
  result.source = decision.source;
  result.flags = 0;
  if (decision.depends_on_application) result.set(kWaitsForApplication);
  if (decision.temporary) result.set(kTemporaryMatch);
  if (decision.log_start) result.set(kLogsStart);
  if (decision.log_end) result.set(kLogsEnd);
  if (decision.icmp_unreachable) result.set(kOwesUnreachable);
  return result;
}

SessionPolicy PolicyGate::at_first(const PacketView& packet, PacketZones zones, AppId app) const {
  PolicyQuery query;
  query.from = zone(zones.from);
  query.to = zone(zones.to);
  query.src = packet.src;
  query.dst = packet.dst;
  query.protocol = packet.protocol;
  query.sport = packet.sport;
  query.dport = packet.dport;
  query.application = apps_[static_cast<std::size_t>(app)];
  return decide(query);
}

PolicyQuery PolicyGate::query_of(const Session& session, AppId app, bool may_change) const {
  PolicyQuery query;
  query.from = zone(session.key.zone);
  query.to = zone(session.server_zone);
  query.src = session.client();
  query.dst = session.server();
  query.protocol = session.key.protocol;
  query.sport = session.client_port();
  query.dport = session.server_port();
  query.application = apps_[static_cast<std::size_t>(app)];
  query.application_may_change = may_change;
  return query;
}

SessionPolicy PolicyGate::with_application(const Session& session, AppId app,
                                           bool may_change) const {
  return decide(query_of(session, app, may_change));
}

std::optional<std::uint32_t> PolicyGate::decryption_rule(const Session& session, AppId app) const {
  return policy_->decryption_rule(query_of(session, app, false));
}

bool PolicyGate::refuses_as_host(const PacketView& p) const {
  const HostAnswer answer = policy_->host_answer(p.src, p.dst, p.protocol, p.dport);
  return answer == HostAnswer::NotEnabled || answer == HostAnswer::NotPermitted;
}

const IpAddress* PolicyGate::own_address(ZoneNumber number, const IpAddress& like) const {
  const ZoneId wanted = zone(number);
  for (const OwnAddress& own : own_)
    if (own.zone == wanted && own.address.is_v4() == like.is_v4()) return &own.address;
  return nullptr;
}

}  // namespace endreason
