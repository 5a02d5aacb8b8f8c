// SPDX-License-Identifier: Apache-2.0
#include "cli/track_run.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>

#include <fmt/format.h>

#include "cli/capture_reader.hpp"
#include "cli/content_run.hpp"
#include "cli/live_capture.hpp"
#include "cli/packet_hints.hpp"
#include "cli/reply_file.hpp"
#include "cli/terminal.hpp"
#include "format/output_columns.hpp"
#include "session/session_counters.hpp"

namespace endreason {
namespace {

PanosVersion version_of(const EngineOptions& engine) {
  return version_from_config(std::to_string(engine.config_version));
}

// Judges the engine's rows and passes those that match to the sink, as the workers of run_explain
// do. One a thread of the engine.
class JudgedRows final : public EngineSink {
 public:
  // `worker` of `workers`. `stopped`: an output has refused to take more.
  JudgedRows(const ExplainPlan& plan, const TrackPlan& track, unsigned worker,
             std::atomic<bool>& stopped)
      : plan_(plan),
        verdicts_(track.verdicts),
        version_(version_of(track.engine)),
        clock_(plan.clock),
        sink_(plan.make_sink(worker)),
        stopped_(stopped),
        flush_bytes_(plan.threads == 1 ? plan.run_bytes : 1),
        at_once_(std::min(flush_bytes_, kLinesAtOnce)) {}

  void on_record(TrafficRecord& record) override {
    ReadStatus status;
    status.kind = ReadKind::Traffic;
    accounting_.count(status, record);
    const Verdict verdict = verdicts_ ? judge(record, plan_.ruleset, plan_.timers) : Verdict{};
    if (plan_.contradictions_only && verdict.contradictions == 0) return;
    if ((plan_.since || plan_.until) && !in_time(record)) return;
    if (plan_.filter && !plan_.filter->matches(record, verdict, clock_)) return;
    if (plan_.limit != 0 && accounting_.matched >= plan_.limit) return;
    ++accounting_.matched;
    if (stopped_) return;  // counted, and kept for nobody
    sink_->add(record, verdict, output_);
  }

  // Where nothing but lines is wanted, so that all of them match.
  void on_lines(std::string_view lines, std::size_t rows, bool next) override {
    accounting_.count_traffic(InputFormat::Engine, version_, rows);
    accounting_.matched += rows;
    if (stopped_) return;
    // Many that are next in the log need not be collected first.
    if (next && output_.empty() && lines.size() >= at_once_)
      stopped_ = !plan_.write_output(lines);
    else
      output_ += lines;
  }

  void on_part() override {
    if (output_.size() >= flush_bytes_) flush();
  }

  void flush() {
    if (output_.empty() || stopped_) return;
    if (!plan_.write_output(output_)) stopped_ = true;
    output_.clear();
  }

  const Accounting& accounting() const { return accounting_; }

 private:
  static constexpr std::size_t kLinesAtOnce = 32 << 10;  // bytes that are worth a call

  bool in_time(const TrafficRecord& record) const {
    const auto time = clock_.of(record);
    if (!time) return false;
    return (!plan_.since || time->time.utc_micros >= *plan_.since) &&
           (!plan_.until || time->time.utc_micros < *plan_.until);
  }

  const ExplainPlan& plan_;
  const bool verdicts_;
  const PanosVersion version_;
  RecordClock clock_;
  std::unique_ptr<RecordSink> sink_;
  std::atomic<bool>& stopped_;
  const std::size_t flush_bytes_;  // with several sinks, all that was given is next in the log
  const std::size_t at_once_;
  Accounting accounting_;
  std::string output_;
};

// What came in, from captures or an interface.
struct Intake {
  std::uint64_t given = 0;     // packets, with those filtered out
  std::uint64_t filtered = 0;  // by us; the kernel does not say what it filtered
  CaptureCounters capture;
  std::optional<LiveDrops> drops;
};

std::string stats_of(const SessionCounters& counters, const GateCounters& gate,
                     const ContentRun& content, const StreamDecoderCounters& decoders,
                     const Intake& intake) {
  std::string outcomes, events;
  for (const SessionCounterInfo& row : kSessionCounters) {
    const std::uint64_t n = counters[row.value];
    std::string& list = row.kind == CounterKind::Outcome ? outcomes : events;
    if (n > 0) list += fmt::format("{}\"{}\":{}", list.empty() ? "" : ",", row.log_name, n);
  }
  const auto event = [&](std::string_view name, std::uint64_t n, std::string_view = {}) {
    if (n > 0) events += fmt::format("{}\"{}\":{}", events.empty() ? "" : ",", name, n);
  };
  for (const StreamDecoderEvent& row : kStreamDecoderEvents)
    event(row.log_name, decoders.*row.count);
  for (const GateEventInfo& row : kGateEvents) event(row.log_name, gate.*row.count);
  content.each_counter(event);
  const CaptureCounters& capture = intake.capture;
  std::string drops;
  if (intake.drops)
    drops = fmt::format("\"kernel_drops\":{},\"interface_drops\":{},", intake.drops->kernel,
                        intake.drops->interface);
  return fmt::format(
      "{{\"packets\":{},\"filtered_out\":{},{}\"snapped\":{},\"unreadable_places\":{},"
      "\"unreadable_bytes\":{},\"counters\":{{{}}},\"events\":{{{}}}}}\n",
      intake.given, intake.filtered, drops, capture.snapped, capture.problems, capture.lost_bytes,
      outcomes, events);
}

// "3 rows from 20 packets: " and a line a counter, packets = their sum.
std::string accounting_of(const SessionCounters& counters, std::uint64_t rows,
                          const Intake& intake) {
  const std::uint64_t given = intake.given, filtered = intake.filtered;
  std::string text = fmt::format("{} of the session engine from {}", counted(rows, "row"),
                                 counted(given, "packet"));
  if (given == 0) return text;
  text += ", each in one of these counters:";
  const auto line = [&](std::uint64_t count, std::string_view name, std::string_view severity,
                        std::string_view sentence) {
    text += fmt::format("\n  {:<27} {:>10}  {:<4}  {}", name, count, severity, sentence);
  };
  for (const SessionCounterInfo& row : kSessionCounters)
    if (row.kind == CounterKind::Outcome && counters[row.value] > 0)
      line(counters[row.value], row.log_name, severity_name(row.severity), row.sentence);
  if (filtered > 0)
    line(filtered, "filtered_out", "", "The capture filter did not take the packet.");
  return text;
}

// Whether every row is written, whatever is in it.
bool takes_all(const ExplainPlan& plan) {
  return !plan.filter && !plan.since && !plan.until && !plan.contradictions_only && plan.limit == 0;
}

using Rows = std::vector<std::unique_ptr<JudgedRows>>;

// When an output takes no more, what has been read is still counted.
class CaptureInput final : public EngineInput {
 public:
  CaptureInput(CaptureReader& reader, Engine& engine, const std::atomic<bool>& stopped)
      : reader_(reader), engine_(engine), stopped_(stopped) {}

  std::span<const RawPacket> next(unsigned reader) override {
    return stopped_ ? std::span<const RawPacket>{} : reader_.read(reader);
  }
  bool has_turns() const override { return reader_.has_turns(); }
  void fetch(unsigned reader, std::uint64_t turn) override { reader_.fetch(reader, turn); }
  bool turn_is_over() const override { return !stopped_ && reader_.turn_is_over(); }
  bool brings_interfaces() const override { return reader_.brings_interfaces(); }
  void name_interfaces() override { reader_.name_interfaces(engine_); }

 private:
  CaptureReader& reader_;
  Engine& engine_;
  const std::atomic<bool>& stopped_;
};

// Time goes on also while nothing comes, and rows are written when they are there.
void feed_live(LiveCapture& live, Engine& engine, const Rows& rows,
               const std::atomic<bool>& stopped) {
  engine.name_interface(0, live.source().interfaces().front().name);
  while (!live.ended() && !stopped) {
    engine.process(live.read());
    engine.advance(LiveCapture::now_ns());
    for (const auto& part : rows) part->flush();
  }
}

// One of the two.
struct Source {
  std::optional<CaptureReader> captures;
  std::unique_ptr<LiveCapture> live;
};

Result<Source> open_source(const ExplainPlan& plan, const TrackPlan& track) {
  Source source;
  if (track.interface.empty()) {
    EngineOptions options = track.engine;
    options.threads = plan.threads;
    const auto [packets, kept, readers] = Engine::reading(options, track.inspection != nullptr);
    auto reader = CaptureReader::open(plan, track.bpf, packets, kept, readers);
    if (!reader) return tl::unexpected(reader.error());
    source.captures.emplace(std::move(*reader));
  } else {
    auto live = LiveCapture::open(
        {.interface = track.interface, .bpf = track.bpf, .packets = track.packets});
    if (!live) return tl::unexpected(live.error());
    source.live = std::move(*live);
  }
  return source;
}

Intake intake_of(const Source& source, const ExplainPlan& plan) {
  if (source.captures) {
    source.captures->tell_problems(plan.message);
    return {source.captures->given(), source.captures->filtered(), source.captures->counters(), {}};
  }
  const LiveSource& live = source.live->source();
  if (!live.failure().empty()) plan.message("-i: " + live.failure());
  const LiveDrops drops = live.drops();
  if (drops.kernel + drops.interface > 0)
    plan.message(
        fmt::format("{} packets were lost by the kernel and {} by the interface before "
                    "they could be read",
                    drops.kernel, drops.interface));
  return {live.counters().packets, 0, live.counters(), drops};
}

std::vector<std::string> hints_of(const SessionCounters& counters, const GateCounters& gate,
                                  const Source& source, const Intake& intake,
                                  const EngineOptions& engine) {
  std::vector<std::string> hints;
  if (const std::uint64_t n = gate.rows_not_logged; n > 0)
    hints.push_back(fmt::format(
        "{} {} not written, because the rules that decided do not log (the default rules do not, "
        "unless told to); --log end writes all",
        n, n == 1 ? "row is" : "rows are"));
  const std::span<const CaptureInterface> interfaces =
      source.captures ? source.captures->interfaces() : source.live->source().interfaces();
  for (std::string& hint : packet_hints(
           {counters, intake.capture, interfaces, engine.session.capacity, engine.identify}))
    hints.push_back(std::move(hint));
  return hints;
}

}  // namespace

Result<TrackOutcome> run_track(const ExplainPlan& plan, const TrackPlan& track) {
  auto source = open_source(plan, track);
  if (!source) return tl::unexpected(source.error());
  TrackOutcome outcome;
  Rows rows;
  std::vector<EngineSink*> sinks;
  std::atomic<bool> stopped = false;
  for (unsigned worker = 0; worker < plan.threads; ++worker) {
    rows.push_back(std::make_unique<JudgedRows>(plan, track, worker, stopped));
    sinks.push_back(rows.back().get());
  }
  EngineOptions options = track.engine;
  options.threads = plan.threads;
  std::optional<ReplyFile> replies;
  if (!track.write_replies.empty()) {
    auto opened = ReplyFile::open(track.write_replies);
    if (!opened) return tl::unexpected(opened.error());
    replies.emplace(std::move(*opened));
    options.replies = &*replies;
  }
  auto content = ContentRun::begin(track);
  if (!content) return tl::unexpected(content.error());
  options.inspection = (*content)->inspection();
  auto engine = Engine::create(options, sinks);
  if (!engine) return tl::unexpected(engine.error());
  if (source->live) {
    if (auto done = LiveCapture::give_up_rights(); !done) return tl::unexpected(done.error());
    feed_live(*source->live, **engine, rows, stopped);
  } else {
    CaptureInput input(*source->captures, **engine, stopped);
    (*engine)->follow(input);
  }
  if (!stopped) (*engine)->finish();
  for (const auto& part : rows) {
    part->flush();
    outcome.result.accounting.add(part->accounting());
  }
  outcome.result.stopped = stopped;
  if (replies)
    if (const auto closed = replies->close(); !closed)
      outcome.result.errors.push_back(closed.error());
  const Intake intake = intake_of(*source, plan);
  outcome.input_failed = source->captures && source->captures->source_failed();
  const SessionCounters counters = (*engine)->counters();
  assert(intake.given == intake.filtered + counters.packets() &&
         "every packet ends in exactly one counter");
  const GateCounters gate = (*engine)->gate_counters();
  outcome.stats_json = stats_of(counters, gate, **content, (*engine)->decoders(), intake);
  outcome.accounting = accounting_of(counters, outcome.result.accounting.traffic, intake);
  outcome.hints = hints_of(counters, gate, *source, intake, options);
  if (std::string hint = (*content)->hint(); !hint.empty())
    outcome.hints.push_back(std::move(hint));
  if (auto closed = (*content)->close(); !closed) outcome.result.errors.push_back(closed.error());
  return outcome;
}

void join_input_names(std::vector<std::string>& names) {
  for (std::size_t i = 1; i < names.size(); ++i) names.front() += "," + names[i];
}

int run_captures(const RunOptions& options, RunPlan plan, const TrackPlan& track) {
  if (!track.interface.empty()) plan.writer.inputs = {track.interface};
  join_input_names(plan.writer.inputs);
  // Nothing came as a line; the one that a firewall would have written is the nearest.
  if (plan.writer.format == OutputFormat::Raw) plan.writer.format = OutputFormat::Panos;
  if (plan.explain.limit != 0) plan.explain.threads = 1;
  // Rules that count over several sessions want them in one order.
  if (track.inspection && track.inspection->inspection.rules &&
      track.inspection->inspection.rules->counts_across_sessions())
    plan.explain.threads = 1;
  // The verdict of a row goes by the timers that its session had.
  for (const SessionTimerInfo& row : kSessionTimers)
    plan.explain.timers.set(row.value, track.engine.session.timeouts.seconds(row.value));
  TrackPlan wanted = track;
  wanted.threats_as_panos = plan.writer.format == OutputFormat::Panos && !plan.card_or_table;
  const bool plain_log = plan.writer.format == OutputFormat::Panos && !plan.card_or_table;
  wanted.verdicts = !plain_log || options.summary || plan.explain.filter.has_value() ||
                    plan.explain.contradictions_only;
  wanted.engine.engine_columns = engine_columns_of(plan.writer);
  if (plan.card_or_table)
    wanted.engine.engine_columns.set(static_cast<std::size_t>(EngineColumn::Handshake));
  if (plan.explain.filter) wanted.engine.engine_columns |= plan.explain.filter->engine_columns();
  // The rows are of the release that was named for them, else of the profile's.
  if (const PanosVersionInfo* version = info(plan.writer.panos_version))
    wanted.engine.config_version = version->config_version;
  else
    plan.writer.panos_version = version_of(wanted.engine);
  wanted.engine.lines = !wanted.verdicts && takes_all(plan.explain) &&
                        takes_engine_lines(plan.writer, version_of(wanted.engine));
  return RecordRun(options, std::move(plan))
      .run([&wanted](const ExplainPlan& run) -> Result<Produced> {
        auto outcome = run_track(run, wanted);
        if (!outcome) return tl::unexpected(outcome.error());
        for (const std::string& hint : outcome->hints) run.message(hint);
        return Produced{std::move(outcome->result), std::move(outcome->accounting),
                        std::move(outcome->stats_json), outcome->input_failed};
      });
}

}  // namespace endreason
