// SPDX-License-Identifier: Apache-2.0
// The sections of the configuration file that make a Policy: zones, interfaces, objects, rules,
// decryption, host services. Each reads one section into the policy; names are resolved later.
#pragma once

#include <array>
#include <string_view>

#include "base/result.hpp"
#include "config/setting_node.hpp"
#include "policy/policy.hpp"

namespace endreason {

Result<void> read_policy_zones(const SettingNode& node, Policy& into);
Result<void> read_policy_interfaces(const SettingNode& node, Policy& into);
Result<void> read_host_services(const SettingNode& node, Policy& into);
Result<void> read_addresses(const SettingNode& node, Policy& into);
Result<void> read_address_groups(const SettingNode& node, Policy& into);
Result<void> read_external_lists(const SettingNode& node, Policy& into);
Result<void> read_services(const SettingNode& node, Policy& into);
Result<void> read_service_groups(const SettingNode& node, Policy& into);
Result<void> read_application_groups(const SettingNode& node, Policy& into);
Result<void> read_application_filters(const SettingNode& node, Policy& into);
Result<void> read_rules(const SettingNode& node, Policy& into);
Result<void> read_default_rules(const SettingNode& node, Policy& into);
Result<void> read_decryption(const SettingNode& node, Policy& into);
Result<void> read_limits(const SettingNode& node, Policy& into);

// One application of the section `applications`: the keys that define it for rules. Its timers are
// read by others. `known` is false when the key is none of these.
struct ApplicationKey {
  bool known{};
};
Result<ApplicationKey> read_application_key(const SettingNode& node, ApplicationObject& into);
// The names of those keys, for messages.
std::array<std::string_view, 5> application_keys();

}  // namespace endreason
