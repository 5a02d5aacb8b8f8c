// SPDX-License-Identifier: Apache-2.0
#include "server/api_support.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/enum_table.hpp"
#include "base/parse_number.hpp"
#include "base/timestamp.hpp"
#include "query/filter_sql.hpp"
#include "query/filter_time.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {
namespace {

struct ApiErrorInfo {
  ApiError value;
  std::string_view code;
  unsigned status;
};
constexpr auto kApiErrors = std::to_array<ApiErrorInfo>({
    {ApiError::BadFilter, "bad-filter", 400},
    {ApiError::BadParameter, "bad-parameter", 400},
    {ApiError::NotFound, "not-found", 404},
    {ApiError::TooLarge, "too-large", 413},
    {ApiError::TooSlow, "too-slow", 503},
    {ApiError::Unauthorized, "unauthorized", 401},
    {ApiError::Forbidden, "forbidden", 403},
    {ApiError::TooMany, "too-many", 429},
    {ApiError::Busy, "busy", 503},
    {ApiError::Internal, "internal", 500},
});
static_assert(rows_in_enum_order(kApiErrors));

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool is_caret(std::string_view line) {
  const std::size_t at = line.find_first_not_of(' ');
  return at != std::string_view::npos && line[at] == '^';
}

// "now", "now-24h", or a time as filters have it.
Result<std::int64_t> point_in_time(std::string_view name, std::string_view text, std::int64_t now) {
  const auto spelled = read_filter_time(text, false, now);
  if (const auto* time = std::get_if<SpelledTime>(&spelled)) return time->time.micros;
  return fail(
      Error::Code::Usage,
      fmt::format("{}: expected a time such as 2026-03-10T10:00:00Z, 2026/03/10 or now-24h, "
                  "found '{}'",
                  name, text));
}

}  // namespace

HttpResponse json_answer(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse error_answer(ApiError code, std::string_view message, std::string_view remedy) {
  const ApiErrorInfo& row = kApiErrors[static_cast<std::size_t>(code)];
  std::string body;
  JsonWriter json(body);
  json.object().key("error").object().text("code", row.code).text("message", message);
  if (!remedy.empty()) json.text("remedy", remedy);
  json.end_object().end_object();
  HttpResponse response = json_answer(std::move(body));
  response.status = row.status;
  if (code == ApiError::Unauthorized)
    response.headers.emplace_back("WWW-Authenticate", "Bearer realm=\"endreason\"");
  if (code == ApiError::Busy) response.headers.emplace_back("Retry-After", "1");
  return response;
}

// The first line says what is wrong; a caret stands below the filter, which is indented by two;
// then what to do, or the nearest names.
HttpResponse filter_error(std::string_view message) {
  const auto lines = lines_of(message);
  std::string body;
  JsonWriter json(body);
  json.object().key("error").object().text("code", "bad-filter");
  json.text("message", lines.empty() ? message : lines.front());
  const auto caret = std::find_if(lines.begin(), lines.end(), is_caret);
  if (caret != lines.end() && caret != lines.begin()) {
    const std::string_view shown = *(caret - 1);
    const std::size_t indent = std::min(shown.find_first_not_of(' '), shown.size());
    json.number("column", caret->find('^') - indent + 1);
  }
  std::string remedy;
  const auto add_advice = [&](std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (text.empty()) return;
    if (!remedy.empty()) remedy += "; ";
    remedy += text;
  };
  for (auto line = caret == lines.end()
                       ? lines.begin() + std::min<std::ptrdiff_t>(1, std::ssize(lines))
                       : caret + 1;
       line != lines.end(); ++line) {
    constexpr std::string_view kNearest = "did you mean ";
    if (line->starts_with(kNearest)) {
      json.key("nearest").array();
      // "did you mean geq? use one of: eq, neq": what stands behind the mark is advice.
      const std::size_t mark = std::min(line->find('?'), line->size());
      std::string_view names = line->substr(kNearest.size(), mark - kNearest.size());
      add_advice(line->substr(std::min(mark + 1, line->size())));
      while (!names.empty()) {
        const std::size_t end = std::min(names.find(", "), names.size());
        json.text(names.substr(0, end));
        names.remove_prefix(std::min(end + 2, names.size()));
      }
      json.end_array();
    } else {
      add_advice(*line);
    }
  }
  if (!remedy.empty()) json.text("remedy", remedy);
  json.end_object().end_object();
  HttpResponse response = json_answer(std::move(body));
  response.status = 400;
  return response;
}

HttpResponse store_error(const Error& error) {
  if (error.message.find("was stopped") != std::string::npos)
    return error_answer(ApiError::TooSlow, error.message, "choose a shorter time, or filter more");
  return error_answer(
      error.code == Error::Code::Input ? ApiError::BadParameter : ApiError::Internal,
      error.message);
}

tl::expected<Scope, HttpResponse> scope_of(const HttpRequest& request, const ApiContext& context) {
  Scope scope;
  const std::int64_t now = context.options.now_micros();
  scope.filter_text = request.parameter("filter");
  if (scope.filter_text.find_first_not_of(" \t\r\n") == std::string::npos)
    scope.filter_text.clear();
  if (!scope.filter_text.empty()) {
    auto filter = Filter::parse(scope.filter_text, now);
    if (!filter) return tl::unexpected(filter_error(filter.error().message));
    scope.filter = *std::move(filter);
    scope.condition = filter_sql(scope.filter->tree(), context.store.dialect());
  }
  for (const auto& [name, point] : {std::pair("from", &scope.from), std::pair("to", &scope.to)}) {
    const std::string_view text = request.parameter(name);
    if (text.empty()) continue;
    const auto micros = point_in_time(name, text, now);
    if (!micros)
      return tl::unexpected(error_answer(ApiError::BadParameter, micros.error().message));
    *point = *micros;
  }
  return scope;
}

tl::expected<std::uint64_t, HttpResponse> number_parameter(const HttpRequest& request,
                                                           std::string_view name,
                                                           std::uint64_t fallback,
                                                           std::uint64_t least,
                                                           std::uint64_t most) {
  const std::string_view text = request.parameter(name);
  if (text.empty()) return fallback;
  std::uint64_t value = 0;
  if (parse_decimal(text, value) && value >= least && value <= most) return value;
  return tl::unexpected(error_answer(
      ApiError::BadParameter,
      fmt::format("{}: expected a number from {} to {}, found '{}'", name, least, most, text)));
}

std::string comparison(std::string_view subject, std::string_view op, std::string_view value) {
  const bool plain = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == ':' || c == '/' || c == '-' || c == '_';
  });
  std::string quoted;
  if (!plain) {
    quoted = "'";
    for (const char c : value) {
      if (c == '\'' || c == '\\') quoted += '\\';
      quoted += c;
    }
    quoted += '\'';
  }
  return fmt::format("( {} {} {} )", subject, op, plain ? value : quoted);
}

std::string joined(std::string_view filter, std::string_view more) {
  if (filter.empty()) return std::string(more);
  if (more.empty()) return std::string(filter);
  return fmt::format("( {} ) and {}", filter, more);
}

std::string time_text(std::int64_t micros) {
  std::string out;
  append_rfc3339(out,
                 ZonedTime{micros, 0, static_cast<std::uint8_t>(micros % 1'000'000 == 0 ? 0 : 3)});
  return out;
}

void append_counts(JsonWriter& json, const IngestCounts& counts) {
  json.number("stored", counts.stored).number("duplicates", counts.duplicates);
  json.number("rejected", counts.rejected).number("other_types", counts.other);
  json.number("blank", counts.blank);
}

std::string grouped_digits(std::uint64_t value) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

RowWriter::RowWriter(const ApiContext& context, WriterOptions options, From from)
    : options_(std::move(options)) {
  options_.clock = context.options.clock;
  options_.why = why;
  if (from == From::Senders)
    for (const auto& sender : context.ingestor.snapshot().senders)
      options_.inputs.push_back(sender.name);
  writer_ = make_writer(options_);
}

void RowWriter::write(StoredRow& row, std::string& out) {
  if (!row.sender.empty()) {
    const auto number = static_cast<std::uint32_t>(options_.inputs.size());
    const auto [known, is_new] = brought_.try_emplace(row.sender, number);
    // Once for each name of an answer.
    if (is_new) {
      options_.inputs.push_back(row.sender);
      writer_ = make_writer(options_);
    }
    row.record.file = known->second;
  }
  writer_->write(row.record, row.verdict, out);
}

RecordJson::RecordJson(const ApiContext& context, std::vector<OutputColumn> columns, From from)
    : writer_(
          context,
          [&] {
            WriterOptions options;
            options.format = OutputFormat::Ndjson;
            options.columns = std::move(columns);
            return options;
          }(),
          from) {}

// Of the line that was written.
std::string RecordJson::object(std::uint64_t id) const {
  std::string_view line = scratch_;
  if (line.ends_with('\n')) line.remove_suffix(1);
  std::string out = fmt::format("{{\"_id\":\"{}\"", id);
  if (line.size() > 2) {
    out += ',';
    out += line.substr(1);
  } else {
    out += '}';
  }
  return out;
}

std::string RecordJson::text(const TrafficRecord& record, const Verdict& verdict,
                             std::uint64_t id) {
  scratch_.clear();
  writer_.write(record, verdict, scratch_);
  return object(id);
}

void RecordJson::append(JsonWriter& json, const TrafficRecord& record, const Verdict& verdict,
                        std::uint64_t id) {
  json.raw(text(record, verdict, id));
}

void RecordJson::append(JsonWriter& json, StoredRow& row) {
  scratch_.clear();
  writer_.write(row, scratch_);
  json.raw(object(row.id));
}

void append_explanation(JsonWriter& json, const TrafficRecord& record, const Verdict& verdict) {
  const Explanation e = explain(record, verdict);
  json.object().text("headline", e.headline).text("sentence", e.sentence);
  const auto list = [&](std::string_view name, const std::vector<std::string>& items) {
    json.key(name).array();
    for (const std::string& item : items) json.text(item);
    json.end_array();
  };
  list("usual_causes", e.causes);
  json.key("checks").array();
  for (const NextCheck& check : e.checks) {
    json.object();
    if (check.kind == NextCheck::Kind::Elsewhere) {
      json.text("text", check.what.empty() ? check.text : check.what + ": " + check.text);
    } else {
      json.text("text", check.what);
      json.text(check.kind == NextCheck::Kind::Cli ? "command" : "filter", check.text);
    }
    json.end_object();
  }
  json.end_array();
  list("notes", e.notes);
  list("sources", e.sources);
  json.end_object();
}

}  // namespace endreason
