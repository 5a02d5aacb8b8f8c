// SPDX-License-Identifier: Apache-2.0
#include "ingest/explain_run.hpp"

#include <algorithm>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "format/display_text.hpp"
#include "format/json_text.hpp"
#include "format/utf8.hpp"
#include "ingest/ordered_output.hpp"
#include "ingest/run_queue.hpp"
#include "sources/lent_bytes.hpp"
#include "verdict/judge_bare.hpp"

namespace endreason {
namespace {

std::string reject_text(const Reject& reject);

// Everything the workers share.
struct Shared {
  const ExplainPlan& plan;
  const unsigned threads;
  RunQueue runs;
  OrderedOutput ordered;
  std::mutex total_mutex;
  Accounting total;
};

// By itself in the caches, as the workers lie side by side.
class alignas(128) Worker {
 public:
  Worker(Shared& shared, unsigned number)
      : shared_(shared),
        plan_(shared.plan),
        sink_(plan_.make_sink(number)),
        evidence_(sink_->wants_evidence()),
        reader_(plan_.reader),
        clock_(plan_.clock) {
    if (plan_.progress)
      progress_ = [this](std::uint64_t bytes) { plan_.progress({bytes, plan_.bytes_total}); };
  }

  void work() {
    while (!done_ && take_run()) {
      result_ = {};
      result_.file = run_.file;
      // Runs give about as much as the one before: room for it at once spares growing and copying.
      result_.output.reserve(output_before_ + output_before_ / 8);
      process();
      output_before_ = result_.output.size();
      if (!shared_.ordered.submit(run_.sequence, std::move(result_))) break;
    }
    if (shared_.ordered.stopped()) shared_.runs.stop();
    const std::scoped_lock lock(shared_.total_mutex);
    shared_.total.add(accounting_);
  }

 private:
  bool take_run() {
    if (shared_.ordered.stopped()) return false;
    return shared_.runs.next(run_, progress_);
  }

  void process() {
    ReadStatus status;
    switch (run_.kind) {
      case Run::Kind::Lines:
        reader_.start(run_.padded(), run_.first_line, run_.file, run_.layout, run_.lent.size() > 0);
        read_lines(status);
        return;
      case Run::Kind::Elements:
        for (const Run::Element& e : run_.elements) {
          if (done_) return;
          reader_.read_element(run_.text().substr(e.offset, e.length), e.end, e.line, run_.file,
                               record_, status);
          take(status);
        }
        return;
      case Run::Kind::Header:
        take_whole({ReadKind::Other, "HEADER", {}});
        return;
      case Run::Kind::TooLong: {
        Reject reject;
        reject.reason = RejectReason::TooLong;
        reject.expected = "a record of at most 1 MiB";
        reject.found = run_.text().substr(0, 80);
        take_whole({ReadKind::Rejected, {}, reject});
        return;
      }
    }
  }

  // What comes nearer while the lines are worked on: of a run that was lent its own bytes,
  // otherwise those that this worker reads next, as far as that can be told.
  ComingWindow coming() {
    if (run_.lent.size() > 0)
      return ComingWindow::lent(run_.coming, run_.lent_from(), run_.lent.size());
    const std::uint64_t others = std::uint64_t{shared_.threads - 1} * plan_.run_bytes;
    return {std::move(run_.coming), run_.coming_from + others, plan_.run_bytes};
  }

  void read_lines(ReadStatus& status) {
    ComingWindow window = coming();
    const LentBytes lent(run_.lent.text());
    const bool is_lent = run_.lent.size() > 0;
    std::uint64_t line = reader_.line();
    while (!done_ && !at_more() && reader_.next(record_, status)) {
      if (lent.broken()) [[unlikely]]
        break;
      if (is_lent) {
        window.fetch_ahead(reader_.position());
      } else {
        window.fetch_to(reader_.position());
      }
      take(status);
      line = reader_.line();
    }
    if (run_.unsurveyed && !lent.broken())
      shared_.runs.read_up_to(run_, reader_.position(), reader_.line());
    if (lent.broken()) result_.broke_off = line;
    result_.lines = reader_.line() - run_.first_line;
  }

  // Whether the next line is one that the cutter has to see.
  bool at_more() const {
    if (!run_.unsurveyed || !reader_.at_odd_line()) [[likely]]
      return false;
    const std::string_view rest = run_.text().substr(reader_.position());
    return shared_.runs.opens_more(rest.substr(0, rest.find('\n')));
  }

  // A run that is one record by itself.
  void take_whole(const ReadStatus& status) {
    record_.reset(run_.text().data());
    record_.raw = run_.text();
    record_.line = run_.first_line;
    record_.file = run_.file;
    take(status);
  }

  void take(const ReadStatus& status) {
    accounting_.count(status, record_);
    if (status.kind == ReadKind::Traffic) [[likely]] {
      judge_and_pass();
    } else if (status.kind == ReadKind::Rejected) {
      note_reject(status.reject);
    }
  }

  void judge_and_pass() {
    const Verdict verdict = evidence_ ? judge(record_, plan_.ruleset, plan_.timers)
                                      : judge_bare(record_, plan_.ruleset, plan_.timers);
    if (plan_.contradictions_only && verdict.contradictions == 0) return;
    if ((plan_.since || plan_.until) && !in_time()) return;
    if (plan_.filter && !plan_.filter->matches(record_, verdict, clock_)) return;
    ++accounting_.matched;
    sink_->add(record_, verdict, result_.output);
    if (plan_.limit != 0 && accounting_.matched >= plan_.limit) done_ = true;
  }

  bool in_time() const {
    const auto time = clock_.of(record_);
    if (!time) return false;  // a record without a time is in no stretch of it
    return (!plan_.since || time->time.utc_micros >= *plan_.since) &&
           (!plan_.until || time->time.utc_micros < *plan_.until);
  }

  void note_reject(const Reject& reject) {
    if (result_.rejected++ < plan_.messages_max)
      result_.messages.push_back({record_.line, reject_text(reject)});
    if (plan_.keep_rejects)
      append_reject_json(result_.rejects, plan_.inputs[record_.file].path, record_, reject);
  }

  Shared& shared_;
  const ExplainPlan& plan_;
  std::unique_ptr<RecordSink> sink_;
  const bool evidence_;
  LineReader reader_;
  RecordClock clock_;
  std::function<void(std::uint64_t)> progress_;
  Run run_;
  TrafficRecord record_;
  RunResult result_;
  std::size_t output_before_ = 0;
  Accounting accounting_;
  bool done_ = false;
};

// Shows the first rejects, in input order, then says how many more there were. Where runs count
// their lines from 1, it knows how many come before them; and nothing is shown before the end, for
// it may be all for nothing.
class MessageGate {
 public:
  MessageGate(const ExplainPlan& plan, bool guesses) : plan_(plan), guesses_(guesses) {}

  void pass(const RunResult& result) {
    if (std::exchange(file_, result.file) != result.file) lines_ = 0;
    before_ = guesses_ ? lines_ : 0;
    lines_ += result.lines;
    for (const RunResult::Message& message : result.messages) {
      if (shown_ == plan_.messages_max) break;
      ++shown_;
      show(fmt::format("{}:{}: {}", visible(plan_.inputs[result.file].path), line(message.line),
                       message.text));
    }
    rejected_ += result.rejected;
  }
  // The number of a line of the run that was passed last.
  std::uint64_t line(std::uint64_t of_run) const { return before_ + of_run; }
  void finish() const {
    for (const std::string& text : held_) plan_.message(text);
    if (rejected_ > shown_)
      plan_.message(fmt::format(
          "{} more {} rejected{}", rejected_ - shown_, rejected_ - shown_ == 1 ? "line" : "lines",
          plan_.keep_rejects ? "" : "; --rejects FILE keeps them all with the reason"));
  }

 private:
  void show(std::string text) {
    if (guesses_) return held_.push_back(std::move(text));
    plan_.message(text);
  }

  const ExplainPlan& plan_;
  const bool guesses_;
  std::uint32_t file_ = 0;
  std::uint64_t lines_ = 0;   // of this file, up to now
  std::uint64_t before_ = 0;  // of those, before the run
  std::uint64_t shown_ = 0, rejected_ = 0;
  std::vector<std::string> held_;
};

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Character c = first_utf8_character(text);
    if (c.bytes == 0) return false;
    text.remove_prefix(c.bytes);
  }
  return true;
}

// RFC 4648, with padding.
std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    const std::size_t n = std::min<std::size_t>(3, bytes.size() - i);
    for (std::size_t j = 0; j < 3; ++j)
      group = group << 8 | (j < n ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (std::size_t j = 0; j < 4; ++j)
      out.push_back(j <= n ? kDigits[group >> (18 - 6 * j) & 63] : '=');
  }
  return out;
}

constexpr std::size_t kShownBytes = 60;

// The beginning of a log's text as it may stand on a terminal.
std::string shown(std::string_view text) {
  std::size_t length = std::min(text.size(), kShownBytes);
  // No character is cut in two.
  for (int back = 0; back < 3 && length < text.size() && length > 0; ++back, --length)
    if ((static_cast<unsigned char>(text[length]) & 0xC0) != 0x80) break;
  std::string out = visible(text.substr(0, length));
  if (text.size() > length) out += "...";
  return out;
}

std::string reject_text(const Reject& reject) {
  std::string out = "rejected: ";
  if (!reject.column_name.empty() && reject.column > 0) {
    out += fmt::format("column {} ({}): ", reject.column, shown(reject.column_name));
  } else if (!reject.column_name.empty()) {
    out += fmt::format("{}: ", shown(reject.column_name));
  } else if (reject.column > 0) {
    out += fmt::format("at {}: ", reject.column);
  }
  if (reject.expected.empty()) {
    out += kRejectReasons[static_cast<std::size_t>(reject.reason)].meaning;
  } else {
    out += fmt::format("expected {}", reject.expected);
  }
  if (reject.found.empty()) return out + ", found nothing";
  return out + fmt::format(", found '{}'", shown(reject.found));
}

}  // namespace

std::string reject_message(const std::string& input, std::uint64_t line, const Reject& reject) {
  return fmt::format("{}:{}: {}", visible(input), line, reject_text(reject));
}

void append_reject_json(std::string& out, const std::string& input, const TrafficRecord& record,
                        const Reject& reject) {
  out += "{\"_file\":";
  append_json_string(out, input);
  out +=
      fmt::format(",\"_line\":{},\"reason\":\"{}\",\"column\":{},\"column_name\":", record.line,
                  kRejectReasons[static_cast<std::size_t>(reject.reason)].log_name, reject.column);
  append_json_string(out, reject.column_name);
  out += ",\"expected\":";
  append_json_string(out, reject.expected);
  out += ",\"found\":";
  append_json_string(out, reject.found);
  out += ",\"_raw\":";
  append_json_string(out, record.raw);
  // JSON cannot hold bytes that are no UTF-8; they are kept beside the readable text.
  if (!is_utf8(record.raw)) out += ",\"_raw_base64\":\"" + base64(record.raw) + "\"";
  out += "}\n";
}

namespace {

// Whether each input is a file that may be mapped; opening one twice is no harm then.
bool all_mapped(const ExplainPlan& plan) {
  return std::all_of(plan.inputs.begin(), plan.inputs.end(), [&](const Input& input) {
    if (!input.bytes) return false;
    if (*input.bytes == 0) return true;
    const auto source = plan.open(input);
    return source && (*source)->coming();
  });
}

// Nothing when it guessed that all is lines, and that was wrong.
std::optional<ExplainResult> try_explain(const ExplainPlan& plan, unsigned threads, bool guess) {
  MessageGate gate(plan, guess);
  RunQueue* runs = nullptr;
  const auto write = [&](RunResult& result) {
    gate.pass(result);
    if (result.broke_off) runs->broke_off(result.file, gate.line(*result.broke_off));
    if (!result.rejects.empty() && !plan.write_rejects(result.rejects)) return false;
    return result.output.empty() || plan.write_output(result.output);
  };
  Shared shared{plan,
                threads,
                RunQueue(plan.inputs, plan.reader, plan.run_bytes, plan.open, threads,
                         plan.only_counts, guess),
                OrderedOutput(std::uint64_t{threads} * 2, write),
                {},
                {}};
  runs = &shared.runs;
  if (threads == 1) {
    Worker(shared, 0).work();
  } else {
    std::vector<std::unique_ptr<Worker>> workers;
    std::optional<WorkerTeam> own;
    WorkerTeam& team = plan.team != nullptr ? *plan.team : own.emplace(threads);
    for (unsigned i = 0; i < threads; ++i) workers.push_back(std::make_unique<Worker>(shared, i));
    team.run([&](unsigned worker) { workers[worker]->work(); });
  }
  if (shared.runs.guessed_wrong()) return std::nullopt;
  gate.finish();
  ExplainResult result;
  result.accounting = std::move(shared.total);
  result.errors = shared.runs.errors();
  result.stopped = shared.ordered.stopped();
  return result;
}

}  // namespace

ExplainResult run_explain(const ExplainPlan& plan) {
  const unsigned threads = plan.threads == 0 || plan.limit != 0 ? 1 : plan.threads;
  if (threads > 1 && plan.only_counts && !plan.keep_rejects && all_mapped(plan))
    if (auto result = try_explain(plan, threads, true)) return std::move(*result);
  return std::move(*try_explain(plan, threads, false));
}

}  // namespace endreason
