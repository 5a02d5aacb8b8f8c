// SPDX-License-Identifier: Apache-2.0
#include "format/threat_writer.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "format/csv_cell.hpp"
#include "format/json_object.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

std::string rfc3339(std::int64_t ns, std::uint8_t fraction) {
  std::string text;
  append_rfc3339(text, {ns / kNanosPerMicro, 0, fraction});
  return text;
}

// "2026/03/10 10:00:00"
std::string device_time(std::int64_t ns) {
  std::string text = rfc3339(ns, 0).substr(0, 19);
  text[4] = text[7] = '/';
  text[10] = ' ';
  return text;
}

// Which columns are numbers in JSON.
constexpr std::array kNumbers{threat_column("sessionid"),
                              threat_column("repeatcnt"),
                              threat_column("sport"),
                              threat_column("dport"),
                              threat_column("natsport"),
                              threat_column("natdport"),
                              threat_column("dg_hier_level_1"),
                              threat_column("dg_hier_level_2"),
                              threat_column("dg_hier_level_3"),
                              threat_column("dg_hier_level_4"),
                              threat_column("assoc_id"),
                              threat_column("http2_connection"),
                              threat_column("parent_session_id")};

}  // namespace

void ThreatWriter::fill(const ThreatRecord& r, bool device_times) {
  for (std::size_t i = 0; i < cells_.size(); ++i) cells_[i] = kThreatColumns[i].constant;
  const std::string time = device_times ? device_time(r.time_ns) : rfc3339(r.time_ns, 0);
  for (const std::size_t at : {threat_column("receive_time"), threat_column("time_generated"),
                               threat_column("time_received")})
    cells_[at] = time;
  cells_[threat_column("serial")] = r.serial;
  cells_[threat_column("subtype")] = r.subtype;
  cells_[threat_column("config_ver")] = std::to_string(r.config_version);
  cells_[threat_column("src")] = to_string(r.src);
  cells_[threat_column("dst")] = to_string(r.dst);
  if (!r.src.is_v4()) cells_[threat_column("natsrc")] = cells_[threat_column("natdst")] = "::";
  cells_[threat_column("rule")] = r.rule;
  cells_[threat_column("app")] = r.app;
  cells_[threat_column("from")] = r.from;
  cells_[threat_column("to")] = r.to;
  cells_[threat_column("logset")] = r.logset;
  cells_[threat_column("sessionid")] = std::to_string(r.sessionid);
  cells_[threat_column("sport")] = std::to_string(r.sport);
  cells_[threat_column("dport")] = std::to_string(r.dport);
  cells_[threat_column("flags")] = fmt::format("{:#x}", r.flags);
  const std::string_view protocol = protocol_name(r.proto);
  cells_[threat_column("proto")] = protocol.empty() ? std::to_string(r.proto) : protocol;
  cells_[threat_column("action")] = r.action;
  std::string& misc = cells_[threat_column("misc")];
  misc = r.misc;
  std::replace_if(
      misc.begin(), misc.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  cells_[threat_column("threatid")] = r.threatid;
  cells_[threat_column("severity")] = r.severity;
  cells_[threat_column("direction")] = r.direction;
  cells_[threat_column("seqno")] = std::to_string(r.seqno);
  cells_[threat_column("device_name")] = r.device_name;
  cells_[threat_column("parent_session_id")] = std::to_string(r.parent_session_id);
  cells_[threat_column("thr_category")] = r.thr_category;
  cells_[threat_column("rule_uuid")] = r.rule_uuid;
  cells_[threat_column("src_edl")] = r.src_edl;
  cells_[threat_column("dst_edl")] = r.dst_edl;
  cells_[threat_column("domain_edl")] = r.domain_edl;
  const std::string precise = rfc3339(r.time_ns, 3);
  cells_[threat_column("high_res_timestamp")] =
      device_times ? precise.substr(0, precise.size() - 1) + "+00:00" : precise;
  cells_[threat_column("tunneled_app")] = r.app;
}

void ThreatWriter::append_panos(const ThreatRecord& record, std::string& out) {
  fill(record, true);
  const std::size_t columns =
      record.config_version < kThreatConfigVersion110 ? kThreatColumnsTo102 : kThreatColumns.size();
  for (std::size_t i = 0; i < columns; ++i) {
    if (i > 0) out += ',';
    // This one is quoted always ("Escape Sequences").
    if (i == threat_column("misc"))
      append_quoted_cell(out, cells_[i]);
    else
      append_panos_cell(out, cells_[i]);
  }
  out += '\n';
}

void ThreatWriter::append_json(const ThreatRecord& record, std::string& out) {
  fill(record, false);
  JsonObject line(out);
  for (std::size_t i = 0; i < cells_.size(); ++i) {
    const std::string_view name = kThreatColumns[i].log_name;
    if (name.empty() || cells_[i].empty()) continue;
    if (std::find(kNumbers.begin(), kNumbers.end(), i) != kNumbers.end())
      line.number_text(name, cells_[i]);
    else
      line.text(name, cells_[i]);
  }
  if (record.packet != 0) line.number("packet", record.packet);
  line.text_if("threat_rule", record.rule_file);
  line.close();
  out += '\n';
}

}  // namespace endreason
