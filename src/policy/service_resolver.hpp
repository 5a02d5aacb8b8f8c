// SPDX-License-Identifier: Apache-2.0
// ServiceResolver: names of service objects and groups to protocols and ports.
// ApplicationResolver: names of applications, groups, filters and containers to numbers, and what
// is known of each application. Both borrow the policy; not thread safe.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/open_groups.hpp"
#include "policy/policy.hpp"
#include "policy/problem.hpp"
#include "policy/resolved_policy.hpp"

namespace endreason {

class ServiceResolver {
 public:
  ServiceResolver(const Policy& policy, Problems& problems);
  // Fills the services of a match, and its any_service and application_default.
  void resolve(const Names& names, LineNumber line, const std::string& who, ResolvedMatch& match);

 private:
  void collect(std::string_view name, LineNumber line, const std::string& who,
               ResolvedMatch& match);
  void add_object(const ServiceObject& object, ResolvedMatch& match);

  const Policy& policy_;
  Problems& problems_;
  std::unordered_map<std::string_view, const ServiceObject*> objects_;
  std::unordered_map<std::string_view, const ObjectGroup*> groups_;
  OpenGroups open_;
};

class ApplicationResolver {
 public:
  ApplicationResolver(const Policy& policy, ResolvedPolicy& out, Problems& problems);
  void resolve(const Names& names, LineNumber line, const std::string& rule, ResolvedRule& into);

 private:
  PolicyApp add(std::string_view name);
  void add_known();
  void add_object(const ApplicationObject& object);
  void collect(std::string_view name, LineNumber line, const std::string& who,
               std::vector<PolicyApp>& into);
  void collect_container(std::string_view stem, std::vector<PolicyApp>& into);
  void note_unknown(std::string_view name, LineNumber line, const std::string& who);

  ResolvedPolicy& out_;
  Problems& problems_;
  std::unordered_map<std::string_view, const ObjectGroup*> groups_;
  std::unordered_map<std::string_view, const ApplicationFilter*> filters_;
  OpenGroups open_;
};

// "tcp/80,443", "udp/dynamic", "icmp", "icmp/8", "ip/47": one entry of an application's ports.
Result<ResolvedService> parse_application_port(std::string_view text);

}  // namespace endreason
