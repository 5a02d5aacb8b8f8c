// SPDX-License-Identifier: Apache-2.0
#include "model/field.hpp"

#include <string>

namespace endreason {
namespace {

struct FieldAlias {
  std::string_view name;  // lower case, other marks as underscores
  Field field;
};

// The vendor's other names for the same columns: custom-format variables, XML element names, titles
// of old and new exports, and words that users type in filters.
constexpr auto kAliases = std::to_array<FieldAlias>({
    {"imsi", Field::Tunnelid},
    {"tunnel_id", Field::Tunnelid},
    {"tunnelid_imsi", Field::Tunnelid},
    {"imei", Field::Monitortag},
    {"monitor_tag", Field::Monitortag},
    {"config_version", Field::ConfigVer},
    {"time_logged", Field::TimeReceived},
    {"from_zone", Field::From},
    {"to_zone", Field::To},
    {"zone_src", Field::From},
    {"zone_dst", Field::To},
    {"zone.src", Field::From},
    {"zone.dst", Field::To},
    {"addr.src", Field::Src},
    {"addr.dst", Field::Dst},
    {"natsrc.addr", Field::Natsrc},
    {"natdst.addr", Field::Natdst},
    {"port.src", Field::Sport},
    {"port.dst", Field::Dport},
    {"user.src", Field::Srcuser},
    {"user.dst", Field::Dstuser},
    {"interface.src", Field::InboundIf},
    {"interface.dst", Field::OutboundIf},
    {"source_port", Field::Sport},
    {"destination_port", Field::Dport},
    {"to_port", Field::Dport},
    {"app_flap_count", Field::LinkChangeCount},
    {"nsdsai_sst", Field::NssaiSst},
    {"nsdsai_sd", Field::NssaiSd},
    {"nssai_sst", Field::NssaiSst},
    {"sequence_number", Field::Seqno},
    {"session_id", Field::Sessionid},
    {"repeat_count", Field::Repeatcnt},
    {"packets_sent", Field::PktsSent},
    {"packets_received", Field::PktsReceived},
    {"protocol", Field::Proto},
    {"application", Field::App},
    {"serial_number", Field::Serial},
    {"category_of_url", Field::Category},
});
// Titles of exports (5.x to 12.x) that differ from FieldInfo::title.
constexpr auto kTitleAliases = std::to_array<FieldAlias>({
    {"serial #", Field::Serial},
    {"serial number", Field::Serial},
    {"device sn", Field::Serial},
    {"type", Field::Type},
    {"log type", Field::Type},
    {"threat/content type", Field::Subtype},
    {"sub type", Field::Subtype},
    {"subtype", Field::Subtype},
    {"config version", Field::ConfigVer},
    {"generate time", Field::TimeGenerated},
    {"generated time", Field::TimeGenerated},
    {"time generated", Field::TimeGenerated},
    {"source address", Field::Src},
    {"source", Field::Src},
    {"destination address", Field::Dst},
    {"destination", Field::Dst},
    {"nat source ip", Field::Natsrc},
    {"nat destination ip", Field::Natdst},
    {"rule", Field::Rule},
    {"rule name", Field::Rule},
    {"from zone", Field::From},
    {"source zone", Field::From},
    {"to zone", Field::To},
    {"destination zone", Field::To},
    {"ingress i/f", Field::InboundIf},
    {"ingress interface", Field::InboundIf},
    {"egress i/f", Field::OutboundIf},
    {"egress interface", Field::OutboundIf},
    {"log forwarding profile", Field::Logset},
    {"log action", Field::Logset},
    {"time logged", Field::TimeReceived},
    {"from port", Field::Sport},
    {"to port", Field::Dport},
    {"ip protocol", Field::Proto},
    {"protocol", Field::Proto},
    {"byte sent", Field::BytesSent},
    {"byte received", Field::BytesReceived},
    {"elapsed time (sec)", Field::Elapsed},
    {"elapsed time", Field::Elapsed},
    {"session duration", Field::Elapsed},
    {"url category", Field::Category},
    {"sequence number", Field::Seqno},
    {"action flags", Field::Actionflags},
    {"packets sent", Field::PktsSent},
    {"packets received", Field::PktsReceived},
    {"source location", Field::Srcloc},
    {"destination location", Field::Dstloc},
    {"source country", Field::Srcloc},
    {"destination country", Field::Dstloc},
    {"virtual system", Field::Vsys},
    {"high res timestamp", Field::HighResTimestamp},
    {"high resolution timestamp", Field::HighResTimestamp},
    {"dg hierarchy level 1", Field::DgHierLevel1},
    {"dg hierarchy level 2", Field::DgHierLevel2},
    {"dg hierarchy level 3", Field::DgHierLevel3},
    {"dg hierarchy level 4", Field::DgHierLevel4},
    {"session end reason", Field::SessionEndReason},
    {"parent session", Field::ParentSessionId},
    {"tunnel", Field::Tunnel},
    {"host id", Field::Hostid},
});

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

}  // namespace

std::optional<Field> find_field(std::string_view name) {
  const std::string word = lower(name);
  for (const auto& row : kFields)
    if (row.log_name == word) return row.value;
  for (const auto& alias : kAliases)
    if (alias.name == word) return alias.field;
  return std::nullopt;
}

std::optional<Field> find_field_by_title(std::string_view title) {
  const std::string word = lower(title);
  for (const auto& alias : kTitleAliases)
    if (alias.name == word) return alias.field;
  for (const auto& row : kFields)
    if (lower(row.title) == word) return row.value;
  return find_field(word);
}

}  // namespace endreason
