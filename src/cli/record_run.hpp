// SPDX-License-Identifier: Apache-2.0
// RecordRun: a planned run to its end: connects plan and outputs, has the records produced, says
// what was counted, and gives the exit code.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/worker_team.hpp"
#include "cli/progress.hpp"
#include "cli/run_plan.hpp"

namespace endreason {

struct Produced {
  ExplainResult result;
  std::string accounting;     // lines for standard error
  std::string stats_json;     // for --stats
  bool input_failed = false;  // an input was not read to its end, and why has been said
};
// Reads what is planned and hands the records to the plan's sinks.
using Produce = std::function<Result<Produced>(const ExplainPlan&)>;

class RecordRun {
 public:
  RecordRun(const RunOptions& options, RunPlan plan)
      : options_(options),
        plan_(std::move(plan.explain)),
        writer_(std::move(plan.writer)),
        card_or_table_(plan.card_or_table) {}
  RecordRun(const RecordRun&) = delete;
  RecordRun& operator=(const RecordRun&) = delete;

  int run(const Produce& produce);

 private:
  Result<void> open_rejects();
  void connect();
  int run_writer(const Produce& produce);
  int run_summary(const Produce& produce);
  int settle(const Produced& produced);
  int close_outputs(int code);
  bool write_stats(const std::string& text) const;

  const RunOptions& options_;
  std::optional<WorkerTeam> team_;
  ExplainPlan plan_;
  WriterOptions writer_;
  bool card_or_table_;
  int rejects_ = -1;
  int output_errno_ = 0;
  int rejects_errno_ = 0;
  ProgressLine progress_;
};

// Says what went wrong; gives the exit code for it.
int complain(const Error& error);
// --explain-filter: the filter as it is understood.
int print_filter(const ExplainPlan& plan);

}  // namespace endreason
