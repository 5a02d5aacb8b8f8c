// SPDX-License-Identifier: Apache-2.0
// Which PAN-OS release wrote a record: by the config-version column (major*256 + minor), and where
// each release's default CSV line ends. Sources: docs/formats/traffic-columns.md.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace endreason {

struct PanosVersionInfo {
  std::uint16_t config_version;  // value of column 6; 0 when it does not tell (7.1 and older say 1)
  std::string_view name;
  std::uint16_t columns;  // of its default line; later maintenance releases may write more
};

inline constexpr auto kPanosVersions = std::to_array<PanosVersionInfo>({
    {0, "6.0", 46},
    {0, "6.1", 47},
    {0, "7.0", 53},
    {0, "7.1", 54},
    {2048, "8.0", 61},
    {2049, "8.1", 65},
    {2304, "9.0", 67},
    {2305, "9.1", 75},
    {2560, "10.0", 105},
    {2561, "10.1", 115},
    {2562, "10.2", 115},
    {2816, "11.0", 117},
    {2817, "11.1", 117},
    {2818, "11.2", 117},
    {3073, "12.1", 130},
    {3074, "12.2", 130},
});

// Index into kPanosVersions, or kVersionUnknown / kVersion71OrOlder.
enum class PanosVersion : std::uint8_t {};
inline constexpr PanosVersion kVersionUnknown{255};
inline constexpr PanosVersion kVersion71OrOlder{254};

constexpr const PanosVersionInfo* info(PanosVersion v) {
  const auto i = static_cast<std::uint8_t>(v);
  return i < kPanosVersions.size() ? &kPanosVersions[i] : nullptr;
}
// "10.1"; "7.1 or older"; "unknown".
std::string_view name_of(PanosVersion v);

// From the config_ver column: "2817", or text as the logging service writes it ("10.1").
PanosVersion version_from_config(std::string_view config_ver);
// From a name ("11.1"); kVersionUnknown when it is none that we know.
PanosVersion version_named(std::string_view name);
// For records of 7.1 or older, told apart by where the line ends; otherwise `v` itself.
PanosVersion refine_by_columns(PanosVersion v, std::size_t columns);
// True when some release's default line ends at this many columns.
bool is_known_line_end(std::size_t columns);

}  // namespace endreason
