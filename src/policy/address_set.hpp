// SPDX-License-Identifier: Apache-2.0
// AddressSet: addresses of both families as ranges, sorted and disjoint. IPv4 lies where IpAddress
// puts it, so a range never spans both families unless it is a complement.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/ip_address.hpp"

namespace endreason {

class AddressSet {
 public:
  AddressSet() = default;
  explicit AddressSet(std::vector<IpRange> ranges);
  static AddressSet all();
  // "10.1.1.1", "10.0.0.0/8", "10.0.0.1-10.0.0.9", and the same of IPv6.
  static Result<AddressSet> parse(std::string_view text);
  // "10.20.1.0/0.0.248.255": bits that are set in the mask may have any value.
  static Result<AddressSet> parse_wildcard(std::string_view text);

  bool empty() const { return ranges_.empty(); }
  bool is_all() const;
  bool contains(const IpAddress& address) const;
  bool covers(const AddressSet& other) const;
  void add(const AddressSet& other);
  AddressSet complement() const;
  const std::vector<IpRange>& ranges() const { return ranges_; }

 private:
  void normalise();
  std::vector<IpRange> ranges_;
};

// The next address, and the one before; the last has no next, the first none before.
bool step_up(IpAddress& address);
bool step_down(IpAddress& address);

}  // namespace endreason
