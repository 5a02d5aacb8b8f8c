// SPDX-License-Identifier: Apache-2.0
// The words of a rule's header and of its packet keywords, as tables.
// Source: the public documentation of the Suricata rule language.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "inspect/inspect_buffer.hpp"

namespace endreason::inspect {

enum class RuleAction : std::uint8_t {
  Alert,
  Pass,
  Drop,
  RejectSource,
  RejectDestination,
  RejectBoth
};
struct RuleActionInfo {
  RuleAction value;
  std::string_view log_name;
};
inline constexpr auto kRuleActions = std::to_array<RuleActionInfo>({
    {RuleAction::Alert, "alert"},
    {RuleAction::Pass, "pass"},
    {RuleAction::Drop, "drop"},
    {RuleAction::RejectSource, "rejectsrc"},
    {RuleAction::RejectDestination, "rejectdst"},
    {RuleAction::RejectBoth, "rejectboth"},
});
static_assert(rows_in_enum_order(kRuleActions) && log_names_unique(kRuleActions));

enum class RuleProtocol : std::uint8_t {
  Ip,
  Ipv4,
  Ipv6,
  Tcp,
  TcpPacket,
  TcpStream,
  Udp,
  Icmp,
  Icmpv4,
  Icmpv6,
  Sctp,
  Http,
  Tls,
  Dns,
  Ssh,
  Smtp,
  Ftp,
  Smb,
};
struct RuleProtocolInfo {
  RuleProtocol value;
  std::string_view log_name;
  AppLayer layer;  // Unknown: it says nothing of the application
};
inline constexpr auto kRuleProtocols = std::to_array<RuleProtocolInfo>({
    {RuleProtocol::Ip, "ip", AppLayer::Unknown},
    {RuleProtocol::Ipv4, "ipv4", AppLayer::Unknown},
    {RuleProtocol::Ipv6, "ipv6", AppLayer::Unknown},
    {RuleProtocol::Tcp, "tcp", AppLayer::Unknown},
    {RuleProtocol::TcpPacket, "tcp-pkt", AppLayer::Unknown},
    {RuleProtocol::TcpStream, "tcp-stream", AppLayer::Unknown},
    {RuleProtocol::Udp, "udp", AppLayer::Unknown},
    {RuleProtocol::Icmp, "icmp", AppLayer::Unknown},
    {RuleProtocol::Icmpv4, "icmpv4", AppLayer::Unknown},
    {RuleProtocol::Icmpv6, "icmpv6", AppLayer::Unknown},
    {RuleProtocol::Sctp, "sctp", AppLayer::Unknown},
    {RuleProtocol::Http, "http", AppLayer::Http},
    {RuleProtocol::Tls, "tls", AppLayer::Tls},
    {RuleProtocol::Dns, "dns", AppLayer::Dns},
    {RuleProtocol::Ssh, "ssh", AppLayer::Ssh},
    {RuleProtocol::Smtp, "smtp", AppLayer::Smtp},
    {RuleProtocol::Ftp, "ftp", AppLayer::Ftp},
    {RuleProtocol::Smb, "smb", AppLayer::Smb},
});
static_assert(rows_in_enum_order(kRuleProtocols) && log_names_unique(kRuleProtocols));
constexpr const RuleProtocolInfo& info(RuleProtocol protocol) {
  return kRuleProtocols[static_cast<std::size_t>(protocol)];
}

// Words of the option `flow`, as bits.
enum FlowOption : std::uint8_t {
  kFlowEstablished = 1,
  kFlowNotEstablished = 2,
  kFlowToServer = 4,
  kFlowToClient = 8,
  kFlowOnlyStream = 16,
  kFlowNoStream = 32,
  kFlowStateless = 64,
};
struct FlowWord {
  std::string_view word;
  std::uint8_t bits;
};
inline constexpr auto kFlowWords = std::to_array<FlowWord>({
    {"established", kFlowEstablished},
    {"not_established", kFlowNotEstablished},
    {"stateless", kFlowStateless},
    {"to_server", kFlowToServer},
    {"from_client", kFlowToServer},
    {"to_client", kFlowToClient},
    {"from_server", kFlowToClient},
    {"only_stream", kFlowOnlyStream},
    {"no_stream", kFlowNoStream},
    {"only_frag", 0},
    {"no_frag", 0},
});

// What a packet keyword looks at. Those with a range come first.
enum class PacketField : std::uint8_t {
  Ttl,
  IpProtocol,
  IpId,
  Tos,
  TcpSeq,
  TcpAck,
  TcpWindow,
  TcpMss,
  IcmpType,
  IcmpCode,
  IcmpId,
  IcmpSeq,
  Icmpv6Mtu,
  DnsOpcode,
  DnsRcode,
  DnsRrtype,
  TlsVersion,
  PayloadSize,
  LastNumber = PayloadSize,
  TcpFlags,
  IpOptions,
  SameIp,
  AppLayer,
};
struct NumberKeyword {
  std::string_view keyword;
  PacketField field;
  std::int64_t max;
};
inline constexpr auto kNumberKeywords = std::to_array<NumberKeyword>({
    {"ttl", PacketField::Ttl, 255},
    {"ip_proto", PacketField::IpProtocol, 255},
    {"id", PacketField::IpId, 65535},
    {"tos", PacketField::Tos, 255},
    {"seq", PacketField::TcpSeq, 0xffff'ffff},
    {"tcp.seq", PacketField::TcpSeq, 0xffff'ffff},
    {"ack", PacketField::TcpAck, 0xffff'ffff},
    {"tcp.ack", PacketField::TcpAck, 0xffff'ffff},
    {"window", PacketField::TcpWindow, 65535},
    {"tcp.window", PacketField::TcpWindow, 65535},
    {"tcp.mss", PacketField::TcpMss, 65535},
    {"itype", PacketField::IcmpType, 255},
    {"icode", PacketField::IcmpCode, 255},
    {"icmp_id", PacketField::IcmpId, 65535},
    {"icmp_seq", PacketField::IcmpSeq, 65535},
    {"icmpv6.mtu", PacketField::Icmpv6Mtu, 0xffff'ffff},
    {"dns.opcode", PacketField::DnsOpcode, 15},
    {"dns.rcode", PacketField::DnsRcode, 65535},
    {"dns.rrtype", PacketField::DnsRrtype, 65535},
    {"dsize", PacketField::PayloadSize, 65535},
});

// How `flags` compares: all of these and no others, these among others, one of these, none.
enum class FlagsMatch : std::uint8_t { Exactly, AllOf, AnyOf, NoneOf };

}  // namespace endreason::inspect
