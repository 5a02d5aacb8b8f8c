// SPDX-License-Identifier: Apache-2.0
// What the parts of the API share: the context, errors as answers, the scope of a question (filter
// and time), and records as JSON. Inside room server only.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "format/record_writer.hpp"
#include "server/api.hpp"
#include "server/json_writer.hpp"
#include "store/table_cells.hpp"

namespace endreason {

class MetricsText;

// When rows behind gaps of sequence numbers were logged: asked of the store once.
struct GapTimes {
  std::mutex mutex;
  std::map<std::pair<std::string, std::uint64_t>, std::int64_t> known;  // by device and number
};

struct ApiContext {
  Store& store;
  Ingestor& ingestor;
  ApiOptions options;
  std::int64_t started_micros{};
  std::shared_ptr<GapTimes> gap_times = std::make_shared<GapTimes>();

  QueryLimits limits(std::uint64_t rows = 10'000) const {
    return {rows, options.query_time, false};
  }
};

enum class ApiError : std::uint8_t {
  BadFilter,
  BadParameter,
  NotFound,
  TooLarge,
  TooSlow,
  Unauthorized,
  Forbidden,
  TooMany,
  Busy,
  Internal
};
HttpResponse error_answer(ApiError code, std::string_view message, std::string_view remedy = {});
// Of a filter's own message: place, nearest names and remedy taken apart.
HttpResponse filter_error(std::string_view message);
// Of a failed query.
HttpResponse store_error(const Error& error);
HttpResponse json_answer(std::string body);

// Which rows a question is about.
struct Scope {
  std::string filter_text;
  std::optional<Filter> filter;
  std::optional<std::int64_t> from, to;  // UTC microseconds; to is not included
  std::string condition;                 // the filter in the store's SQL; empty: every row
  RowScope rows() const { return {condition, from, to}; }
};
// From filter=, from= and to=; an answer instead when one of them is wrong.
tl::expected<Scope, HttpResponse> scope_of(const HttpRequest& request, const ApiContext& context);

// limit= and the like: a number in a range.
tl::expected<std::uint64_t, HttpResponse> number_parameter(const HttpRequest& request,
                                                           std::string_view name,
                                                           std::uint64_t fallback,
                                                           std::uint64_t least, std::uint64_t most);

// `( rule eq 'x' )`, with quotes where the language needs them.
std::string comparison(std::string_view subject, std::string_view op, std::string_view value);
// Both; the first may be empty.
std::string joined(std::string_view filter, std::string_view more);

std::string time_text(std::int64_t micros);
std::string grouped_digits(std::uint64_t value);
// What became of lines, as members of an object.
void append_counts(JsonWriter& json, const IngestCounts& counts);

// Writes stored rows, with the names of who sent them: this node's by their numbers, and those that
// rows bring along, which another node may have stored.
class RowWriter {
 public:
  enum class From : std::uint8_t { Senders, Nowhere };  // whose names `file` of a record means
  RowWriter(const ApiContext& context, WriterOptions options, From from = From::Senders);
  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) {
    writer_->write(record, verdict, out);
  }
  void write(StoredRow& row, std::string& out);
  void begin(std::string& out) { writer_->begin(out); }
  void end(std::string& out) { writer_->end(out); }

 private:
  WriterOptions options_;
  std::map<std::string, std::uint32_t, std::less<>> brought_;  // numbers behind this node's
  std::unique_ptr<RecordWriter> writer_;
};

// Records as JSON objects with their `_id`.
class RecordJson {
 public:
  using From = RowWriter::From;
  RecordJson(const ApiContext& context, std::vector<OutputColumn> columns,
             From from = From::Senders);
  void append(JsonWriter& json, const TrafficRecord& record, const Verdict& verdict,
              std::uint64_t id);
  void append(JsonWriter& json, StoredRow& row);
  std::string text(const TrafficRecord& record, const Verdict& verdict, std::uint64_t id);

 private:
  std::string object(std::uint64_t id) const;
  RowWriter writer_;
  std::string scratch_;
};

// "verdict" of the contract: headline, sentence, usual_causes, checks, notes, sources.
void append_explanation(JsonWriter& json, const TrafficRecord& record, const Verdict& verdict);

// --- the parts, a file each ---------------------------------------------------------------------
HttpResponse answer_overview(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_records(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_record(std::string_view id, const ApiContext& context);
HttpResponse answer_complete(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_groups(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_sql(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_filter_check(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_columns();
HttpResponse answer_terms(const HttpRequest& request);
HttpResponse answer_devices(const ApiContext& context);
HttpResponse answer_accounting(const ApiContext& context);
HttpResponse answer_status(const ApiContext& context);
HttpResponse answer_explain(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_ingest(const HttpRequest& request, const ApiContext& context);
HttpResponse answer_metrics(const ApiContext& context);
HttpResponse answer_alerts(const ApiContext& context);
void append_alert_metrics(const ApiContext& context, MetricsText& text);

}  // namespace endreason
