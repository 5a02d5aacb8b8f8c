// SPDX-License-Identifier: Apache-2.0
// import_panos_config(): the XML of a firewall's configuration, or of Panorama's with its device
// groups and templates, to a Policy. What is not understood is listed with its path; nothing is
// left out in silence.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "config/xml_node.hpp"
#include "policy/policy.hpp"
#include "policy/problem.hpp"

namespace endreason {

struct ImportOptions {
  std::string vsys;          // empty: the only one
  std::string device_group;  // of Panorama; empty: the only one
  std::string templ;         // a template or template stack; empty: the only one, or none
};

struct ImportedConfig {
  Policy policy;
  // Keys and values of the section `sessions`, such as tcp-reject-non-syn and no.
  std::vector<std::pair<std::string, std::string>> session_settings;
  std::vector<NotUnderstood> not_understood;
  Problems problems;  // what was understood and cannot be had: a schedule, a HIP profile
};

// `name` is the file's, for messages.
Result<ImportedConfig> import_panos_config(const std::string& text, const std::string& name,
                                           const ImportOptions& options);

}  // namespace endreason
