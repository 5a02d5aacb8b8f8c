// SPDX-License-Identifier: Apache-2.0
// Next checks as patterns: commands and filters of PAN-OS with places for a record's values.
//
// A pattern is clauses separated by '|', joined by a blank in commands and by " and " in filters. A
// clause whose {place} the record cannot fill is left out; when it is marked with '+', or when no
// filled clause is left, the whole check is left out. Places: {src} {dst} {sport} {dport}
// {proto-number} {from} {to} {rule} {app} {sessionid} {serial} {since} {until}.
// Immutable.
#pragma once

#include <string_view>

#include "model/explanation.hpp"

namespace endreason::checks {

struct Pattern {
  NextCheck::Kind kind{NextCheck::Kind::Elsewhere};
  std::string_view what;
  std::string_view text;
};

inline constexpr auto kCli = NextCheck::Kind::Cli;
inline constexpr auto kFilter = NextCheck::Kind::LogFilter;
inline constexpr auto kElsewhere = NextCheck::Kind::Elsewhere;

inline constexpr Pattern kShowSession{kCli, "the session itself, while its slot is not reused",
                                      "show session id|+{sessionid}"};
inline constexpr Pattern kFindSessions{
    kCli, "what is open between the two hosts now",
    "show session all filter|source {src}|destination {dst}|destination-port {dport}"};
inline constexpr Pattern kDiscardSessions{
    kCli, "sessions that the firewall discards now",
    "show session all filter state discard|+source {src}|destination {dst}|destination-port "
    "{dport}"};
inline constexpr Pattern kPolicyMatch{
    kCli, "which rule matches this traffic today",
    "test security-policy-match|from {from}|to {to}|+source {src}|+destination {dst}|"
    "destination-port {dport}|+protocol {proto-number}|application {app}"};
inline constexpr Pattern kPolicyMatchAnyApp{
    kCli, "which rule matches this port before the application is known",
    "test security-policy-match|from {from}|to {to}|+source {src}|+destination {dst}|"
    "destination-port {dport}|+protocol {proto-number}"};
inline constexpr Pattern kPacketFilter{
    kCli,
    "narrow the drop counters to this traffic (then: debug dataplane packet-diag set filter on)",
    "debug dataplane packet-diag set filter match|+source {src}|+destination {dst}|"
    "destination-port {dport}|protocol {proto-number}"};
inline constexpr Pattern kFilteredDrops{
    kCli, "why the firewall dropped packets of it, while the filter is on",
    "show counter global filter packet-filter yes delta yes severity drop"};
inline constexpr Pattern kDrops{kCli,
                                "why the firewall drops packets: run it twice, some seconds apart",
                                "show counter global filter delta yes severity drop"};
inline constexpr Pattern kNonSynDrops{kCli, "packets of sessions that the firewall does not know",
                                      "show counter global name flow_tcp_non_syn_drop"};
inline constexpr Pattern kOutOfOrderDrops{kCli, "segments beyond the out-of-order queue",
                                          "show counter global name tcp_exceed_flow_seg_limit"};
inline constexpr Pattern kSessionInfo{kCli, "timers, session limits and TCP settings in force",
                                      "show session info"};
inline constexpr Pattern kResourceMonitor{kCli, "load of the data plane at the time",
                                          "show running resource-monitor minute last 60"};
inline constexpr Pattern kRoute{kCli,
                                "the way to the destination (give the name of your virtual router)",
                                "test routing fib-lookup virtual-router default|+ip {dst}"};
inline constexpr Pattern kRouteBack{
    kCli, "the way back to the source (give the name of your virtual router)",
    "test routing fib-lookup virtual-router default|+ip {src}"};
inline constexpr Pattern kNatMatch{
    kCli, "whether a NAT rule changes this traffic",
    "test nat-policy-match|from {from}|to {to}|+source {src}|+destination {dst}|destination-port "
    "{dport}|+protocol {proto-number}"};
inline constexpr Pattern kDecryptionMatch{
    kCli, "which decryption rule matches",
    "test decryption-policy-match|from {from}|to {to}|+source {src}|+destination {dst}"};

inline constexpr Pattern kTupleLog{
    kFilter, "Monitor > Logs > Traffic: the other sessions to this service from this client",
    "( addr.src in {src} )|( addr.dst in {dst} )|( port.dst eq {dport} )"};
inline constexpr Pattern kServiceLog{
    kFilter, "Monitor > Logs > Traffic: do other clients reach this service?",
    "( addr.dst in {dst} )|( port.dst eq {dport} )"};
inline constexpr Pattern kSessionLog{
    kFilter, "Monitor > Logs > Traffic: all rows of this session",
    "+( sessionid eq {sessionid} )|( addr.src in {src} )|( addr.dst in {dst} )|( receive_time geq "
    "{since} )|( receive_time leq {until} )"};
inline constexpr Pattern kRuleLog{kFilter, "Monitor > Logs > Traffic: what else this rule decides",
                                  "+( rule eq {rule} )|( addr.dst in {dst} )"};
inline constexpr Pattern kThreatLog{
    kFilter, "Monitor > Logs > Threat: the row that names the threat and the real action",
    "+( addr in {src} )|( addr in {dst} )|( receive_time geq {since} )|( receive_time leq {until} "
    ")"};
inline constexpr Pattern kUrlLog{
    kFilter, "Monitor > Logs > URL Filtering: the request and its category",
    "+( addr.src in {src} )|( addr.dst in {dst} )|( receive_time geq {since} )|( receive_time leq "
    "{until} )"};
inline constexpr Pattern kDecryptionLog{
    kFilter, "Monitor > Logs > Decryption (10.0 and later): the error and the server's name",
    "+( addr.src in {src} )|( addr.dst in {dst} )|( receive_time geq {since} )|( receive_time leq "
    "{until} )"};
inline constexpr Pattern kSystemLog{
    kFilter, "Monitor > Logs > System: what else the firewall reported at the time",
    "+( receive_time geq {since} )|( receive_time leq {until} )"};
inline constexpr Pattern kEndLog{
    kFilter, "Monitor > Logs > Traffic: the row written when the session ends",
    "+( sessionid eq {sessionid} )|( addr.src in {src} )|( subtype eq end )"};

}  // namespace endreason::checks
