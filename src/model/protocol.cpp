// SPDX-License-Identifier: Apache-2.0
#include "model/protocol.hpp"

#include <array>
#include <cstring>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

struct ProtocolRow {
  std::uint8_t number;
  std::string_view name;  // the first row of a number is the name that is written
};
// IANA protocol numbers that firewalls log, with the spellings seen in real logs.
constexpr auto kProtocols = std::to_array<ProtocolRow>({
    {6, "tcp"},       {17, "udp"},         {1, "icmp"},        {58, "ipv6-icmp"},
    {58, "icmp6"},    {58, "icmpv6"},      {132, "sctp"},      {47, "gre"},
    {50, "esp"},      {51, "ah"},          {0, "hopopt"},      {2, "igmp"},
    {3, "ggp"},       {4, "ipip"},         {4, "ipv4"},        {4, "ip-in-ip"},
    {5, "st"},        {8, "egp"},          {9, "igp"},         {12, "pup"},
    {20, "hmp"},      {22, "xns-idp"},     {27, "rdp"},        {29, "iso-tp4"},
    {33, "dccp"},     {36, "xtp"},         {37, "ddp"},        {38, "idpr-cmtp"},
    {41, "ipv6"},     {43, "ipv6-route"},  {44, "ipv6-frag"},  {45, "idrp"},
    {46, "rsvp"},     {57, "skip"},        {59, "ipv6-nonxt"}, {60, "ipv6-opts"},
    {73, "rspf"},     {81, "vmtp"},        {88, "eigrp"},      {89, "ospf"},
    {89, "ospfigp"},  {93, "ax.25"},       {94, "ipip"},       {97, "etherip"},
    {98, "encap"},    {103, "pim"},        {108, "ipcomp"},    {112, "vrrp"},
    {115, "l2tp"},    {124, "isis"},       {133, "fc"},        {135, "mobility-header"},
    {136, "udplite"}, {137, "mpls-in-ip"}, {139, "hip"},       {140, "shim6"},
    {141, "wesp"},    {142, "rohc"},
});

}  // namespace

std::optional<std::uint8_t> protocol_from(std::string_view text) {
  if (text == "tcp") return kProtoTcp;  // by far the most rows
  if (text == "udp") return kProtoUdp;
  if (text.empty() || text.size() > 16) return std::nullopt;
  std::uint64_t number = 0;
  if (parse_decimal(text, number)) {
    if (number > 255) return std::nullopt;
    return static_cast<std::uint8_t>(number);
  }
  char lower[16];
  for (std::size_t i = 0; i < text.size(); ++i)
    lower[i] = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] + 32) : text[i];
  const std::string_view word{lower, text.size()};
  for (const auto& row : kProtocols)
    if (row.name == word) return row.number;
  return std::nullopt;
}

std::string_view protocol_name(std::uint8_t number) {
  for (const auto& row : kProtocols)
    if (row.number == number) return row.name;
  return {};
}

}  // namespace endreason
