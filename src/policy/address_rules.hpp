// SPDX-License-Identifier: Apache-2.0
// AddressRules: the set of rules that an address lets through; PortRules: the same of a protocol
// and a destination port. Built from what rules resolved to; read by any thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <vector>

#include "base/byte_order.hpp"
#include "model/ip_address.hpp"
#include "policy/resolved_policy.hpp"
#include "policy/rule_sets.hpp"

namespace endreason {

// An address as a number that compares fast.
struct WideKey {
  std::uint64_t high{}, low{};
  friend auto operator<=>(const WideKey&, const WideKey&) = default;
};

class AddressRules {
 public:
  enum class Side : std::uint8_t { Source, Destination };
  AddressRules(const std::vector<ResolvedRule>& rules, Side side);
  RuleSetView find(const IpAddress& address) const;

 private:
  RuleSets sets_;
  StretchTable<std::uint32_t> v4_;
  StretchTable<WideKey> all_;  // of IPv6; IPv4 has the quicker table
};

class PortRules {
 public:
  PortRules(const ResolvedPolicy& policy, const std::vector<ResolvedRule>& rules);
  RuleSetView find(std::uint8_t protocol, std::uint16_t dport) const {
    const std::uint8_t table = table_of_[protocol];
    return sets_.view(table == kNoPorts ? by_protocol_[protocol] : ports_[table].find(dport));
  }

 private:
  static constexpr std::uint8_t kNoPorts = 0xff;
  RuleSets sets_;
  std::array<std::uint8_t, 256> table_of_{};
  std::array<StretchTable<std::uint32_t>, 3> ports_;  // TCP, UDP, SCTP
  std::array<std::uint32_t, 256> by_protocol_{};
};

}  // namespace endreason
