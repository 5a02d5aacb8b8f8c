// SPDX-License-Identifier: Apache-2.0
#include "findings/summary.hpp"

#include <cassert>
#include <iterator>
#include <random>
#include <utility>

#include "findings/ranking.hpp"

namespace endreason {
namespace {

// A quarter for the tuples: most inputs repeat the same few thousand of them, and a small table
// stays in the processor's cache.
constexpr std::size_t kTupleShare = 4;

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
      tuples_(options_.memory_bytes / kTupleShare, KeyHash(seed_)),
      groups_(options_.memory_bytes - options_.memory_bytes / kTupleShare, KeyHash(seed_)) {}

void Summary::add_contradictions(const Verdict& verdict, const Count& count) {
  totals_.contradicting.add(count);
  for (std::size_t i = 0; i < kContradictions.size(); ++i)
    if (verdict.has(static_cast<Contradiction>(i))) totals_.by_contradiction[i].add(count);
}

void Summary::add_tuple(const TrafficRecord& record, Concern concern, ReasonCode reason,
                        const Count& count) {
  if (error_) return;
  build_tuple_key(record, concern, reason, tuple_key_);
  const std::uint64_t hash = tuples_.hash(tuple_key_);
  if (tuples_.add(tuple_key_, hash, count.sessions, count.bytes)) return;
  pour_tuples();
  tuples_.add(tuple_key_, hash, count.sessions, count.bytes);  // an empty table takes any key
}

void Summary::pour_tuples() {
  tuples_.visit_all([this](const KeyCount& tuple) { add_groups(tuple); });
  tuples_.clear();
}

void Summary::add_groups(const KeyCount& tuple) {
  std::array<std::uint64_t, kGroupsPerTuple> hashes;
  build_group_keys(tuple.key, group_keys_);
  // The groups of a tuple lie anywhere in the table: fetch all while the first is waited for.
  for (std::size_t i = 0; i < kGroupsPerTuple; ++i) {
    hashes[i] = groups_.hash(group_keys_[i]);
    groups_.prefetch_slot(hashes[i]);
  }
  for (const std::uint64_t hash : hashes) groups_.prefetch_entry(hash);
  for (std::size_t i = 0; i < kGroupsPerTuple; ++i) add_group(group_keys_[i], hashes[i], tuple);
}

void Summary::add_group(const KeyBuilder& key, std::uint64_t hash, const KeyCount& counts) {
  if (error_ || groups_.add(key, hash, counts.sessions, counts.bytes)) return;
  spill_groups();
  if (!error_) groups_.add(key, hash, counts.sessions, counts.bytes);
}

void Summary::spill_groups() {
  if (groups_.empty()) return;
  groups_.sort();
  const Result<void> written = write_run();
  if (!written) return give_up(written.error());
  groups_.clear();
}

Result<void> Summary::write_run() {
  if (!spill_file_) {
    auto file = SpillFile::create(options_.temp_directory);
    if (!file) return tl::unexpected(file.error());
    spill_file_ = *file;
  }
  RunWriter writer(spill_file_);
  for (std::size_t i = 0; i < groups_.entries(); ++i)
    if (auto done = writer.write(groups_.sorted(i)); !done) return done;
  auto run = writer.finish();
  if (!run) return tl::unexpected(run.error());
  runs_.push_back(std::move(*run));
  return {};
}

void Summary::give_up(Error error) {
  // What could not be written is lost, so no ranking could be right any more: keep none of it. The
  // tuples stay: one of them may be in the caller's hands.
  error_ = std::move(error);
  groups_.release();
  merged_groups_.clear();
  runs_.clear();
  spill_file_.reset();
}

void Summary::merge(Summary&& other) {
  assert(seed_ == other.seed_);
  totals_.add(std::exchange(other.totals_, {}));
  other.pour_tuples();
  other.tuples_.release();
  if (other.error_ && !error_) give_up(std::move(*other.error_));
  if (!error_) {
    const auto move_all = [](auto& to, auto& from) {
      to.insert(to.end(), std::make_move_iterator(from.begin()),
                std::make_move_iterator(from.end()));
    };
    move_all(runs_, other.runs_);
    move_all(merged_groups_, other.merged_groups_);
    if (!other.groups_.empty()) merged_groups_.push_back(std::move(other.groups_));
  }
  other = Summary(other.options_);
}

Result<SummaryReport> Summary::report(std::size_t top) {
  pour_tuples();
  tuples_.release();
  if (error_) return tl::unexpected(*error_);
  SummaryReport report;
  report.totals = totals_;
  if (auto ranked = rank(top, report); !ranked) return tl::unexpected(ranked.error());
  *this = Summary(options_);
  return report;
}

Result<void> Summary::rank(std::size_t top, SummaryReport& report) {
  spill_file_.reset();  // the runs hold the files; a pass of the merge frees what it has read
  if (auto reduced = reduce_runs(runs_, options_.temp_directory); !reduced) return reduced;
  std::vector<std::unique_ptr<SortedSource>> sources;
  for (SpillRun& run : runs_) sources.push_back(source_of(std::move(run)));
  merged_groups_.push_back(std::move(groups_));
  for (KeyTable& table : merged_groups_) {
    table.sort();
    sources.push_back(source_of(table));
  }
  MergedSource merged(std::move(sources));
  GroupRanker ranker(top);
  while (true) {
    auto entry = merged.next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) break;
    ranker.add(**entry);
  }
  report.rankings = ranker.finish();
  return {};
}

std::uint64_t Summary::spilled_bytes() const {
  std::uint64_t bytes = 0;
  for (const SpillRun& run : runs_) bytes += run.size;
  return bytes;
}

}  // namespace endreason
