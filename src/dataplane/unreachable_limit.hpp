// SPDX-License-Identifier: Apache-2.0
// UnreachableLimit: so many ICMP unreachables in each second of packet time, for the whole
// firewall. Source: icmp-unreachable-rate, "Session Settings" of the 11.2 help: 200 a second.
#pragma once

#include <cstdint>

namespace endreason {

class UnreachableLimit {
 public:
  explicit UnreachableLimit(std::uint32_t a_second) : a_second_(a_second) {}
  // Whether one more may be sent now. A time before an earlier one counts to the latest second.
  bool take(std::int64_t time_ns) {
    constexpr std::int64_t kNanos = 1'000'000'000;
    const std::int64_t second = time_ns / kNanos - (time_ns % kNanos < 0);
    if (!started_ || second > second_) {
      started_ = true;
      second_ = second;
      sent_ = 0;
    }
    if (sent_ >= a_second_) return false;
    ++sent_;
    return true;
  }

 private:
  std::uint32_t a_second_;
  std::uint32_t sent_ = 0;
  std::int64_t second_ = 0;
  bool started_ = false;
};

}  // namespace endreason
