// SPDX-License-Identifier: Apache-2.0
// What a policy has beside rules: the firewall's own services, and limits. One row each, with the
// vendor's key, default, range and source.
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
// The vendor documents 200 ICMP messages a second; the other figure is ours. What limits sessions
// stands with the session engine's settings.
inline constexpr auto kPolicyLimits = std::to_array<PolicyLimitInfo>({
    {"icmp-unreachable-rate", 200, 1, 65'535, "ICMP unreachable messages a second"},
    {"inspection-bytes", 67'108'864, 65'536, 4'000'000'000, "bytes that wait for inspection"},
});
static_assert(log_names_unique(kPolicyLimits));

}  // namespace endreason
