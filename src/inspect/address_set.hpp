// SPDX-License-Identifier: Apache-2.0
// AddressSet and PortSet: what stands for addresses and ports in a rule's header, "any",
// "[10.0.0.0/8,!10.1.0.0/16]", as sorted ranges. Values; contains() is for hot paths.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "model/ip_address.hpp"

namespace endreason::inspect {

class AddressSet {
 public:
  // Starts as "any".
  bool any() const { return any_; }
  bool empty() const { return !any_ && ranges_.empty(); }
  bool contains(const IpAddress& address) const {
    if (any_) return true;
    const auto after =
        std::upper_bound(ranges_.begin(), ranges_.end(), address,
                         [](const IpAddress& a, const IpRange& r) { return a < r.first; });
    return after != ranges_.begin() && address <= std::prev(after)->last;
  }
  // All that is in `include` (everything when there is none) and not in `exclude`.
  static AddressSet of(std::vector<IpRange> include, std::vector<IpRange> exclude);
  const std::vector<IpRange>& ranges() const { return ranges_; }
  bool operator==(const AddressSet&) const = default;

 private:
  std::vector<IpRange> ranges_;  // sorted, apart from each other
  bool any_{true};
};

struct PortRange {
  std::uint16_t first{}, last{};
  bool operator==(const PortRange&) const = default;
};

class PortSet {
 public:
  bool any() const { return any_; }
  bool empty() const { return !any_ && ranges_.empty(); }
  bool contains(std::uint16_t port) const {
    if (any_) return true;
    for (const PortRange& r : ranges_)
      if (port >= r.first && port <= r.last) return true;
    return false;
  }
  static PortSet of(const std::vector<PortRange>& include, const std::vector<PortRange>& exclude);
  bool operator==(const PortSet&) const = default;

 private:
  std::vector<PortRange> ranges_;
  bool any_{true};
};

}  // namespace endreason::inspect
