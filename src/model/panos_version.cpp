// SPDX-License-Identifier: Apache-2.0
#include "model/panos_version.hpp"

#include "base/parse_number.hpp"

namespace endreason {

std::string_view name_of(PanosVersion v) {
  if (const PanosVersionInfo* row = info(v)) return row->name;
  return v == kVersion71OrOlder ? "7.1 or older" : "unknown";
}

PanosVersion version_named(std::string_view name) {
  for (std::size_t i = 0; i < kPanosVersions.size(); ++i)
    if (kPanosVersions[i].name == name) return PanosVersion{static_cast<std::uint8_t>(i)};
  return kVersionUnknown;
}

PanosVersion version_from_config(std::string_view config_ver) {
  std::uint64_t number = 0;
  if (parse_decimal(config_ver, number)) {
    // 7.1 and older senders write 1; 0 is seen where the sender does not say.
    if (number == 1) return kVersion71OrOlder;
    for (std::size_t i = 0; i < kPanosVersions.size(); ++i)
      if (number != 0 && kPanosVersions[i].config_version == number)
        return PanosVersion{static_cast<std::uint8_t>(i)};
    return kVersionUnknown;
  }
  // "10.1", "10.1.6-h3": the first two numbers count.
  const std::size_t dot = config_ver.find('.');
  if (dot == std::string_view::npos) return kVersionUnknown;
  std::size_t end = dot + 1;
  while (end < config_ver.size() && config_ver[end] >= '0' && config_ver[end] <= '9') ++end;
  return version_named(config_ver.substr(0, end));
}

PanosVersion refine_by_columns(PanosVersion v, std::size_t columns) {
  if (v != kVersion71OrOlder) return v;
  for (std::size_t i = 0; i < kPanosVersions.size(); ++i)
    if (kPanosVersions[i].config_version == 0 && kPanosVersions[i].columns == columns)
      return PanosVersion{static_cast<std::uint8_t>(i)};
  return v;
}

bool is_known_line_end(std::size_t columns) {
  for (const auto& row : kPanosVersions)
    if (row.columns == columns) return true;
  // 120 and 128: ends that the vendor's page names without a release.
  return columns == 120 || columns == 128;
}

}  // namespace endreason
