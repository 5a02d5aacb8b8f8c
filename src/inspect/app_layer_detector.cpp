// SPDX-License-Identifier: Apache-2.0
#include "inspect/app_layer_detector.hpp"

#include <algorithm>
#include <string_view>

#include "base/byte_order.hpp"
#include "inspect/dns_inspector.hpp"

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

enum class Fit : std::uint8_t { No, Maybe, Yes };

char lower(std::uint8_t c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

// Whether the bytes begin with `word` (lower case), or may when more come.
Fit begins(Bytes bytes, std::string_view word) {
  const std::size_t n = std::min(bytes.size(), word.size());
  for (std::size_t i = 0; i < n; ++i)
    if (lower(bytes[i]) != word[i]) return Fit::No;
  return n == word.size() ? Fit::Yes : Fit::Maybe;
}

bool is_blank(std::uint8_t c) {
  return c == ' ' || c == '\0' || (c >= '\t' && c <= '\r');
}

Fit http(Bytes bytes, Side side) {
  while (!bytes.empty() && is_blank(bytes.front())) bytes = bytes.subspan(1);
  if (bytes.empty()) return Fit::Maybe;
  if (side == kFromServer) return begins(bytes, "http/");
  static constexpr std::string_view kMethods[] = {
      "get ",      "post ",      "head ",   "put ",      "delete ",    "options ",
      "connect ",  "trace ",     "patch ",  "propfind ", "proppatch ", "mkcol ",
      "copy ",     "move ",      "lock ",   "unlock ",   "search ",    "report ",
      "checkout ", "subscribe ", "notify ", "m-search "};
  Fit best = Fit::No;
  for (const std::string_view method : kMethods) best = std::max(best, begins(bytes, method));
  if (best == Fit::Yes) {
    // SIP and RTSP have such methods too.
    const auto newline = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\n'});
    const std::string_view line(reinterpret_cast<const char*>(bytes.data()),
                                static_cast<std::size_t>(newline - bytes.begin()));
    if (line.find(" SIP/") != line.npos || line.find(" RTSP/") != line.npos) return Fit::No;
    return Fit::Yes;
  }
  if (best == Fit::Maybe) return best;
  // Any other method, when the line ends as a request does.
  std::size_t letters = 0;
  while (letters < bytes.size() && letters < 24 && bytes[letters] > 0x20 && bytes[letters] < 0x7f)
    ++letters;
  if (letters == bytes.size() && letters < 24) return Fit::Maybe;
  if (letters == 0 || bytes[letters] != ' ') return Fit::No;
  const auto newline = std::find(bytes.begin(), bytes.end(), std::uint8_t{'\n'});
  const std::string_view line(reinterpret_cast<const char*>(bytes.data()),
                              static_cast<std::size_t>(newline - bytes.begin()));
  if (line.find(" HTTP/1.") != line.npos || line.find(" HTTP/0.9") != line.npos) return Fit::Yes;
  return newline == bytes.end() && bytes.size() < 512 ? Fit::Maybe : Fit::No;
}

Fit tls(Bytes b) {
  // A handshake or an alert, of a version that is known.
  if (b[0] != 22 && b[0] != 21) return Fit::No;
  if (b.size() < 6) return b.size() < 2 || b[1] == 3 ? Fit::Maybe : Fit::No;
  const std::size_t length = load_big16(&b[3]);
  const bool hello = b[0] == 21 || b[5] == 1 || b[5] == 2;
  return b[1] == 3 && b[2] <= 4 && length > 0 && length <= 16384 + 2048 && hello ? Fit::Yes
                                                                                 : Fit::No;
}

Fit dns(Bytes b, std::uint16_t port) {
  if (port != 53) return Fit::No;
  if (b.size() < 2 + 12 + 5 || (b.size() < 2u + load_big16(b.data()) && b.size() < 512))
    return Fit::Maybe;
  return looks_like_dns(b.subspan(2)) ? Fit::Yes : Fit::No;
}

Fit smb(Bytes b) {
  if (b[0] != 0) return Fit::No;
  if (b.size() < 8) return Fit::Maybe;
  const bool marked = b[5] == 'S' && b[6] == 'M' && b[7] == 'B';
  return marked && (b[4] == 0xff || b[4] == 0xfe) ? Fit::Yes : Fit::No;
}

Fit smtp(Bytes b, Side side, std::uint16_t port) {
  const bool usual = port == 25 || port == 465 || port == 587;
  if (side == kFromClient) return std::max(begins(b, "ehlo "), begins(b, "helo "));
  const Fit fit = begins(b, "220");
  if (fit != Fit::Yes || usual) return usual ? fit : Fit::No;
  const std::string_view text(reinterpret_cast<const char*>(b.data()), b.size());
  return text.find("SMTP") != text.npos ? Fit::Yes : Fit::No;
}

Fit ftp(Bytes b, Side side, std::uint16_t port) {
  if (side == kFromClient) return begins(b, "user ");
  return port == 21 ? begins(b, "220") : Fit::No;
}

}  // namespace

AppLayer detect_app_layer(Bytes begin, Side side, std::uint16_t port) {
  if (begin.empty()) return AppLayer::Unknown;
  struct Row {
    AppLayer layer;
    Fit fit;
  };
  const Row rows[] = {
      {AppLayer::Tls, tls(begin)},
      {AppLayer::Ssh, begins(begin, "ssh-")},
      {AppLayer::Dns, dns(begin, port)},
      {AppLayer::Smtp, smtp(begin, side, port)},
      {AppLayer::Ftp, ftp(begin, side, port)},
      {AppLayer::Smb, smb(begin)},
      {AppLayer::Http, http(begin, side)},
  };
  bool maybe = false;
  for (const Row& row : rows) {
    if (row.fit == Fit::Yes) return row.layer;
    maybe |= row.fit == Fit::Maybe;
  }
  return maybe ? AppLayer::Unknown : AppLayer::None;
}

}  // namespace endreason::inspect
