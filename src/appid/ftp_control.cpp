// SPDX-License-Identifier: Apache-2.0
#include "appid/ftp_control.hpp"

#include <algorithm>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

bool digit(char c) {
  return c >= '0' && c <= '9';
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

// "port 1,2": the verb in capitals and what stands behind it.
bool is_command(std::string_view line, std::string_view verb, std::string_view& rest) {
  if (line.size() < verb.size() ||
      !std::ranges::equal(line.substr(0, verb.size()), verb, {}, upper))
    return false;
  rest = line.substr(verb.size());
  return rest.empty() || rest.front() == ' ';
}

// "h1,h2,h3,h4,p1,p2" from the first digit on (RFC 1123 section 4.1.2.6: no parentheses may be
// relied upon).
std::optional<FtpAnnouncement> read_six(std::string_view text, bool passive) {
  std::array<std::uint64_t, 6> numbers{};
  const auto first = std::ranges::find_if(text, digit);
  text = text.substr(static_cast<std::size_t>(first - text.begin()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const std::size_t length =
        static_cast<std::size_t>(std::ranges::find_if_not(text, digit) - text.begin());
    if (length == 0 || length > 3 || !parse_decimal(text.substr(0, length), numbers[i]) ||
        numbers[i] > 255)
      return std::nullopt;
    text = text.substr(length);
    if (i + 1 == numbers.size()) break;
    if (text.empty() || text.front() != ',') return std::nullopt;
    text.remove_prefix(1);
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  }
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i) address.bytes[12 + i] = static_cast<std::uint8_t>(numbers[i]);
  const auto port = static_cast<std::uint16_t>(numbers[4] << 8 | numbers[5]);
  if (port == 0) return std::nullopt;
  return FtpAnnouncement{passive, address, port};
}

// "|1|132.235.1.2|6275|" and "|||6446|"; any character may stand for the bar.
std::optional<FtpAnnouncement> read_extended(std::string_view text, bool passive) {
  if (text.size() < 5) return std::nullopt;
  const char bar = text.front();
  if (digit(bar)) return std::nullopt;
  std::array<std::string_view, 3> parts;
  for (std::string_view& part : parts) {
    text.remove_prefix(1);
    const std::size_t end = text.find(bar);
    if (end == std::string_view::npos) return std::nullopt;
    part = text.substr(0, end);
    text.remove_prefix(end);
  }
  FtpAnnouncement found{passive, std::nullopt, 0};
  if (!parts[1].empty()) {
    found.address = parse_ip(parts[1]);
    if (!found.address) return std::nullopt;
  }
  std::uint64_t port = 0;
  if (!parse_decimal(parts[2], port) || port == 0 || port > 65535) return std::nullopt;
  found.port = static_cast<std::uint16_t>(port);
  if (!passive && !found.address) return std::nullopt;
  return found;
}

}  // namespace

void FtpControl::append(Line& line, char c) {
  if (line.passed_over || c == '\r') return;
  if (line.text.size() == kLineMax) {
    line = {.text = {}, .passed_over = true};
    return;
  }
  line.text += c;
}

std::optional<FtpAnnouncement> FtpControl::read_line(bool from_client, std::string_view line) {
  std::string_view rest;
  if (from_client) {
    if (is_command(line, "PORT", rest)) return read_six(rest, false);
    if (is_command(line, "EPRT", rest)) {
      const std::size_t begin = rest.find_first_not_of(' ');
      return begin == std::string_view::npos ? std::nullopt
                                             : read_extended(rest.substr(begin), false);
    }
    return std::nullopt;
  }
  if (is_command(line, "227", rest)) return read_six(rest, true);
  if (is_command(line, "229", rest)) {
    const std::size_t open = rest.find('(');
    return open == std::string_view::npos ? std::nullopt
                                          : read_extended(rest.substr(open + 1), true);
  }
  if (is_command(line, "234", rest)) encrypted_ = true;  // RFC 4217 section 4
  return std::nullopt;
}

}  // namespace endreason
