// SPDX-License-Identifier: Apache-2.0
// The columns that outputs with rows (csv, table, ndjson with --fields) are made of: their names
// and their texts for one judged record. Pure functions apart from the clock that is passed in.
#pragma once

#include <array>
#include <optional>
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
    {VerdictColumn::TrackerStage, "tracker_stage", "Tracker Stage"},
    {VerdictColumn::SessionState, "session_state", "Session State"},
    {VerdictColumn::Handshake, "handshake", "Handshake"},
    {VerdictColumn::CommunityId, "community_id", "Community ID"},
    {VerdictColumn::ConnState, "conn_state", "Conn State"},
    {VerdictColumn::FlowEndReason, "flow_end_reason", "Flow End Reason"},
    {VerdictColumn::FirstPacket, "first_packet", "First Packet"},
    {VerdictColumn::LastPacket, "last_packet", "Last Packet"},
    {VerdictColumn::History, "history", "History"},
});
static_assert(rows_in_enum_order(kVerdictColumns) && log_names_unique(kVerdictColumns));
constexpr const VerdictColumnInfo& info(VerdictColumn v) {
  return kVerdictColumns[static_cast<std::size_t>(v)];
}

// What a column of ours is among the engine's; none for the others.
constexpr std::optional<EngineColumn> engine_column(VerdictColumn v) {
  if (v < VerdictColumn::TrackerStage) return std::nullopt;
  return static_cast<EngineColumn>(static_cast<unsigned>(v) -
                                   static_cast<unsigned>(VerdictColumn::TrackerStage));
}
consteval bool engine_columns_agree() {
  for (const auto& row : kEngineColumns) {
    const auto& ours = kVerdictColumns[static_cast<std::size_t>(VerdictColumn::TrackerStage) +
                                       static_cast<std::size_t>(row.value)];
    if (engine_column(ours.value) != row.value || ours.log_name != row.log_name ||
        ours.title != row.title)
      return false;
  }
  return true;
}
static_assert(engine_columns_agree());
// Which of the engine's columns are written: all, where columns are not chosen and the format
// writes whole records.
EngineColumnSet engine_columns_of(const WriterOptions& options);

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
