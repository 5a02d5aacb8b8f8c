// SPDX-License-Identifier: Apache-2.0
// InspectionSettings: the section `inspection` of the configuration file: what looks into sessions,
// and what is done about what it finds. Paths are complete: those of the file are relative to its
// folder. Options of the command line come before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace endreason {

class SettingNode;

struct InspectionSettings {
  std::vector<std::string> rules;        // files
  std::vector<std::string> variables;    // NAME=VALUE
  std::vector<std::string> block_lists;  // NAME=FILE or FILE
  std::vector<std::string> actions;      // WHAT=ACTION
  std::string block_list_action, when_full, key_log, trust_store;
  std::optional<std::uint32_t> memory_mib, stream_depth, body_depth;
  bool lenient{};
};

// `file`: the configuration file.
Result<void> read_inspection(const SettingNode& node, const std::string& file,
                             InspectionSettings& into);
// The section as the file would have it; `effective`: with what acts where nothing is said.
std::string inspection_yaml(const InspectionSettings& settings, bool effective);

}  // namespace endreason
