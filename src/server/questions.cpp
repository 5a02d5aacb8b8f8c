// SPDX-License-Identifier: Apache-2.0
// What is asked of the database in other ways: groups, SQL, the check of a filter; and what is
// known without it: columns and terms.
#include <fmt/format.h>

#include "format/output_columns.hpp"
#include "model/stored_sql.hpp"
#include "model/stored_words.hpp"
#include "query/filter_terms.hpp"
#include "server/api_support.hpp"
#include "server/text_table.hpp"
#include "verdict/terms.hpp"

namespace endreason {
namespace {

constexpr std::size_t kGroupColumnsMax = 4;

struct NamedColumn {
  std::string name, subject;
  GroupColumn column;
};

std::optional<NamedColumn> group_column(std::string_view name) {
  const auto subject = find_subject(name);
  if (!subject) return std::nullopt;
  if (subject->kind == FilterSubject::Kind::Verdict) {
    if (subject->verdict == VerdictField::Contradictions) return std::nullopt;
    return NamedColumn{
        std::string(name), std::string(subject->name), {std::nullopt, subject->name}};
  }
  if (subject->kind != FilterSubject::Kind::Column) return std::nullopt;
  return NamedColumn{std::string(name), std::string(subject->name), {subject->first, {}}};
}

tl::expected<std::vector<NamedColumn>, HttpResponse> group_columns(std::string_view list) {
  std::vector<NamedColumn> columns;
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    const std::string_view name = list.substr(0, end);
    auto column = group_column(name);
    if (!column)
      return tl::unexpected(
          error_answer(ApiError::BadParameter,
                       fmt::format("by: rows cannot be grouped by '{}'; give columns of the "
                                   "log or of the verdict",
                                   name)));
    columns.push_back(*std::move(column));
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  if (columns.empty() || columns.size() > kGroupColumnsMax)
    return tl::unexpected(error_answer(
        ApiError::BadParameter, fmt::format("by: give one to {} columns", kGroupColumnsMax)));
  return columns;
}

std::string_view kind_of(Field field) {
  switch (value_class({FilterSubject::Kind::Column, info(field).log_name, field, field, {}, {}})) {
    case ValueClass::Word:
      return vocabulary_of(
                 {FilterSubject::Kind::Column, info(field).log_name, field, field, {}, {}})
                     .empty()
                 ? "text"
                 : "enum";
    case ValueClass::Number:
    case ValueClass::Port:
      return "number";
    case ValueClass::Address:
      return "address";
    case ValueClass::Time:
      return "time";
    case ValueClass::Text:
    case ValueClass::App:
    case ValueClass::Protocol:
    case ValueClass::Flags:
      break;
  }
  return "text";
}

constexpr std::string_view kGroupTitles[] = {"General", "Source", "Destination", "Flags", "Device",
                                             "Tunnel",  "SD-WAN", "Application", "TCP"};

bool shown_by_default(std::string_view name) {
  for (const OutputColumn& column : default_columns())
    if (log_name(column) == name) return true;
  return name == "outcome" || name == "reason_code";
}

void append_column(JsonWriter& json, std::string_view name, std::string_view title,
                   std::string_view group, std::string_view kind, bool filterable,
                   const FilterSubject* subject) {
  json.object().text("name", name).text("title", title).text("group", group).text("kind", kind);
  if (kind == "enum" && subject != nullptr) {
    json.key("values").array();
    for (const std::string_view word : vocabulary_of(*subject))
      if (!word.empty()) json.text(word);
    json.end_array();
  }
  json.boolean("filterable", filterable).boolean("default", shown_by_default(name)).end_object();
}

std::string whole_condition(const RowScope& scope, SqlDialect dialect) {
  const std::string period = period_sql(dialect, scope.from, scope.to);
  return scope.condition.empty() ? period : fmt::format("{} AND {}", period, scope.condition);
}

// An answer that is no JSON.
HttpResponse text_answer(TableFormat format, const std::vector<std::string>& names,
                         const std::vector<std::vector<Cell>>& rows) {
  HttpResponse response = json_answer(table_text(names, rows, format));
  response.content_type = format == TableFormat::Csv      ? "text/csv; charset=utf-8"
                          : format == TableFormat::Ndjson ? "application/x-ndjson"
                                                          : "text/plain; charset=utf-8";
  return response;
}

Cell cell_of(const std::optional<std::string>& text) {
  return text ? Cell(*text) : Cell();
}

std::vector<std::vector<Cell>> cells_of(const std::vector<GroupedRows>& groups, std::size_t most) {
  std::vector<std::vector<Cell>> rows;
  for (std::size_t i = 0; i < groups.size() && i < most; ++i) {
    const GroupedRows& group = groups[i];
    std::vector<Cell>& row = rows.emplace_back();
    for (const auto& text : group.key) row.push_back(cell_of(text));
    for (const std::uint64_t number :
         {group.sums.rows, group.sums.sessions, group.sums.bytes, group.blocked, group.failed})
      row.emplace_back(number);
  }
  return rows;
}

tl::expected<TableFormat, HttpResponse> format_parameter(const HttpRequest& request) {
  const std::string_view name = request.parameter("format");
  if (const auto format = table_format(name)) return *format;
  return tl::unexpected(
      error_answer(ApiError::BadParameter,
                   fmt::format("format: expected json, table, csv or ndjson, found '{}'", name)));
}

}  // namespace

HttpResponse answer_groups(const HttpRequest& request, const ApiContext& context) {
  const auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  const auto columns = group_columns(request.parameter("by"));
  if (!columns) return columns.error();
  const auto top = number_parameter(request, "top", 10, 1, 1000);
  if (!top) return top.error();
  const auto format = format_parameter(request);
  if (!format) return format.error();
  std::vector<GroupColumn> by;
  for (const NamedColumn& column : *columns) by.push_back(column.column);
  const auto groups = context.store.groups(scope->rows(), by, *top + 1, context.limits());
  if (!groups) return store_error(groups.error());
  if (*format != TableFormat::Json) {
    std::vector<std::string> names;
    for (const NamedColumn& column : *columns) names.push_back(column.name);
    for (const char* name : {"rows", "sessions", "bytes", "blocked", "failed"})
      names.emplace_back(name);
    return text_answer(*format, names, cells_of(*groups, *top));
  }
  std::string body;
  JsonWriter json(body);
  json.object().key("by").array();
  for (const NamedColumn& column : *columns) json.text(column.name);
  json.end_array().key("groups").array();
  for (std::size_t i = 0; i < groups->size() && i < *top; ++i) {
    const GroupedRows& group = (*groups)[i];
    json.object().key("key").array();
    std::string filter;
    for (std::size_t c = 0; c < columns->size(); ++c) {
      json.cell(cell_of(group.key[c]));
      const std::string part =
          comparison((*columns)[c].subject, "eq", group.key[c].value_or(std::string()));
      filter += (c > 0 ? " and " : "") + part;
    }
    json.end_array();
    json.number("rows", group.sums.rows).number("sessions", group.sums.sessions);
    json.number("bytes", group.sums.bytes).number("blocked", group.blocked);
    json.number("failed", group.failed);
    json.text("filter", joined(scope->filter_text, filter)).end_object();
  }
  json.end_array().boolean("more", groups->size() > *top).end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_sql(const HttpRequest& request, const ApiContext& context) {
  const auto limit = number_parameter(request, "limit", 1000, 1, 100'000);
  if (!limit) return limit.error();
  QueryLimits limits = context.limits(*limit);
  limits.one_select = true;
  const auto format = format_parameter(request);
  if (!format) return format.error();
  const auto table = context.store.query(request.body, limits);
  if (!table) return store_error(table.error());
  if (*format != TableFormat::Json) {
    std::vector<std::string> names;
    for (const auto& column : table->columns) names.push_back(column.name);
    return text_answer(*format, names, table->rows);
  }
  std::string body;
  JsonWriter json(body);
  json.object().key("columns").array();
  for (const auto& column : table->columns)
    json.object().text("name", column.name).text("type", column.type).end_object();
  json.end_array().key("rows").array();
  for (const auto& row : table->rows) {
    json.array();
    for (const Cell& cell : row) json.cell(cell);
    json.end_array();
  }
  json.end_array().boolean("truncated", table->truncated).end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_filter_check(const HttpRequest& request, const ApiContext& context) {
  const auto scope = scope_of(request, context);
  if (!scope) return scope.error();
  std::string body;
  JsonWriter json(body);
  json.object().boolean("ok", true);
  if (scope->filter) {
    json.text("understood", scope->filter->explain());
  } else {
    json.key("understood").null();
  }
  json.text("sql",
            fmt::format("SELECT t.* FROM traffic t JOIN traffic_rows r USING (id) WHERE {} ORDER "
                        "BY r.time DESC LIMIT 100",
                        whole_condition(scope->rows(), context.store.dialect())));
  std::string quoted;
  for (const char c : scope->filter_text)
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  std::string cli = fmt::format("endreason query '{}'", quoted);
  for (const auto& [name, option] : {std::pair("from", "--since"), std::pair("to", "--until")})
    if (!request.parameter(name).empty())
      cli += fmt::format(" {} '{}'", option, request.parameter(name));
  json.text("cli", cli).end_object();
  return json_answer(std::move(body));
}

HttpResponse answer_columns() {
  std::string body;
  JsonWriter json(body);
  json.array();
  for (const FieldInfo& f : kFields) {
    const FilterSubject subject{FilterSubject::Kind::Column, f.log_name, f.value, f.value, {}, {}};
    append_column(json, f.log_name, f.title, kGroupTitles[static_cast<std::size_t>(f.group)],
                  kind_of(f.value), true, &subject);
  }
  for (const VerdictColumnInfo& v : kVerdictColumns) {
    if (engine_column(v.value)) continue;  // rows of logs have none of these
    const auto subject = find_subject(v.log_name);
    const bool ours = v.log_name.starts_with('_');
    append_column(json, v.log_name, v.title, ours ? "Record" : "Verdict",
                  v.value == VerdictColumn::Time                ? "time"
                  : subject && !vocabulary_of(*subject).empty() ? "enum"
                                                                : "text",
                  subject.has_value(), subject ? &*subject : nullptr);
  }
  for (const std::string_view name :
       {"addr", "addr.src", "addr.dst", "port", "port.src", "port.dst", "zone", "zone.src",
        "zone.dst", "user", "user.src", "user.dst", "time"}) {
    const auto subject = find_subject(name);
    if (!subject) continue;
    const ValueClass kind = value_class(*subject);
    append_column(json, name, name, "Filter",
                  kind == ValueClass::Address ? "address"
                  : kind == ValueClass::Port  ? "number"
                  : kind == ValueClass::Time  ? "time"
                                              : "text",
                  true, nullptr);
  }
  json.end_array();
  return json_answer(std::move(body));
}

HttpResponse answer_terms(const HttpRequest& request) {
  std::string body;
  JsonWriter json(body);
  json.array();
  const auto append = [&](const Term& term) {
    json.object().text("kind", info(term.kind).log_name).text("name", term.name);
    if (!term.title.empty()) json.text("title", term.title);
    if (!term.meaning.empty()) json.text("meaning", term.meaning);
    if (!term.leads_to.empty()) json.text("leads_to", term.leads_to);
    if (!term.source.empty()) json.text("source", term.source);
    json.end_object();
  };
  const std::string_view word = request.parameter("word");
  if (word.empty()) {
    for (const Term& term : all_terms()) append(term);
  } else {
    for (const Term* term : find_terms(word)) append(*term);
  }
  json.end_array();
  return json_answer(std::move(body));
}

}  // namespace endreason
