// SPDX-License-Identifier: Apache-2.0
// PolicyReplay: rows of a traffic log looked up in another rule base: which sessions would have
// ended otherwise, by which rule, with examples. Every row is counted once: compared, or why not.
// One object a thread, merged at the end; the report is the same at any number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"
#include "model/traffic_record.hpp"
#include "policy/compiled_policy.hpp"

namespace endreason {

// What another rule base makes of a session.
enum class ReplayOutcome : std::uint8_t {
  Same,          // the same rule, the same action
  OtherRule,     // another rule, and it ends as it did
  NowBlocked,    // the log allowed it
  NowAllowed,    // the log blocked it
  LetInAtFirst,  // the log blocked it at once; now it is let in until its application is known
  OtherBlock,    // blocked as before, and another answer goes on the wire
};
struct ReplayOutcomeInfo {
  ReplayOutcome value;
  std::string_view log_name;
  std::string_view meaning;
  bool differs;  // the session ends otherwise
};
inline constexpr auto kReplayOutcomes = std::to_array<ReplayOutcomeInfo>({
    {ReplayOutcome::Same, "same", "as before", false},
    {ReplayOutcome::OtherRule, "other-rule", "as before, by another rule", false},
    {ReplayOutcome::NowBlocked, "now-blocked", "would be blocked", true},
    {ReplayOutcome::NowAllowed, "now-allowed", "would be allowed", true},
    {ReplayOutcome::LetInAtFirst, "let-in-at-first",
     "would be let in until its application is known", true},
    {ReplayOutcome::OtherBlock, "other-block", "would be blocked with another answer", true},
});
static_assert(rows_in_enum_order(kReplayOutcomes) && log_names_unique(kReplayOutcomes));
constexpr const ReplayOutcomeInfo& info(ReplayOutcome v) {
  return kReplayOutcomes[static_cast<std::size_t>(v)];
}

// Why a row was not compared.
enum class NotCompared : std::uint8_t { Start, UnknownZone, MissingColumns, Repeated };
struct NotComparedInfo {
  NotCompared value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kNotCompared = std::to_array<NotComparedInfo>({
    {NotCompared::Start, "start", "rows of type start, whose session has another row"},
    {NotCompared::UnknownZone, "unknown-zone", "rows of a zone that this policy does not have"},
    {NotCompared::MissingColumns, "missing-columns",
     "rows without addresses, protocol, zones or action"},
    {NotCompared::Repeated, "repeated",
     "packets that were refused again, of sessions that are compared by their first"},
});
static_assert(rows_in_enum_order(kNotCompared) && log_names_unique(kNotCompared));
constexpr const NotComparedInfo& info(NotCompared v) {
  return kNotCompared[static_cast<std::size_t>(v)];
}

struct ReplayExample {
  std::uint32_t file{};
  std::uint64_t line{};
  std::string session;  // "10.1.1.1 -> 8.8.8.8 udp/53 dns, trust to untrust"
};

struct ReplayGroup {
  std::string old_rule;
  Action old_action{};
  std::string new_rule;
  Action new_action{};
  ReplayOutcome outcome{};
  std::uint64_t sessions{};
  std::uint64_t ports_assumed{};        // of them, where the standard ports are not known
  std::vector<ReplayExample> examples;  // the first in the order of the input
};

struct ReplayReport {
  std::array<std::uint64_t, kReplayOutcomes.size()> sessions{};
  std::array<std::uint64_t, kNotCompared.size()> not_compared{};
  std::uint64_t ports_assumed{};
  std::uint64_t in_no_group{};  // sessions of groups beyond the most that are kept
  std::vector<std::pair<std::string, std::uint64_t>> unknown_zones;  // the most frequent first
  std::vector<ReplayGroup> groups;  // what differs first, then other rules; each by sessions
  std::uint64_t compared() const;
  std::uint64_t differing() const;
};

// A session under both rule bases.
struct ReplayedSession {
  ReplayOutcome outcome{};
  std::string_view old_rule;
  Action old_action{};
  std::uint32_t new_rule{};  // index into the new policy's rules
  Action new_action{};
  bool ports_assumed{};
  std::uint32_t file{};
  std::uint64_t line{};
};

class PolicyReplay {
 public:
  explicit PolicyReplay(const CompiledPolicy& policy) : policy_(policy) {}
  // Looks the row's session up.
  void add(const TrafficRecord& record);
  // What somebody else found out. `text`: the session, as an example.
  void add(const ReplayedSession& session, std::string_view text);
  void leave_out(NotCompared why, std::uint64_t count) {
    not_compared_[static_cast<std::size_t>(why)] += count;
  }
  void merge(PolicyReplay&& other);
  ReplayReport report() const;

 private:
  struct Tally {
    std::uint64_t sessions{}, ports_assumed{};
    std::vector<ReplayExample> examples;
  };
  void compare(const TrafficRecord& record, const PolicyQuery& query, std::uint64_t count);
  void count_session(const ReplayedSession& session, std::uint64_t count);
  // Null: the session's group has examples enough, which all come before it.
  std::vector<ReplayExample>* examples_for(const ReplayedSession& session, std::uint64_t count);

  const CompiledPolicy& policy_;
  std::array<std::uint64_t, kReplayOutcomes.size()> sessions_{};
  std::array<std::uint64_t, kNotCompared.size()> not_compared_{};
  std::uint64_t ports_assumed_ = 0, in_no_group_ = 0;
  std::map<std::string, std::uint64_t, std::less<>> unknown_zones_;
  std::map<std::string, Tally, std::less<>> groups_;  // by what group_key() writes
  std::string key_;
};

// "10.1.1.1 -> 8.8.8.8 udp/53 dns, trust to untrust"
std::string replayed_session_text(const TrafficRecord& record);
// By a rule: a session that was allowed first and denied by a later lookup, too.
bool was_blocked_by_policy(const TrafficRecord& record);

// As a person reads it, and as one JSON object a group and one of totals.
struct ReplayTextOptions {
  bool colour{};
  std::size_t top = 20;  // groups; the others are counted
  std::vector<std::string> inputs;
};
void append_text(const ReplayReport& report, const ReplayTextOptions& options, std::string& out);
void append_ndjson(const ReplayReport& report, const ReplayTextOptions& options, std::string& out);

}  // namespace endreason
