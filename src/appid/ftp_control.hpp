// SPDX-License-Identifier: Apache-2.0
// FtpControl: the control connection of FTP -> the data connections that it announces (PORT and
// PASV of RFC 959, EPRT and EPSV of RFC 2428). In: the bytes of both sides in order, cut anywhere.
// Holds at most a line a side. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/ip_address.hpp"

namespace endreason {

struct FtpAnnouncement {
  bool passive;                      // the FTP client connects; else the FTP server does
  std::optional<IpAddress> address;  // where to, where it is said; EPSV says the port only
  std::uint16_t port;
};

class FtpControl {
 public:
  static constexpr std::size_t kLineMax = 512;  // longer ones are passed over to their end

  // Calls announced(FtpAnnouncement) for each that these bytes complete.
  template <class Announced>
  void see(bool from_client, std::span<const std::uint8_t> bytes, bool after_gap,
           Announced&& announced) {
    Line& line = lines_[from_client ? 0 : 1];
    if (after_gap) line = {.text = {}, .passed_over = true};
    for (const std::uint8_t byte : bytes) {
      if (byte != '\n') {
        append(line, static_cast<char>(byte));
        continue;
      }
      if (!line.passed_over)
        if (const auto found = read_line(from_client, line.text)) announced(*found);
      line = {};
    }
  }
  // What follows is encrypted (AUTH TLS was agreed to).
  bool encrypted() const { return encrypted_; }

 private:
  struct Line {
    std::string text;
    bool passed_over = false;  // it is too long, or its beginning is missing
  };
  static void append(Line& line, char c);
  std::optional<FtpAnnouncement> read_line(bool from_client, std::string_view line);

  std::array<Line, 2> lines_;
  bool encrypted_ = false;
};

}  // namespace endreason
