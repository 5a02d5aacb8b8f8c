// SPDX-License-Identifier: Apache-2.0
#include "inspect/threshold_table.hpp"

#include <cstring>

namespace endreason::inspect {
namespace {

std::uint64_t mix(std::uint64_t h, const IpAddress& a) {
  std::uint64_t words[2];
  std::memcpy(words, a.bytes.data(), sizeof words);
  for (const std::uint64_t w : words) {
    h = (h ^ w) * 0x9e37'79b9'7f4a'7c15;
    h ^= h >> 29;
  }
  return h;
}

}  // namespace

bool threshold_reports(const RuleThreshold& threshold, std::uint32_t count) {
  switch (threshold.kind) {
    case ThresholdKind::None:
      return true;
    case ThresholdKind::Threshold:
      return count % threshold.count == 0;
    case ThresholdKind::Limit:
      return count <= threshold.count;
    case ThresholdKind::Both:
      return count == threshold.count;
    case ThresholdKind::DetectionFilter:
      return count > threshold.count;
  }
  return true;
}

ThresholdTable::Entry& ThresholdTable::entry(std::uint32_t rule, const IpAddress& a,
                                             const IpAddress& b, std::int64_t now_ns) {
  const std::uint64_t h = mix(mix(rule + 1, a), b);
  Entry* place = &entries_[h % (entries_.size() / kWays) * kWays];
  Entry* oldest = place;
  for (std::size_t i = 0; i < kWays; ++i) {
    Entry& e = place[i];
    if (e.rule_and_one == rule + 1 && e.a == a && e.b == b) return e;
    if (e.rule_and_one == 0) {
      oldest = &e;
      break;
    }
    if (e.begin_ns < oldest->begin_ns) oldest = &e;
  }
  displaced_ += oldest->rule_and_one != 0;
  *oldest = Entry{a, b, now_ns, rule + 1, 0};
  return *oldest;
}

bool ThresholdTable::report(const RuleThreshold& threshold, std::uint32_t rule,
                            const IpAddress& source, const IpAddress& destination,
                            std::int64_t now_ns) {
  static const IpAddress kNone{};
  const ThresholdTrack track = threshold.track;
  const bool by_source = track == ThresholdTrack::BySource || track == ThresholdTrack::ByBoth;
  const bool by_destination =
      track == ThresholdTrack::ByDestination || track == ThresholdTrack::ByBoth;
  Entry& e = entry(rule, by_source ? source : kNone, by_destination ? destination : kNone, now_ns);
  if (now_ns - e.begin_ns >= std::int64_t{threshold.seconds} * 1'000'000'000) {
    e.begin_ns = now_ns;
    e.count = 0;
  }
  return threshold_reports(threshold, ++e.count);
}

}  // namespace endreason::inspect
