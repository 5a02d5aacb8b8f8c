// SPDX-License-Identifier: Apache-2.0
// PortSet: ports as ranges, sorted and disjoint. From texts such as "80,443,1024-2048".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

struct PortRange {
  std::uint16_t first{}, last{};
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

class PortSet {
 public:
  PortSet() = default;
  explicit PortSet(std::vector<PortRange> ranges);
  static PortSet all() { return PortSet({{0, 65'535}}); }
  // "80", "1-1023,8080", "any"; the error says what was expected and found.
  static Result<PortSet> parse(std::string_view text);

  bool empty() const { return ranges_.empty(); }
  bool is_all() const { return ranges_.size() == 1 && ranges_[0] == PortRange{0, 65'535}; }
  bool contains(std::uint16_t port) const;
  bool covers(const PortSet& other) const;
  void add(const PortSet& other);
  const std::vector<PortRange>& ranges() const { return ranges_; }

 private:
  void normalise();
  std::vector<PortRange> ranges_;
};

}  // namespace endreason
