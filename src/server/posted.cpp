// SPDX-License-Identifier: Apache-2.0
// What is posted: /explain, which stores nothing, and /ingest.
#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include <fmt/format.h>

#include "ingest/explain_run.hpp"
#include "server/api_support.hpp"
#include "server/file_intake.hpp"
#include "sources/capture_source.hpp"
#include "sources/compression.hpp"
#include "sources/memory_source.hpp"
#include "verdict/judge.hpp"

namespace endreason {
namespace {

constexpr std::uint64_t kExplainedMax = 1000;
constexpr std::size_t kExplainBodyMax = 16u << 20;
constexpr std::size_t kRejectsMax = 1'000'000;  // bytes of what is said of lines that are no log
// Less than a frame of the spool may have.
constexpr std::size_t kPlainMax = 48u << 20;
constexpr auto kStoreTime = std::chrono::milliseconds(2000);
constexpr auto kCaptureTime = std::chrono::seconds(10);

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

// The body as it was before somebody packed it, in `undone` where it was; an answer when it is more
// than `most`.
tl::expected<std::string_view, HttpResponse> plain_body(const HttpRequest& request,
                                                        std::size_t most, std::string_view too_much,
                                                        std::string_view remedy,
                                                        std::string& undone) {
  if (request.body.size() > most)
    return tl::unexpected(error_answer(ApiError::TooLarge, too_much, remedy));
  if (recognise_compression(request.body) == Compression::None) return request.body;
  auto bytes = unpacked(request.body);
  if (!bytes) return tl::unexpected(error_answer(ApiError::BadParameter, bytes.error().message));
  undone = *std::move(bytes);
  return undone;
}

// `rejects`: JSON, a line each.
void end_explained(JsonWriter& json, std::string_view accounting, std::string_view rejects,
                   std::span<const std::string> hints, bool truncated) {
  json.end_array().key("accounting").raw(accounting).key("rejects").array();
  while (!rejects.empty()) {
    const std::size_t end = std::min(rejects.find('\n'), rejects.size());
    json.raw(rejects.substr(0, end));
    rejects.remove_prefix(std::min(end + 1, rejects.size()));
  }
  json.end_array().key("hints").array();
  for (const std::string& hint : hints) json.text(hint);
  json.end_array().boolean("truncated", truncated).end_object();
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
  const auto outcome =
      context.options.read_capture(capture, [&](TrafficRecord& record, std::string_view ladder) {
        const Verdict verdict = judge(record, context.options.ruleset, context.options.timers);
        sink.explain(record, verdict, sink.count() + 1, ladder);
      });
  if (!outcome) return error_answer(ApiError::BadParameter, outcome.error().message);
  end_explained(
      json, fmt::format("{{\"packets\":{},\"sessions\":{}}}", outcome->packets, outcome->sessions),
      {}, outcome->hints, sink.count() > kExplainedMax);
  return json_answer(std::move(body));
}

HttpResponse explain_log(std::string_view log, const ApiContext& context) {
  std::string body, rejects;
  JsonWriter json(body);
  json.object().key("records").array();
  ExplainPlan plan;
  plan.inputs = {{"posted", log.size()}};
  plan.open = [&](const Input&) -> Result<std::unique_ptr<ByteSource>> {
    return std::make_unique<MemorySource>(log);
  };
  plan.reader = context.options.reader;
  plan.ruleset = context.options.ruleset;
  plan.timers = context.options.timers;
  plan.clock = context.options.clock;
  plan.keep_rejects = true;
  plan.messages_max = 0;
  plan.make_sink = [&](unsigned) {
    return std::make_unique<ExplainingSink>(context, json, kExplainedMax);
  };
  plan.write_output = [](std::string_view) { return true; };
  plan.write_rejects = [&](std::string_view lines) {
    if (rejects.size() < kRejectsMax) rejects += lines;
    return true;
  };
  plan.message = [](std::string_view) {};
  const ExplainResult result = run_explain(plan);
  end_explained(json, result.accounting.to_json(), rejects, {},
                result.accounting.matched > kExplainedMax);
  return json_answer(std::move(body));
}

// What became of what a sender posted.
HttpResponse counts_of(const std::string& sender, const IngestSnapshot& before,
                       const ApiContext& context) {
  const IngestSnapshot after = context.ingestor.snapshot();
  const auto of_sender = [&](const IngestSnapshot& s) {
    for (const auto& row : s.senders)
      if (row.name == sender) return row.counts;
    return IngestCounts{};
  };
  const IngestCounts now = of_sender(after).since(of_sender(before));
  std::string body;
  JsonWriter json(body);
  json.object().number("received", now.lines() + after.spooled).number("spooled", after.spooled);
  append_counts(json, now);
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

HttpResponse answer_explain(const HttpRequest& request, const ApiContext& context) {
  std::string undone;
  const auto plain =
      plain_body(request, kExplainBodyMax, "more than 16 MiB are not explained at once",
                 "use `endreason explain` for large files", undone);
  if (!plain) return plain.error();
  return looks_like_capture(*plain) ? explain_capture(*plain, context)
                                    : explain_log(*plain, context);
}

HttpResponse answer_ingest(const HttpRequest& request, const ApiContext& context) {
  std::string undone;
  const auto plain = plain_body(request, context.options.ingest_body_max,
                                "the body is larger than is taken at once",
                                "send it in parts that end at a line's end", undone);
  if (!plain) return plain.error();
  if (looks_like_capture(*plain))
    return ingest_capture(request.body, request.parameter("name"), context);
  const std::string_view given = request.parameter("sender");
  const std::string sender =
      given.empty() ? "http " + request.remote : "http " + std::string(given.substr(0, 200));
  const IngestSnapshot before = context.ingestor.snapshot();
  const SpoolAppend taken = context.ingestor.take(sender, *plain);
  if (taken == SpoolAppend::Full)
    return error_answer(ApiError::Busy, "the spool is full: what was received is not stored yet",
                        "send it again in a while");
  if (taken == SpoolAppend::Failed)
    return error_answer(ApiError::Busy, "the disk takes nothing", "make room, then send it again");
  // Most bodies are stored within this time; who posts may want to know what became of them.
  static_cast<void>(context.ingestor.drain(kStoreTime));
  return counts_of(sender, before, context);
}

}  // namespace endreason
