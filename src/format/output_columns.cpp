// SPDX-License-Identifier: Apache-2.0
#include "format/output_columns.hpp"

#include <optional>

#include "base/nearest_name.hpp"

namespace endreason {
namespace {

constexpr std::string_view kListSeparator = "; ";

constexpr OutputColumn of(Field field) {
  return {true, field, VerdictColumn::FinalAction};
}
constexpr OutputColumn of(VerdictColumn column) {
  return {false, Field::Src, column};
}

std::optional<OutputColumn> find_column(std::string_view name) {
  for (const auto& row : kVerdictColumns)
    if (row.log_name == name) return of(row.value);
  // The ones that say where a record came from are known without the underscore too, where no
  // column of the log has that name.
  for (const auto& row : kVerdictColumns)
    if (row.log_name[0] == '_' && row.log_name.substr(1) == name) return of(row.value);
  if (const auto field = find_field(name)) return of(*field);
  return std::nullopt;
}

std::string unknown_column(std::string_view name) {
  std::vector<std::string_view> known;
  for (const auto& row : kVerdictColumns) known.push_back(row.log_name);
  for (const auto& row : kFields) known.push_back(row.log_name);
  std::string message = "--fields: no column is called '" + std::string(name) + "'";
  const auto nearest = nearest_names(name, known);
  for (std::size_t i = 0; i < nearest.size(); ++i)
    message += (i == 0 ? "; did you mean " : " or ") + nearest[i];
  message += nearest.empty() ? "; `endreason terms` lists the columns" : "?";
  return message;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void append_evidence(std::string& out, const TrafficRecord& record, const Verdict& verdict) {
  for (std::size_t i = 0; i < verdict.evidence_count; ++i) {
    if (i > 0) out += kListSeparator;
    out += info(verdict.evidence[i]).log_name;
    out += '=';
    out += record.text(verdict.evidence[i]);
  }
}

void append_contradictions(std::string& out, const Verdict& verdict) {
  bool first = true;
  for (const auto& row : kContradictions) {
    if (!verdict.has(row.value)) continue;
    if (!first) out += kListSeparator;
    out += row.log_name;
    first = false;
  }
}

}  // namespace

Result<std::vector<OutputColumn>> parse_columns(std::string_view list) {
  std::vector<OutputColumn> columns;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view name = trimmed(list.substr(0, comma));
    if (!name.empty()) {
      const auto column = find_column(name);
      if (!column) return fail(Error::Code::Usage, unknown_column(name));
      columns.push_back(*column);
    }
    if (comma == std::string_view::npos) break;
    list.remove_prefix(comma + 1);
  }
  if (columns.empty())
    return fail(
        Error::Code::Usage,
        "--fields: the list is empty; name columns, for example --fields src,dst,dport,why");
  return columns;
}

const std::vector<OutputColumn>& default_columns() {
  static const std::vector<OutputColumn> kColumns = {of(Field::ReceiveTime),
                                                     of(Field::Subtype),
                                                     of(Field::From),
                                                     of(Field::To),
                                                     of(Field::Src),
                                                     of(Field::Srcuser),
                                                     of(Field::Dst),
                                                     of(Field::Dport),
                                                     of(Field::App),
                                                     of(Field::Action),
                                                     of(Field::Rule),
                                                     of(Field::SessionEndReason),
                                                     of(Field::Bytes),
                                                     of(VerdictColumn::FinalAction),
                                                     of(VerdictColumn::Outcome),
                                                     of(VerdictColumn::Why)};
  return kColumns;
}

std::string_view why_text(const WriterOptions& options, const Verdict& verdict) {
  if (options.why != nullptr) return options.why(verdict);
  return log_name(verdict.reason_code);
}

std::string_view file_name(const WriterOptions& options, const TrafficRecord& record) {
  return record.file < options.inputs.size() ? std::string_view(options.inputs[record.file])
                                             : std::string_view();
}

void append_verdict_text(std::string& out, VerdictColumn column, const TrafficRecord& record,
                         const Verdict& verdict, const WriterOptions& options, TimeText& times) {
  switch (column) {
    case VerdictColumn::FinalAction:
      out += log_name(verdict.final_action);
      break;
    case VerdictColumn::DecidedBy:
      out += log_name(verdict.decided_by);
      break;
    case VerdictColumn::Provisional:
      out += verdict.provisional ? "true" : "false";
      break;
    case VerdictColumn::Outcome:
      out += log_name(verdict.outcome);
      break;
    case VerdictColumn::EndedBy:
      out += log_name(verdict.ended_by);
      break;
    case VerdictColumn::ReasonCode:
      out += log_name(verdict.reason_code);
      break;
    case VerdictColumn::Confidence:
      out += log_name(verdict.confidence);
      break;
    case VerdictColumn::Evidence:
      append_evidence(out, record, verdict);
      break;
    case VerdictColumn::Contradictions:
      append_contradictions(out, verdict);
      break;
    case VerdictColumn::Why:
      out += why_text(options, verdict);
      break;
    case VerdictColumn::Time:
      if (const auto time = times.own()) out += time->text;
      break;
    case VerdictColumn::TimeSource:
      if (const auto time = times.own()) out += info(time->source).log_name;
      break;
    case VerdictColumn::TimeZone:
      if (const auto time = times.own()) out += log_name(time->basis);
      break;
    case VerdictColumn::File:
      out += file_name(options, record);
      break;
    case VerdictColumn::Line:
      out += std::to_string(record.line);
      break;
    case VerdictColumn::Format:
      out += info(record.format).log_name;
      break;
    case VerdictColumn::Version:
      out += name_of(record.version);
      break;
    default:
      if (const auto engine = engine_column(column); engine && record.engine != nullptr)
        out += record.engine->text(*engine);
  }
}

EngineColumnSet engine_columns_of(const WriterOptions& options) {
  EngineColumnSet set;
  const bool whole = options.format == OutputFormat::Ndjson ||
                     options.format == OutputFormat::Ecs || options.format == OutputFormat::Ocsf;
  if (options.columns.empty() && whole) set.set();
  if (options.format == OutputFormat::Card)
    set.set(static_cast<std::size_t>(EngineColumn::Handshake));
  for (const OutputColumn& column : options.columns)
    if (const auto engine = column.is_field ? std::nullopt : engine_column(column.verdict))
      set.set(static_cast<std::size_t>(*engine));
  return set;
}

}  // namespace endreason
