// SPDX-License-Identifier: Apache-2.0
// ExplainRun: inputs -> records -> verdicts -> a sink per worker, with exact accounting.
// The results of runs are written in the order of the input, so the output is the same at any
// number of threads and any run size.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "base/worker_team.hpp"
#include "ingest/accounting.hpp"
#include "model/record_clock.hpp"
#include "model/verdict.hpp"
#include "parse/line_reader.hpp"
#include "query/filter.hpp"
#include "sources/input_list.hpp"
#include "verdict/judge.hpp"

namespace endreason {

// Takes the records that matched, on one worker's thread. What it appends to `out` is written in
// input order; it may also just count.
class RecordSink {
 public:
  RecordSink() = default;
  RecordSink(const RecordSink&) = delete;
  RecordSink& operator=(const RecordSink&) = delete;
  virtual ~RecordSink() = default;
  virtual void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) = 0;
  // False: what it gets is judged by judge_bare(), which is quicker.
  virtual bool wants_evidence() const { return true; }
};

struct Progress {
  std::uint64_t bytes_read;                  // of the stored bytes
  std::optional<std::uint64_t> bytes_total;  // none when an input is a pipe
};

struct ExplainPlan {
  std::vector<Input> inputs;
  InputOpener open = open_input;
  std::optional<std::uint64_t> bytes_total;
  LineReaderOptions reader;
  std::size_t run_bytes = 256 * 1024;  // fits a core's second-level cache beside the tables
  unsigned threads = 1;
  WorkerTeam* team =
      nullptr;  // of so many, for whoever has more for it to do; else a run makes one
  Ruleset ruleset = Ruleset::Standard;
  Timers timers;
  std::optional<Filter> filter;
  std::optional<std::int64_t> since, until;  // UTC microseconds; since <= record time < until
  RecordClock clock;
  bool contradictions_only = false;
  // The sinks only count: files may be read where they are mapped, and make_sink may be called
  // once more for every worker, when nothing that was counted before counts.
  bool only_counts = false;
  std::uint64_t limit = 0;  // stop after so many matched records; 0: none. Needs threads = 1
  bool keep_rejects = false;
  unsigned messages_max = 5;  // rejects told on standard error, then only counted

  std::function<std::unique_ptr<RecordSink>(unsigned worker)> make_sink;
  // In order, never two at once; false stops the run (a broken pipe, a full disk).
  std::function<bool(std::string_view)> write_output;
  std::function<bool(std::string_view)> write_rejects;
  std::function<void(std::string_view)> message;
  std::function<void(const Progress&)> progress;  // may be empty
};

struct ExplainResult {
  Accounting accounting;
  std::vector<Error> errors;  // inputs that could not be read to their end
  bool stopped{};             // an output refused to take more
};

ExplainResult run_explain(const ExplainPlan& plan);

// One reject as a person reads it: "fw.log:88: column 9 (dst): expected ..., found '23.200'".
std::string reject_message(const std::string& input, std::uint64_t line, const Reject& reject);
// The same as a JSON object with the raw line, as --rejects keeps it.
void append_reject_json(std::string& out, const std::string& input, const TrafficRecord& record,
                        const Reject& reject);

}  // namespace endreason
