// SPDX-License-Identifier: Apache-2.0
// The options that look at the packet and the session: names of numbers, TCP flags, IP options,
// versions and protocols.
#include <algorithm>
#include <array>

#include "inspect/rule_options.hpp"
#include "model/protocol.hpp"

namespace endreason::inspect {

std::optional<std::string> OptionReader::number_of_name(PacketField field, std::string_view text) {
  struct Name {
    std::string_view name;
    unsigned number;
  };
  // Types of DNS records: IANA's list of resource record types.
  static constexpr auto kRecordTypes = std::to_array<Name>({
      {"A", 1},
      {"NS", 2},
      {"CNAME", 5},
      {"SOA", 6},
      {"PTR", 12},
      {"MX", 15},
      {"TXT", 16},
      {"AAAA", 28},
      {"SRV", 33},
      {"NAPTR", 35},
      {"DS", 43},
      {"DNSKEY", 48},
      {"TLSA", 52},
      {"SVCB", 64},
      {"HTTPS", 65},
      {"AXFR", 252},
      {"ANY", 255},
      {"CAA", 257},
  });
  std::string sign;
  while (!text.empty() && (text.front() == '!' || text.front() == '<' || text.front() == '>')) {
    sign += text.front();
    text = without_blanks(text.substr(1));
  }
  if (field == PacketField::IpProtocol) {
    const auto number = protocol_from(text);
    if (!number) return std::nullopt;
    return sign + std::to_string(*number);
  }
  for (const Name& row : kRecordTypes)
    if (row.name == text) return sign + std::to_string(row.number);
  return std::nullopt;
}

OptionReader::Done OptionReader::tcp_flags(const RuleOption& o, int) {
  RuleCondition condition;
  condition.field = PacketField::TcpFlags;
  condition.flags_mask = 0x3f;  // ECE and CWR are left out unless they are named
  const auto parts = comma_parts(o.value);
  static constexpr std::string_view kLetters = "FSRPAUEC";
  const auto bits = [](std::string_view word, std::uint8_t& out) {
    for (const char c : word) {
      std::size_t bit = kLetters.find(c);
      if (c == '2') bit = 6;
      if (c == '1') bit = 7;
      if (c == '0') continue;
      if (bit == std::string_view::npos) return false;
      out = static_cast<std::uint8_t>(out | 1u << bit);
    }
    return !word.empty();
  };
  std::string_view word = parts[0];
  if (!word.empty() && std::string_view("+*!").find(word.front()) != std::string_view::npos) {
    condition.flags_match = word.front() == '+'   ? FlagsMatch::AllOf
                            : word.front() == '*' ? FlagsMatch::AnyOf
                                                  : FlagsMatch::NoneOf;
    word = without_blanks(word.substr(1));
  }
  std::uint8_t left_out = 0;
  if (parts.size() > 2 || !bits(word, condition.flags_value) ||
      (parts.size() == 2 && !bits(parts[1], left_out)))
    return bad_value(o, o.value, "expected letters of FSRPAUEC or 0, behind +, * or ! if need be");
  condition.flags_mask =
      static_cast<std::uint8_t>((condition.flags_mask | condition.flags_value) & ~left_out);
  rule_.conditions.push_back(condition);
  return {};
}

OptionReader::Done OptionReader::ip_options(const RuleOption& o, int) {
  struct Name {
    std::string_view name;
    int type;
  };
  // IPv4 option types: IANA's list of IP option numbers.
  static constexpr auto kNames = std::to_array<Name>({
      {"eol", 0},
      {"nop", 1},
      {"rr", 7},
      {"ts", 68},
      {"sec", 130},
      {"lsrr", 131},
      {"lsrre", 131},
      {"esec", 133},
      {"cipso", 134},
      {"satid", 136},
      {"ssrr", 137},
      {"rtralt", 148},
      {"any", -1},
  });
  for (const Name& row : kNames) {
    if (row.name != o.value) continue;
    RuleCondition condition;
    condition.field = PacketField::IpOptions;
    condition.range =
        row.type < 0 ? NumberRange{0, 255, false} : NumberRange{row.type, row.type, false};
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, o.value,
                   "expected eol, nop, rr, ts, sec, esec, lsrr, ssrr, satid, cipso, rtralt or any");
}

OptionReader::Done OptionReader::tls_version(const RuleOption& o, int) {
  std::string_view value = o.value;
  RuleCondition condition;
  condition.field = PacketField::TlsVersion;
  condition.range.negated = take_negation(value);
  struct Name {
    std::string_view name;
    int number;
  };
  static constexpr auto kNames = std::to_array<Name>(
      {{"1.0", 0x301}, {"1.1", 0x302}, {"1.2", 0x303}, {"1.3", 0x304}, {"0x0300", 0x300}});
  for (const Name& row : kNames) {
    if (row.name != value) continue;
    condition.range.low = condition.range.high = row.number;
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, o.value, "expected 1.0, 1.1, 1.2 or 1.3");
}

OptionReader::Done OptionReader::app_layer(const RuleOption& o, int) {
  std::string_view value = o.value;
  RuleCondition condition;
  condition.field = PacketField::AppLayer;
  condition.negated = take_negation(value);
  for (const AppLayerInfo& row : kAppLayers) {
    if (row.log_name != value) continue;
    condition.layer = row.value;
    rule_.conditions.push_back(condition);
    return {};
  }
  return bad_value(o, value, "expected http, tls, dns, ssh, smtp, ftp, smb, unknown or failed");
}

}  // namespace endreason::inspect
