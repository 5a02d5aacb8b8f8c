// SPDX-License-Identifier: Apache-2.0
// The column orders of traffic-log CSV: which Field each cell holds.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/field.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

struct CsvLayout {
  std::string_view name;
  InputFormat format;
  std::array<std::uint8_t, kFieldCount> fields;  // field of cell i
  std::uint8_t cells;                            // how many of them count

  constexpr std::size_t cell_of(Field f) const {
    for (std::size_t i = 0; i < cells; ++i)
      if (fields[i] == index_of(f)) return i;
    return kFieldCount;
  }
};

namespace layout_detail {
// All columns in PAN-OS order but those left out.
template <std::size_t N>
consteval CsvLayout without(std::string_view name, InputFormat format,
                            const std::array<Field, N>& left_out) {
  CsvLayout layout{name, format, {}, 0};
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    bool out = false;
    for (const Field f : left_out) out = out || index_of(f) == i;
    if (!out) layout.fields[layout.cells++] = static_cast<std::uint8_t>(i);
  }
  return layout;
}
}  // namespace layout_detail

// The default syslog format. Source: "Traffic Log Fields".
inline constexpr CsvLayout kPanosLayout =
    layout_detail::without("PAN-OS", InputFormat::PanosCsv, std::array<Field, 0>{});
// The same where a relay has taken the first column away (seen in a public sample).
inline constexpr CsvLayout kPanosNoFirstLayout = layout_detail::without(
    "PAN-OS without its first column", InputFormat::PanosCsv, std::array{Field::Domain});
// Strata Logging Service and Prisma Access: no flags, time-logged and padding columns. Which of the
// two flag columns is missing differs between senders, so each combination is a layout and the
// types of the cells decide. Source: facts of public parsers, docs/formats/input.md.
inline constexpr auto kSlsLayouts = std::to_array<CsvLayout>({
    layout_detail::without(
        "Strata Logging Service", InputFormat::SlsCsv,
        std::array{Field::TimeReceived, Field::Flags, Field::Padding, Field::Cpadding}),
    layout_detail::without("Strata Logging Service without action flags", InputFormat::SlsCsv,
                           std::array{Field::TimeReceived, Field::Flags, Field::Padding,
                                      Field::Actionflags, Field::Cpadding}),
    layout_detail::without("Strata Logging Service with flags", InputFormat::SlsCsv,
                           std::array{Field::TimeReceived, Field::Padding, Field::Cpadding}),
    layout_detail::without("Strata Logging Service without its first column", InputFormat::SlsCsv,
                           std::array{Field::Domain, Field::TimeReceived, Field::Flags,
                                      Field::Padding, Field::Cpadding}),
});

static_assert(kPanosLayout.cells == kFieldCount);
static_assert(kSlsLayouts[0].cell_of(Field::Proto) == 27);

}  // namespace endreason
