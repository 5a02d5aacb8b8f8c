// SPDX-License-Identifier: Apache-2.0
// Bits of the flags column (32 bits). Source: "Traffic Log Fields", Flags. Other bits are
// undocumented and kept as they are.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace endreason {

struct LogFlagInfo {
  std::uint32_t mask;
  std::string_view log_name;  // the logging service's boolean in PAN-OS spelling, or the XML name
  std::string_view meaning;
};

inline constexpr std::uint32_t kFlagUrlDenied = 0x00800000;
inline constexpr std::uint32_t kFlagDecrypted = 0x01000000;
inline constexpr std::uint32_t kFlagNat = 0x00400000;
inline constexpr std::uint32_t kFlagProxy = 0x00040000;
inline constexpr std::uint32_t kFlagNonStandardPort = 0x00100000;

inline constexpr std::uint32_t kFlagTemporaryMatch = 0x00002000;

inline constexpr std::uint32_t kFlagIpv6 = 0x02000000;

inline constexpr auto kLogFlags = std::to_array<LogFlagInfo>({
    {0x80000000, "flag-pcap", "a packet capture was taken of the session"},
    {0x40000000, "flag-mptcp-set", "the session used multipath TCP and the option was allowed"},
    {0x20000000, "flag-wf-channel", "a sample was sent to WildFire over the session"},
    {0x10000000, "credential-detected", "corporate credentials were submitted in the session"},
    {0x08000000, "flag-recon-excluded", "the source is on the reconnaissance allow list"},
    {kFlagIpv6, "ipv6", "the session is IPv6"},
    {kFlagDecrypted, "flag-proxy", "the TLS session was decrypted (forward or inbound proxy)"},
    {kFlagUrlDenied, "flag-url-denied", "a request of the session was denied by URL filtering"},
    {kFlagNat, "flag-nat", "addresses or ports were translated"},
    {0x00200000, "captive-portal", "the user was identified by the authentication portal"},
    {kFlagNonStandardPort, "non-std-dport", "the application ran on a port that is not its own"},
    {0x00080000, "flag-xff", "the user came from the X-Forwarded-For header"},
    {kFlagProxy, "transaction", "the log is of one transaction inside an HTTP proxy session"},
    {0x00020000, "pbf-c2s", "policy-based forwarding took the client-to-server flow"},
    {0x00010000, "pbf-s2c", "policy-based forwarding took the server-to-client flow"},
    {0x00008000, "container-page", "the request was a container page"},
    {kFlagTemporaryMatch, "temporary-match",
     "a rule matched for the time being, for an application that others depend on"},
    {0x00000800, "sym-return", "symmetric return forwarded the session"},
    {0x00000400, "decrypt-mirror", "the decrypted traffic was sent to a mirror port"},
    {0x00000100, "flag-tunnel-inspected", "the payload of the outer tunnel was inspected"},
});

}  // namespace endreason
