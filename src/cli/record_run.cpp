// SPDX-License-Identifier: Apache-2.0
#include "cli/record_run.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/record_sinks.hpp"
#include "cli/terminal.hpp"
#include "findings/summary.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

// The catalogue's phrase of a reason code alone.
std::string_view phrase_of(ReasonCode code) {
  Verdict verdict;
  verdict.reason_code = code;
  return why(verdict);
}

}  // namespace

int complain(const Error& error) {
  say(error.message);
  return error.code == Error::Code::Io ? kExitIo : kExitUsage;
}

int print_filter(const ExplainPlan& plan) {
  if (write_all(STDOUT_FILENO, (plan.filter ? plan.filter->explain() : "") + "\n"))
    return kExitDone;
  if (errno == EPIPE) return kExitDone;  // the reader has seen enough
  say(fmt::format("cannot write to standard output: {}", std::strerror(errno)));
  return kExitIo;
}

int RecordRun::run(const Produce& produce) {
  if (auto opened = open_rejects(); !opened) return complain(opened.error());
  connect();
  return options_.summary ? run_summary(produce) : run_writer(produce);
}

Result<void> RecordRun::open_rejects() {
  if (options_.rejects.empty()) return {};
  rejects_ = options_.rejects == "-"
                 ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
                 : open(options_.rejects.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (rejects_ < 0)
    return fail(Error::Code::Io, fmt::format("--rejects: cannot open '{}': {}", options_.rejects,
                                             std::strerror(errno)));
  plan_.keep_rejects = true;
  return {};
}

void RecordRun::connect() {
  plan_.message = [this](std::string_view text) {
    progress_.clear();
    if (!options_.quiet) say(text);
  };
  plan_.write_output = [this](std::string_view text) {
    progress_.clear();
    if (write_all(STDOUT_FILENO, text)) return true;
    output_errno_ = errno;
    return false;
  };
  plan_.write_rejects = [this](std::string_view text) {
    if (write_all(rejects_, text)) return true;
    rejects_errno_ = errno;
    return false;
  };
  if (stderr_is_terminal() && !options_.quiet)
    plan_.progress = [this](const Progress& p) { progress_.show(p.bytes_read, p.bytes_total); };
}

int RecordRun::run_writer(const Produce& produce) {
  std::string tail;
  std::string head;
  if (card_or_table_) {
    plan_.make_sink = [&](unsigned) { return std::make_unique<CardOrTableSink>(writer_, tail); };
  } else {
    make_writer(writer_)->begin(head);
    plan_.make_sink = [&](unsigned) { return std::make_unique<FormatSink>(writer_, tail); };
  }
  // A run that cannot begin writes nothing, no head either.
  plan_.write_output = [write = plan_.write_output, &head](std::string_view text) {
    const std::string first = std::exchange(head, {});
    return (first.empty() || write(first)) && (text.empty() || write(text));
  };
  auto produced = produce(plan_);
  if (!produced) return complain(produced.error());
  if (!produced->result.stopped && !head.empty() && !plan_.write_output({}))
    produced->result.stopped = true;
  if (!produced->result.stopped && !tail.empty() && !plan_.write_output(tail))
    produced->result.stopped = true;
  return settle(*produced);
}

int RecordRun::run_summary(const Produce& produce) {
  std::vector<std::unique_ptr<Summary>> parts;
  SummaryOptions summary_options;
  summary_options.memory_bytes = kSummaryMemoryBytes / plan_.threads;
  for (unsigned i = 0; i < plan_.threads; ++i)
    parts.push_back(std::make_unique<Summary>(summary_options));
  plan_.make_sink = [&](unsigned worker) {
    *parts[worker] = Summary(summary_options);
    return std::make_unique<SummarySink>(*parts[worker]);
  };
  plan_.only_counts = rejects_ < 0 && !plan_.filter;
  // The same threads for all: waking somebody up takes longer than most of what comes afterwards.
  WorkerTeam& team = team_.emplace(plan_.threads);
  plan_.team = &team;
  const auto produced = produce(plan_);
  if (!produced) return complain(produced.error());
  for (std::size_t i = 1; i < parts.size(); ++i) parts[0]->merge(std::move(*parts[i]), team);
  const auto report = parts[0]->report(options_.top, team);
  progress_.clear();
  if (!report) return complain(report.error());
  std::string out;
  const bool text = options_.output.empty() ? stdout_is_terminal() : options_.output == "table";
  if (text) {
    append_text(*report, {phrase_of, writer_.colour}, out);
    if (options_.contradictions) append_contradictions(*report, {phrase_of, writer_.colour}, out);
  } else {
    append_json(*report, out);
  }
  static_cast<void>(plan_.write_output(out));
  return settle(*produced);
}

int RecordRun::settle(const Produced& produced) {
  progress_.clear();
  for (const Error& error : produced.result.errors) say(error.message);
  if (!options_.quiet && !produced.accounting.empty()) say(produced.accounting);
  int code = produced.result.errors.empty() && !produced.input_failed ? kExitDone : kExitIo;
  if (!options_.stats.empty() && !write_stats(produced.stats_json)) code = kExitIo;
  code = close_outputs(code);
  const std::uint64_t rejected = produced.result.accounting.rejected;
  if (code == kExitDone && rejected > options_.max_rejected) {
    say(fmt::format("rejected lines: {}, and --max-rejected allows {}", rejected,
                    options_.max_rejected));
    code = kExitRejected;
  }
  return code;
}

int RecordRun::close_outputs(int code) {
  if (rejects_ >= 0 && (close(rejects_) != 0 || rejects_errno_ != 0)) {
    say(fmt::format("--rejects: cannot write '{}': {}", options_.rejects,
                    std::strerror(rejects_errno_ != 0 ? rejects_errno_ : errno)));
    code = kExitIo;
  }
  if (output_errno_ != 0 && output_errno_ != EPIPE) {
    say(fmt::format("cannot write the result: {}", std::strerror(output_errno_)));
    code = kExitIo;
  }
  return code;
}

bool RecordRun::write_stats(const std::string& text) const {
  if (options_.stats == "-") return write_all(STDERR_FILENO, text);
  const int file = open(options_.stats.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  const bool written = file >= 0 && write_all(file, text);
  if (file < 0 || close(file) != 0 || !written) {
    say(fmt::format("--stats: cannot write '{}': {}", options_.stats, std::strerror(errno)));
    return false;
  }
  return true;
}

}  // namespace endreason
