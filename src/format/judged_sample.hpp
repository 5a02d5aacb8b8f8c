// SPDX-License-Identifier: Apache-2.0
// Records for the tests of this room: texts by column, decoded as a reader would. Tests only.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "format/record_writer.hpp"

namespace endreason {

struct Cell {
  Field field;
  std::string_view text;
};

// The cells as a record of line 7 of file 0.
inline TrafficRecord record_of(const std::vector<Cell>& cells) {
  TrafficRecord record;
  record.reset("");
  for (const Cell& cell : cells) record.set_copy(cell.field, cell.text);
  Misfit misfit{};
  EXPECT_TRUE(decode_key_columns(record, misfit)) << info(misfit.field).log_name;
  record.line = 7;
  record.version = version_from_config(record.text(Field::ConfigVer));
  return record;
}

// A session that a rule allowed and a security profile ended, as PAN-OS 11.1 logs it.
inline std::vector<Cell> threat_cells() {
  return {{Field::Domain, "1"},
          {Field::ReceiveTime, "2026/03/10 10:00:05"},
          {Field::Serial, "013201030824"},
          {Field::Type, "TRAFFIC"},
          {Field::Subtype, "end"},
          {Field::ConfigVer, "2817"},
          {Field::TimeGenerated, "2026/03/10 10:00:04"},
          {Field::Src, "10.1.1.1"},
          {Field::Dst, "203.0.113.9"},
          {Field::Natsrc, "198.51.100.2"},
          {Field::Natdst, "203.0.113.9"},
          {Field::Rule, "Web, out"},
          {Field::Srcuser, "acme\\jane"},
          {Field::App, "web-browsing"},
          {Field::Vsys, "vsys1"},
          {Field::From, "trust"},
          {Field::To, "untrust"},
          {Field::InboundIf, "ae1.10"},
          {Field::OutboundIf, "ae2"},
          {Field::Sessionid, "421733"},
          {Field::Repeatcnt, "1"},
          {Field::Sport, "51515"},
          {Field::Dport, "80"},
          {Field::Natsport, "33211"},
          {Field::Natdport, "80"},
          {Field::Flags, "0x400000"},
          {Field::Proto, "tcp"},
          {Field::Action, "allow"},
          {Field::Bytes, "1532"},
          {Field::BytesSent, "812"},
          {Field::BytesReceived, "720"},
          {Field::Packets, "11"},
          {Field::Start, "2026/03/10 09:59:49"},
          {Field::Elapsed, "12"},
          {Field::Seqno, "7536179828408605381"},
          {Field::PktsSent, "6"},
          {Field::PktsReceived, "5"},
          {Field::SessionEndReason, "threat"},
          {Field::DeviceName, "fw11"},
          {Field::RuleUuid, "0d4a1c1e-0000-4000-8000-000000000001"},
          {Field::HighResTimestamp, "2026-03-10T10:00:05.128+01:00"}};
}

inline Verdict threat_verdict() {
  Verdict verdict;
  verdict.final_action = FinalAction::Blocked;
  verdict.decided_by = DecidedBy::SessionEndReason;
  verdict.outcome = Outcome::Failed;
  verdict.ended_by = EndedBy::Security;
  verdict.reason_code = ReasonCode::BlockedByThreat;
  verdict.confidence = Confidence::High;
  verdict.add_evidence(Field::SessionEndReason);
  verdict.add_evidence(Field::Action);
  verdict.add(Contradiction::AllowWithThreat);
  return verdict;
}

inline Verdict allowed_verdict(Outcome outcome, ReasonCode reason) {
  Verdict verdict;
  verdict.final_action = FinalAction::Allowed;
  verdict.outcome = outcome;
  verdict.ended_by = EndedBy::Timer;
  verdict.reason_code = reason;
  verdict.confidence = Confidence::High;
  return verdict;
}

inline WriterOptions options_for(OutputFormat format) {
  WriterOptions options;
  options.format = format;
  options.inputs = {"fw.log"};
  return options;
}

// Everything a writer says of these records.
struct Judged {
  const TrafficRecord* record;
  Verdict verdict;
};
inline std::string written(const WriterOptions& options, const std::vector<Judged>& rows) {
  const auto writer = make_writer(options);
  std::string out;
  writer->begin(out);
  for (const Judged& row : rows) writer->write(*row.record, row.verdict, out);
  writer->end(out);
  return out;
}

inline std::vector<OutputColumn> columns_of(std::string_view list) {
  auto columns = parse_columns(list);
  EXPECT_TRUE(columns) << columns.error().message;
  return columns ? *columns : std::vector<OutputColumn>{};
}

}  // namespace endreason
