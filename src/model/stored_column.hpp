// SPDX-License-Identifier: Apache-2.0
// How each column of the log is kept in a database: as a value of its row, or as a text of a group.
// A group holds columns that go together (a rule and its UUID, an application and its categories);
// each combination is kept once, in a table of its own, and the row holds its number. Room store
// writes and reads by this table, room query turns filters into SQL by it.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/field.hpp"

namespace endreason {

enum class StoredGroup : std::uint8_t {
  Device,
  Rule,
  Application,
  Path,
  Users,
  Places,
  SourceHost,
  DestinationHost,
  Tunnel,
  Other
};
struct StoredGroupInfo {
  StoredGroup value;
  std::string_view table;
  std::string_view id;  // the row's column
};
inline constexpr auto kStoredGroups = std::to_array<StoredGroupInfo>({
    {StoredGroup::Device, "devices", "device_id"},
    {StoredGroup::Rule, "rules", "rule_id"},
    {StoredGroup::Application, "applications", "application_id"},
    {StoredGroup::Path, "paths", "path_id"},
    {StoredGroup::Users, "users", "users_id"},
    {StoredGroup::Places, "places", "places_id"},
    {StoredGroup::SourceHost, "source_hosts", "source_host_id"},
    {StoredGroup::DestinationHost, "destination_hosts", "destination_host_id"},
    {StoredGroup::Tunnel, "tunnels", "tunnel_id"},
    {StoredGroup::Other, "others", "other_id"},
});
static_assert(rows_in_enum_order(kStoredGroups));
constexpr const StoredGroupInfo& info(StoredGroup v) {
  return kStoredGroups[static_cast<std::size_t>(v)];
}

enum class StoredAs : std::uint8_t {
  Text,      // in its group, as it is
  Number,    // up to 64 bits, decimal
  Hex,       // up to 64 bits, written 0x...
  Port,      // 16 bits
  Protocol,  // 8 bits
  Address,   // 128 bits, IPv4 as ::ffff:a.b.c.d
  Time,      // an instant
  Word,      // of its vocabulary
};

struct StoredColumn {
  Field value;
  StoredAs as;
  StoredGroup group;  // of Text
};

namespace stored_columns_detail {
constexpr StoredAs stored_as(Field f) {
  switch (f) {
    case Field::Subtype:
    case Field::Action:
    case Field::ActionSource:
    case Field::SessionEndReason:
      return StoredAs::Word;
    case Field::Proto:
      return StoredAs::Protocol;
    case Field::ReceiveTime:
    case Field::TimeGenerated:
    case Field::TimeReceived:
    case Field::Start:
    case Field::HighResTimestamp:
    case Field::ParentStartTime:
      return StoredAs::Time;
    case Field::Src:
    case Field::Dst:
    case Field::Natsrc:
    case Field::Natdst:
    case Field::XffIp:
      return StoredAs::Address;
    case Field::Sport:
    case Field::Dport:
    case Field::Natsport:
    case Field::Natdport:
      return StoredAs::Port;
    case Field::Flags:
    case Field::Actionflags:
      return StoredAs::Hex;
    case Field::Sessionid:
    case Field::Repeatcnt:
    case Field::Bytes:
    case Field::BytesSent:
    case Field::BytesReceived:
    case Field::Packets:
    case Field::Elapsed:
    case Field::Seqno:
    case Field::PktsSent:
    case Field::PktsReceived:
    case Field::TcpRttC2s:
    case Field::TcpRttS2c:
    case Field::TotalNOoseqC2s:
    case Field::TotalNOoseqS2c:
    case Field::TcpRetransitCntC2s:
    case Field::TcpRetransitCntS2c:
    case Field::TcpZeroWindowCntC2s:
    case Field::TcpZeroWindowCntS2c:
      return StoredAs::Number;
    default:
      return StoredAs::Text;
  }
}

// Not the panes of the log view: columns of one group have to vary together, or the combinations
// become as many as the rows.
constexpr StoredGroup group_of(Field f) {
  const auto between = [f](Field first, Field last) { return first <= f && f <= last; };
  if (between(Field::SrcCategory, Field::SrcMac)) return StoredGroup::SourceHost;
  if (between(Field::DstCategory, Field::DstMac)) return StoredGroup::DestinationHost;
  if (between(Field::SubcategoryOfApp, Field::SanctionedStateOfApp))
    return StoredGroup::Application;
  if (between(Field::DgHierLevel1, Field::DeviceName)) return StoredGroup::Device;
  if (between(Field::SdwanCluster, Field::SdwanSite)) return StoredGroup::Path;
  switch (f) {
    case Field::Domain:
    case Field::Serial:
    case Field::ConfigVer:
    case Field::Vsys:
    case Field::ClusterName:
    case Field::K8sClusterId:
      return StoredGroup::Device;
    case Field::Rule:
    case Field::RuleUuid:
    case Field::Logset:
    case Field::PolicyId:
      return StoredGroup::Rule;
    case Field::App:
    case Field::Category:
    case Field::AiTraffic:
    case Field::AiFwdError:
      return StoredGroup::Application;
    case Field::From:
    case Field::To:
    case Field::InboundIf:
    case Field::OutboundIf:
    case Field::Tunnel:
    case Field::FlowType:
    case Field::Offloaded:
      return StoredGroup::Path;
    case Field::Srcuser:
    case Field::Dstuser:
    case Field::DynusergroupName:
      return StoredGroup::Users;
    case Field::Srcloc:
    case Field::Dstloc:
      return StoredGroup::Places;
    case Field::SrcUuid:
    case Field::SrcEdl:
    case Field::SrcDag:
    case Field::Hostid:
    case Field::Serialnumber:
    case Field::SrcAdvDevId:
      return StoredGroup::SourceHost;
    case Field::DstUuid:
    case Field::DstEdl:
    case Field::DstDag:
    case Field::DstAdvDevId:
      return StoredGroup::DestinationHost;
    case Field::Tunnelid:
    case Field::Monitortag:
    case Field::ParentSessionId:
    case Field::AssocId:
    case Field::Chunks:
    case Field::ChunksSent:
    case Field::ChunksReceived:
    case Field::Http2Connection:
    case Field::NssaiSst:
    case Field::NssaiSd:
      return StoredGroup::Tunnel;
    default:
      return StoredGroup::Other;
  }
}
}  // namespace stored_columns_detail

inline constexpr auto kStoredColumns = [] {
  std::array<StoredColumn, kFieldCount> columns{};
  for (const FieldInfo& row : kFields)
    columns[index_of(row.value)] = {row.value, stored_columns_detail::stored_as(row.value),
                                    stored_columns_detail::group_of(row.value)};
  return columns;
}();
static_assert(rows_in_enum_order(kStoredColumns));
constexpr const StoredColumn& stored(Field f) {
  return kStoredColumns[index_of(f)];
}

}  // namespace endreason
