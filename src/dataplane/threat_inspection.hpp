// SPDX-License-Identifier: Apache-2.0
// ThreatInspection: threat rules, block lists and decryption checks behind dataplane's question
// about content. One an engine; its inspectors one a lane. What they find goes to the sink in the
// order of the log, whatever the number of lanes.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/content_inspection.hpp"
#include "dataplane/content_row.hpp"
#include "inspect/decryption_inspector.hpp"
#include "inspect/inspector.hpp"
#include "inspect/threat_action.hpp"

namespace endreason {

struct ThreatInspectionOptions {
  std::shared_ptr<const inspect::ThreatSet> rules;             // null: no rules and no lists
  std::shared_ptr<const inspect::BlockLists> lists;            // null: none
  std::shared_ptr<const inspect::DecryptionSetup> decryption;  // null: no such rule
  std::vector<inspect::ThreatOverride> overrides;              // the first that fits counts
  inspect::ThreatOverride listed;                              // what is done about lists' entries
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;       // of all sessions together
  bool drop_when_full = true;  // a session that there is no room for is blocked, or goes on unseen
  std::uint32_t sessions = 256 * 1024;       // that there may be
  std::uint32_t stream_depth = 1024 * 1024;  // bytes of each side that are looked into; 0: all
  std::uint32_t body_depth = 100 * 1024;     // of an HTTP body, unpacked; 0: all
};

enum class ContentCounter : std::uint8_t {
  Sessions,
  WithoutProfile,
  Alerts,
  Blocks,
  Listed,
  QueueFull,
  Gaps,
  HitsLost,
};
struct ContentCounterInfo {
  ContentCounter value;
  std::string_view log_name;
  std::string_view sentence;
};
inline constexpr auto kContentCounters = std::to_array<ContentCounterInfo>({
    {ContentCounter::Sessions, "content_sessions", "Sessions that inspection was shown."},
    {ContentCounter::WithoutProfile, "content_no_profile",
     "Of them: not looked into, because their rule has no security profile."},
    {ContentCounter::Alerts, "content_alert", "Hits that let the session go on."},
    {ContentCounter::Blocks, "content_block", "Hits that end the session."},
    {ContentCounter::Listed, "content_listed", "Of both: entries of block lists."},
    {ContentCounter::QueueFull, "content_queue_full", "Sessions there was no room for."},
    {ContentCounter::Gaps, "content_gap", "Places of streams that were not captured."},
    {ContentCounter::HitsLost, "content_hit_lost", "More hits at one packet than are kept."},
});
static_assert(rows_in_enum_order(kContentCounters) && log_names_unique(kContentCounters));

class ContentCounters {
 public:
  std::uint64_t operator[](ContentCounter c) const { return counts_[static_cast<std::size_t>(c)]; }
  void add(ContentCounter c, std::uint64_t n = 1) { counts_[static_cast<std::size_t>(c)] += n; }
  void add(const ContentCounters& other) {
    for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  }

 private:
  std::array<std::uint64_t, kContentCounters.size()> counts_{};
};

class ThreatInspection final : public ContentInspection {
 public:
  // The sink may be null and outlives this.
  ThreatInspection(ThreatInspectionOptions options, ContentSink* sink);
  ~ThreatInspection() override;

  Result<std::unique_ptr<ContentInspector>> make_inspector(const InspectorPlace& place) override;
  void on_tracked() override;
  bool may_block_addresses() const override;
  std::uint64_t most_bytes_held() const override;

  // By all inspectors, now.
  std::uint64_t bytes_held() const;
  ContentCounters counters() const;
  inspect::DecryptionCounters decryption_counters() const;
  const ThreatInspectionOptions& options() const { return options_; }

 private:
  class Inspector;
  ThreatInspectionOptions options_;
  ContentSink* sink_;
  std::vector<Inspector*> inspectors_;  // the lanes' own
  std::vector<const ContentRow*> sorted_;
  ContentCounters counters_;  // of inspectors that are gone
  inspect::DecryptionCounters decryption_counters_;
};

// A packet of a session as inspection takes it.
inspect::InspectedPacket inspected_packet(const PacketView& packet, const PacketResult& result);

}  // namespace endreason
