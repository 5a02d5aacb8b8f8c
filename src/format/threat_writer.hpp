// SPDX-License-Identifier: Apache-2.0
// One row of a THREAT log -> a PAN-OS CSV line, or a JSON object with the same names. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/ip_address.hpp"
#include "model/threat_columns.hpp"

namespace endreason {

struct ThreatRecord {
  std::int64_t time_ns{};
  std::uint16_t config_version{};
  std::uint64_t seqno{}, sessionid{}, parent_session_id{};
  IpAddress src, dst;  // of the session, whichever side the threat is on
  std::uint16_t sport{}, dport{};
  std::uint8_t proto{};
  std::uint32_t flags{};
  std::string_view serial, device_name, subtype, rule, rule_uuid, logset, app, from, to, action,
      severity, direction, thr_category;
  std::string_view misc;      // the name or address that it was found by
  std::string_view threatid;  // "what it is called(its number)"
  std::string_view src_edl, dst_edl, domain_edl;
  // Only in JSON: what a firewall's log does not have.
  std::uint64_t packet{};      // 0: left out
  std::string_view rule_file;  // the threat rule's file and line
};

class ThreatWriter {
 public:
  // Appends a line, with its newline.
  void append_panos(const ThreatRecord& record, std::string& out);
  void append_json(const ThreatRecord& record, std::string& out);

 private:
  void fill(const ThreatRecord& record, bool device_times);

  std::array<std::string, kThreatColumns.size()> cells_;
};

}  // namespace endreason
