// SPDX-License-Identifier: Apache-2.0
// GET /records, a page or a download; GET /records/{id}, all of one row; GET /complete.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "format/output_columns.hpp"
#include "model/stored_column.hpp"
#include "model/stored_words.hpp"
#include "query/filter_sql.hpp"
#include "query/filter_terms.hpp"
#include "server/api_support.hpp"
#include "server/parquet_download.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

constexpr std::uint64_t kPartRows = 8192;  // of a download, at once
constexpr std::int64_t kMicros = 1'000'000;

// Where a page ended: "TIME:ID".
std::optional<RowsQuestion::Place> read_cursor(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const bool negative = text.starts_with('-');
  std::uint64_t time = 0;
  RowsQuestion::Place place;
  if (!parse_decimal(text.substr(negative ? 1 : 0, colon - (negative ? 1 : 0)), time) ||
      time > INT64_MAX || !parse_decimal(text.substr(colon + 1), place.id))
    return std::nullopt;
  place.time_micros = negative ? -static_cast<std::int64_t>(time) : static_cast<std::int64_t>(time);
  return place;
}

tl::expected<std::vector<OutputColumn>, HttpResponse> chosen_columns(const HttpRequest& request) {
  const std::string_view list = request.parameter("columns");
  if (list.empty()) return default_columns();
  auto columns = parse_columns(list);
  if (!columns)
    return tl::unexpected(error_answer(ApiError::BadParameter, columns.error().message));
  return *std::move(columns);
}

// All rows that a filter accepts, in the order of storing, part by part.
class Download final : public HttpStream {
 public:
  Download(const ApiContext& context, RowScope scope, const WriterOptions& options)
      : context_(context), writer_(context, options) {
    question_.scope = std::move(scope);
    question_.behind = RowsQuestion::Place{};
    question_.most = kPartRows;
  }

  State next(std::string& out) override {
    if (!begun_) writer_.begin(out);
    begun_ = true;
    std::uint64_t rows = 0;
    const auto read = context_.store.read_rows(question_, context_.limits(), [&](StoredRow& row) {
      writer_.write(row, out);
      question_.behind->id = row.id;
      ++rows;
      return true;
    });
    if (!read) return State::Failed;
    if (rows == kPartRows) return State::More;
    writer_.end(out);
    return State::End;
  }

 private:
  const ApiContext& context_;
  RowsQuestion question_;
  RowWriter writer_;
  bool begun_ = false;
};

HttpResponse download(const HttpRequest& request, const ApiContext& context, const Scope& scope) {
  const std::string_view name = request.parameter("format");
  if (name == "parquet") return download_parquet(context, scope);
  const auto format = std::find_if(kOutputFormats.begin(), kOutputFormats.end(),
                                   [&](const auto& row) { return row.log_name == name; });
  if (format == kOutputFormats.end() || !format->parallel || format->value == OutputFormat::Raw)
    return error_answer(
        ApiError::BadParameter,
        fmt::format("format: expected csv, ndjson, panos, ecs, ocsf or parquet, found '{}'", name));
  WriterOptions options;
  options.format = format->value;
  if (!request.parameter("columns").empty()) {
    auto columns = chosen_columns(request);
    if (!columns) return columns.error();
    options.columns = *std::move(columns);
  }
  HttpResponse response;
  response.content_type =
      name == "csv" || name == "panos" ? "text/csv; charset=utf-8" : "application/x-ndjson";
  response.headers.emplace_back(
      "Content-Disposition",
      fmt::format("attachment; filename=\"traffic.{}\"", name == "panos" ? "log" : name));
  response.stream = std::make_shared<Download>(context, scope.rows(), options);
  return response;
}

// How many rows there are in all, where that can be known quickly.
void append_total(JsonWriter& json, const ApiContext& context, const Scope& scope) {
  // Among many rows it would take longer than the page itself.
  constexpr std::uint64_t kManyRows = 2'000'000;
  QueryLimits limits = context.limits();
  limits.time = std::min(limits.time, std::chrono::milliseconds(1500));
  if (scope.filter) {
    const auto all = context.store.count({{}, scope.from, scope.to}, limits);
    if (!all || *all > kManyRows)
      limits.time = std::min(limits.time, std::chrono::milliseconds(100));
  }
  const auto count = context.store.count(scope.rows(), limits);
  if (!count) {
    json.key("total").null();
    return;
  }
  json.key("total").object().number("rows", *count);
  json.boolean("exact", true).end_object();
}

HttpResponse page(const HttpRequest& request, const ApiContext& context, const Scope& scope) {
  auto columns = chosen_columns(request);
  if (!columns) return columns.error();
  const auto limit = number_parameter(request, "limit", 100, 1, 1000);
  if (!limit) return limit.error();
  const std::string_view order = request.parameter("order");
  if (!order.empty() && order != "desc" && order != "asc")
    return error_answer(ApiError::BadParameter,
                        fmt::format("order: expected desc or asc, found '{}'", order));
  const bool descending = order != "asc";
  RowsQuestion question;
  question.scope = scope.rows();
  question.order = descending ? RowsQuestion::Order::NewestFirst : RowsQuestion::Order::OldestFirst;
  question.most = *limit + 1;
  if (const std::string_view text = request.parameter("cursor"); !text.empty()) {
    question.behind = read_cursor(text);
    if (!question.behind)
      return error_answer(ApiError::BadParameter,
                          "cursor: give `next` of the page before, as it was");
  }
  std::string body;
  JsonWriter json(body);
  json.object().key("columns").array();
  for (const OutputColumn& column : *columns) json.text(log_name(column));
  json.end_array().key("records").array();
  RecordJson records(context, *columns);
  std::uint64_t rows = 0;
  RowsQuestion::Place last;
  const auto read = context.store.read_rows(question, context.limits(), [&](StoredRow& row) {
    if (++rows > *limit) return false;
    records.append(json, row);
    last = {row.time_micros, row.id};
    return true;
  });
  if (!read) return store_error(read.error());
  json.end_array().key("next");
  if (rows > *limit) {
    json.text(fmt::format("{}:{}", last.time_micros, last.id));
  } else {
    json.null();
  }
  // Who turns pages was told with the first.
  if (question.behind) {
    json.key("total").null();
  } else {
    append_total(json, context, scope);
  }
  json.end_object();
  return json_answer(std::move(body));
}

// --- one row ---------------------------------------------------------------------------------

// The rows of the same session: same addresses, ports and protocol, and the same number near in
// time. Number 0 is given to everything that was dropped before a session was made; then only rows
// that are very near belong together.
// The row itself is left out; nothing when none can be found.
std::optional<RowsQuestion> same_session(const StoredRow& row, SqlDialect dialect) {
  const TrafficRecord& r = row.record;
  const bool numbered = r.knows(Known::Sessionid) && r.sessionid != 0;
  std::string filter;
  const auto add = [&](std::string_view subject, std::string_view op, std::string_view value) {
    if (value.empty()) return;
    filter += (filter.empty() ? "" : " and ") + comparison(subject, op, value);
  };
  add("addr.src", "in", r.text(Field::Src));
  add("addr.dst", "in", r.text(Field::Dst));
  if (r.knows(Known::Sport)) add("port.src", "eq", std::to_string(r.sport));
  if (r.knows(Known::Dport)) add("port.dst", "eq", std::to_string(r.dport));
  if (r.knows(Known::Proto)) add("proto", "eq", std::to_string(r.proto));
  add("serial", "eq", r.text(Field::Serial));
  if (numbered) add("sessionid", "eq", std::to_string(r.sessionid));
  const auto parsed = Filter::parse(filter);
  const std::int64_t reach = (numbered ? 86'400 : 60) * kMicros;
  RowsQuestion question;
  question.scope.from = row.time_micros - reach;
  question.scope.to = row.time_micros + reach;
  // The row of an end says how long ago it all began, and little comes behind it. What ages out
  // does so when its timer has run out, an hour by default; clocks of collectors may differ.
  const bool ended =
      r.subtype == Subtype::End || r.subtype == Subtype::Deny || r.subtype == Subtype::Drop;
  if (numbered && ended && r.knows(Known::Elapsed) && r.elapsed < 86'400) {
    constexpr std::int64_t kTimer = 3'600, kClocks = 600;
    const std::int64_t before = r.end_reason == EndReason::AgedOut ? kTimer : kClocks;
    question.scope.from =
        row.time_micros - (static_cast<std::int64_t>(r.elapsed) + before) * kMicros;
    question.scope.to = row.time_micros + kClocks * kMicros;
  }
  if (!parsed) return std::nullopt;
  const auto sql = [&](const Filter& of) {
    return fmt::format("{} AND {} <> {}", filter_sql(of.tree(), dialect),
                       dialect == SqlDialect::DuckDb ? "r.id" : "id", row.id);
  };
  question.scope.condition = sql(*parsed);
  const auto number = Filter::parse(comparison("sessionid", "eq", std::to_string(r.sessionid)));
  if (numbered && number) question.rare = sql(*number);
  question.order = RowsQuestion::Order::OldestFirst;
  question.most = 200;
  return question;
}

// A row of a story, by its place in it.
using StoryRow = std::pair<std::pair<std::int64_t, std::uint64_t>, std::string>;

StoryRow story_row(const StoredRow& row) {
  StoryRow made{{row.time_micros, row.id}, {}};
  JsonWriter json(made.second);
  const TrafficRecord& r = row.record;
  json.object().text("_id", std::to_string(row.id)).text("time", time_text(row.time_micros));
  for (const Field f : {Field::Subtype, Field::Action, Field::App, Field::SessionEndReason})
    json.text_or_null(info(f).log_name, r.text(f));
  json.text("final_action", log_name(row.verdict.final_action));
  json.text("outcome", log_name(row.verdict.outcome));
  json.text("reason_code", log_name(row.verdict.reason_code)).end_object();
  return made;
}

std::string sender_of(const StoredRow& row, const ApiContext& context) {
  if (!row.sender.empty()) return row.sender;
  const auto senders = context.ingestor.snapshot().senders;
  return row.record.file < senders.size() ? senders[row.record.file].name : std::string();
}

// Of a row that was made from packets: the packets, or why they cannot be shown any more.
std::string ladder_of(const StoredRow& row, const ApiContext& context) {
  if (row.record.format != InputFormat::Engine || !context.options.read_ladder) return "null";
  const std::string sender = sender_of(row, context);
  std::string_view path = sender;
  if (!path.starts_with(kCaptureSender)) return "null";
  path.remove_prefix(kCaptureSender.size());
  std::uint64_t seqno = 0;
  static_cast<void>(parse_decimal(row.record.text(Field::Seqno), seqno));
  const auto ladder = context.options.read_ladder(std::string(path), row.record.text(Field::Serial),
                                                  seqno, row.record.sessionid);
  if (ladder) return *ladder;
  std::string problem;
  JsonWriter json(problem);
  json.object().key("packets").array().end_array();
  json.text("problem", "the packets cannot be shown: " + ladder.error().message).end_object();
  return problem;
}

}  // namespace

HttpResponse answer_records(const HttpRequest& request, const ApiContext& context) {
  const auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  return request.parameter("format").empty() ? page(request, context, *scope)
                                             : download(request, context, *scope);
}

HttpResponse answer_record(std::string_view id, const ApiContext& context) {
  std::uint64_t number = 0;
  std::vector<StoryRow> story;
  std::optional<RowsQuestion> story_question;
  std::string ladder;
  std::string body;
  JsonWriter json(body);
  if (parse_decimal(id, number) && number <= INT64_MAX) {
    RowsQuestion question;
    question.id = number;
    const auto read = context.store.read_rows(question, context.limits(), [&](StoredRow& row) {
      RecordJson record(context, {});
      json.object().key("record");
      record.append(json, row);
      json.text_or_null("raw", row.raw);
      append_explanation(json.key("verdict"), row.record, row.verdict);
      story.push_back(story_row(row));
      story_question = same_session(row, context.store.dialect());
      ladder = ladder_of(row, context);
      return false;
    });
    if (!read) return store_error(read.error());
  }
  if (story.empty())
    return error_answer(ApiError::NotFound, fmt::format("no row has the number '{}'", id),
                        "it may have been removed by the limits on what is kept");
  if (story_question) {
    const auto read =
        context.store.read_rows(*story_question, context.limits(), [&](StoredRow& row) {
          story.push_back(story_row(row));
          return true;
        });
    if (!read) return store_error(read.error());
  }
  std::sort(story.begin(), story.end());
  json.key("story").array();
  for (const StoryRow& row : story) json.raw(row.second);
  json.end_array().key("ladder").raw(ladder).end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_complete(const HttpRequest& request, const ApiContext& context) {
  const auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  const std::string prefix(request.parameter("prefix"));
  const auto subject = find_subject(request.parameter("column"));
  if (!subject)
    return error_answer(ApiError::BadParameter, fmt::format("column: no column is named '{}'",
                                                            request.parameter("column")));
  std::string body;
  JsonWriter json(body);
  json.array();
  // A vocabulary is known without looking at rows.
  const auto words = vocabulary_of(*subject);
  const bool field = subject->kind == FilterSubject::Kind::Column ||
                     subject->kind == FilterSubject::Kind::EitherSide;
  if (!words.empty() && !(field && subject->first == Field::App)) {
    for (const std::string_view word : words)
      if (!word.empty() && word.starts_with(prefix)) json.text(word);
  } else if (field && stored(subject->first).as != StoredAs::Time) {
    const auto texts =
        context.store.complete(scope->rows(), subject->first, prefix, context.limits());
    if (!texts) return store_error(texts.error());
    for (const std::string& text : *texts) json.text(text);
  }
  json.end_array();
  return json_answer(std::move(body));
}

}  // namespace endreason
