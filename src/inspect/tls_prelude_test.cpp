// SPDX-License-Identifier: Apache-2.0
#include "inspect/tls_prelude.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace endreason::inspect {
namespace {

using Said = std::vector<std::pair<bool, std::string>>;  // by the client?

TlsPrelude::Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// The index of the text that turns to TLS, whole or byte by byte; -1: none does.
int turns_at(const Said& said, bool byte_by_byte = false) {
  TlsPrelude prelude;
  for (std::size_t i = 0; i < said.size(); ++i) {
    const auto& [client, text] = said[i];
    const std::size_t piece = byte_by_byte ? 1 : text.size();
    for (std::size_t at = 0; at < text.size(); at += piece) {
      std::size_t used = 0;
      const auto step =
          prelude.data(client, bytes_of(std::string_view(text).substr(at, piece)), used);
      EXPECT_LE(used, piece);
      if (step == TlsPrelude::Step::TurnsToTls) return static_cast<int>(i);
      if (step == TlsPrelude::Step::IsNone) return -1;
    }
  }
  return -1;
}

const Said kSmtp{{false, "220 mail.example ESMTP\r\n"},
                 {true, "EHLO client.example\r\n"},
                 {false, "250-mail.example\r\n250 STARTTLS\r\n"},
                 {true, "starttls\r\n"},
                 {false, "220 go ahead\r\n"}};

TEST(TlsPrelude, MailFtpXmppAndProxiesTurnToTlsWhenTheServerAgrees) {
  EXPECT_EQ(turns_at(kSmtp), 4);
  EXPECT_EQ(turns_at(kSmtp, true), 4);
  EXPECT_EQ(turns_at({{false, "* OK ready\r\n"},
                      {true, "a1 CAPABILITY\r\n"},
                      {false, "* CAPABILITY STARTTLS\r\na1 OK done\r\n"},
                      {true, "a2 STARTTLS\r\n"},
                      {false, "* OK wait\r\na2 OK begin\r\n"}}),
            4);
  EXPECT_EQ(turns_at({{false, "+OK ready\r\n"}, {true, "STLS\r\n"}, {false, "+OK\r\n"}}), 2);
  EXPECT_EQ(turns_at({{false, "220 FTP\r\n"}, {true, "AUTH TLS\r\n"}, {false, "234 ok\r\n"}}), 2);
  EXPECT_EQ(turns_at({{true, "<?xml version='1.0'?><stream:stream to='a'>"},
                      {false, "<stream:stream from='a'><stream:features><starttls/>"},
                      {true, "<starttls xmlns='urn:x'/>"},
                      {false, "<proceed xmlns='urn:x'/>"}}),
            3);
  EXPECT_EQ(turns_at({{true, "CONNECT a.example:443 HTTP/1.1\r\nHost: a.example\r\n\r\n"},
                      {false, "HTTP/1.1 200 Connection established\r\nVia: p\r\n\r\n"}}),
            1);
}

TEST(TlsPrelude, DatabasesTurnToTlsByTheirOwnMessages) {
  const std::string asks("\0\0\0\x08\x04\xd2\x16\x2f", 8);
  EXPECT_EQ(turns_at({{true, asks}, {false, "S"}}), 1);
  EXPECT_EQ(turns_at({{true, asks}, {false, "N"}}), -1);
  const std::string greeting = std::string("\x4a\0\0\0\x0a", 5) + "8.0.36";
  const std::string tls = std::string("\x20\0\0\x01\x85\xae\xff\x19", 8) + std::string(28, '\0');
  const std::string plain = std::string("\x20\0\0\x01\x85\xa6\xff\x19", 8) + std::string(28, '\0');
  EXPECT_EQ(turns_at({{false, greeting}, {true, tls}}), 1);
  EXPECT_EQ(turns_at({{false, greeting}, {true, plain}}), -1);
}

TEST(TlsPrelude, StaysPlainWhereTheServerRefusesOrNobodyAsks) {
  Said refused = kSmtp;
  refused.back().second = "454 not now\r\n";
  EXPECT_EQ(turns_at(refused), -1);
  EXPECT_EQ(turns_at({{false, "220 mail\r\n"}, {true, "EHLO a\r\n"}, {false, "250 ok\r\n"}}), -1);
  EXPECT_EQ(turns_at({{true, "GET / HTTP/1.1\r\n"}}), -1);
  EXPECT_EQ(
      turns_at({{true, "CONNECT a:443 HTTP/1.1\r\n\r\n"}, {false, "HTTP/1.1 407 no\r\n\r\n"}}), -1);
}

}  // namespace
}  // namespace endreason::inspect
