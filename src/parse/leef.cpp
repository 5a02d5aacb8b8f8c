// SPDX-License-Identifier: Apache-2.0
#include "parse/leef.hpp"

#include <array>

#include "base/parse_number.hpp"
#include "parse/key_value_pairs.hpp"

namespace endreason {
namespace {

enum Header : std::size_t { Version, Vendor, Product, Release, EventId };
constexpr std::size_t kHeaderCount = 5;

constexpr std::string_view kHeaderExpected =
    "LEEF:1.0| or LEEF:2.0| and four more header fields, each ended by '|'";
constexpr std::string_view kVendorExpected = "LEEF by Palo Alto Networks";

// A relay that escapes control characters (rsyslog's default) turns the tab into this.
constexpr std::string_view kEscapedTab = "#011";

bool split_header(std::string_view text, std::array<std::string_view, kHeaderCount>& header,
                  std::size_t& rest) {
  std::size_t begin = 0;
  for (std::string_view& field : header) {
    const std::size_t pipe = text.find('|', begin);
    if (pipe == std::string_view::npos) return false;
    field = text.substr(begin, pipe - begin);
    begin = pipe + 1;
  }
  rest = begin;
  return true;
}

// The character that a LEEF 2.0 delimiter field names: itself, "x7C", "0x7C", "\t"; 0 when it is
// no delimiter field at all.
char delimiter_from(std::string_view spec) {
  if (spec.empty() || spec == "\\t") return '\t';
  if (spec.size() == 1) return spec[0];
  if (spec[0] == 'x' || spec[0] == 'X')
    spec.remove_prefix(1);
  else if (spec.starts_with("0x") || spec.starts_with("0X"))
    spec.remove_prefix(2);
  else
    return '\0';
  std::array<char, 4> hex{'0', 'x', '0', '0'};
  if (spec.empty() || spec.size() > 2) return '\0';
  for (std::size_t i = 0; i < spec.size(); ++i) hex[4 - spec.size() + i] = spec[i];
  std::uint64_t value = 0;
  if (!parse_hex_or_decimal({hex.data(), hex.size()}, value)) return '\0';
  return static_cast<char>(value);
}

// Where the pairs begin, and what parts them. Some senders write 2.0 without the sixth field.
char read_delimiter(std::string_view text, std::string_view version, std::size_t& rest) {
  if (!version.ends_with("2.0")) return '\t';
  const std::string_view body = text.substr(rest);
  if (body.starts_with("||")) {  // the delimiter '|' itself, or an empty field and one pipe more
    rest += 2;
    return body.find('|', 2) != std::string_view::npos ? '|' : '\t';
  }
  const std::size_t pipe = body.find('|');
  if (pipe > 4) return '\t';
  const char delimiter = delimiter_from(body.substr(0, pipe));
  if (delimiter == '\0') return '\t';
  rest += pipe + 1;
  return delimiter;
}

}  // namespace

void LeefReader::put(std::string_view key, std::string_view value) {
  while (!key.empty() && key.front() == ' ') key.remove_prefix(1);
  keyed_.put(Dialect::Leef, key, value);
}

// A piece without '=' belongs to the value before it: that held the delimiter.
void LeefReader::read_delimited(std::string_view body, std::string_view delimiter) {
  std::string_view key, value;
  for (std::size_t begin = 0; begin <= body.size();) {
    std::size_t end = body.find(delimiter, begin);
    if (end == std::string_view::npos) end = body.size();
    const std::string_view piece = body.substr(begin, end - begin);
    const std::size_t equals = piece.find('=');
    if (equals != std::string_view::npos && equals > 0) {
      if (!key.empty()) put(key, value);
      key = piece.substr(0, equals);
      value = piece.substr(equals + 1);
    } else if (!key.empty() && !piece.empty()) {
      value = {value.data(), static_cast<std::size_t>(piece.data() + piece.size() - value.data())};
    }
    begin = end + delimiter.size();
  }
  if (!key.empty()) put(key, value);
}

void LeefReader::read_blank_parted(std::string_view body) {
  PairScanner pairs(body, PairScanner::Style::Blank);
  for (KeyValue pair; pairs.next(pair);) put(pair.key, pair.value);
}

ReadStatus LeefReader::read(std::string_view text, TrafficRecord& record) {
  keyed_.begin(text, record, InputFormat::Leef);
  std::array<std::string_view, kHeaderCount> header;
  std::size_t rest = 0;
  if (!split_header(text, header, rest))
    return keyed_.reject(RejectReason::Malformed, "LEEF header", kHeaderExpected,
                         text.substr(0, 64));
  if (header[Vendor].find("alo") == std::string_view::npos)
    return keyed_.reject(RejectReason::NotALog, "vendor", kVendorExpected, header[Vendor]);
  const char delimiter = read_delimiter(text, header[Version], rest);
  const std::string_view body = text.substr(rest);
  keyed_.set_release(header[Release]);
  if (delimiter != ' ' && body.find(delimiter) != std::string_view::npos)
    read_delimited(body, {&delimiter, 1});
  else if (delimiter == '\t' && body.find(kEscapedTab) != std::string_view::npos)
    read_delimited(body, kEscapedTab);
  else
    read_blank_parted(body);
  // The templates put the action into the event id; a pair of its own wins.
  keyed_.put_column(Field::Action, "EventID", header[EventId], true);
  return keyed_.finish();
}

}  // namespace endreason
