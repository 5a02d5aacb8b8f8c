// SPDX-License-Identifier: Apache-2.0
// What happens to the sessions of a made-up network, as a table: how often, what the firewall then
// writes, and which counters go with it. The shares are rough figures of a busy office firewall;
// the combinations follow what real logs show (a refused connection is one packet each way).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace endreason::bench {

enum class AppKind : std::uint8_t {
  TcpIdentified,
  UdpIdentified,
  Tls,
  Dns,
  Ping,
  Incomplete,
  InsufficientData,
  UnknownTcp,
  UnknownUdp,
  UnknownP2p,
  NotApplicable,
  NonSynTcp,
};

enum class RuleKind : std::uint8_t { Allow, Block };

struct Range {
  std::uint32_t low, high;  // both included
};

struct Counters {
  Range packets;
  Range packet_bytes;  // bytes a packet on average
};

struct Scenario {
  std::string_view sentence;
  std::uint32_t weight;  // of kWeightTotal
  std::string_view subtype, action, action_source, end_reason;
  AppKind app;
  RuleKind rule;
  Counters sent, received;
  Range elapsed_s;
  std::uint32_t flags;  // besides those of NAT and IPv6
};

inline constexpr std::uint32_t kWeightTotal = 10'000;
inline constexpr Range kNone{0, 0};
inline constexpr Range kOne{1, 1};
inline constexpr std::uint32_t kUrlDenied = 0x00800000, kDecrypted = 0x01000000,
                               kNonStandardPort = 0x00100000;
inline constexpr std::string_view kPolicy = "from-policy", kApplication = "from-application";

// clang-format off
inline constexpr auto kScenarios = std::to_array<Scenario>({
    // Worked: 75 in 100, with the rows that say a session has begun.
    {"TCP session closed by the hosts", 4350,
     "end", "allow", kPolicy, "tcp-fin", AppKind::TcpIdentified, RuleKind::Allow, {{6, 220},
     {60, 420}}, {{6, 900}, {120, 1380}}, {0, 240}, 0},
    {"client reset after data, as browsers do", 650,
     "end", "allow", kPolicy, "tcp-rst-from-client", AppKind::TcpIdentified, RuleKind::Allow,
     {{6, 90}, {60, 300}}, {{6, 300}, {120, 1300}}, {1, 180}, 0},
    {"server reset after data", 400,
     "end", "allow", kPolicy, "tcp-rst-from-server", AppKind::TcpIdentified, RuleKind::Allow,
     {{6, 60}, {60, 300}}, {{6, 120}, {120, 1200}}, {1, 180}, 0},
    {"TCP session idle to its timer", 250,
     "end", "allow", kPolicy, "aged-out", AppKind::TcpIdentified, RuleKind::Allow, {{8, 400},
     {60, 200}}, {{8, 400}, {60, 800}}, {3600, 9000}, 0},
    {"UDP exchange, answered", 500,
     "end", "allow", kPolicy, "aged-out", AppKind::UdpIdentified, RuleKind::Allow, {{1, 300},
     {70, 900}}, {{1, 600}, {90, 1200}}, {30, 120}, 0},
    {"name lookup, answered", 650,
     "end", "allow", kPolicy, "aged-out", AppKind::Dns, RuleKind::Allow, {{1, 2}, {71, 95}},
     {{1, 2}, {87, 310}}, {30, 31}, 0},
    {"ping, answered", 150,
     "end", "allow", kPolicy, "aged-out", AppKind::Ping, RuleKind::Allow, {{1, 6}, {74, 102}},
     {{1, 6}, {74, 102}}, {6, 12}, 0},
    {"too little data to identify", 60,
     "end", "allow", kPolicy, "tcp-fin", AppKind::InsufficientData, RuleKind::Allow, {{5, 7},
     {60, 110}}, {{4, 6}, {60, 100}}, {0, 20}, 0},
    {"unidentified TCP, closed by the hosts", 80,
     "end", "allow", kPolicy, "tcp-fin", AppKind::UnknownTcp, RuleKind::Allow, {{8, 60}, {60,
     400}}, {{8, 60}, {60, 400}}, {1, 300}, kNonStandardPort},
    {"unidentified UDP, answered", 45,
     "end", "allow", kPolicy, "aged-out", AppKind::UnknownUdp, RuleKind::Allow, {{2, 80}, {60,
     600}}, {{1, 80}, {60, 600}}, {30, 90}, kNonStandardPort},
    {"generic peer to peer", 5,
     "end", "allow", kPolicy, "aged-out", AppKind::UnknownP2p, RuleKind::Allow, {{4, 900}, {60,
     900}}, {{4, 900}, {60, 900}}, {30, 900}, kNonStandardPort},
    {"proxied connection replaced by the next", 10,
     "end", "allow", kPolicy, "decoder", AppKind::TcpIdentified, RuleKind::Allow, {{6, 60}, {60,
     300}}, {{6, 90}, {60, 1200}}, {1, 90}, 0},
    {"a session has begun", 400,
     "start", "allow", kPolicy, "n/a", AppKind::TcpIdentified, RuleKind::Allow, {{3, 4}, {66,
     180}}, {{1, 2}, {66, 78}}, {0, 0}, 0},

    // Blocked: 12 in 100.
    {"no rule allows it", 500,
     "drop", "deny", kPolicy, "policy-deny", AppKind::NotApplicable, RuleKind::Block, {kOne,
     {60, 78}}, {kNone, kNone}, {0, 0}, 0},
    {"dropped by a rule", 270,
     "drop", "drop", kPolicy, "policy-deny", AppKind::NotApplicable, RuleKind::Block, {kOne,
     {60, 200}}, {kNone, kNone}, {0, 0}, kNonStandardPort},
    {"dropped, and the client told by ICMP", 20,
     "drop", "drop-icmp", kPolicy, "policy-deny", AppKind::NotApplicable, RuleKind::Block,
     {kOne, {60, 78}}, {kNone, kNone}, {0, 0}, 0},
    {"ping denied", 30,
     "drop", "deny", kPolicy, "policy-deny", AppKind::Ping, RuleKind::Block, {kOne, {62, 98}},
     {kNone, kNone}, {0, 0}, 0},
    {"denied once the application was known", 150,
     "deny", "reset-both", kApplication, "policy-deny", AppKind::TcpIdentified, RuleKind::Block,
     {{3, 4}, {120, 190}}, {{1, 2}, {66, 78}}, {0, 1}, 0},
    {"a security profile stopped it", 60,
     "end", "allow", kPolicy, "threat", AppKind::TcpIdentified, RuleKind::Allow, {{5, 40}, {60,
     500}}, {{4, 60}, {60, 1300}}, {0, 30}, 0},
    {"URL filtering stopped it", 50,
     "end", "allow", kPolicy, "threat", AppKind::Tls, RuleKind::Allow, {{5, 12}, {100, 300}},
     {{3, 8}, {60, 300}}, {0, 5}, kUrlDenied},
    {"the application changed into one that is denied", 50,
     "end", "allow", kPolicy, "policy-deny", AppKind::TcpIdentified, RuleKind::Allow, {{5, 20},
     {60, 400}}, {{4, 20}, {60, 900}}, {0, 20}, 0},
    {"the server's certificate failed", 25,
     "end", "allow", kPolicy, "decrypt-cert-validation", AppKind::Tls, RuleKind::Allow, {{4, 8},
     {90, 240}}, {{3, 7}, {200, 1100}}, {0, 3}, kDecrypted},
    {"TLS version or cipher not supported", 20,
     "end", "allow", kPolicy, "decrypt-unsupport-param", AppKind::Tls, RuleKind::Allow, {{4, 8},
     {90, 240}}, {{3, 7}, {100, 900}}, {0, 3}, kDecrypted},
    {"other decryption failure", 15,
     "end", "allow", kPolicy, "decrypt-error", AppKind::Tls, RuleKind::Allow, {{4, 8}, {90,
     240}}, {{3, 7}, {100, 900}}, {0, 3}, kDecrypted},
    {"a resource of the firewall ran out", 10,
     "end", "allow", kPolicy, "resources-unavailable", AppKind::TcpIdentified, RuleKind::Allow,
     {{20, 900}, {60, 1000}}, {{20, 900}, {60, 1300}}, {1, 300}, 0},

    // Allowed, and yet it failed: 10 in 100.
    {"nobody answered the SYN", 400,
     "end", "allow", kPolicy, "aged-out", AppKind::Incomplete, RuleKind::Allow, {{1, 4}, {66,
     78}}, {kNone, kNone}, {5, 22}, 0},
    {"the server refused", 230,
     "end", "allow", kPolicy, "tcp-rst-from-server", AppKind::Incomplete, RuleKind::Allow,
     {kOne, {78, 78}}, {kOne, {64, 64}}, {0, 0}, 0},
    {"SYN-ACK came, the last ACK did not", 40,
     "end", "allow", kPolicy, "aged-out", AppKind::Incomplete, RuleKind::Allow, {kOne, {74,
     78}}, {{1, 3}, {74, 78}}, {10, 12}, 0},
    {"the client reset a half-open session", 90,
     "end", "allow", kPolicy, "tcp-rst-from-client", AppKind::Incomplete, RuleKind::Allow, {{2,
     2}, {70, 78}}, {kOne, {74, 78}}, {0, 1}, 0},
    {"opened and closed without data", 60,
     "end", "allow", kPolicy, "tcp-fin", AppKind::Incomplete, RuleKind::Allow, {{3, 4}, {66,
     70}}, {{2, 3}, {66, 70}}, {0, 60}, 0},
    {"name lookup, never answered", 120,
     "end", "allow", kPolicy, "aged-out", AppKind::Dns, RuleKind::Allow, {{1, 5}, {71, 95}},
     {kNone, kNone}, {30, 45}, 0},
    {"ping, never answered", 50,
     "end", "allow", kPolicy, "aged-out", AppKind::Ping, RuleKind::Allow, {{1, 6}, {74, 102}},
     {kNone, kNone}, {6, 12}, 0},
    {"the server answered the SYN with an ACK of an old session", 10,
     "end", "allow", kPolicy, "aged-out", AppKind::Incomplete, RuleKind::Allow, {{3, 6}, {66,
     78}}, {{2, 3}, {60, 66}}, {5, 25}, 0},

    // Odd: 2.5 in 100.
    {"the tuple was used again too soon", 60,
     "end", "allow", kPolicy, "tcp-reuse", AppKind::TcpIdentified, RuleKind::Allow, {{6, 30},
     {60, 300}}, {{6, 30}, {60, 900}}, {1, 15}, 0},
    {"cleared by an operator", 30,
     "end", "allow", kPolicy, "unknown", AppKind::TcpIdentified, RuleKind::Allow, {{6, 90}, {60,
     300}}, {{6, 90}, {60, 900}}, {1, 3600}, 0},
    {"ended towards the client only", 25,
     "deny", "reset-client", kApplication, "policy-deny", AppKind::TcpIdentified,
     RuleKind::Block, {{3, 5}, {100, 300}}, {{2, 4}, {66, 300}}, {0, 2}, 0},
    {"ended towards the server only", 25,
     "deny", "reset-server", kApplication, "policy-deny", AppKind::TcpIdentified,
     RuleKind::Block, {{3, 5}, {100, 300}}, {{2, 4}, {66, 300}}, {0, 2}, 0},
    {"allowed in a row of type deny (certificate pinning)", 40,
     "deny", "allow", kPolicy, "policy-deny", AppKind::Tls, RuleKind::Allow, {{4, 8}, {90,
     240}}, {{3, 7}, {200, 1100}}, {0, 3}, kDecrypted},
    {"one direction only, as on asymmetric paths", 50,
     "end", "allow", kPolicy, "aged-out", AppKind::NonSynTcp, RuleKind::Allow, {{40, 900}, {60,
     800}}, {kNone, kNone}, {60, 3700}, 0},
    {"unidentified TCP, reset by the client", 20,
     "end", "allow", kPolicy, "tcp-rst-from-client", AppKind::UnknownTcp, RuleKind::Allow, {{5,
     20}, {60, 200}}, {{4, 20}, {60, 200}}, {1, 60}, kNonStandardPort},
});
// clang-format on

consteval std::uint32_t scenario_weights() {
  std::uint32_t sum = 0;
  for (const Scenario& scenario : kScenarios) sum += scenario.weight;
  return sum;
}
static_assert(scenario_weights() == kWeightTotal, "the shares must add up");

}  // namespace endreason::bench
