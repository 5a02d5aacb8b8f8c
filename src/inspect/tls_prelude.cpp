// SPDX-License-Identifier: Apache-2.0
#include "inspect/tls_prelude.hpp"

#include <algorithm>

namespace endreason::inspect {
namespace {

constexpr std::array<std::uint8_t, 8> kPostgreSqlAsks{0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f};
constexpr std::size_t kMySqlHeader = 4, kMySqlAsks = 32;       // bytes of the request for TLS
constexpr std::uint8_t kMySqlProtocol = 10, kMySqlSslBit = 8;  // of the capabilities' second byte

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c & ~0x20) : c;
}
// Whether the text begins with the word (in upper case), whatever its case.
bool begins(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && std::equal(word.begin(), word.end(), text.begin(),
                                                  [](char w, char c) { return w == upper(c); });
}
// Whether the text is no more than the beginning of the word.
bool may_begin(std::string_view text, std::string_view word) {
  return text.size() < word.size() && begins(word, text);
}
std::string_view as_text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

TlsPrelude::Step TlsPrelude::data(bool from_client, Bytes bytes, std::size_t& used) {
  used = 0;
  seen_ += static_cast<std::uint32_t>(std::min<std::size_t>(bytes.size(), kBytesMost));
  if (seen_ > kBytesMost || bytes.empty()) return bytes.empty() ? Step::GoesOn : Step::IsNone;
  if (kind_ == Kind::PostgreSql || kind_ == Kind::MySql) return database(from_client, bytes, used);
  Line& line = line_[from_client ? 0 : 1];
  if (kind_ == Kind::Unknown && line.size == 0)
    if (const Step step = first(from_client, bytes, used); step != Step::GoesOn || used > 0)
      return step;
  while (used < bytes.size()) {
    const char c = static_cast<char>(bytes[used++]);
    const bool xml = line.size > 0 && line.text[0] == '<';
    const bool ends = c == '\n' || (xml && c == '>');
    if (!ends && line.size < kLineKept) line.text[line.size++] = c;
    if (!ends) continue;
    std::string_view text = line.view();
    while (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    const Step step = from_client ? client_line(text) : server_line(text);
    line.size = 0;
    if (step != Step::GoesOn) return step;
  }
  return Step::GoesOn;
}

// What a side begins with, where that is no line.
TlsPrelude::Step TlsPrelude::first(bool from_client, Bytes bytes, std::size_t& used) {
  if (from_client && bytes.size() == kPostgreSqlAsks.size() &&
      std::equal(kPostgreSqlAsks.begin(), kPostgreSqlAsks.end(), bytes.begin())) {
    kind_ = Kind::PostgreSql;
    used = bytes.size();
    return Step::GoesOn;
  }
  if (!from_client && bytes.size() > kMySqlHeader && bytes[3] == 0 &&
      bytes[kMySqlHeader] == kMySqlProtocol) {
    kind_ = Kind::MySql;
    used = bytes.size();
    return Step::GoesOn;
  }
  const std::string_view text = as_text(bytes);
  static constexpr std::array<std::string_view, 3> kClient{"CONNECT ", "<?XML", "<STREAM:STREAM"};
  static constexpr std::array<std::string_view, 5> kServer{"220", "+OK", "* OK", "<?XML",
                                                           "<STREAM:STREAM"};
  const auto fits = [&](std::string_view word) {
    return begins(text, word) || may_begin(text, word);
  };
  const bool any =
      from_client ? std::ranges::any_of(kClient, fits) : std::ranges::any_of(kServer, fits);
  if (!any) return Step::IsNone;
  kind_ = !from_client && text[0] != '<' ? Kind::Mail : text[0] == '<' ? Kind::Xmpp : Kind::Connect;
  return Step::GoesOn;
}

TlsPrelude::Step TlsPrelude::database(bool from_client, Bytes bytes, std::size_t& used) {
  if (kind_ == Kind::PostgreSql) {
    // One byte says yes; what follows is the client's hello.
    if (from_client || bytes[0] != 'S') return Step::IsNone;
    used = 1;
    return Step::TurnsToTls;
  }
  if (!from_client || bytes.size() < kMySqlHeader + kMySqlAsks) return Step::IsNone;
  const std::size_t length = bytes[0] | std::size_t{bytes[1]} << 8 | std::size_t{bytes[2]} << 16;
  if (length != kMySqlAsks || (bytes[kMySqlHeader + 1] & kMySqlSslBit) == 0) return Step::IsNone;
  used = kMySqlHeader + kMySqlAsks;
  return Step::TurnsToTls;
}

TlsPrelude::Step TlsPrelude::client_line(std::string_view line) {
  if (kind_ == Kind::Connect) {
    // Behind the request line stand headers; the proxy's answer decides.
    asked_ = Asked::Connect;
    return Step::GoesOn;
  }
  if (kind_ == Kind::Xmpp) {
    if (begins(line, "<STARTTLS")) asked_ = Asked::Proceed;
    return Step::GoesOn;
  }
  if (begins(line, "STARTTLS")) {
    asked_ = Asked::StartTls;
  } else if (begins(line, "AUTH TLS") || begins(line, "AUTH SSL")) {
    asked_ = Asked::AuthTls;
  } else if (begins(line, "STLS")) {
    asked_ = Asked::Stls;
  } else if (const std::size_t blank = line.find(' '); blank != std::string_view::npos &&
                                                       blank > 0 && blank <= tag_.size() &&
                                                       begins(line.substr(blank + 1), "STARTTLS")) {
    asked_ = Asked::Tagged;
    tag_size_ = static_cast<std::uint8_t>(blank);
    std::copy_n(line.begin(), blank, tag_.begin());
  }
  return Step::GoesOn;
}

TlsPrelude::Step TlsPrelude::server_line(std::string_view line) {
  const auto answer = [&](bool yes) {
    asked_ = Asked::Nothing;
    return yes ? Step::TurnsToTls : Step::GoesOn;
  };
  switch (asked_) {
    case Asked::Nothing:
      return Step::GoesOn;
    case Asked::StartTls:
      return answer(begins(line, "220"));
    case Asked::AuthTls:
      return answer(begins(line, "234"));
    case Asked::Stls:
      return answer(begins(line, "+OK"));
    case Asked::Tagged: {
      const std::string_view tag(tag_.data(), tag_size_);
      if (!line.starts_with(tag)) return Step::GoesOn;  // something else that it had to say
      return answer(begins(line.substr(tag.size()), " OK"));
    }
    case Asked::Proceed:
      if (begins(line, "<PROCEED")) return answer(true);
      return begins(line, "<FAILURE") ? answer(false) : Step::GoesOn;
    case Asked::Connect:
      if (agreed_) return line.empty() ? Step::TurnsToTls : Step::GoesOn;
      agreed_ = begins(line, "HTTP/1.") && line.size() > 9 && line[9] == '2';
      return agreed_ ? Step::GoesOn : Step::IsNone;
  }
  return Step::IsNone;
}

}  // namespace endreason::inspect
