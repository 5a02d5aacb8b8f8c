// SPDX-License-Identifier: Apache-2.0
// RecordWriter: one judged record -> bytes of an output format. A writer belongs to one thread; for
// the formats that say `parallel`, writers on several threads write parts that are joined in order.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "model/explanation.hpp"
#include "model/field.hpp"
#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"

namespace endreason {

enum class OutputFormat : std::uint8_t { Table, Card, Csv, Ndjson, Panos, Raw, Ecs, Ocsf };
struct OutputFormatInfo {
  OutputFormat value;
  std::string_view log_name;
  bool parallel;  // each record stands alone
  std::string_view meaning;
};
inline constexpr auto kOutputFormats = std::to_array<OutputFormatInfo>({
    {OutputFormat::Table, "table", false,
     "columns of Monitor > Logs > Traffic, verdict at the right"},
    {OutputFormat::Card, "card", false,
     "one record explained: verdict, why, evidence, next checks"},
    {OutputFormat::Csv, "csv", true, "header row, then the columns of --fields"},
    {OutputFormat::Ndjson, "ndjson", true, "one JSON object a record, keys as PAN-OS names them"},
    {OutputFormat::Panos, "panos", true, "PAN-OS syslog CSV; CSV input comes back byte for byte"},
    {OutputFormat::Raw, "raw", true, "the input record as it stood, envelope included"},
    {OutputFormat::Ecs, "ecs", true, "Elastic Common Schema, one object a record"},
    {OutputFormat::Ocsf, "ocsf", true, "OCSF network_activity (4001), one object a record"},
});
static_assert(rows_in_enum_order(kOutputFormats) && log_names_unique(kOutputFormats));
constexpr const OutputFormatInfo& info(OutputFormat v) {
  return kOutputFormats[static_cast<std::size_t>(v)];
}

// What a column of the output is: a column of the log, or one of ours.
enum class VerdictColumn : std::uint8_t {
  FinalAction,
  DecidedBy,
  Provisional,
  Outcome,
  EndedBy,
  ReasonCode,
  Confidence,
  Evidence,
  Contradictions,
  Why,
  Time,
  File,
  Line,
  Format,
  Version,
  TimeSource,
  TimeZone,
  // Of rows of the session engine, in the order of EngineColumn.
  TrackerStage,
  SessionState,
  Handshake,
  CommunityId,
  ConnState,
  FlowEndReason,
  FirstPacket,
  LastPacket,
  History
};
struct OutputColumn {
  bool is_field{true};
  Field field{Field::Src};
  VerdictColumn verdict{VerdictColumn::FinalAction};
};
// From a comma-separated list of names as --fields takes it; an unknown name is an error that names
// the nearest ones.
Result<std::vector<OutputColumn>> parse_columns(std::string_view list);

struct WriterOptions {
  OutputFormat format{OutputFormat::Ndjson};
  std::vector<OutputColumn> columns;  // empty: the format's own choice
  std::vector<std::string> inputs;    // file names by TrafficRecord::file
  RecordClock clock;
  PanosVersion panos_version{kVersionUnknown};  // for OutputFormat::Panos; unknown: 11.1
  bool colour{};
  unsigned terminal_width{0};  // 0: not a terminal, nothing is cut
  // The short sentence of a verdict ("a threat was found"), from the catalogue; static text.
  std::string_view (*why)(const Verdict&){};
  // The whole explanation, for cards.
  Explanation (*explain)(const TrafficRecord&, const Verdict&){};
};

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  // Appended once before the first record (a CSV header), and once after the last.
  virtual void begin(std::string& out) { static_cast<void>(out); }
  virtual void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) = 0;
  virtual void end(std::string& out) { static_cast<void>(out); }
};

std::unique_ptr<RecordWriter> make_writer(const WriterOptions& options);

// Whether a PAN-OS log with these options has the lines of the engine's rows of a release as they
// are.
bool takes_engine_lines(const WriterOptions& options, PanosVersion version);

}  // namespace endreason
