// SPDX-License-Identifier: Apache-2.0
// How an application that the library finds is written in a traffic log: one table from the
// library's names to App-ID's spelling, and one for the IP protocols that need no inspection.
// Constant data; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace endreason {

// Where the spelling on the right comes from.
enum class Spelling : std::uint8_t {
  AppId,  // App-ID's own name, as it stands in logs and rulebases of real firewalls
  Ours    // no App-ID name is known to us; a plain one in the same manner
};

// What the name says about a session that carries another application.
enum class NameRole : std::uint8_t {
  Application,  // names the session; below a carrier, it takes the carrier's place
  Carrier,      // transports others: the site's own application takes its place (ssl, then gmail)
  Protocol,     // keeps its name whatever site it speaks of: a DNS question about a site is DNS
  Hosting       // an owner of addresses or names, no application: the carrier keeps its name
};

struct AppName {
  std::string_view library;  // the library's name; two rows where its versions differ
  std::string_view app;      // empty for Hosting
  Spelling spelling;
  NameRole role;
};
std::span<const AppName> app_names();

// The row for a library's name, letter case ignored; null when there is none.
const AppName* find_app_name(std::string_view library);
// The name for what has no row: lower case, everything but letters, digits and dots as one dash.
std::string derived_app_name(std::string_view library);

// One library name that stands for several applications, told apart by a port.
struct AppByPort {
  std::string_view library;
  std::uint16_t port;  // of either side
  std::string_view app;
};
std::span<const AppByPort> apps_by_port();

// Applications that the IP protocol number alone decides.
struct AppOfIpProtocol {
  std::uint8_t protocol;
  std::string_view app;
  Spelling spelling;
};
std::span<const AppOfIpProtocol> apps_of_ip_protocols();

}  // namespace endreason
