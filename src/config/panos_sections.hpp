// SPDX-License-Identifier: Apache-2.0
// The parts of a PAN-OS configuration, each to its part of the Policy. Elements that are read are
// marked as understood. An object that the policy has by its name already stays as it is: places
// are read from the nearest to the widest.
#pragma once

#include <string>
#include <unordered_set>

#include "config/panos_import.hpp"
#include "config/xml_node.hpp"
#include "policy/policy.hpp"

namespace endreason {

// The names that each kind of object has so far.
class TakenNames {
 public:
  bool take(std::string_view kind, std::string_view name) {
    return names_.insert(std::string(kind) + '\n' + std::string(name)).second;
  }

 private:
  std::unordered_set<std::string> names_;
};

// Addresses, services, applications, groups, lists, decryption profiles of a vsys, a device group
// or the shared place.
void read_panos_objects(const XmlNode& place, TakenNames& taken, ImportedConfig& into);

// <security> and <decryption> of a rulebase, appended in order.
void read_panos_rules(const XmlNode& rulebase, const std::string& place, ImportedConfig& into);
// <default-security-rules>: what they change of the default rules.
void read_panos_default_rules(const XmlNode& rulebase, ImportedConfig& into);

// Zones of a vsys, and interfaces, management profiles and routes of a device.
void read_panos_zones(const XmlNode& vsys, TakenNames& taken, ImportedConfig& into);
void read_panos_network(const XmlNode& device, TakenNames& taken, ImportedConfig& into);
// deviceconfig: timers, session settings, the management interface.
void read_panos_device(const XmlNode& device, TakenNames& taken, ImportedConfig& into);

inline bool panos_yes(std::string_view text) {
  return text == "yes";
}

}  // namespace endreason
