// SPDX-License-Identifier: Apache-2.0
// Made-up sessions -> log lines: PAN-OS 11.1 CSV of 117 columns, CEF of the firewall's template,
// LEEF 2.0, and the JSON of the logging service, each bare or behind a syslog header.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "traffic_session.hpp"

namespace endreason::bench {

enum class LineFormat : std::uint8_t { PanosCsv, Cef, Leef, Json };
enum class Envelope : std::uint8_t { None, Bsd, Ietf };

std::optional<LineFormat> line_format_named(std::string_view name);
std::optional<Envelope> envelope_named(std::string_view name);

inline constexpr std::size_t kLineBytesMax = 4096;  // of any line that is written here

class LineWriter {
 public:
  explicit LineWriter(Envelope envelope) : envelope_(envelope) {}
  // Writes one line with its newline; `to` has room for kLineBytesMax. Returns its end.
  char* write(const Session& session, LineFormat format, char* to);

 private:
  char* write_header(const Session& session, char* to);
  char* write_csv(const Session& session, char* to);
  char* write_cef(const Session& session, char* to);
  char* write_leef(const Session& session, char* to);
  char* write_json(const Session& session, char* to);
  void set_second(std::int64_t second);

  Envelope envelope_;
  std::int64_t second_ = -1;
  std::array<char, 19> device_time_{};  // "2026/03/10 10:00:00" of second_
  std::array<char, 19> iso_time_{};     // "2026-03-10T10:00:00"
  std::array<char, 15> bsd_time_{};     // "Mar 10 10:00:00"
};

}  // namespace endreason::bench
