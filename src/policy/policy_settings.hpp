// SPDX-License-Identifier: Apache-2.0
// The numbers and switches of a policy that are not rules: host services, limits, switches of the
// session engine. One row each, with the vendor's key, default, range and source.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/protocol.hpp"

namespace endreason {

// Services of the firewall itself. Source: "Interface Mgmt" profiles of the 11.2 help; ports of
// "Ports Used for Management Functions" and "Ports Used for User-ID" in the administrator's guide.
struct HostServiceInfo {
  std::string_view log_name;
  std::uint8_t protocol;
  std::uint16_t first_port, last_port;  // of ICMP: 0 to 65535, the protocol decides
};
inline constexpr auto kHostServices = std::to_array<HostServiceInfo>({
    {"ping", kProtoIcmp, 0, 65'535},
    {"ping", kProtoIcmp6, 0, 65'535},
    {"ssh", kProtoTcp, 22, 22},
    {"telnet", kProtoTcp, 23, 23},
    {"http", kProtoTcp, 80, 80},
    {"http-ocsp", kProtoTcp, 80, 80},
    {"https", kProtoTcp, 443, 443},
    {"snmp", kProtoUdp, 161, 161},
    {"response-pages", kProtoTcp, 6080, 6083},
    {"userid-service", kProtoTcp, 5007, 5007},
    {"userid-syslog-listener-ssl", kProtoTcp, 6514, 6514},
    {"userid-syslog-listener-udp", kProtoUdp, 514, 514},
});

struct PolicyLimitInfo {
  std::string_view log_name;
  std::uint32_t default_value, min, max;
  std::string_view meaning;
};
// The vendor documents 64 segments a session and 200 ICMP a second; the other figures are ours.
inline constexpr auto kPolicyLimits = std::to_array<PolicyLimitInfo>({
    {"sessions", 1'000'000, 1, 64'000'000, "sessions at once"},
    {"out-of-order-segments-per-session", 64, 1, 255, "segments that wait for a missing one"},
    {"out-of-order-segments", 65'536, 1, 16'777'216, "the same of all sessions together"},
    {"inspection-bytes", 67'108'864, 65'536, 4'000'000'000, "bytes that wait for inspection"},
    {"icmp-unreachable-rate", 200, 1, 65'535, "ICMP unreachable messages a second"},
    {"accelerated-aging-threshold", 80, 50, 99, "percent of the sessions"},
    {"accelerated-aging-scaling-factor", 2, 2, 16, "what timers are then divided by"},
});
static_assert(log_names_unique(kPolicyLimits));

struct PolicySwitchInfo {
  std::string_view log_name;
  bool default_value;
  std::string_view xml_path;  // below deviceconfig/setting
  std::string_view on, off;   // the XML's words
};
// Source: "TCP Settings", "Session Settings" of the 11.2 help; `set deviceconfig setting`.
inline constexpr auto kPolicySwitches = std::to_array<PolicySwitchInfo>({
    {"tcp-reject-non-syn", true, "session/tcp-reject-non-syn", "yes", "no"},
    {"tcp-strict-rst", true, "session/tcp-strict-rst", "yes", "no"},
    {"accelerated-aging-enable", true, "session/accelerated-aging-enable", "yes", "no"},
    {"bypass-exceed-oo-queue", false, "tcp/bypass-exceed-oo-queue", "yes", "no"},
    {"allow-challenge-ack", false, "tcp/allow-challenge-ack", "yes", "no"},
    {"drop-zero-flag", true, "tcp/drop-zero-flag", "yes", "no"},
    {"asymmetric-path-bypass", false, "tcp/asymmetric-path", "bypass", "drop"},
    {"resource-limit-bypass", false, "session/resource-limit-behavior", "bypass", "drop"},
});
static_assert(log_names_unique(kPolicySwitches));

}  // namespace endreason
