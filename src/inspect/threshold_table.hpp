// SPDX-License-Identifier: Apache-2.0
// ThresholdTable: how often a rule was fulfilled lately, by rule and address, for threshold and
// detection_filter. Packet time. Fixed memory: in a full place the entry that is idle longest makes
// room, which is counted. One a thread.
#pragma once

#include <cstdint>
#include <vector>

#include "inspect/threat_rule.hpp"
#include "model/ip_address.hpp"

namespace endreason::inspect {

class ThresholdTable {
 public:
  static constexpr std::size_t kWays = 4;
  explicit ThresholdTable(std::size_t places = 4096) : entries_(places * kWays) {}

  // Counts one fulfilment; true when it shall be reported.
  bool report(const RuleThreshold& threshold, std::uint32_t rule, const IpAddress& source,
              const IpAddress& destination, std::int64_t now_ns);
  std::uint64_t displaced() const { return displaced_; }

 private:
  struct Entry {
    IpAddress a, b;
    std::int64_t begin_ns{};
    std::uint32_t rule_and_one{};  // 0: free
    std::uint32_t count{};
  };
  Entry& entry(std::uint32_t rule, const IpAddress& a, const IpAddress& b, std::int64_t now_ns);

  std::vector<Entry> entries_;
  std::uint64_t displaced_ = 0;
};

// The same for one session, track by_flow: the caller keeps the count.
bool threshold_reports(const RuleThreshold& threshold, std::uint32_t count);

}  // namespace endreason::inspect
