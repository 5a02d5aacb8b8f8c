// SPDX-License-Identifier: Apache-2.0
// Summary: many judged records -> totals, rankings and root causes, exact, in
// bounded memory.
//
// One Summary belongs to one thread; merge() joins them at the end. The report
// is the same, byte for byte, however the records were divided among summaries
// and in whatever order they were added and merged. Records that were allowed
// and worked cost a few additions; blocked and failed ones are kept packed (the
// tuples) and ranked in memory. When there are too many different ones for the
// memory, they are poured into sorted runs of group keys in a temporary file,
// and the report merges those.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "findings/spill.hpp"
#include "findings/summary_report.hpp"
#include "findings/tuple_store.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

// For all threads together; divide it by their number.
inline constexpr std::size_t kSummaryMemoryBytes = std::size_t{32} << 20;

struct SummaryOptions {
  std::size_t memory_bytes{kSummaryMemoryBytes};  // of this summary; at least 64 KiB
  std::string temp_directory{};                   // empty: TMPDIR, else /var/tmp, else /tmp
  // Summaries that are to be merged must have the same one. Nothing: the process's own.
  std::optional<std::uint64_t> hash_seed{};
};

// By itself in the caches: another thread's summary may lie beside it, and pairs of lines are
// fetched.
class alignas(128) Summary {
 public:
  explicit Summary(SummaryOptions options = {});

  // Counts one record. A failure to write a temporary file is kept and told by report().
  void add(const TrafficRecord& record, const Verdict& verdict) {
    const bool starts = record.subtype == Subtype::Start;
    Count count{1, 0, 0};
    if (!starts) {
      count.sessions = record.repeatcnt;
      count.bytes = record.knows(Known::Bytes)
                        ? record.bytes
                        : saturating_sum(record.bytes_sent, record.bytes_received);
    }
    totals_.start_rows += starts;
    totals_.provisional_rows += verdict.provisional;
    const auto action = static_cast<std::size_t>(verdict.final_action);
    totals_.by_decision[action][static_cast<std::size_t>(verdict.decided_by)].add(count);
    totals_.by_outcome[action][static_cast<std::size_t>(verdict.outcome)].add(count);
    totals_.by_ended_by[static_cast<std::size_t>(verdict.ended_by)].add(count);
    totals_.by_reason[static_cast<std::size_t>(verdict.reason_code)].add(count);
    const bool blocked = verdict.final_action == FinalAction::Blocked;
    const bool failed =
        verdict.final_action == FinalAction::Allowed && verdict.outcome == Outcome::Failed;
    if (verdict.contradictions != 0) add_contradictions(verdict, count);
    if (blocked && record.action == Action::Allow)
      totals_.blocked_though_allowed[static_cast<std::size_t>(verdict.reason_code)].add(count);
    if ((blocked || failed) && !starts)
      add_tuple(record, blocked ? Concern::Blocked : Concern::Failed, verdict.reason_code, count);
  }

  // Takes over all that `other` counted, and its memory until report(); `other` is empty
  // afterwards. A team makes it quicker, here and below.
  void merge(Summary&& other, WorkerTeam& team);
  void merge(Summary&& other);

  // The totals and, of every ranking, the `top` leading groups. Uses the summary up.
  Result<SummaryReport> report(std::size_t top, WorkerTeam& team);
  Result<SummaryReport> report(std::size_t top = 10);

  // True when a temporary file could not be written: report() will say why, adding more is in vain.
  bool failed() const { return error_.has_value(); }
  // Bytes in temporary files, for diagnosis.
  std::uint64_t spilled_bytes() const;

 private:
  void add_contradictions(const Verdict& verdict, const Count& count);
  void add_tuple(const TrafficRecord& record, Concern concern, ReasonCode reason,
                 const Count& count);
  void settle();
  void pour_tuples();  // tuples -> sorted runs of group keys
  Result<void> write_groups();
  Result<void> write_run(KeyTable& groups);
  void give_up(Error error);
  Result<void> rank_runs(Leaders& leaders);

  SummaryTotals totals_;
  SummaryOptions options_;
  std::size_t taken_over_bytes_ = 0;  // memory of the summaries that were merged into this one
  std::uint64_t seed_;
  TupleStore tuples_;
  std::shared_ptr<SpillFile> spill_file_;
  std::vector<SpillRun> runs_;
  std::optional<Error> error_;
};

}  // namespace endreason
