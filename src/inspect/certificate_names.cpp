// SPDX-License-Identifier: Apache-2.0
#include "inspect/certificate_names.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace endreason::inspect {
namespace {

using Bytes = std::span<const std::uint8_t>;

struct Element {
  std::uint8_t tag{};  // 0: there is none
  Bytes content;
};

// Takes one element off the front (X.690 section 8.1, definite lengths).
Element next(Bytes& from) {
  if (from.size() < 2) return {};
  std::size_t length = from[1], at = 2;
  if (length >= 0x80) {
    const std::size_t count = length & 0x7f;
    if (count == 0 || count > 4 || from.size() < 2 + count) return {};
    length = 0;
    for (std::size_t i = 0; i < count; ++i) length = length << 8 | from[2 + i];
    at += count;
  }
  if (from.size() - at < length) return {};
  const Element e{from[0], from.subspan(at, length)};
  from = from.subspan(at + length);
  return e;
}

struct NameType {
  std::string_view short_name;
  std::array<std::uint8_t, 10> oid;
  std::size_t oid_length;
};
// Attribute types: X.520 and RFC 4519; emailAddress: PKCS #9; domainComponent: RFC 2247.
constexpr auto kNameTypes = std::to_array<NameType>({
    {"CN", {0x55, 4, 3}, 3},
    {"serialNumber", {0x55, 4, 5}, 3},
    {"C", {0x55, 4, 6}, 3},
    {"L", {0x55, 4, 7}, 3},
    {"ST", {0x55, 4, 8}, 3},
    {"street", {0x55, 4, 9}, 3},
    {"O", {0x55, 4, 10}, 3},
    {"OU", {0x55, 4, 11}, 3},
    {"emailAddress", {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1}, 9},
    {"DC", {0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25}, 10},
});

void append_oid(Bytes oid, std::vector<std::uint8_t>& out) {
  const auto text = [&out](std::uint64_t n) {
    const std::string digits = std::to_string(n);
    out.insert(out.end(), digits.begin(), digits.end());
  };
  std::uint64_t n = 0;
  for (std::size_t i = 0; i < oid.size(); ++i) {
    n = n << 7 | (oid[i] & 0x7fu);
    if ((oid[i] & 0x80) != 0) continue;
    if (i == 0)
      text(n / 40), out.push_back('.'), text(n % 40);
    else
      out.push_back('.'), text(n);
    n = 0;
  }
}

constexpr std::array<std::uint8_t, 3> kAlternativeNames{0x55, 0x1d, 17};  // RFC 5280, 4.2.1.6

Bytes alternative_names(Bytes extensions) {
  Bytes list = next(extensions).content;
  while (!list.empty()) {
    const Element extension = next(list);
    if (extension.tag == 0) return {};
    Bytes rest = extension.content;
    const Bytes oid = next(rest).content;
    Element value = next(rest);
    if (value.tag == 1) value = next(rest);  // critical
    if (std::equal(oid.begin(), oid.end(), kAlternativeNames.begin(), kAlternativeNames.end())) {
      Bytes names = value.content;
      return next(names).content;
    }
  }
  return {};
}

}  // namespace

CertificateParts certificate_parts(Bytes der) {
  CertificateParts parts;
  Bytes certificate = next(der).content;
  Bytes tbs = next(certificate).content;
  Element e = next(tbs);
  if (e.tag == 0xa0) e = next(tbs);  // version
  parts.serial = e.content;
  next(tbs);  // signature algorithm
  parts.issuer = next(tbs).content;
  next(tbs);  // validity
  parts.subject = next(tbs).content;
  next(tbs);  // key
  while (!tbs.empty()) {
    e = next(tbs);
    if (e.tag == 0) break;
    if (e.tag == 0xa3) parts.alternative_names = alternative_names(e.content);
  }
  return parts;
}

void append_name(Bytes name, std::vector<std::uint8_t>& out) {
  bool first = true;
  while (!name.empty()) {
    const Element set = next(name);
    if (set.tag == 0) return;
    Bytes attributes = set.content;
    while (!attributes.empty()) {
      const Element attribute = next(attributes);
      if (attribute.tag == 0) break;
      Bytes rest = attribute.content;
      const Bytes oid = next(rest).content, value = next(rest).content;
      if (!first) out.insert(out.end(), {',', ' '});
      first = false;
      const auto row = std::find_if(kNameTypes.begin(), kNameTypes.end(), [&](const NameType& t) {
        return std::equal(oid.begin(), oid.end(), t.oid.begin(),
                          t.oid.begin() + static_cast<std::ptrdiff_t>(t.oid_length));
      });
      if (row != kNameTypes.end())
        out.insert(out.end(), row->short_name.begin(), row->short_name.end());
      else
        append_oid(oid, out);
      out.push_back('=');
      out.insert(out.end(), value.begin(), value.end());
    }
  }
}

void append_serial(Bytes serial, std::vector<std::uint8_t>& out) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (std::size_t i = 0; i < serial.size(); ++i) {
    if (i > 0) out.push_back(':');
    out.push_back(static_cast<std::uint8_t>(kDigits[serial[i] >> 4]));
    out.push_back(static_cast<std::uint8_t>(kDigits[serial[i] & 15]));
  }
}

Bytes next_alternative_name(Bytes& names) {
  while (!names.empty()) {
    const Element e = next(names);
    if (e.tag == 0) break;
    if (e.tag == 0x82 || e.tag == 0x87 || e.tag == 0x81 || e.tag == 0x86) return e.content;
  }
  names = {};
  return {};
}

}  // namespace endreason::inspect
