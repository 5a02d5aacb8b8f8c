// SPDX-License-Identifier: Apache-2.0
// SessionReplay: the sessions of the same packets under two rule bases, each session with itself:
// it is the same by its ends and its first packet. Unlike the replay of a log nothing is looked up
// anew: what the engine made of it is compared, from the first packet to the end.
//
// A conversation that one rule base let begin, and whose packets the other refused one by one, is
// compared by its first packet; the others are counted as repeated. One that the other rule base
// never saw begin, because it came while an earlier one of the same ends was in DISCARD, is blocked
// as that one was. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "findings/policy_replay.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

class SessionReplay {
 public:
  // Rows of the engine, with the column first_packet; of types end, deny and drop. In any order.
  void add_old(const TrafficRecord& record) { old_.push_back(seen(record)); }
  void add_new(const TrafficRecord& record) { new_.push_back(seen(record)); }
  void merge(SessionReplay&& other);
  // `policy`: the new rule base.
  ReplayReport report(const CompiledPolicy& policy) &&;

 private:
  struct Seen {
    std::string ends;          // addresses, ports, protocol
    std::string first_packet;  // RFC 3339, so it sorts by time
    std::string rule, text;
    std::uint64_t line{};
    std::uint32_t file{};
    Action action{};
    Subtype subtype{};
    bool blocked{};
  };
  static Seen seen(const TrafficRecord& record);
  static ReplayOutcome outcome_of(const Seen& before, const Seen& now);
  const Seen* counterpart(const Seen& before);

  std::vector<Seen> old_, new_;
  // Of new_, by ends; each list in the order of the first packets. The places from which the next
  // of the same first packet is taken.
  struct Same {
    std::vector<std::size_t> sessions;
    std::size_t taken = 0;
  };
  std::unordered_map<std::string, Same> by_ends_;
};

}  // namespace endreason
