// SPDX-License-Identifier: Apache-2.0
// The columns of a THREAT log line, in their order, as the default format of 11.1 has them. Those
// that this program fills are named; the rest is empty or holds what real lines hold there.
// Source: "Threat Log Fields", 11.1; real lines of 10.1 and 11.0 for the unnamed ones.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace endreason {

struct ThreatColumn {
  std::string_view log_name;  // empty: FUTURE_USE
  std::string_view constant;  // what stands there when nothing else does
};
inline constexpr auto kThreatColumns = std::to_array<ThreatColumn>({
    {"", "1"},
    {"receive_time", ""},
    {"serial", ""},
    {"type", "THREAT"},
    {"subtype", ""},
    {"config_ver", ""},
    {"time_generated", ""},
    {"src", ""},
    {"dst", ""},
    {"natsrc", "0.0.0.0"},
    {"natdst", "0.0.0.0"},
    {"rule", ""},
    {"srcuser", ""},
    {"dstuser", ""},
    {"app", ""},
    {"vsys", "vsys1"},
    {"from", ""},
    {"to", ""},
    {"inbound_if", ""},
    {"outbound_if", ""},
    {"logset", ""},
    {"time_received", ""},
    {"sessionid", ""},
    {"repeatcnt", "1"},
    {"sport", ""},
    {"dport", ""},
    {"natsport", "0"},
    {"natdport", "0"},
    {"flags", ""},
    {"proto", ""},
    {"action", ""},
    {"misc", ""},
    {"threatid", ""},
    {"category", "any"},
    {"severity", ""},
    {"direction", ""},
    {"seqno", ""},
    {"actionflags", "0x0"},
    {"srcloc", ""},
    {"dstloc", ""},
    {"", ""},
    {"contenttype", ""},
    {"pcap_id", "0"},
    {"filedigest", ""},
    {"cloud", ""},
    {"url_idx", "0"},
    {"user_agent", ""},
    {"filetype", ""},
    {"xff", ""},
    {"referer", ""},
    {"sender", ""},
    {"subject", ""},
    {"recipient", ""},
    {"reportid", "0"},
    {"dg_hier_level_1", "0"},
    {"dg_hier_level_2", "0"},
    {"dg_hier_level_3", "0"},
    {"dg_hier_level_4", "0"},
    {"vsys_name", ""},
    {"device_name", ""},
    {"", ""},
    {"src_uuid", ""},
    {"dst_uuid", ""},
    {"http_method", ""},
    {"tunnelid", "0"},
    {"monitortag", ""},
    {"parent_session_id", ""},
    {"parent_start_time", ""},
    {"tunnel", "N/A"},
    {"thr_category", ""},
    {"contentver", ""},
    {"", "0x0"},
    {"assoc_id", "0"},
    {"ppid", "4294967295"},
    {"http_headers", ""},
    {"url_category_list", ""},
    {"rule_uuid", ""},
    {"http2_connection", "0"},
    {"dynusergroup_name", ""},
    {"xff_ip", ""},
    {"src_category", ""},
    {"src_profile", ""},
    {"src_model", ""},
    {"src_vendor", ""},
    {"src_osfamily", ""},
    {"src_osversion", ""},
    {"src_host", ""},
    {"src_mac", ""},
    {"dst_category", ""},
    {"dst_profile", ""},
    {"dst_model", ""},
    {"dst_vendor", ""},
    {"dst_osfamily", ""},
    {"dst_osversion", ""},
    {"dst_host", ""},
    {"dst_mac", ""},
    {"container_id", ""},
    {"pod_namespace", ""},
    {"pod_name", ""},
    {"src_edl", ""},
    {"dst_edl", ""},
    {"hostid", ""},
    {"serialnumber", ""},
    {"domain_edl", ""},
    {"src_dag", ""},
    {"dst_dag", ""},
    {"partial_hash", "0"},
    {"high_res_timestamp", ""},
    {"reason", ""},
    {"justification", ""},
    {"nssai_sst", ""},
    {"subcategory_of_app", ""},
    {"category_of_app", ""},
    {"technology_of_app", ""},
    {"risk_of_app", ""},
    {"characteristic_of_app", ""},
    {"container_of_app", ""},
    {"tunneled_app", ""},
    {"is_saas_of_app", ""},
    {"sanctioned_state_of_app", ""},
    {"cloud_reportid", ""},
    {"flow_type", "NonProxyTraffic"},
    {"cluster_name", ""},
});

// Where the lines of older releases end: behind cloud_reportid.
inline constexpr std::size_t kThreatColumnsTo102 = 121;
inline constexpr std::uint16_t kThreatConfigVersion110 = 2816;

// Where a column stands; a name that is none does not compile.
consteval std::size_t threat_column(std::string_view log_name) {
  for (std::size_t i = 0; i < kThreatColumns.size(); ++i)
    if (kThreatColumns[i].log_name == log_name) return i;
  throw "there is no such column";
}

}  // namespace endreason
