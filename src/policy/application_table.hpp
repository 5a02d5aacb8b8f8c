// SPDX-License-Identifier: Apache-2.0
// What policies need to know of the vendor's own applications: the standard ports that
// application-default means, the carriers that a rule implies, the containers that stand for many.
// Constant data; any thread. Applications that are not listed have unknown standard ports, and the
// lookup says so; a configuration may define them.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace endreason {

// Where the ports of a row are from.
enum class PortsFrom : std::uint8_t {
  Batfish,     // ApplicationBuiltIn.java of Batfish (Apache-2.0), which took them from Applipedia
  Iana,        // the registered ports of the protocol, of which the vendor's are mostly the same
  WebByRule,   // a site's application: tcp/80,443, as those that Batfish lists; its own media ports
  NoFixedPort  // the protocol agrees on its ports as it goes, or takes any
};

struct KnownApplication {
  std::string_view name;     // as logs and rules spell it
  std::string_view ports;    // "tcp/80,443 udp/443"; "tcp/dynamic" is any; "icmp", "ip/47"
  std::string_view implies;  // carriers that may be seen before it is known, parted by blanks
  PortsFrom from;
};
std::span<const KnownApplication> known_applications();

// Containers: names of rules that stand for a family, whose members' names begin with theirs.
// Source: the functional applications of the vendor's documents (facebook-chat, gmail-call, ...).
std::span<const std::string_view> application_containers();

// One name for what contents of different age call dns and dns-base: without the ending.
constexpr std::string_view application_stem(std::string_view name) {
  constexpr std::string_view kBase = "-base";
  if (name.size() > kBase.size() && name.ends_with(kBase)) name.remove_suffix(kBase.size());
  return name;
}

}  // namespace endreason
