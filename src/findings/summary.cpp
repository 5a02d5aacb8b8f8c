// SPDX-License-Identifier: Apache-2.0
#include "findings/summary.hpp"

#include <cassert>
#include <iterator>
#include <random>
#include <utility>

#include "findings/ranking.hpp"

namespace endreason {
namespace {

// What the tuples are poured through; they give back about as much for that
// time.
constexpr std::size_t kGroupShare = 4;

std::uint64_t process_seed() {
  static const std::uint64_t seed = [] {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device();
  }();
  return seed;
}

}  // namespace

Count SummaryTotals::all() const {
  Count sum;
  for (const auto& row : by_decision)
    for (const Count& count : row) sum.add(count);
  return sum;
}

Count SummaryTotals::of(FinalAction action) const {
  Count sum;
  for (const Count& count : by_decision[static_cast<std::size_t>(action)]) sum.add(count);
  return sum;
}

void SummaryTotals::add(const SummaryTotals& other) {
  const auto join = [](auto& mine, const auto& theirs) {
    for (std::size_t i = 0; i < mine.size(); ++i) mine[i].add(theirs[i]);
  };
  for (std::size_t i = 0; i < by_decision.size(); ++i) {
    join(by_decision[i], other.by_decision[i]);
    join(by_outcome[i], other.by_outcome[i]);
  }
  join(by_ended_by, other.by_ended_by);
  join(by_reason, other.by_reason);
  join(blocked_though_allowed, other.blocked_though_allowed);
  join(by_contradiction, other.by_contradiction);
  contradicting.add(other.contradicting);
  start_rows += other.start_rows;
  provisional_rows += other.provisional_rows;
}

Summary::Summary(SummaryOptions options)
    : options_(std::move(options)),
      seed_(options_.hash_seed.value_or(process_seed())),
      tuples_(options_.memory_bytes, KeyHash(seed_)) {}

void Summary::add_contradictions(const Verdict& verdict, const Count& count) {
  totals_.contradicting.add(count);
  for (std::size_t i = 0; i < kContradictions.size(); ++i)
    if (verdict.has(static_cast<Contradiction>(i))) totals_.by_contradiction[i].add(count);
}

void Summary::add_tuple(const TrafficRecord& record, Concern concern, ReasonCode reason,
                        const Count& count) {
  if (error_ || tuples_.add(record, concern, reason, count)) return;
  pour_tuples();
  if (!error_) tuples_.add(record, concern, reason, count);  // an empty store takes any row
}

// Counts the row that waits in the store.
void Summary::settle() {
  if (error_ || tuples_.settle()) return;
  pour_tuples();
  if (!error_) tuples_.settle();
}

void Summary::pour_tuples() {
  if (!tuples_.empty() && !error_)
    if (Result<void> written = write_groups(); !written) give_up(std::move(written.error()));
  tuples_.clear();
}

Result<void> Summary::write_groups() {
  KeyTable groups((options_.memory_bytes + taken_over_bytes_) / kGroupShare, KeyHash(seed_));
  Result<void> done{};
  tuples_.visit_keys([&](const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes) {
    if (!done || groups.append(key, sessions, bytes)) return;
    done = write_run(groups);
    groups.append(key, sessions, bytes);  // an empty table takes any key
  });
  return done ? write_run(groups) : done;
}

Result<void> Summary::write_run(KeyTable& groups) {
  if (!spill_file_) {
    auto file = SpillFile::create(options_.temp_directory);
    if (!file) return tl::unexpected(file.error());
    spill_file_ = *file;
  }
  groups.sort();
  RunWriter writer(spill_file_);
  for (std::size_t i = 0; i < groups.entries(); ++i)
    if (auto done = writer.write(groups.sorted(i)); !done) return done;
  groups.clear();
  auto run = writer.finish();
  if (!run) return tl::unexpected(run.error());
  runs_.push_back(std::move(*run));
  return {};
}

void Summary::give_up(Error error) {
  // What could not be written is lost, so no ranking could be right any more:
  // keep none of it.
  error_ = std::move(error);
  runs_.clear();
  spill_file_.reset();
}

void Summary::merge(Summary&& other) {
  WorkerTeam alone(1);
  merge(std::move(other), alone);
}

void Summary::merge(Summary&& other, WorkerTeam& team) {
  assert(seed_ == other.seed_);
  settle();
  other.settle();
  totals_.add(std::exchange(other.totals_, {}));
  if (other.error_ && !error_) give_up(std::move(*other.error_));
  if (!error_) {
    runs_.insert(runs_.end(), std::make_move_iterator(other.runs_.begin()),
                 std::make_move_iterator(other.runs_.end()));
    taken_over_bytes_ += other.options_.memory_bytes + other.taken_over_bytes_;
    tuples_.merge(std::move(other.tuples_), team, [this] { pour_tuples(); });
  }
  other = Summary(other.options_);
}

Result<SummaryReport> Summary::report(std::size_t top) {
  WorkerTeam alone(1);
  return report(top, alone);
}

Result<SummaryReport> Summary::report(std::size_t top, WorkerTeam& team) {
  settle();
  if (!error_ && !runs_.empty()) pour_tuples();
  if (error_) return tl::unexpected(*error_);
  SummaryReport report;
  report.totals = totals_;
  Leaders leaders(top);
  if (runs_.empty()) {
    tuples_.rank(leaders, team);
  } else {
    tuples_.release();
    if (auto ranked = rank_runs(leaders); !ranked) return tl::unexpected(ranked.error());
  }
  report.rankings = leaders.finish();
  *this = Summary(options_);
  return report;
}

Result<void> Summary::rank_runs(Leaders& leaders) {
  spill_file_.reset();  // the runs hold the files; a pass of the merge frees
                        // what it has read
  if (auto reduced = reduce_runs(runs_, options_.temp_directory); !reduced) return reduced;
  std::vector<std::unique_ptr<SortedSource>> sources;
  for (SpillRun& run : runs_) sources.push_back(source_of(std::move(run)));
  MergedSource merged(std::move(sources));
  GroupRanker ranker(leaders);
  while (true) {
    auto entry = merged.next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) break;
    ranker.add(**entry);
  }
  ranker.finish();
  return {};
}

std::uint64_t Summary::spilled_bytes() const {
  std::uint64_t bytes = 0;
  for (const SpillRun& run : runs_) bytes += run.size;
  return bytes;
}

}  // namespace endreason
