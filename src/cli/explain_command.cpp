// SPDX-License-Identifier: Apache-2.0
// `endreason explain`: options -> an ExplainPlan, the sinks that write or count, and the exit code.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "cli/commands.hpp"
#include "cli/progress.hpp"
#include "cli/terminal.hpp"
#include "cli/track_run.hpp"
#include "config/settings.hpp"
#include "findings/summary.hpp"
#include "format/record_writer.hpp"
#include "ingest/explain_run.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

struct ExplainOptions {
  std::vector<std::string> paths;
  std::string output, fields, filter, since, until, tz, ruleset, config, stats, rejects,
      colour{"auto"}, panos_version, kernel;
  std::uint64_t limit = 0;
  std::uint64_t max_rejected = UINT64_MAX;
  unsigned threads = 0;
  std::size_t top = 10;
  bool summary = false, contradictions = false, quiet = false, explain_filter = false;
  // Of `track`: set when that command was given; `explain` uses the defaults for captures.
  bool track = false;
  bool no_appid = false, decap = false, open_at_end = false;
  std::vector<std::string> bpf;
  std::string log{"end"}, checksums{"ignore"}, reject_non_syn{"yes"}, challenge_ack{"no"};
  std::uint32_t capacity = 1'000'000;
  std::vector<std::pair<std::string, std::uint64_t>> timers;
};

std::int64_t wall_clock_micros() {
  // The border: nothing below the command line reads a clock.
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// "2h", "30m", "7d", "90s" back from now; or a time in any spelling that logs use.
Result<std::int64_t> point_in_time(const std::string& option, const std::string& text,
                                   const TimeZone& zone, std::int64_t now) {
  if (const auto parsed = parse_time(text)) {
    if (parsed->offset_minutes)
      return parsed->civil.micros - std::int64_t{*parsed->offset_minutes} * 60'000'000;
    return zone.to_instant(parsed->civil).utc_micros;
  }
  if (const auto day = parse_time(text + " 00:00:00"))
    return zone.to_instant(day->civil).utc_micros;
  std::uint64_t count = 0;
  if (text.size() > 1 && parse_decimal(std::string_view(text).substr(0, text.size() - 1), count) &&
      count < 1'000'000) {
    constexpr std::string_view kUnits = "smhdw";
    constexpr std::int64_t kSeconds[] = {1, 60, 3600, 86'400, 604'800};
    const std::size_t unit = kUnits.find(text.back());
    if (unit != std::string_view::npos)
      return now - static_cast<std::int64_t>(count) * kSeconds[unit] * 1'000'000;
  }
  return fail(Error::Code::Usage,
              fmt::format("{}: expected a time such as '2026/03/10 10:00:00', 2026-03-10 or "
                          "2026-03-10T10:00:00+01:00, or a stretch back from now such as 2h or 7d, "
                          "found '{}'",
                          option, text));
}

// The catalogue's phrase of a reason code alone.
std::string_view phrase_of(ReasonCode code) {
  Verdict verdict;
  verdict.reason_code = code;
  return why(verdict);
}

// Counts into a Summary of its own; they are merged when all workers are done.
class SummarySink final : public RecordSink {
 public:
  explicit SummarySink(Summary& summary) : summary_(summary) {}
  void add(const TrafficRecord& record, const Verdict& verdict, std::string&) override {
    summary_.add(record, verdict);
  }

 private:
  Summary& summary_;
};

// On a terminal: a card when there turns out to be one record, a table when there are more.
class CardOrTableSink final : public RecordSink {
 public:
  CardOrTableSink(const WriterOptions& options, std::string& tail) : tail_(tail) {
    WriterOptions card = options;
    card.format = OutputFormat::Card;
    card_ = make_writer(card);
    WriterOptions table = options;
    table.format = OutputFormat::Table;
    table_ = make_writer(table);
    table_->begin(table_text_);
  }
  ~CardOrTableSink() override {
    if (count_ == 1) {
      tail_ += card_text_;
    } else if (count_ > 1) {
      table_->end(tail_);
    }
  }
  void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    ++count_;
    if (count_ == 1) {
      card_->begin(card_text_);
      card_->write(record, verdict, card_text_);
      card_->end(card_text_);
      table_->write(record, verdict, table_text_);
      return;
    }
    out += table_text_;
    table_text_.clear();
    table_->write(record, verdict, out);
  }

 private:
  std::unique_ptr<RecordWriter> card_, table_;
  std::string card_text_, table_text_;
  std::string& tail_;
  std::uint64_t count_ = 0;
};

class Explain {
 public:
  explicit Explain(ExplainOptions options) : options_(std::move(options)) {}

  int run() {
    if (auto ready = prepare(); !ready) return complain(ready.error());
    if (options_.explain_filter) {
      if (!write_all(STDOUT_FILENO, (plan_.filter ? plan_.filter->explain() : "") + "\n"))
        return output_failed("standard output");
      return kExitDone;
    }
    return summarising() ? run_summary() : run_writer();
  }

 private:
  using Done = Result<void>;

  bool summarising() const { return options_.summary; }

  static int complain(const Error& error) {
    say(error.message);
    return error.code == Error::Code::Io ? kExitIo : kExitUsage;
  }

  int output_failed(const std::string& where) const {
    if (errno == EPIPE) return kExitDone;  // the reader has seen enough
    say(fmt::format("cannot write to {}: {}", where, std::strerror(errno)));
    return kExitIo;
  }

  Done prepare() {
    auto settings = load_settings(options_.config);
    if (!settings) return tl::unexpected(settings.error());
    settings_ = std::move(*settings);
    if (auto done = prepare_clock(); !done) return done;
    if (auto done = prepare_verdict(); !done) return done;
    if (auto done = prepare_filter(); !done) return done;
    if (auto done = prepare_output(); !done) return done;
    if (auto done = prepare_reader(); !done) return done;
    return options_.explain_filter ? Done{} : prepare_inputs();
  }

  Done prepare_clock() {
    zone_ = settings_.zone.value_or(TimeZone::utc());
    if (settings_.zone) plan_.clock.set_default_zone(*settings_.zone);
    for (const auto& [serial, zone] : settings_.zones_by_serial)
      plan_.clock.set_zone_of_serial(serial, zone);
    if (options_.tz.empty()) return {};
    auto zone = TimeZone::named(options_.tz);
    if (!zone) return fail(Error::Code::Usage, "--tz: " + zone.error().message);
    zone_ = *zone;
    plan_.clock.set_default_zone(*zone);
    return {};
  }

  Done prepare_verdict() {
    plan_.ruleset = settings_.ruleset.value_or(Ruleset::Standard);
    plan_.timers = settings_.timers;
    if (options_.ruleset.empty()) return {};
    auto ruleset = ruleset_named(options_.ruleset);
    if (!ruleset) return fail(Error::Code::Usage, "--" + ruleset.error().message);
    plan_.ruleset = *ruleset;
    return {};
  }

  Done prepare_filter() {
    const std::int64_t now = wall_clock_micros();
    if (!options_.filter.empty()) {
      auto filter = Filter::parse(options_.filter, now);
      if (!filter) return tl::unexpected(filter.error());
      plan_.filter = std::move(*filter);
    }
    if (!options_.since.empty()) {
      auto since = point_in_time("--since", options_.since, zone_, now);
      if (!since) return tl::unexpected(since.error());
      plan_.since = *since;
    }
    if (!options_.until.empty()) {
      auto until = point_in_time("--until", options_.until, zone_, now);
      if (!until) return tl::unexpected(until.error());
      plan_.until = *until;
    }
    plan_.contradictions_only = options_.contradictions && !options_.summary;
    plan_.limit = options_.limit;
    return {};
  }

  Done prepare_output() {
    card_or_table_ = options_.output.empty() && stdout_is_terminal();
    writer_.format = OutputFormat::Ndjson;
    if (!options_.output.empty()) {
      const auto row =
          std::find_if(kOutputFormats.begin(), kOutputFormats.end(), [&](const auto& r) {
            return r.log_name == options_.output ||
                   (r.value == OutputFormat::Ndjson && options_.output == "json");
          });
      if (row == kOutputFormats.end()) return unknown_output();
      writer_.format = row->value;
    }
    if (!options_.fields.empty()) {
      auto columns = parse_columns(options_.fields);
      if (!columns) return tl::unexpected(columns.error());
      writer_.columns = std::move(*columns);
      // Named columns are for a table or for data; a card shows what it shows.
      if (card_or_table_) {
        card_or_table_ = false;
        writer_.format = OutputFormat::Table;
      }
    }
    if (!options_.panos_version.empty()) {
      writer_.panos_version = version_named(options_.panos_version);
      if (writer_.panos_version == kVersionUnknown)
        return fail(
            Error::Code::Usage,
            fmt::format("--panos-version: expected a release from 6.0 to 12.2 such as 11.1, "
                        "found '{}'",
                        options_.panos_version));
    }
    writer_.clock = plan_.clock;
    writer_.colour = colour_wanted(options_.colour);
    writer_.terminal_width = terminal_width();
    writer_.why = why;
    writer_.explain = explain;
    return {};
  }

  Done unknown_output() const {
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& row : kOutputFormats) {
      names.push_back(row.log_name);
      list += (list.empty() ? "" : ", ") + std::string(row.log_name);
    }
    const auto near = nearest_names(options_.output, names);
    return fail(
        Error::Code::Usage,
        fmt::format("-o: unknown output format '{}'{}; the formats are {}", options_.output,
                    near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]), list));
  }

  Done prepare_reader() {
    const char* from_environment = std::getenv("ENDREASON_KERNEL");
    const std::string wish = !options_.kernel.empty()      ? options_.kernel
                             : from_environment != nullptr ? from_environment
                                                           : "auto";
    plan_.reader.kernel = scan_kernel(wish);
    if (plan_.reader.kernel.name.empty())
      return fail(Error::Code::Usage,
                  fmt::format("--kernel: '{}' is not one of auto, avx512, avx2, scalar, or this "
                              "machine cannot run it",
                              wish));
    KeyNames keys;
    for (const auto& [name, field] : settings_.aliases)
      if (auto added = keys.add(name, field); !added) return tl::unexpected(added.error());
    plan_.reader.keys = std::make_shared<const KeyNames>(std::move(keys));
    FieldSet fields;
    if (plan_.filter) fields |= plan_.filter->fields();
    const bool needs_time = plan_.since || plan_.until;
    if (needs_time) fields.set(index_of(Field::HighResTimestamp));
    const bool shallow = options_.summary || writer_.format == OutputFormat::Raw;
    plan_.reader.cells_wanted = shallow ? cells_wanted_for(fields) : kCellsMax;
    unsigned threads = options_.threads != 0 ? options_.threads
                                             : std::max(1u, std::thread::hardware_concurrency());
    if (!options_.summary && (card_or_table_ || !info(writer_.format).parallel)) threads = 1;
    plan_.threads = std::min(threads, 64u);
    return {};
  }

  Done prepare_inputs() {
    std::vector<std::string> paths = options_.paths;
    if (paths.empty()) {
      paths.emplace_back("-");
      if (stdin_is_terminal())
        say("reading standard input: paste log lines, then press Ctrl-D (or name files and "
            "folders)");
    }
    auto list = list_inputs(paths);
    if (!list) return tl::unexpected(list.error());
    for (const Skipped& skipped : list->skipped)
      say(fmt::format("{}: not read: {}{}", skipped.path,
                      kSkipReasons[static_cast<std::size_t>(skipped.reason)].meaning,
                      skipped.detail.empty() ? "" : ": " + skipped.detail));
    if (list->inputs.empty())
      return fail(Error::Code::Io, "there is no file to read in what was named");
    plan_.bytes_total = list->total_bytes();
    plan_.inputs = std::move(list->inputs);
    for (const Input& input : plan_.inputs) writer_.inputs.push_back(input.path);
    if (auto done = prepare_captures(); !done) return done;
    if (!options_.rejects.empty()) {
      rejects_ = options_.rejects == "-" ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0)
                                         : open(options_.rejects.c_str(),
                                                O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      if (rejects_ < 0)
        return fail(Error::Code::Io, fmt::format("--rejects: cannot open '{}': {}",
                                                 options_.rejects, std::strerror(errno)));
      plan_.keep_rejects = true;
    }
    connect();
    return {};
  }

  Done prepare_captures() {
    const auto captures = std::count_if(plan_.inputs.begin(), plan_.inputs.end(), is_capture);
    const auto inputs = static_cast<std::ptrdiff_t>(plan_.inputs.size());
    captures_ = options_.track || (captures > 0 && captures == inputs);
    if (captures > 0 && captures < inputs && !options_.track)
      return fail(Error::Code::Usage,
                  "captures and logs cannot be explained in one run: name them in two");
    if (!captures_) return {};
    plan_.threads = 1;
    // Captures are merged, and a session may have packets in several: its row comes from all of
    // them.
    for (std::size_t i = 1; i < writer_.inputs.size(); ++i)
      writer_.inputs.front() += "," + writer_.inputs[i];
    EngineOptions& engine = track_.engine;
    for (const std::string& word : options_.bpf)
      track_.bpf += (track_.bpf.empty() ? "" : " ") + word;
    engine.identify = !options_.no_appid;
    engine.decode.decap = options_.decap;
    engine.decode.check_checksums = options_.checksums == "check";
    engine.log_start = options_.log.find("start") != std::string::npos;
    engine.log_end = options_.log.find("end") != std::string::npos;
    engine.open_at_end = options_.open_at_end;
    engine.session.capacity = options_.capacity;
    engine.session.tcp.reject_non_syn = options_.reject_non_syn == "yes";
    engine.session.tcp.allow_challenge_ack = options_.challenge_ack == "yes";
    for (const SessionTimerInfo& row : kSessionTimers)
      if (auto set = engine.session.timeouts.set(row.value, settings_.timers[row.value]); !set)
        return set;
    for (const auto& [name, seconds] : options_.timers)
      if (auto set = engine.session.timeouts.set(name, seconds); !set) return set;
    return {};
  }

  void connect() {
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

  int run_writer() {
    std::string tail;
    std::string head;
    if (card_or_table_) {
      plan_.make_sink = [&](unsigned) { return std::make_unique<CardOrTableSink>(writer_, tail); };
    } else {
      make_writer(writer_)->begin(head);
      plan_.make_sink = [&](unsigned) { return std::make_unique<FormatSink>(writer_, tail); };
    }
    if (!head.empty() && !plan_.write_output(head)) return settle(ExplainResult{});
    auto result = produce();
    if (!result) return complain(result.error());
    if (!result->stopped && !tail.empty() && !plan_.write_output(tail)) result->stopped = true;
    return settle(*result);
  }

  // Logs through the readers, captures through the session engine.
  Result<ExplainResult> produce() {
    if (!captures_) return run_explain(plan_);
    auto outcome = run_track(plan_, track_);
    if (!outcome) return tl::unexpected(outcome.error());
    track_stats_ = std::move(outcome->stats_json);
    if (!outcome->hint.empty()) plan_.message(outcome->hint);
    return std::move(outcome->result);
  }

  // A WriterSink whose end (the buffered rows of a table) is kept when the worker is done.
  class FormatSink final : public RecordSink {
   public:
    FormatSink(const WriterOptions& options, std::string& tail)
        : writer_(make_writer(options)), tail_(tail), sequential_(!info(options.format).parallel) {
      std::string ignored;
      if (sequential_) writer_->begin(ignored);
    }
    ~FormatSink() override {
      if (sequential_) writer_->end(tail_);
    }
    void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
      writer_->write(record, verdict, out);
    }

   private:
    std::unique_ptr<RecordWriter> writer_;
    std::string& tail_;
    bool sequential_;
  };

  int run_summary() {
    std::vector<std::unique_ptr<Summary>> parts;
    SummaryOptions summary_options;
    summary_options.memory_bytes = kSummaryMemoryBytes / plan_.threads;
    for (unsigned i = 0; i < plan_.threads; ++i)
      parts.push_back(std::make_unique<Summary>(summary_options));
    plan_.make_sink = [&](unsigned worker) {
      return std::make_unique<SummarySink>(*parts[worker]);
    };
    const auto result = produce();
    if (!result) return complain(result.error());
    for (std::size_t i = 1; i < parts.size(); ++i) parts[0]->merge(std::move(*parts[i]));
    const auto report = parts[0]->report(options_.top);
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
    return settle(*result);
  }

  int settle(const ExplainResult& result) {
    progress_.clear();
    for (const Error& error : result.errors) say(error.message);
    if (!options_.quiet && captures_) {
      say(fmt::format("{} rows of the session engine; {}", result.accounting.traffic,
                      track_stats_.substr(0, track_stats_.size() - 1)));
    } else if (!options_.quiet) {
      say(result.accounting.to_line());
    }
    int code = result.errors.empty() ? kExitDone : kExitIo;
    if (!options_.stats.empty() && !write_stats(result.accounting)) code = kExitIo;
    if (rejects_ >= 0 && (close(rejects_) != 0 || rejects_errno_ != 0)) {
      say(fmt::format("--rejects: cannot write '{}': {}", options_.rejects,
                      std::strerror(rejects_errno_ != 0 ? rejects_errno_ : errno)));
      code = kExitIo;
    }
    if (output_errno_ != 0 && output_errno_ != EPIPE) {
      say(fmt::format("cannot write the result: {}", std::strerror(output_errno_)));
      code = kExitIo;
    }
    if (code == kExitDone && result.accounting.rejected > options_.max_rejected) {
      say(fmt::format("rejected lines: {}, and --max-rejected allows {}",
                      result.accounting.rejected, options_.max_rejected));
      code = kExitRejected;
    }
    return code;
  }

  bool write_stats(const Accounting& accounting) const {
    const std::string text = captures_ ? track_stats_ : accounting.to_json() + "\n";
    if (options_.stats == "-") return write_all(STDERR_FILENO, text);
    const int file = open(options_.stats.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    const bool written = file >= 0 && write_all(file, text);
    if (file < 0 || close(file) != 0 || !written) {
      say(fmt::format("--stats: cannot write '{}': {}", options_.stats, std::strerror(errno)));
      return false;
    }
    return true;
  }

  ExplainOptions options_;
  Settings settings_;
  ExplainPlan plan_;
  WriterOptions writer_;
  TimeZone zone_ = TimeZone::utc();
  bool card_or_table_ = false;
  bool captures_ = false;
  TrackPlan track_;
  std::string track_stats_;
  int rejects_ = -1;
  int output_errno_ = 0;
  int rejects_errno_ = 0;
  ProgressLine progress_;
};

}  // namespace

// What `explain` and `track` have in common.
static void declare_output(CLI::App& app, const std::shared_ptr<ExplainOptions>& options) {
  app.add_option(
         "-o,--output", options->output,
         "table, card, csv, ndjson, panos, raw, ecs, ocsf. Default: on a terminal a card for "
         "one record and a table for many, in a pipe ndjson")
      ->type_name("FORMAT");
  app.add_option("--fields", options->fields,
                 "Columns to write, by PAN-OS name or ours: src,dst,dport,final_action,why")
      ->type_name("LIST");
  app.add_option(
         "-f,--filter", options->filter,
         "PAN-OS filter: \"( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat )\"; "
         "verdict columns too: \"( final_action eq blocked )\"")
      ->type_name("FILTER");
  app.add_flag("--explain-filter", options->explain_filter, "Print the filter as it is understood");
  app.add_option("--since", options->since,
                 "Records from this time on: a time, or 2h, 7d back from now")
      ->type_name("TIME");
  app.add_option("--until", options->until, "Records before this time")->type_name("TIME");
  app.add_option("--limit", options->limit, "Stop after so many records")->type_name("N");
  app.add_flag("--contradictions", options->contradictions,
               "Only records whose columns contradict each other, such as allow with threat");
  app.add_flag("--summary", options->summary,
               "Totals, root causes and top lists instead of records (with -o ndjson as JSON)");
  app.add_option("--top", options->top, "Length of the lists of --summary")
      ->type_name("N")
      ->check(CLI::Range(1, 1000));
  app.add_option("--ruleset", options->ruleset,
                 "standard, or vendor (which counts reset-client and reset-server as blocked)")
      ->type_name("NAME");
  app.add_option(
         "--tz", options->tz,
         "Zone of times that have none: Europe/Berlin, +02:00. Default: UTC, said so in the output")
      ->type_name("ZONE");
  app.add_option(
         "--panos-version", options->panos_version,
         "With -o panos: the release whose columns are written for records that were not CSV")
      ->type_name("VERSION");
  app.add_option("--stats", options->stats, "Write the accounting as JSON (- for standard error)")
      ->type_name("FILE");
  app.add_option("--rejects", options->rejects,
                 "Keep rejected lines with the reason, as NDJSON (- for standard error)")
      ->type_name("FILE");
  app.add_option("--max-rejected", options->max_rejected,
                 "Exit with 3 when more lines than this are rejected")
      ->type_name("N");
  app.add_option("--threads", options->threads, "Threads (default: one a core)")->type_name("N");
  app.add_option("--config", options->config, "Configuration file")->type_name("FILE");
  app.add_option("--color,--colour", options->colour,
                 "auto, always or never (NO_COLOR is honoured)")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  app.add_flag("-q,--quiet", options->quiet, "No accounting and no rejects on standard error");
  app.add_option("--kernel", options->kernel, "")->group("");  // for benchmarks and tests
}

RunCommand declare_explain(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  app.add_option(
      "PATH", options->paths,
      "Files, folders (read whole) or - for standard input; plain, gzip or zstd, any mix "
      "of formats. Captures go through the session engine. None: standard input");
  declare_output(app, options);
  app.footer(
      "Examples:\n"
      "  endreason explain traffic.log\n"
      "  endreason explain --summary /var/log/pa/\n"
      "  endreason explain -f '( action eq allow ) and ( final_action eq blocked )' fw.log.gz\n"
      "  zstdcat fw.zst | endreason explain -o ndjson --fields src,dst,dport,why -\n"
      "  endreason explain --contradictions -o csv export.csv");
  return [options] { return Explain(*options).run(); };
}

RunCommand declare_track(CLI::App& app) {
  auto options = std::make_shared<ExplainOptions>();
  options->track = true;
  app.add_option(
         "-r,--read", options->paths,
         "Captures: pcap or pcapng, plain, gzip or zstd, merged by time; - is standard input")
      ->type_name("FILE")
      ->required();
  app.add_option("BPF", options->bpf, "Packets to take, as tcpdump has it: tcp port 443");
  declare_output(app, options);
  app.add_option("--log", options->log, "Rows to write: end, start or start,end")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"end", "start", "start,end", "end,start"}));
  app.add_flag("--open", options->open_at_end,
               "Sessions that the capture does not end stay open and get no end row");
  app.add_flag("--no-appid", options->no_appid, "Track without looking for applications");
  app.add_flag("--decap", options->decap, "The sessions inside tunnels, not the tunnels' own");
  app.add_option("--checksums", options->checksums, "check: drop packets whose checksum is wrong")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"check", "ignore"}));
  app.add_option("--tcp-reject-non-syn", options->reject_non_syn,
                 "no: TCP packets without a SYN begin sessions too (default yes)")
      ->type_name("YES")
      ->check(CLI::IsMember({"yes", "no"}));
  app.add_option("--allow-challenge-ack", options->challenge_ack,
                 "yes: pass the client's reset of a challenge ACK (default no)")
      ->type_name("YES")
      ->check(CLI::IsMember({"yes", "no"}));
  app.add_option("--sessions", options->capacity, "Sessions at once (default 1000000)")
      ->type_name("N");
  for (const SessionTimerInfo& row : kSessionTimers) {
    app.add_option_function<std::uint64_t>(
           "--" + std::string(row.log_name),
           [options, name = std::string(row.log_name)](const std::uint64_t& seconds) {
             options->timers.emplace_back(name, seconds);
           },
           fmt::format("{} to {} (default {})", row.min_s, row.max_s, row.default_s))
        ->type_name("SECONDS")
        ->group("Session timers");
  }
  app.footer(
      "Examples:\n"
      "  endreason track -r capture.pcap\n"
      "  endreason track -r a.pcapng -r b.pcap.gz -o panos tcp port 443\n"
      "  endreason track -r capture.pcap --tcp-reject-non-syn no --timeout-tcp 60 --summary");
  return [options] { return Explain(*options).run(); };
}

}  // namespace endreason
