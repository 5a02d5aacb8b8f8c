// SPDX-License-Identifier: Apache-2.0
#include "policy/service_resolver.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

struct PredefinedService {
  std::string_view name;
  std::string_view protocol, port;
};
// Source: Objects > Services of the 11.2 help, the two that every firewall has.
constexpr auto kPredefinedServices = std::to_array<PredefinedService>({
    {"service-http", "tcp", "80,8080"},
    {"service-https", "tcp", "443"},
});

bool has_ports(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp;
}

}  // namespace

ServiceResolver::ServiceResolver(const Policy& policy, Problems& problems)
    : policy_(policy), problems_(problems) {
  for (const ServiceObject& object : policy.services) objects_.emplace(object.name, &object);
  for (const ObjectGroup& group : policy.service_groups) groups_.emplace(group.name, &group);
}

void ServiceResolver::resolve(const Names& names, LineNumber line, const std::string& who,
                              ResolvedMatch& match) {
  if (is_any(names)) {
    match.any_service = true;
    return;
  }
  for (const std::string& name : names) {
    if (name == kApplicationDefault)
      match.application_default = true;
    else
      collect(name, line, who, match);
  }
  if (match.application_default && names.size() > 1)
    problems_.error(line, fmt::format("{}: application-default stands alone; take the other "
                                      "services out, or put them into a rule of their own",
                                      who));
}

void ServiceResolver::collect(std::string_view name, LineNumber line, const std::string& who,
                              ResolvedMatch& match) {
  if (const auto object = objects_.find(name); object != objects_.end())
    return add_object(*object->second, match);
  if (const auto group = groups_.find(name); group != groups_.end())
    return open_.each_member("service", *group->second, line, who, problems_,
                             [&](const auto&... member) { collect(member..., match); });
  for (const PredefinedService& row : kPredefinedServices)
    if (row.name == name)
      return add_object(
          {std::string(row.name), std::string(row.protocol), std::string(row.port), {}, 0, 0},
          match);
  if (name == kAny) {
    match.any_service = true;
    return;
  }
  std::vector<std::string_view> known{kAny, kApplicationDefault};
  for (const auto& row : kPredefinedServices) known.push_back(row.name);
  for (const ServiceObject& object : policy_.services) known.push_back(object.name);
  for (const ObjectGroup& group : policy_.service_groups) known.push_back(group.name);
  const auto near = nearest_names(name, known, 1);
  problems_.error(
      line, fmt::format("{}: no service or group is named '{}'{}; define it under services", who,
                        name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
}

void ServiceResolver::add_object(const ServiceObject& object, ResolvedMatch& match) {
  ResolvedService service;
  const auto protocol = protocol_from(object.protocol);
  if (!protocol || !has_ports(*protocol)) {
    problems_.error(object.line, fmt::format("service '{}': protocol: expected tcp, udp or sctp, "
                                             "found '{}'",
                                             object.name, object.protocol));
    return;
  }
  service.protocol = *protocol;
  auto ports = PortSet::parse(object.port);
  if (!ports) {
    problems_.error(object.line,
                    fmt::format("service '{}': port: {}", object.name, ports.error().message));
    return;
  }
  service.ports = std::move(*ports);
  if (!object.source_port.empty()) {
    auto sources = PortSet::parse(object.source_port);
    if (!sources) {
      problems_.error(object.line, fmt::format("service '{}': source-port: {}", object.name,
                                               sources.error().message));
      return;
    }
    if (!sources->is_all()) service.source_ports = std::move(*sources);
  }
  match.services.push_back(std::move(service));
}

}  // namespace endreason
