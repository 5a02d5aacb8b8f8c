// SPDX-License-Identifier: Apache-2.0
// What is received, from whom, and what became of it: /devices, /accounting, /status, /metrics; and
// what is posted: /explain, which stores nothing, and /ingest.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>

#include "ingest/explain_run.hpp"
#include "model/panos_version.hpp"
#include "query/filter_sql.hpp"
#include "server/api_support.hpp"
#include "server/file_intake.hpp"
#include "sources/capture_source.hpp"
#include "sources/compression.hpp"
#include "sources/memory_source.hpp"
#include "verdict/judge.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kGapsShown = 20;
constexpr std::uint64_t kExplainedMax = 1000;
constexpr std::size_t kExplainBodyMax = 16u << 20;
// Less than a frame of the spool may have.
constexpr std::size_t kPlainMax = 48u << 20;
constexpr auto kStoreTime = std::chrono::milliseconds(2000);
constexpr auto kCaptureTime = std::chrono::seconds(10);
// A clock that is off by less is in step; lines take their time.
constexpr std::int64_t kClockOffMin = 120;

std::string version_name(std::uint64_t version) {
  return std::string(name_of(static_cast<PanosVersion>(version)));
}

struct Device {
  std::string name;
  std::uint64_t rows{}, sessions{};
  std::int64_t first{}, last{}, received{};
  std::map<std::string, std::uint64_t> versions, formats;
};

using Devices = std::map<std::string, Device>;

Result<Devices> read_devices(const ApiContext& context) {
  const auto rows = context.store.devices(context.limits(100'000));
  if (!rows) return tl::unexpected(rows.error());
  Devices devices;
  for (const DeviceRows& r : *rows) {
    Device& d = devices[r.serial];
    if (d.name.empty()) d.name = r.device_name;
    d.first = d.rows == 0 ? r.first : std::min(d.first, r.first);
    d.last = d.rows == 0 ? r.last : std::max(d.last, r.last);
    d.received = std::max(d.received, r.received);
    d.rows += r.rows;
    d.sessions += r.sessions;
    d.versions[version_name(r.version)] += r.rows;
    d.formats[r.format] += r.rows;
  }
  return devices;
}

std::int64_t rounded_seconds(std::int64_t micros) {
  return (micros + (micros < 0 ? -kMicros : kMicros) / 2) / kMicros;
}

// Rows of the last minute by serial, and how far their clocks are from ours.
struct Lately {
  std::uint64_t rows{};
  std::int64_t lag{};  // median of received less own time, seconds
};
Result<std::map<std::string, Lately>> read_lately(const ApiContext& context) {
  const std::int64_t since = context.options.now_micros() - 60 * kMicros;
  const auto lags = context.store.device_lags(since, context.limits(100'000));
  if (!lags) return tl::unexpected(lags.error());
  std::map<std::string, Lately> lately;
  for (const DeviceLag& l : *lags) lately[l.serial] = {l.rows, rounded_seconds(l.lag_micros)};
  return lately;
}

struct MissingRows {
  struct Gap {
    SeqnoSet::Gap numbers;
    std::optional<std::int64_t> time;  // of the row behind it
  };
  std::uint64_t missing{};
  std::vector<Gap> gaps;
};

// The store is asked for a few rows at once; the others are known the next time.
class GapClock {
 public:
  explicit GapClock(const ApiContext& context) : context_(context) {}

  // `key`: "serial\x1fvsys".
  std::optional<std::int64_t> time_of(const std::string& key, std::uint64_t seqno) {
    GapTimes& times = *context_.gap_times;
    const std::scoped_lock lock(times.mutex);
    const auto known = times.known.find({key, seqno});
    if (known != times.known.end()) return known->second;
    if (asked_++ >= kGapsAsked) return std::nullopt;
    const auto time = ask(key, seqno);
    if (!time) return std::nullopt;
    if (times.known.size() >= kGapTimesKept) times.known.clear();
    times.known[{key, seqno}] = *time;
    return time;
  }

 private:
  std::optional<std::int64_t> ask(const std::string& key, std::uint64_t seqno) const {
    const std::size_t mark = key.find('\x1f');
    std::string filter = comparison("seqno", "eq", std::to_string(seqno));
    filter = joined(filter, comparison("serial", "eq", key.substr(0, mark)));
    if (const std::string vsys = key.substr(mark + 1); !vsys.empty())
      filter = joined(filter, comparison("vsys", "eq", vsys));
    const auto parsed = Filter::parse(filter);
    if (!parsed) return std::nullopt;
    RowsQuestion question;
    question.scope.condition = filter_sql(parsed->tree(), context_.store.dialect());
    question.most = 1;
    std::optional<std::int64_t> time;
    static_cast<void>(context_.store.read_rows(question, context_.limits(1), [&](StoredRow& row) {
      time = row.time_micros;
      return false;
    }));
    return time;
  }

  static constexpr unsigned kGapsAsked = 40;
  static constexpr std::size_t kGapTimesKept = 10'000;
  const ApiContext& context_;
  unsigned asked_ = 0;
};

std::map<std::string, MissingRows> missing_by_serial(const ApiContext& context) {
  std::map<std::string, MissingRows> all;
  GapClock clock(context);
  for (const auto& [key, gaps] : context.ingestor.gaps(kGapsShown)) {
    MissingRows& m = all[key.substr(0, key.find('\x1f'))];
    m.missing += gaps.missing;
    for (const SeqnoSet::Gap& gap : gaps.newest)
      m.gaps.push_back({gap, clock.time_of(key, gap.before)});
  }
  return all;
}

void append_device(JsonWriter& json, const std::string& serial, const Device& d,
                   const Lately* lately, const MissingRows& missing) {
  json.object().text("serial", serial).text_or_null("device_name", d.name);
  json.number("rows", d.rows).number("sessions", d.sessions);
  json.text("first", time_text(d.first)).text("last", time_text(d.last));
  json.key("rate_per_second").real(lately == nullptr ? 0 : static_cast<double>(lately->rows) / 60);
  // What was logged long before it was received is a file of old, and says nothing of a clock. What
  // was logged in the future does.
  const bool live = lately != nullptr && lately->lag < 86'400;
  if (live) {
    json.number("lag_seconds", lately->lag);
  } else {
    json.key("lag_seconds").null();
  }
  json.key("versions").array();
  for (const auto& [version, rows] : d.versions)
    json.object().text("version", version).number("rows", rows).end_object();
  json.end_array().key("formats").array();
  for (const auto& [format, rows] : d.formats) json.text(format);
  json.end_array().key("gaps").array();
  for (const auto& [gap, time] : missing.gaps) {
    json.object().text("after_seqno", std::to_string(gap.after));
    json.text("before_seqno", std::to_string(gap.before)).number("missing", gap.missing());
    json.text_or_null("time", time ? time_text(*time) : std::string()).end_object();
  }
  json.end_array().number("missing", missing.missing);
  if (live && std::abs(lately->lag) >= kClockOffMin) {
    json.number("clock_off_seconds", lately->lag);
  } else {
    json.key("clock_off_seconds").null();
  }
  json.end_object();
}

// --- explain ---------------------------------------------------------------------------------

class ExplainingSink final : public RecordSink {
 public:
  ExplainingSink(const ApiContext& context, JsonWriter& json, std::uint64_t limit)
      : records_(context, {}, RecordJson::From::Nowhere), json_(json), limit_(limit) {}
  void add(const TrafficRecord& record, const Verdict& verdict, std::string&) override {
    explain(record, verdict, record.line, {});
  }
  // `ladder`: of a session whose packets are known.
  void explain(const TrafficRecord& record, const Verdict& verdict, std::uint64_t id,
               std::string_view ladder) {
    if (count_++ >= limit_) return;
    std::string text = records_.text(record, verdict, id);
    text.pop_back();
    text += ",\"explanation\":";
    JsonWriter explanation(text);
    append_explanation(explanation, record, verdict);
    if (!ladder.empty()) text += fmt::format(",\"ladder\":{}", ladder);
    json_.raw(text + "}");
  }
  std::uint64_t count() const { return count_; }

 private:
  RecordJson records_;
  JsonWriter& json_;
  std::uint64_t limit_, count_ = 0;
};

// What was posted with its compression undone. A small file may hold very much.
Result<std::string> unpacked(std::string_view body) {
  auto source = decompressed(std::make_unique<MemorySource>(body, "what was posted"));
  if (!source) return tl::unexpected(source.error());
  std::string plain;
  std::array<char, 65'536> part;
  for (;;) {
    const auto read = (*source)->read(part);
    if (!read) return tl::unexpected(read.error());
    if (*read == 0) return plain;
    plain.append(part.data(), *read);
    if (plain.size() > kPlainMax)
      return fail(Error::Code::Input, "more than 48 MiB, unpacked, are not taken at once");
  }
}

HttpResponse explain_capture(std::string_view capture, const ApiContext& context) {
  if (!context.options.read_capture)
    return error_answer(
        ApiError::BadParameter, "this is a capture, not a log",
        "`endreason track -r FILE` writes the log of a capture, which can be explained here");
  std::string body;
  JsonWriter json(body);
  json.object().key("records").array();
  ExplainingSink sink(context, json, kExplainedMax);
  const auto counts =
      context.options.read_capture(capture, [&](TrafficRecord& record, std::string_view ladder) {
        const Verdict verdict = judge(record, context.options.ruleset, context.options.timers);
        sink.explain(record, verdict, sink.count() + 1, ladder);
      });
  if (!counts) return error_answer(ApiError::BadParameter, counts.error().message);
  json.end_array().key("accounting").object().number("packets", counts->packets);
  json.number("sessions", counts->sessions).end_object().key("rejects").array().end_array();
  json.boolean("truncated", sink.count() > kExplainedMax).end_object();
  return json_answer(std::move(body));
}

}  // namespace

HttpResponse answer_devices(const ApiContext& context) {
  const auto devices = read_devices(context);
  if (!devices) return store_error(devices.error());
  const auto lately = read_lately(context);
  if (!lately) return store_error(lately.error());
  auto missing = missing_by_serial(context);
  std::string body;
  JsonWriter json(body);
  json.array();
  for (const auto& [serial, device] : *devices) {
    const auto now = lately->find(serial);
    append_device(json, serial, device, now == lately->end() ? nullptr : &now->second,
                  missing[serial]);
  }
  json.end_array();
  return json_answer(std::move(body));
}

HttpResponse answer_accounting(const ApiContext& context) {
  const IngestSnapshot s = context.ingestor.snapshot();
  std::string body;
  JsonWriter json(body);
  json.object().number("received", s.received()).number("stored", s.total.stored);
  json.number("spooled", s.spooled).number("rejected", s.total.rejected);
  json.number("other_types", s.total.other).number("duplicates", s.total.duplicates);
  json.number("blank", s.total.blank);
  json.key("by_type").object();
  for (const auto& [type, count] : s.other_types) json.number(type, count);
  json.end_object().key("by_source").array();
  for (const auto& sender : s.senders) {
    json.object().text("source", sender.name).number("received", sender.counts.lines());
    json.number("stored", sender.counts.stored).number("rejected", sender.counts.rejected);
    json.number("duplicates", sender.counts.duplicates).number("other_types", sender.counts.other);
    json.number("bytes", sender.counts.bytes).number("dropped_udp", sender.dropped);
    json.text_or_null("last", sender.last_micros == 0 ? "" : time_text(sender.last_micros));
    json.end_object();
  }
  const ListenerCounts heard =
      context.options.listener ? context.options.listener() : ListenerCounts{};
  json.end_array().number("dropped_by_kernel", heard.kernel_dropped);
  json.number("cut_messages", heard.cut).number("refused_connections", heard.refused);
  json.number("damaged_bytes", s.damaged_bytes).key("rejects").array();
  for (const RejectedLine& r : s.rejects) {
    json.object().text("time", time_text(r.time_micros)).text("source", r.sender);
    json.number("line", r.line).text_or_null("column", r.column).text("expected", r.expected);
    json.text("found", r.found).text("text", r.text).end_object();
  }
  const IngestCounts& t = s.total;
  json.end_array().boolean("balanced", s.received() == t.stored + t.duplicates + t.rejected +
                                                           t.other + t.blank + s.spooled);
  json.end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_status(const ApiContext& context) {
  const auto span = context.store.span(context.limits());
  if (!span) return store_error(span.error());
  const IngestSnapshot s = context.ingestor.snapshot();
  std::string body;
  JsonWriter json(body);
  json.object().text("version", context.options.version).key("store").object();
  json.text("kind", context.store.kind()).text("folder", context.options.folder);
  json.number("bytes", context.store.bytes_on_disk()).number("rows", span->rows);
  json.text_or_null("oldest", span->first ? time_text(*span->first) : "");
  json.text_or_null("newest", span->last ? time_text(*span->last) : "");
  json.text_or_null("missing", context.store.missing_part());
  json.end_object().text("state", log_name(s.state)).text_or_null("problem", s.problem);
  // Not below 0 when the clock was put back.
  json.number(
      "uptime_seconds",
      std::max<std::int64_t>((context.options.now_micros() - context.started_micros) / kMicros, 0));
  json.number("queries_running", context.store.queries_running());
  json.key("spool").object().number("bytes", s.spool_bytes).number("bytes_max", s.spool_bytes_max);
  json.number("lines", s.spooled).number("damaged_bytes", s.damaged_bytes).end_object();
  json.end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_explain(const HttpRequest& request, const ApiContext& context) {
  if (request.body.size() > kExplainBodyMax)
    return error_answer(ApiError::TooLarge, "more than 16 MiB are not explained at once",
                        "use `endreason explain` for large files");
  std::string_view plain = request.body;
  std::string undone;
  if (recognise_compression(plain) != Compression::None) {
    auto bytes = unpacked(plain);
    if (!bytes) return error_answer(ApiError::BadParameter, bytes.error().message);
    undone = *std::move(bytes);
    plain = undone;
  }
  if (looks_like_capture(plain)) return explain_capture(plain, context);
  std::string body;
  JsonWriter json(body);
  json.object().key("records").array();
  std::string rejects;
  ExplainPlan plan;
  plan.inputs = {{"posted", plain.size()}};
  plan.open = [&](const Input&) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<MemorySource>(plain);
  };
  plan.reader = context.options.reader;
  plan.ruleset = context.options.ruleset;
  plan.timers = context.options.timers;
  plan.clock = context.options.clock;
  plan.keep_rejects = true;
  plan.messages_max = 0;
  ExplainingSink* sink = nullptr;
  plan.make_sink = [&](unsigned) {
    auto made = std::make_unique<ExplainingSink>(context, json, kExplainedMax);
    sink = made.get();
    return made;
  };
  std::uint64_t records = 0;
  plan.write_output = [](std::string_view) { return true; };
  plan.write_rejects = [&](std::string_view lines) {
    if (rejects.size() < 1'000'000) rejects += lines;
    return true;
  };
  plan.message = [](std::string_view) {};
  const ExplainResult result = run_explain(plan);
  records = result.accounting.matched;
  json.end_array().key("accounting").raw(result.accounting.to_json());
  json.key("rejects").array();
  std::string_view rest = rejects;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    json.raw(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  json.end_array().boolean("truncated", records > kExplainedMax).end_object();
  return json_answer(std::move(body));
}

namespace {

// What became of what a sender posted.
HttpResponse counts_of(const std::string& sender, const IngestSnapshot& before,
                       const ApiContext& context) {
  const IngestSnapshot after = context.ingestor.snapshot();
  const auto of_sender = [&](const IngestSnapshot& s) {
    for (const auto& row : s.senders)
      if (row.name == sender) return row.counts;
    return IngestCounts{};
  };
  const IngestCounts a = of_sender(before);
  const IngestCounts b = of_sender(after);
  std::string body;
  JsonWriter json(body);
  json.object().number("received", b.lines() - a.lines() + after.spooled);
  json.number("stored", b.stored - a.stored).number("spooled", after.spooled);
  json.number("rejected", b.rejected - a.rejected).number("other_types", b.other - a.other);
  json.number("duplicates", b.duplicates - a.duplicates).number("blank", b.blank - a.blank);
  json.end_object();
  return json_answer(std::move(body));
}

// A capture is kept, so that its packets can be shown, and read like one in a watched folder.
HttpResponse ingest_capture(std::string_view capture, std::string_view name,
                            const ApiContext& context) {
  FileIntake* const files = context.options.files;
  if (files == nullptr)
    return error_answer(ApiError::BadParameter, "this is a capture, not a log",
                        "send the log that `endreason track -r FILE` writes");
  const IngestSnapshot before = context.ingestor.snapshot();
  const auto path = files->keep_capture(capture, name);
  if (!path && path.error().code == Error::Code::Io)
    return error_answer(ApiError::Busy, path.error().message, "make room, then send it again");
  if (!path && path.error().code == Error::Code::Usage)
    return error_answer(ApiError::BadParameter, path.error().message,
                        "send the log that `endreason track -r FILE` writes");
  if (!path) return error_answer(ApiError::TooLarge, path.error().message);
  const auto until = std::chrono::steady_clock::now() + kCaptureTime;
  while (!files->has_read(*path) && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  static_cast<void>(context.ingestor.drain(kStoreTime));
  return counts_of(std::string(kCaptureSender) + *path, before, context);
}

}  // namespace

HttpResponse answer_ingest(const HttpRequest& request, const ApiContext& context) {
  if (request.body.size() > context.options.ingest_body_max)
    return error_answer(ApiError::TooLarge, "the body is larger than is taken at once",
                        "send it in parts that end at a line's end");
  std::string_view plain = request.body;
  std::string undone;
  if (recognise_compression(plain) != Compression::None) {
    auto bytes = unpacked(plain);
    if (!bytes) return error_answer(ApiError::BadParameter, bytes.error().message);
    undone = *std::move(bytes);
    plain = undone;
  }
  if (looks_like_capture(plain))
    return ingest_capture(request.body, request.parameter("name"), context);
  const std::string_view given = request.parameter("sender");
  const std::string sender =
      given.empty() ? "http " + request.remote : "http " + std::string(given.substr(0, 200));
  const IngestSnapshot before = context.ingestor.snapshot();
  const SpoolAppend taken = context.ingestor.take(sender, plain);
  if (taken == SpoolAppend::Full)
    return error_answer(ApiError::Busy, "the spool is full: what was received is not stored yet",
                        "send it again in a while");
  if (taken == SpoolAppend::Failed)
    return error_answer(ApiError::Busy, "the disk takes nothing", "make room, then send it again");
  // Most bodies are stored within this time; who posts may want to know what became of them.
  static_cast<void>(context.ingestor.drain(kStoreTime));
  return counts_of(sender, before, context);
}

namespace {

void append_followed(std::string& out, const std::vector<FollowedFile>& files) {
  if (files.empty()) return;
  out +=
      "# HELP endreason_followed_bytes_behind Bytes of a followed file that were not read yet.\n"
      "# TYPE endreason_followed_bytes_behind gauge\n";
  for (const FollowedFile& file : files)
    out += fmt::format("endreason_followed_bytes_behind{{file=\"{}\"}} {}\n",
                       label_value(file.path), file.size - std::min(file.size, file.offset));
  out +=
      "# HELP endreason_followed_there 1 while the followed file is there.\n"
      "# TYPE endreason_followed_there gauge\n";
  for (const FollowedFile& file : files)
    out += fmt::format("endreason_followed_there{{file=\"{}\"}} {}\n", label_value(file.path),
                       file.there ? 1 : 0);
}

}  // namespace

HttpResponse answer_metrics(const ApiContext& context) {
  const IngestSnapshot s = context.ingestor.snapshot();
  std::string out;
  const auto metric = [&](std::string_view name, std::string_view type, std::string_view help,
                          auto value) {
    out += fmt::format("# HELP endreason_{0} {1}\n# TYPE endreason_{0} {2}\nendreason_{0} {3}\n",
                       name, help, type, value);
  };
  metric("received_total", "counter", "Lines received; the sum of the next six.", s.received());
  metric("stored_total", "counter", "Rows stored.", s.total.stored);
  metric("duplicates_total", "counter", "Copies of rows that were stored already.",
         s.total.duplicates);
  metric("spooled", "gauge", "Lines in the spool, not stored yet.", s.spooled);
  metric("rejected_total", "counter", "Lines that are no log, or a broken one.", s.total.rejected);
  metric("other_types_total", "counter", "Rows of other log types.", s.total.other);
  metric("blank_total", "counter", "Blank lines.", s.total.blank);
  metric("rows_behind", "gauge", "Stored rows that are not in the roll-ups yet.",
         context.store.rows_behind());
  std::uint64_t dropped = 0;
  for (const auto& sender : s.senders) dropped += sender.dropped;
  metric("dropped_total", "counter", "Messages that came while the spool was full (UDP).", dropped);
  const ListenerCounts heard =
      context.options.listener ? context.options.listener() : ListenerCounts{};
  metric("kernel_dropped_total", "counter", "Messages that the kernel dropped (UDP).",
         heard.kernel_dropped);
  metric("cut_messages_total", "counter", "Messages over TCP and TLS that were too long, and cut.",
         heard.cut);
  metric("refused_connections_total", "counter",
         "Connections of syslog senders that were closed because there were too many.",
         heard.refused);
  if (const FileIntake* files = context.options.files; files != nullptr) {
    const WatchCounts watched = files->watched();
    metric("watched_files_read_total", "counter", "Files of watched folders that were read.",
           watched.read);
    metric("watched_files_failed_total", "counter", "Of these, not or not wholly readable.",
           watched.failed);
    append_followed(out, files->followed());
  }
  metric("spool_bytes", "gauge", "Bytes of the spool.", s.spool_bytes);
  metric("spool_bytes_max", "gauge", "Bytes that the spool may have.", s.spool_bytes_max);
  metric("spool_damaged_bytes_total", "counter", "Bytes of the spool that could not be read.",
         s.damaged_bytes);
  metric("database_bytes", "gauge", "Bytes of the database.", context.store.bytes_on_disk());
  metric("queries_running", "gauge", "Queries that run now.", context.store.queries_running());
  metric("taking", "gauge", "1 while lines are taken, 0 while they are not.",
         s.state == IngestState::Running ? 1 : 0);
  out +=
      "# HELP endreason_sender_lines_total Lines read, by sender.\n"
      "# TYPE endreason_sender_lines_total counter\n";
  for (const auto& sender : s.senders)
    out += fmt::format("endreason_sender_lines_total{{sender=\"{}\"}} {}\n",
                       label_value(sender.name), sender.counts.lines());
  out +=
      "# HELP endreason_sender_dropped_total Messages that were dropped (UDP), by sender.\n"
      "# TYPE endreason_sender_dropped_total counter\n";
  for (const auto& sender : s.senders)
    if (sender.dropped > 0)
      out += fmt::format("endreason_sender_dropped_total{{sender=\"{}\"}} {}\n",
                         label_value(sender.name), sender.dropped);
  append_alert_metrics(context, out);
  HttpResponse response;
  response.content_type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = std::move(out);
  return response;
}

}  // namespace endreason
