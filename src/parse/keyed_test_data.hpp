// SPDX-License-Identifier: Apache-2.0
// What the tests of the keyed readers share: reading a file of the shared data, and the values of a
// record as one readable text. Tests only.
#pragma once

#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "base/source_folder_for_test.hpp"
#include "model/traffic_record.hpp"
#include "parse/read_status.hpp"

namespace endreason {

// The whole file below shared/data/logs without its last line end; empty when it is absent.
inline std::string shared_log(const std::string& name) {
  std::ifstream file(source_folder() + "/../shared/data/logs/" + name, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  return text;
}

// "src=1.1.1.1 dport=443 ...": the columns that the record has, in their order.
inline std::string columns_of(const TrafficRecord& record) {
  std::string out;
  for (const FieldInfo& row : kFields) {
    if (!record.has(row.value)) continue;
    if (!out.empty()) out += ' ';
    out += std::string(row.log_name) + '=' + std::string(record.text(row.value));
  }
  return out;
}

inline std::string extra_of(const TrafficRecord& record, std::string_view name) {
  for (const auto& extra : record.extras)
    if (extra.name == name) return std::string(extra.value);
  return {};
}

// "traffic", "other THREAT", "rejected wrong-type dport at 12: a port, 0 to 65535".
inline std::string text_of(const ReadStatus& status) {
  if (status.kind == ReadKind::Traffic) return "traffic";
  if (status.kind == ReadKind::Other) return "other " + std::string(status.type);
  if (status.kind == ReadKind::Blank) return "blank";
  const Reject& r = status.reject;
  return "rejected " + std::string(kRejectReasons[static_cast<std::size_t>(r.reason)].log_name) +
         (r.column_name.empty() ? "" : " " + std::string(r.column_name)) +
         (r.column == 0 ? "" : " at " + std::to_string(r.column));
}

}  // namespace endreason
