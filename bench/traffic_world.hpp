// SPDX-License-Identifier: Apache-2.0
// The made-up network: firewalls, rules, applications, clients, servers. Built once from a seed;
// the texts that go into columns are kept ready to be copied.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "random_stream.hpp"
#include "traffic_applications.hpp"

namespace endreason::bench {

struct Application {
  std::string name;
  const AppFamily* family;
  std::string traits;  // "a,b,c", without quotes; empty when there are none
};

struct Host {
  std::string address;
  std::string_view location;  // country, or the private range
  bool ipv6;
  std::string user;    // clients: "domain\name"; often empty
  std::string device;  // the eight columns from device category to MAC address, with their commas
};

struct Rule {
  std::string name;      // as it is
  std::string csv_name;  // as CSV has it
  std::string uuid;
  std::string place;          // vsys, zones, interfaces, log profile: columns 16 to 21
  std::string place_dropped;  // the same without the way out
  std::string_view vsys, from, to, inbound, outbound;
  bool has_comma;
  bool towards_internet;
};

struct Firewall {
  std::string serial, name;
};

struct World {
  explicit World(std::uint64_t seed);

  std::array<Firewall, 4> firewalls;
  std::vector<Rule> allow_rules, block_rules;  // in each, the last eighth has commas in its names
  std::vector<Application> tcp_apps, udp_apps;
  std::vector<Host> clients, servers, clients6, servers6;
  std::vector<std::string> nat_pool;

 private:
  void make_rules(RandomStream& random);
  void make_applications();
  void make_hosts(RandomStream& random);
};

inline constexpr std::string_view kLogProfile = "LFP-Panorama";

}  // namespace endreason::bench
