// SPDX-License-Identifier: Apache-2.0
// TlsPrelude: what two sides say in plain text before they turn to TLS: SMTP, IMAP, POP3, FTP and
// XMPP that ask for it, PostgreSQL and MySQL, and a proxy's CONNECT. It is fed both sides' bytes in
// order and says from where on they are TLS. A value of fixed size; hostile bytes end it.
// Sources: RFC 3207, 2595, 4217, 6120, 9110 (section 9.3.6), the protocol documents of both
// databases.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace endreason::inspect {

class TlsPrelude {
 public:
  using Bytes = std::span<const std::uint8_t>;
  enum class Step : std::uint8_t {
    GoesOn,
    TurnsToTls,  // what follows, of both sides, is TLS
    IsNone,      // nothing that could turn to TLS
  };
  // `used`: how many of the bytes belong to the prelude.
  Step data(bool from_client, Bytes bytes, std::size_t& used);

 private:
  enum class Kind : std::uint8_t { Unknown, Mail, Connect, Xmpp, PostgreSql, MySql };
  enum class Asked : std::uint8_t { Nothing, StartTls, AuthTls, Stls, Tagged, Connect, Proceed };
  static constexpr std::size_t kLineKept = 80;            // of a line's begin
  static constexpr std::uint32_t kBytesMost = 64 * 1024;  // of both sides

  struct Line {
    std::array<char, kLineKept> text{};
    std::uint8_t size{};
    bool over{};  // longer than is kept
    std::string_view view() const { return {text.data(), size}; }
  };

  Step first(bool from_client, Bytes bytes, std::size_t& used);
  Step database(bool from_client, Bytes bytes, std::size_t& used);
  Step client_line(std::string_view line);
  Step server_line(std::string_view line);

  Kind kind_{Kind::Unknown};
  Asked asked_{Asked::Nothing};
  bool agreed_{};  // a proxy's answer: TLS begins behind its empty line
  std::array<char, 16> tag_{};
  std::uint8_t tag_size_{};
  std::uint32_t seen_{};
  std::array<Line, 2> line_;
};

}  // namespace endreason::inspect
