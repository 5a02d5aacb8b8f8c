// SPDX-License-Identifier: Apache-2.0
// HostAddresses: the firewall's own addresses and what they answer to. Constant once made.
#pragma once

#include <cstdint>
#include <vector>

#include "model/ip_address.hpp"
#include "policy/address_set.hpp"
#include "policy/compiled_policy.hpp"
#include "policy/policy.hpp"

namespace endreason {

class HostAddresses {
 public:
  explicit HostAddresses(const Policy& policy);
  HostAnswer answer(const IpAddress& src, const IpAddress& dst, std::uint8_t protocol,
                    std::uint16_t dport) const;

 private:
  struct Own {
    IpAddress address;
    std::size_t profile;  // of profiles_; beyond them: none
  };
  struct Profile {
    std::vector<std::size_t> services;  // rows of kHostServices
    AddressSet permitted;
  };
  std::vector<Own> own_;  // sorted by address
  std::vector<Profile> profiles_;
};

}  // namespace endreason
