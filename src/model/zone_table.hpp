// SPDX-License-Identifier: Apache-2.0
// ZoneTable: which zone a packet comes from and goes to. On a firewall an interface has a zone; for
// captures, which often know no interface, a VLAN or a block of addresses can stand for one.
// Constant once made; shared by all threads.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "model/flow_key.hpp"
#include "model/ip_address.hpp"

namespace endreason {

struct ZoneDefinition {
  std::string name;
  std::vector<std::string> interfaces{};  // names, as the capture or the system says
  std::vector<std::uint16_t> vlans{};
  std::vector<IpRange> subnets{};
};

using ZoneNumber = std::uint8_t;
inline constexpr ZoneNumber kAnyZone = 0;   // of what no definition names, and of all without any
inline constexpr ZoneNumber kNoZone = 255;  // it is not known yet

// Of one packet: the zone it came in by, and the one it goes to, as far as addresses tell.
struct PacketZones {
  ZoneNumber from{kAnyZone};
  ZoneNumber to{kNoZone};
};

class ZoneTable {
 public:
  static constexpr std::size_t kMost = 254;  // zones, `any` not counted
  ZoneTable() = default;                     // one zone, named any
  // An Error names the zone and the remedy: a name twice, a member of two zones.
  static Result<ZoneTable> make(const std::vector<ZoneDefinition>& zones);

  bool empty() const { return names_.size() == 1; }
  std::size_t size() const { return names_.size(); }
  std::string_view name(ZoneNumber zone) const {
    return zone < names_.size() ? std::string_view(names_[zone]) : std::string_view(names_[0]);
  }
  // kNoZone when there is none of that name.
  ZoneNumber find(std::string_view name) const;

  // The name of a zone's interface, where the zone has one and nothing else that packets could
  // come in by; else empty.
  std::string_view only_interface(ZoneNumber zone) const {
    return zone < only_interfaces_.size() ? std::string_view(only_interfaces_[zone])
                                          : std::string_view();
  }

  // kNoZone where no definition names it.
  ZoneNumber of_interface(std::string_view name) const;
  ZoneNumber of_vlan(std::uint16_t vlan) const;
  ZoneNumber of_address(const IpAddress& address) const;

  // An interface's zone wins over a VLAN's, and that over the source address'. `interface`: the
  // zone of the interface, from of_interface().
  PacketZones of_packet(ZoneNumber interface, std::uint16_t vlan, const IpAddress& src,
                        const IpAddress& dst) const;

 private:
  // Blocks cut into stretches that do not overlap: the narrowest block has each.
  // An address as two numbers, which are compared faster than its bytes, once for each packet.
  struct OrderedAddress {
    std::uint64_t high, low;
    explicit OrderedAddress(const IpAddress& a)
        : high(load_ordered(a.bytes.data())), low(load_ordered(a.bytes.data() + 8)) {}
    friend auto operator<=>(const OrderedAddress&, const OrderedAddress&) = default;
  };
  struct Stretch {
    OrderedAddress first;
    ZoneNumber zone;
  };
  void cut_stretches(const std::vector<std::pair<IpRange, ZoneNumber>>& blocks);

  std::vector<std::string> names_{"any"};
  std::vector<std::string> only_interfaces_{""};  // by zone
  std::vector<std::pair<std::string, ZoneNumber>> interfaces_;
  std::vector<std::pair<std::uint16_t, ZoneNumber>> vlans_;
  std::vector<Stretch> stretches_;  // by first address; the last of them reaches to the end
};

}  // namespace endreason
