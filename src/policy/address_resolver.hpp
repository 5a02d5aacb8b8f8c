// SPDX-License-Identifier: Apache-2.0
// AddressResolver: names of address objects, groups and lists, and literal addresses, to sets.
// Groups are opened once. Borrows the policy; not thread safe.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "policy/address_set.hpp"
#include "policy/open_groups.hpp"
#include "policy/policy.hpp"
#include "policy/problem.hpp"

namespace endreason {

class AddressResolver {
 public:
  AddressResolver(const Policy& policy, Problems& problems);

  // The union of the names; `who` is the rule and the setting, for messages.
  AddressSet resolve(const Names& names, LineNumber line, const std::string& who);

 private:
  struct Group {
    const AddressGroup* written{};
    bool read = false;
    std::vector<IpRange> ranges;
  };
  void collect(std::string_view name, LineNumber line, const std::string& who,
               std::vector<IpRange>& into);
  void collect_object(const AddressObject& object, std::vector<IpRange>& into);
  void collect_group(Group& group, LineNumber line, const std::string& who,
                     std::vector<IpRange>& into);
  void read_group(Group& group);
  void unknown_name(std::string_view name, LineNumber line, const std::string& who);

  const Policy& policy_;
  Problems& problems_;
  std::unordered_map<std::string_view, const AddressObject*> objects_;
  std::unordered_map<std::string_view, Group> groups_;
  std::unordered_map<std::string_view, const ExternalList*> lists_;
  std::unordered_map<std::string_view, std::vector<IpRange>> resolved_objects_;
  OpenGroups open_;
};

}  // namespace endreason
