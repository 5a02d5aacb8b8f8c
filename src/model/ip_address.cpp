// SPDX-License-Identifier: Apache-2.0
#include "model/ip_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

bool parse_v4(std::string_view text, std::uint8_t* out) {
  std::size_t octet = 0;
  unsigned value = 0;
  std::size_t count = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i == text.size() || text[i] == '.') {
      if (count == 0 || value > 255 || octet == 4) return false;
      out[octet++] = static_cast<std::uint8_t>(value);
      value = 0;
      count = 0;
      continue;
    }
    const unsigned d = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    if (d > 9 || ++count > 3) return false;
    value = value * 10 + d;
  }
  return octet == 4;
}

}  // namespace

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::optional<IpAddress> parse_ip(std::string_view text) {
  IpAddress address;
  if (text.size() < 2 || text.size() > 45) return std::nullopt;
  if (text.find(':') == std::string_view::npos) {
    if (!parse_v4(text, address.bytes.data() + 12)) return std::nullopt;
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin());
    return address;
  }
  char buffer[46];
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::string to_string(const IpAddress& address) {
  char buffer[INET6_ADDRSTRLEN];
  if (address.is_v4()) {
    inet_ntop(AF_INET, address.bytes.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, address.bytes.data(), buffer, sizeof buffer);
  }
  return buffer;
}

std::optional<IpRange> parse_ip_range(std::string_view text) {
  if (const std::size_t dash = text.find('-'); dash != std::string_view::npos) {
    const auto first = parse_ip(text.substr(0, dash));
    const auto last = parse_ip(text.substr(dash + 1));
    if (!first || !last || *last < *first || first->is_v4() != last->is_v4()) return std::nullopt;
    return IpRange{*first, *last};
  }
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(text.substr(0, slash));
  if (!address) return std::nullopt;
  IpRange range{*address, *address};
  if (slash == std::string_view::npos) return range;
  std::uint64_t bits = 0;
  if (!parse_decimal(text.substr(slash + 1), bits)) return std::nullopt;
  if (bits > (address->is_v4() ? 32u : 128u)) return std::nullopt;
  if (address->is_v4()) bits += 96;
  for (std::size_t i = 0; i < 16; ++i) {
    const std::size_t kept = bits > i * 8 ? std::min<std::size_t>(8, bits - i * 8) : 0;
    const auto mask = static_cast<std::uint8_t>(0xff00u >> kept);
    range.first.bytes[i] = static_cast<std::uint8_t>(range.first.bytes[i] & mask);
    range.last.bytes[i] =
        static_cast<std::uint8_t>(range.last.bytes[i] | static_cast<std::uint8_t>(~mask));
  }
  return range;
}

}  // namespace endreason
