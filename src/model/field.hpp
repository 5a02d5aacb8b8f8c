// SPDX-License-Identifier: Apache-2.0
// Field: the columns of a PAN-OS traffic log, in the order of the default syslog format.
// The enumerator's number is the column counted from 0. Source: the vendor's "Traffic Log Fields"
// (130 columns in 12.1.2), and real lines for the older ends; docs/formats/traffic-columns.md.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/enum_table.hpp"

namespace endreason {

enum class Field : std::uint8_t {
  Domain,
  ReceiveTime,
  Serial,
  Type,
  Subtype,
  ConfigVer,
  TimeGenerated,
  Src,
  Dst,
  Natsrc,  // 10
  Natdst,
  Rule,
  Srcuser,
  Dstuser,
  App,
  Vsys,
  From,
  To,
  InboundIf,
  OutboundIf,  // 20
  Logset,
  TimeReceived,
  Sessionid,
  Repeatcnt,
  Sport,
  Dport,
  Natsport,
  Natdport,
  Flags,
  Proto,  // 30
  Action,
  Bytes,
  BytesSent,
  BytesReceived,
  Packets,
  Start,
  Elapsed,
  Category,
  Padding,
  Seqno,  // 40
  Actionflags,
  Srcloc,
  Dstloc,  // 43
  Cpadding,
  PktsSent,
  PktsReceived,      // 46
  SessionEndReason,  // 47
  DgHierLevel1,
  DgHierLevel2,
  DgHierLevel3,  // 50
  DgHierLevel4,
  VsysName,
  DeviceName,    // 53
  ActionSource,  // 54
  SrcUuid,
  DstUuid,
  Tunnelid,
  Monitortag,
  ParentSessionId,
  ParentStartTime,  // 60
  Tunnel,           // 61
  AssocId,
  Chunks,
  ChunksSent,
  ChunksReceived,  // 65
  RuleUuid,
  Http2Connection,  // 67
  LinkChangeCount,
  PolicyId,
  LinkSwitches,  // 70
  SdwanCluster,
  SdwanDeviceType,
  SdwanClusterType,
  SdwanSite,
  DynusergroupName,  // 75
  XffIp,
  SrcCategory,
  SrcProfile,
  SrcModel,
  SrcVendor,  // 80
  SrcOsfamily,
  SrcOsversion,
  SrcHost,
  SrcMac,
  DstCategory,
  DstProfile,
  DstModel,
  DstVendor,
  DstOsfamily,
  DstOsversion,  // 90
  DstHost,
  DstMac,
  ContainerId,
  PodNamespace,
  PodName,
  SrcEdl,
  DstEdl,
  Hostid,
  Serialnumber,
  SrcDag,  // 100
  DstDag,
  SessionOwner,
  HighResTimestamp,
  NssaiSst,
  NssaiSd,  // 105
  SubcategoryOfApp,
  CategoryOfApp,
  TechnologyOfApp,
  RiskOfApp,
  CharacteristicOfApp,  // 110
  ContainerOfApp,
  TunneledApp,
  IsSaasOfApp,
  SanctionedStateOfApp,
  Offloaded,  // 115
  FlowType,
  ClusterName,  // 117
  AiTraffic,
  AiFwdError,
  K8sClusterId,  // 120
  TcpRttC2s,
  TcpRttS2c,
  TotalNOoseqC2s,
  TotalNOoseqS2c,
  TcpRetransitCntC2s,
  TcpRetransitCntS2c,
  TcpZeroWindowCntC2s,
  TcpZeroWindowCntS2c,  // 128
  SrcAdvDevId,
  DstAdvDevId,  // 130
};
inline constexpr std::size_t kFieldCount = 130;

// What a column holds, which decides how it is checked and how JSON writes it.
enum class FieldKind : std::uint8_t {
  Text,
  Word,     // a value of a vocabulary, as action or session_end_reason
  Number,   // JSON number
  Id64,     // 64 bits: a JSON string, since readers with doubles would round it
  Port,     // 0 to 65535
  Address,  // IPv4 or IPv6
  Flags,    // hexadecimal bit mask
  Time,     // device time without zone, or a time with offset
};

// The panes of the vendor's detailed log view.
enum class FieldGroup : std::uint8_t {
  General,
  Source,
  Destination,
  Flags,
  Device,
  Tunnel,
  SdWan,
  Application,
  Tcp
};

struct FieldInfo {
  Field value;
  std::string_view log_name;  // the variable of custom log formats; our key in JSON and filters
  std::string_view title;     // the column title of the web interface
  FieldKind kind;
  FieldGroup group;
  std::string_view since;  // the first PAN-OS release whose default line has it
};

inline constexpr auto kFields = std::to_array<FieldInfo>({
    {Field::Domain, "domain", "Domain", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::ReceiveTime, "receive_time", "Receive Time", FieldKind::Time, FieldGroup::General,
     "5.0"},
    {Field::Serial, "serial", "Serial Number", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::Type, "type", "Type", FieldKind::Word, FieldGroup::General, "5.0"},
    {Field::Subtype, "subtype", "Type", FieldKind::Word, FieldGroup::General, "5.0"},
    {Field::ConfigVer, "config_ver", "Config Version", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::TimeGenerated, "time_generated", "Generated Time", FieldKind::Time, FieldGroup::General,
     "5.0"},
    {Field::Src, "src", "Source", FieldKind::Address, FieldGroup::Source, "5.0"},
    {Field::Dst, "dst", "Destination", FieldKind::Address, FieldGroup::Destination, "5.0"},
    {Field::Natsrc, "natsrc", "NAT Source IP", FieldKind::Address, FieldGroup::Source, "5.0"},
    {Field::Natdst, "natdst", "NAT Destination IP", FieldKind::Address, FieldGroup::Destination,
     "5.0"},
    {Field::Rule, "rule", "Rule Name", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::Srcuser, "srcuser", "Source User", FieldKind::Text, FieldGroup::Source, "5.0"},
    {Field::Dstuser, "dstuser", "Destination User", FieldKind::Text, FieldGroup::Destination,
     "5.0"},
    {Field::App, "app", "Application", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::Vsys, "vsys", "Virtual System", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::From, "from", "Source Zone", FieldKind::Text, FieldGroup::Source, "5.0"},
    {Field::To, "to", "Destination Zone", FieldKind::Text, FieldGroup::Destination, "5.0"},
    {Field::InboundIf, "inbound_if", "Inbound Interface", FieldKind::Text, FieldGroup::Source,
     "5.0"},
    {Field::OutboundIf, "outbound_if", "Outbound Interface", FieldKind::Text,
     FieldGroup::Destination, "5.0"},
    {Field::Logset, "logset", "Log Action", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::TimeReceived, "time_received", "Time Logged", FieldKind::Time, FieldGroup::General,
     "5.0"},
    {Field::Sessionid, "sessionid", "Session ID", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::Repeatcnt, "repeatcnt", "Repeat Count", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::Sport, "sport", "Source Port", FieldKind::Port, FieldGroup::Source, "5.0"},
    {Field::Dport, "dport", "Destination Port", FieldKind::Port, FieldGroup::Destination, "5.0"},
    {Field::Natsport, "natsport", "NAT Source Port", FieldKind::Port, FieldGroup::Source, "5.0"},
    {Field::Natdport, "natdport", "NAT Destination Port", FieldKind::Port, FieldGroup::Destination,
     "5.0"},
    {Field::Flags, "flags", "Flags", FieldKind::Flags, FieldGroup::Flags, "5.0"},
    {Field::Proto, "proto", "Protocol", FieldKind::Word, FieldGroup::General, "5.0"},
    {Field::Action, "action", "Action", FieldKind::Word, FieldGroup::General, "5.0"},
    {Field::Bytes, "bytes", "Bytes", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::BytesSent, "bytes_sent", "Bytes Sent", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::BytesReceived, "bytes_received", "Bytes Received", FieldKind::Number,
     FieldGroup::General, "5.0"},
    {Field::Packets, "packets", "Packets", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::Start, "start", "Start Time", FieldKind::Time, FieldGroup::General, "5.0"},
    {Field::Elapsed, "elapsed", "Elapsed Time", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::Category, "category", "Category", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::Padding, "padding", "Padding", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::Seqno, "seqno", "Sequence Number", FieldKind::Id64, FieldGroup::General, "5.0"},
    {Field::Actionflags, "actionflags", "Action Flags", FieldKind::Flags, FieldGroup::Flags, "5.0"},
    {Field::Srcloc, "srcloc", "Source Country", FieldKind::Text, FieldGroup::Source, "5.0"},
    {Field::Dstloc, "dstloc", "Destination Country", FieldKind::Text, FieldGroup::Destination,
     "5.0"},
    {Field::Cpadding, "cpadding", "cpadding", FieldKind::Text, FieldGroup::General, "5.0"},
    {Field::PktsSent, "pkts_sent", "Packets Sent", FieldKind::Number, FieldGroup::General, "5.0"},
    {Field::PktsReceived, "pkts_received", "Packets Received", FieldKind::Number,
     FieldGroup::General, "5.0"},
    {Field::SessionEndReason, "session_end_reason", "Session End Reason", FieldKind::Word,
     FieldGroup::General, "6.1"},
    {Field::DgHierLevel1, "dg_hier_level_1", "Device Group Hierarchy Level 1", FieldKind::Number,
     FieldGroup::Device, "7.0"},
    {Field::DgHierLevel2, "dg_hier_level_2", "Device Group Hierarchy Level 2", FieldKind::Number,
     FieldGroup::Device, "7.0"},
    {Field::DgHierLevel3, "dg_hier_level_3", "Device Group Hierarchy Level 3", FieldKind::Number,
     FieldGroup::Device, "7.0"},
    {Field::DgHierLevel4, "dg_hier_level_4", "Device Group Hierarchy Level 4", FieldKind::Number,
     FieldGroup::Device, "7.0"},
    {Field::VsysName, "vsys_name", "Virtual System Name", FieldKind::Text, FieldGroup::General,
     "7.0"},
    {Field::DeviceName, "device_name", "Device Name", FieldKind::Text, FieldGroup::General, "7.0"},
    {Field::ActionSource, "action_source", "Action Source", FieldKind::Word, FieldGroup::General,
     "7.1"},
    {Field::SrcUuid, "src_uuid", "Source VM UUID", FieldKind::Text, FieldGroup::Source, "8.0"},
    {Field::DstUuid, "dst_uuid", "Destination VM UUID", FieldKind::Text, FieldGroup::Destination,
     "8.0"},
    {Field::Tunnelid, "tunnelid", "Tunnel ID/IMSI", FieldKind::Text, FieldGroup::Tunnel, "8.0"},
    {Field::Monitortag, "monitortag", "Monitor Tag/IMEI", FieldKind::Text, FieldGroup::Tunnel,
     "8.0"},
    {Field::ParentSessionId, "parent_session_id", "Parent Session ID", FieldKind::Number,
     FieldGroup::Tunnel, "8.0"},
    {Field::ParentStartTime, "parent_start_time", "Parent Start Time", FieldKind::Time,
     FieldGroup::Tunnel, "8.0"},
    {Field::Tunnel, "tunnel", "Tunnel Type", FieldKind::Text, FieldGroup::General, "8.0"},
    {Field::AssocId, "assoc_id", "SCTP Association ID", FieldKind::Number, FieldGroup::Tunnel,
     "8.1"},
    {Field::Chunks, "chunks", "SCTP Chunks", FieldKind::Number, FieldGroup::Tunnel, "8.1"},
    {Field::ChunksSent, "chunks_sent", "SCTP Chunks Sent", FieldKind::Number, FieldGroup::Tunnel,
     "8.1"},
    {Field::ChunksReceived, "chunks_received", "SCTP Chunks Received", FieldKind::Number,
     FieldGroup::Tunnel, "8.1"},
    {Field::RuleUuid, "rule_uuid", "Rule UUID", FieldKind::Text, FieldGroup::General, "9.0"},
    {Field::Http2Connection, "http2_connection", "HTTP/2 Connection", FieldKind::Number,
     FieldGroup::Tunnel, "9.0"},
    {Field::LinkChangeCount, "link_change_count", "App Flap Count", FieldKind::Number,
     FieldGroup::SdWan, "9.1"},
    {Field::PolicyId, "policy_id", "Policy ID", FieldKind::Text, FieldGroup::SdWan, "9.1"},
    {Field::LinkSwitches, "link_switches", "Link Switches", FieldKind::Text, FieldGroup::SdWan,
     "9.1"},
    {Field::SdwanCluster, "sdwan_cluster", "SD-WAN Cluster", FieldKind::Text, FieldGroup::SdWan,
     "9.1"},
    {Field::SdwanDeviceType, "sdwan_device_type", "SD-WAN Device Type", FieldKind::Text,
     FieldGroup::SdWan, "9.1"},
    {Field::SdwanClusterType, "sdwan_cluster_type", "SD-WAN Cluster Type", FieldKind::Text,
     FieldGroup::SdWan, "9.1"},
    {Field::SdwanSite, "sdwan_site", "SD-WAN Site", FieldKind::Text, FieldGroup::SdWan, "9.1"},
    {Field::DynusergroupName, "dynusergroup_name", "Dynamic User Group Name", FieldKind::Text,
     FieldGroup::General, "9.1"},
    {Field::XffIp, "xff_ip", "XFF Address", FieldKind::Address, FieldGroup::General, "10.0"},
    {Field::SrcCategory, "src_category", "Source Device Category", FieldKind::Text,
     FieldGroup::Source, "10.0"},
    {Field::SrcProfile, "src_profile", "Source Device Profile", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::SrcModel, "src_model", "Source Device Model", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::SrcVendor, "src_vendor", "Source Device Vendor", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::SrcOsfamily, "src_osfamily", "Source Device OS Family", FieldKind::Text,
     FieldGroup::Source, "10.0"},
    {Field::SrcOsversion, "src_osversion", "Source Device OS Version", FieldKind::Text,
     FieldGroup::Source, "10.0"},
    {Field::SrcHost, "src_host", "Source Hostname", FieldKind::Text, FieldGroup::Source, "10.0"},
    {Field::SrcMac, "src_mac", "Source Mac Address", FieldKind::Text, FieldGroup::Source, "10.0"},
    {Field::DstCategory, "dst_category", "Destination Device Category", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstProfile, "dst_profile", "Destination Device Profile", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstModel, "dst_model", "Destination Device Model", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstVendor, "dst_vendor", "Destination Device Vendor", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstOsfamily, "dst_osfamily", "Destination Device OS Family", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstOsversion, "dst_osversion", "Destination Device OS Version", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::DstHost, "dst_host", "Destination Hostname", FieldKind::Text, FieldGroup::Destination,
     "10.0"},
    {Field::DstMac, "dst_mac", "Destination Mac Address", FieldKind::Text, FieldGroup::Destination,
     "10.0"},
    {Field::ContainerId, "container_id", "Container ID", FieldKind::Text, FieldGroup::General,
     "10.0"},
    {Field::PodNamespace, "pod_namespace", "POD Namespace", FieldKind::Text, FieldGroup::General,
     "10.0"},
    {Field::PodName, "pod_name", "POD Name", FieldKind::Text, FieldGroup::General, "10.0"},
    {Field::SrcEdl, "src_edl", "Source External Dynamic List", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::DstEdl, "dst_edl", "Destination External Dynamic List", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::Hostid, "hostid", "Host ID", FieldKind::Text, FieldGroup::Source, "10.0"},
    {Field::Serialnumber, "serialnumber", "Serial Number", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::SrcDag, "src_dag", "Source Dynamic Address Group", FieldKind::Text, FieldGroup::Source,
     "10.0"},
    {Field::DstDag, "dst_dag", "Destination Dynamic Address Group", FieldKind::Text,
     FieldGroup::Destination, "10.0"},
    {Field::SessionOwner, "session_owner", "Session Owner", FieldKind::Text, FieldGroup::General,
     "10.0"},
    {Field::HighResTimestamp, "high_res_timestamp", "High Resolution Timestamp", FieldKind::Time,
     FieldGroup::General, "10.0"},
    {Field::NssaiSst, "nssai_sst", "A Slice Service Type", FieldKind::Text, FieldGroup::Tunnel,
     "10.0"},
    {Field::NssaiSd, "nssai_sd", "A Slice Differentiator", FieldKind::Text, FieldGroup::Tunnel,
     "10.0"},
    {Field::SubcategoryOfApp, "subcategory_of_app", "Application Subcategory", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::CategoryOfApp, "category_of_app", "Application Category", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::TechnologyOfApp, "technology_of_app", "Application Technology", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::RiskOfApp, "risk_of_app", "Application Risk", FieldKind::Number,
     FieldGroup::Application, "10.1"},
    {Field::CharacteristicOfApp, "characteristic_of_app", "Application Characteristic",
     FieldKind::Text, FieldGroup::Application, "10.1"},
    {Field::ContainerOfApp, "container_of_app", "Application Container", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::TunneledApp, "tunneled_app", "Tunneled Application", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::IsSaasOfApp, "is_saas_of_app", "Application SaaS", FieldKind::Text,
     FieldGroup::Application, "10.1"},
    {Field::SanctionedStateOfApp, "sanctioned_state_of_app", "Application Sanctioned State",
     FieldKind::Text, FieldGroup::Application, "10.1"},
    {Field::Offloaded, "offloaded", "Offloaded", FieldKind::Number, FieldGroup::General, "10.1"},
    {Field::FlowType, "flow_type", "Flow Type", FieldKind::Text, FieldGroup::General, "11.0"},
    {Field::ClusterName, "cluster_name", "Cluster Name", FieldKind::Text, FieldGroup::General,
     "11.0"},
    {Field::AiTraffic, "ai_traffic", "AI Traffic", FieldKind::Text, FieldGroup::Application,
     "11.1"},
    {Field::AiFwdError, "ai_fwd_error", "AI Forward Error", FieldKind::Text,
     FieldGroup::Application, "11.1"},
    {Field::K8sClusterId, "k8s_cluster_id", "K8S Cluster ID", FieldKind::Text, FieldGroup::General,
     "11.1"},
    {Field::TcpRttC2s, "tcp_rtt_c2s", "tcp_rtt_c2s", FieldKind::Number, FieldGroup::Tcp, "12.1"},
    {Field::TcpRttS2c, "tcp_rtt_s2c", "tcp_rtt_s2c", FieldKind::Number, FieldGroup::Tcp, "12.1"},
    {Field::TotalNOoseqC2s, "total_n_ooseq_c2s", "total_n_ooseq_c2s", FieldKind::Number,
     FieldGroup::Tcp, "12.1"},
    {Field::TotalNOoseqS2c, "total_n_ooseq_s2c", "total_n_ooseq_s2c", FieldKind::Number,
     FieldGroup::Tcp, "12.1"},
    {Field::TcpRetransitCntC2s, "tcp_retransit_cnt_c2s", "tcp_retransit_cnt_c2s", FieldKind::Number,
     FieldGroup::Tcp, "12.1"},
    {Field::TcpRetransitCntS2c, "tcp_retransit_cnt_s2c", "tcp_retransit_cnt_s2c", FieldKind::Number,
     FieldGroup::Tcp, "12.1"},
    {Field::TcpZeroWindowCntC2s, "tcp_zero_window_cnt_c2s", "tcp_zero_window_cnt_c2s",
     FieldKind::Number, FieldGroup::Tcp, "12.1"},
    {Field::TcpZeroWindowCntS2c, "tcp_zero_window_cnt_s2c", "tcp_zero_window_cnt_s2c",
     FieldKind::Number, FieldGroup::Tcp, "12.1"},
    {Field::SrcAdvDevId, "src_adv_dev_id", "Source Adv DevID", FieldKind::Text, FieldGroup::Source,
     "12.1"},
    {Field::DstAdvDevId, "dst_adv_dev_id", "Destination Adv DevID", FieldKind::Text,
     FieldGroup::Destination, "12.1"},
});
static_assert(kFields.size() == kFieldCount);
static_assert(rows_in_enum_order(kFields));
static_assert(log_names_unique(kFields));

constexpr const FieldInfo& info(Field f) {
  return kFields[static_cast<std::size_t>(f)];
}
constexpr std::size_t index_of(Field f) {
  return static_cast<std::size_t>(f);
}

using FieldSet = std::bitset<kFieldCount>;

// By log_name exactly, or by an alias (the vendor's other names: imsi, imei, "Session End Reason").
std::optional<Field> find_field(std::string_view name);
// By the title of a web interface export, any case, old and new titles.
std::optional<Field> find_field_by_title(std::string_view title);

}  // namespace endreason
