// SPDX-License-Identifier: Apache-2.0
// The columns that outputs with rows (csv, table, ndjson with --fields) are made of: their names
// and their texts for one judged record. Pure functions apart from the clock that is passed in.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "format/record_writer.hpp"
#include "format/time_text.hpp"

namespace endreason {

struct VerdictColumnInfo {
  VerdictColumn value;
  std::string_view log_name;  // in --fields, CSV headers and JSON
  std::string_view title;     // above a column of a table
};
inline constexpr auto kVerdictColumns = std::to_array<VerdictColumnInfo>({
    {VerdictColumn::FinalAction, "final_action", "Final Action"},
    {VerdictColumn::DecidedBy, "decided_by", "Decided By"},
    {VerdictColumn::Provisional, "provisional", "Provisional"},
    {VerdictColumn::Outcome, "outcome", "Outcome"},
    {VerdictColumn::EndedBy, "ended_by", "Ended By"},
    {VerdictColumn::ReasonCode, "reason_code", "Reason Code"},
    {VerdictColumn::Confidence, "confidence", "Confidence"},
    {VerdictColumn::Evidence, "evidence", "Evidence"},
    {VerdictColumn::Contradictions, "contradictions", "Contradictions"},
    {VerdictColumn::Why, "why", "Why"},
    {VerdictColumn::Time, "_time", "Time"},
    {VerdictColumn::File, "_file", "File"},
    {VerdictColumn::Line, "_line", "Line"},
    {VerdictColumn::Format, "_format", "Format"},
    {VerdictColumn::Version, "_version", "Version"},
    {VerdictColumn::TimeSource, "_time_source", "Time Source"},
    {VerdictColumn::TimeZone, "_time_zone", "Time Zone"},
});
static_assert(rows_in_enum_order(kVerdictColumns) && log_names_unique(kVerdictColumns));
constexpr const VerdictColumnInfo& info(VerdictColumn v) {
  return kVerdictColumns[static_cast<std::size_t>(v)];
}

constexpr std::string_view log_name(const OutputColumn& column) {
  return column.is_field ? info(column.field).log_name : info(column.verdict).log_name;
}

// Monitor > Logs > Traffic in its own order, then what we found.
const std::vector<OutputColumn>& default_columns();

// The text of a column of ours, appended: "blocked", or several values parted by "; ".
// `times` has been started on the record.
void append_verdict_text(std::string& out, VerdictColumn column, const TrafficRecord& record,
                         const Verdict& verdict, const WriterOptions& options, TimeText& times);

// The short sentence when there is a catalogue, else the reason code.
std::string_view why_text(const WriterOptions& options, const Verdict& verdict);
std::string_view file_name(const WriterOptions& options, const TrafficRecord& record);

}  // namespace endreason
