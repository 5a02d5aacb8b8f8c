// SPDX-License-Identifier: Apache-2.0
// One judged record -> one Elastic Common Schema document on a line. event.outcome says what really
// happened; the vendor's values stand untouched under panw.panos, the verdict under panw.verdict.
// Names: ECS 8.17, and those of Elastic's own PAN-OS integration where it has one, so that existing
// dashboards and rules go on working.
#include <array>

#include "base/parse_number.hpp"
#include "format/json_object.hpp"
#include "format/output_columns.hpp"
#include "format/writers.hpp"
#include "model/ip_address.hpp"
#include "model/log_flag.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::string_view kEcsVersion = "8.17.0";

struct VendorPath {
  std::string_view path;
  Field field;
};
// Every column under panw.panos, objects in one piece. Where the integration has no name, ours is
// the column's own.
constexpr auto kVendorPaths = std::to_array<VendorPath>({
    {"panw.panos.type", Field::Type},
    {"panw.panos.sub_type", Field::Subtype},
    {"panw.panos.action", Field::Action},
    {"panw.panos.endreason", Field::SessionEndReason},
    {"panw.panos.action_source", Field::ActionSource},
    {"panw.panos.action_flags", Field::Actionflags},
    {"panw.panos.flags", Field::Flags},
    {"panw.panos.flow_id", Field::Sessionid},
    {"panw.panos.sequence_number", Field::Seqno},
    {"panw.panos.repeat_count", Field::Repeatcnt},
    {"panw.panos.ruleset", Field::Rule},
    {"panw.panos.rule_uuid", Field::RuleUuid},
    {"panw.panos.log_profile", Field::Logset},
    {"panw.panos.config_version", Field::ConfigVer},
    {"panw.panos.received_time", Field::ReceiveTime},
    {"panw.panos.generated_time", Field::TimeGenerated},
    {"panw.panos.logged_time", Field::TimeReceived},
    {"panw.panos.start_time", Field::Start},
    {"panw.panos.high_resolution_timestamp", Field::HighResTimestamp},
    {"panw.panos.elapsed_time", Field::Elapsed},
    {"panw.panos.virtual_sys", Field::Vsys},
    {"panw.panos.vsys_name", Field::VsysName},
    {"panw.panos.device_name", Field::DeviceName},
    {"panw.panos.device_group_hierarchy1", Field::DgHierLevel1},
    {"panw.panos.device_group_hierarchy2", Field::DgHierLevel2},
    {"panw.panos.device_group_hierarchy3", Field::DgHierLevel3},
    {"panw.panos.device_group_hierarchy4", Field::DgHierLevel4},
    {"panw.panos.source.ip", Field::Src},
    {"panw.panos.source.port", Field::Sport},
    {"panw.panos.source.nat.ip", Field::Natsrc},
    {"panw.panos.source.nat.port", Field::Natsport},
    {"panw.panos.source.user", Field::Srcuser},
    {"panw.panos.source.zone", Field::From},
    {"panw.panos.source.location", Field::Srcloc},
    {"panw.panos.destination.ip", Field::Dst},
    {"panw.panos.destination.port", Field::Dport},
    {"panw.panos.destination.nat.ip", Field::Natdst},
    {"panw.panos.destination.nat.port", Field::Natdport},
    {"panw.panos.destination.user", Field::Dstuser},
    {"panw.panos.destination.zone", Field::To},
    {"panw.panos.destination.location", Field::Dstloc},
    {"panw.panos.inbound_interface", Field::InboundIf},
    {"panw.panos.outbound_interface", Field::OutboundIf},
    {"panw.panos.protocol", Field::Proto},
    {"panw.panos.network.application", Field::App},
    {"panw.panos.network.bytes", Field::Bytes},
    {"panw.panos.network.packets", Field::Packets},
    {"panw.panos.bytes_sent", Field::BytesSent},
    {"panw.panos.bytes_received", Field::BytesReceived},
    {"panw.panos.packets_sent", Field::PktsSent},
    {"panw.panos.packets_received", Field::PktsReceived},
    {"panw.panos.url.category", Field::Category},
    {"panw.panos.source_vm_uuid", Field::SrcUuid},
    {"panw.panos.destination_vm_uuid", Field::DstUuid},
    {"panw.panos.imsi", Field::Tunnelid},
    {"panw.panos.imei", Field::Monitortag},
    {"panw.panos.parent_session.id", Field::ParentSessionId},
    {"panw.panos.parent_session.start_time", Field::ParentStartTime},
    {"panw.panos.tunnel_type", Field::Tunnel},
    {"panw.panos.sctp.assoc_id", Field::AssocId},
    {"panw.panos.sctp.chunks", Field::Chunks},
    {"panw.panos.sctp.chunks_sent", Field::ChunksSent},
    {"panw.panos.sctp.chunks_received", Field::ChunksReceived},
    {"panw.panos.http2_connection", Field::Http2Connection},
    {"panw.panos.link.change_count", Field::LinkChangeCount},
    {"panw.panos.link.switches", Field::LinkSwitches},
    {"panw.panos.policy.id", Field::PolicyId},
    {"panw.panos.sdwan.cluster.name", Field::SdwanCluster},
    {"panw.panos.sdwan.cluster.type", Field::SdwanClusterType},
    {"panw.panos.sdwan.device_type", Field::SdwanDeviceType},
    {"panw.panos.sdwan.site", Field::SdwanSite},
    {"panw.panos.dynamic_user.group.name", Field::DynusergroupName},
    {"panw.panos.xff.ip", Field::XffIp},
    {"panw.panos.src.category", Field::SrcCategory},
    {"panw.panos.src.profile", Field::SrcProfile},
    {"panw.panos.src.model", Field::SrcModel},
    {"panw.panos.src.vendor", Field::SrcVendor},
    {"panw.panos.src.os.family", Field::SrcOsfamily},
    {"panw.panos.src.os.version", Field::SrcOsversion},
    {"panw.panos.src.host", Field::SrcHost},
    {"panw.panos.src.mac", Field::SrcMac},
    {"panw.panos.src.external_dynamic_list", Field::SrcEdl},
    {"panw.panos.src.dynamic_address_group", Field::SrcDag},
    {"panw.panos.dst.category", Field::DstCategory},
    {"panw.panos.dst.profile", Field::DstProfile},
    {"panw.panos.dst.model", Field::DstModel},
    {"panw.panos.dst.vendor", Field::DstVendor},
    {"panw.panos.dst.os.family", Field::DstOsfamily},
    {"panw.panos.dst.os.version", Field::DstOsversion},
    {"panw.panos.dst.host", Field::DstHost},
    {"panw.panos.dst.mac", Field::DstMac},
    {"panw.panos.dst.external_dynamic_list", Field::DstEdl},
    {"panw.panos.dst.dynamic_address_group", Field::DstDag},
    {"panw.panos.container.id", Field::ContainerId},
    {"panw.panos.pod.namespace", Field::PodNamespace},
    {"panw.panos.pod.name", Field::PodName},
    {"panw.panos.host.id", Field::Hostid},
    {"panw.panos.serial_number", Field::Serialnumber},
    {"panw.panos.observer.serial_number", Field::Serial},
    {"panw.panos.session.owner", Field::SessionOwner},
    {"panw.panos.nssai_sst", Field::NssaiSst},
    {"panw.panos.nssai_sd", Field::NssaiSd},
    {"panw.panos.application.sub_category", Field::SubcategoryOfApp},
    {"panw.panos.application.category", Field::CategoryOfApp},
    {"panw.panos.application.technology", Field::TechnologyOfApp},
    {"panw.panos.application.risk_level", Field::RiskOfApp},
    {"panw.panos.application.characteristics", Field::CharacteristicOfApp},
    {"panw.panos.application.container", Field::ContainerOfApp},
    {"panw.panos.application.tunneled", Field::TunneledApp},
    {"panw.panos.application.is_saas", Field::IsSaasOfApp},
    {"panw.panos.application.is_sanctioned", Field::SanctionedStateOfApp},
    {"panw.panos.is_offloaded", Field::Offloaded},
    {"panw.panos.flow_type", Field::FlowType},
    {"panw.panos.cluster_name", Field::ClusterName},
    {"panw.panos.ai_traffic", Field::AiTraffic},
    {"panw.panos.ai_fwd_error", Field::AiFwdError},
    {"panw.panos.k8s_cluster_id", Field::K8sClusterId},
    {"panw.panos.tcp_rtt_c2s", Field::TcpRttC2s},
    {"panw.panos.tcp_rtt_s2c", Field::TcpRttS2c},
    {"panw.panos.total_n_ooseq_c2s", Field::TotalNOoseqC2s},
    {"panw.panos.total_n_ooseq_s2c", Field::TotalNOoseqS2c},
    {"panw.panos.tcp_retransit_cnt_c2s", Field::TcpRetransitCntC2s},
    {"panw.panos.tcp_retransit_cnt_s2c", Field::TcpRetransitCntS2c},
    {"panw.panos.tcp_zero_window_cnt_c2s", Field::TcpZeroWindowCntC2s},
    {"panw.panos.tcp_zero_window_cnt_s2c", Field::TcpZeroWindowCntS2c},
    {"panw.panos.src_adv_dev_id", Field::SrcAdvDevId},
    {"panw.panos.dst_adv_dev_id", Field::DstAdvDevId},
});
// All but the three columns that never carry anything: domain and the two paddings.
static_assert(kVendorPaths.size() == kFieldCount - 3);

struct FlagLabel {
  std::uint32_t mask;
  std::string_view path;
};
// Flags as the integration labels them.
constexpr auto kFlagLabels = std::to_array<FlagLabel>({
    {0x80000000, "labels.pcap_included"},
    {0x20000000, "labels.file_submitted_to_WildFire"},
    {0x10000000, "labels.enterprise_credential_submission"},
    {0x08000000, "labels.source_flow_allow_list"},
    {0x02000000, "labels.ipv6_session"},
    {kFlagDecrypted, "labels.ssl_decrypted"},
    {kFlagUrlDenied, "labels.url_filter_denied"},
    {kFlagNat, "labels.nat_translated"},
    {0x00200000, "labels.captive_portal"},
    {kFlagNonStandardPort, "labels.non_standard_port_usage"},
    {0x00080000, "labels.x_forwarded_for"},
    {kFlagProxy, "labels.http_proxy"},
    {0x00020000, "labels.client_server_policy_based_forwarding"},
    {0x00010000, "labels.server_client_policy_based_forwarding"},
    {0x00008000, "labels.container_page"},
    {0x00002000, "labels.temporary_match"},
    {0x00000800, "labels.symmetric_return"},
    {0x00000400, "labels.decrypted_traffic"},
    {0x00000100, "labels.payload_outer_tunnel"},
});

// event.outcome knows three words; a session that goes on has none of the other two yet.
std::string_view ecs_outcome(const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Blocked) return "failure";
  if (verdict.final_action == FinalAction::Undetermined) return "unknown";
  switch (verdict.outcome) {
    case Outcome::Failed:
      return "failure";
    case Outcome::Succeeded:
    case Outcome::Partial:
      return "success";
    case Outcome::InProgress:
    case Outcome::Unknown:
      break;
  }
  return "unknown";
}

std::string_view ecs_action(Subtype subtype) {
  switch (subtype) {
    case Subtype::Start:
      return "flow_started";
    case Subtype::End:
      return "flow_terminated";
    case Subtype::Drop:
      return "flow_dropped";
    case Subtype::Deny:
      return "flow_denied";
    case Subtype::Absent:
    case Subtype::Unrecognized:
      break;
  }
  return {};
}

void put_types(JsonObject& json, const TrafficRecord& record, const Verdict& verdict) {
  json.begin_list("event.type");
  if (verdict.final_action == FinalAction::Allowed) json.item("allowed");
  if (verdict.final_action == FinalAction::Blocked) json.item("denied");
  if (record.subtype == Subtype::Start) json.item("start");
  if (record.subtype == Subtype::End) json.item("end");
  json.item("connection");
  json.end_list();
}

// "acme\jane" -> domain acme, name jane.
void put_user(JsonObject& json, std::string_view name_path, std::string_view domain_path,
              std::string_view user) {
  const std::size_t backslash = user.find('\\');
  if (backslash != std::string_view::npos && backslash > 0) {
    json.text(domain_path, user.substr(0, backslash));
    user.remove_prefix(backslash + 1);
  }
  json.text_if(name_path, user);
}

// An address that ECS's type `ip` takes; 0.0.0.0 stands for none where nothing was translated.
bool is_real_address(std::string_view address) {
  if (address.empty() || address == "0.0.0.0" || address == "::") return false;
  return parse_ip(address).has_value();
}

void put_nat_port(JsonObject& json, std::string_view path, std::string_view text) {
  std::uint64_t port = 0;
  if (parse_decimal(text, port) && port > 0 && port <= 65535) json.number(path, port);
}

constexpr auto kEnginePaths = std::to_array<std::string_view>(
    {"panw.engine.tracker_stage", "panw.engine.session_state", "panw.engine.handshake", "",
     "panw.engine.conn_state", "panw.engine.flow_end_reason", "panw.engine.first_packet",
     "panw.engine.last_packet", "panw.engine.history"});
static_assert(kEnginePaths.size() == kEngineColumns.size());

class EcsWriter : public RecordWriter {
 public:
  explicit EcsWriter(const WriterOptions& options) : options_(options), times_(options.clock) {}

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    JsonObject json(out);
    if (const auto time = times_.own()) json.text("@timestamp", time->text);
    json.text("message", why_text(options_, verdict));
    json.text("ecs.version", kEcsVersion);
    event(json, record, verdict);
    source(json, record);
    destination(json, record);
    network(json, record);
    observer(json, record);
    json.text_if("rule.name", record.text(Field::Rule));
    json.text_if("rule.uuid", record.text(Field::RuleUuid));
    related(json, record);
    for (const FlagLabel& label : kFlagLabels)
      if ((record.flags & label.mask) != 0) json.boolean(label.path, true);
    json.text_if("log.file.path", file_name(options_, record));
    vendor(json, record);
    panw_verdict(json, record, verdict);
    panw_engine(json, record);
    panw_input(json, record);
    json.close();
    out += '\n';
  }

 private:
  void event(JsonObject& json, const TrafficRecord& record, const Verdict& verdict) {
    json.text("event.kind", "event");
    json.begin_list("event.category");
    json.item("network");
    json.end_list();
    put_types(json, record, verdict);
    json.text_if("event.action", ecs_action(record.subtype));
    json.text("event.outcome", ecs_outcome(verdict));
    json.text("event.reason", why_text(options_, verdict));
    json.text("event.module", "panw");
    json.text("event.dataset", "panw.panos");
    if (const auto time = times_.rfc3339(Field::ReceiveTime)) json.text("event.created", *time);
    if (const auto time = times_.rfc3339(Field::Start)) json.text("event.start", *time);
    constexpr std::uint64_t kNanosPerSecond = 1'000'000'000;
    if (record.knows(Known::Elapsed) && record.elapsed < UINT32_MAX)
      json.number("event.duration", record.elapsed * kNanosPerSecond);
  }

  static void source(JsonObject& json, const TrafficRecord& record) {
    json.text_if("source.address", record.text(Field::Src));
    json.text_if("source.ip", record.text(Field::Src));
    if (record.knows(Known::Sport)) json.number("source.port", std::uint64_t{record.sport});
    if (record.knows(Known::BytesSent)) json.number("source.bytes", record.bytes_sent);
    if (record.knows(Known::PktsSent)) json.number("source.packets", record.pkts_sent);
    if (is_real_address(record.text(Field::Natsrc)))
      json.text("source.nat.ip", record.text(Field::Natsrc));
    put_nat_port(json, "source.nat.port", record.text(Field::Natsport));
    put_user(json, "source.user.name", "source.user.domain", record.text(Field::Srcuser));
  }

  static void destination(JsonObject& json, const TrafficRecord& record) {
    json.text_if("destination.address", record.text(Field::Dst));
    json.text_if("destination.ip", record.text(Field::Dst));
    if (record.knows(Known::Dport)) json.number("destination.port", std::uint64_t{record.dport});
    if (record.knows(Known::BytesReceived)) json.number("destination.bytes", record.bytes_received);
    if (record.knows(Known::PktsReceived)) json.number("destination.packets", record.pkts_received);
    if (is_real_address(record.text(Field::Natdst)))
      json.text("destination.nat.ip", record.text(Field::Natdst));
    put_nat_port(json, "destination.nat.port", record.text(Field::Natdport));
    put_user(json, "destination.user.name", "destination.user.domain", record.text(Field::Dstuser));
  }

  static void network(JsonObject& json, const TrafficRecord& record) {
    const std::string_view address =
        record.has(Field::Src) ? record.text(Field::Src) : record.text(Field::Dst);
    if (!address.empty())
      json.text("network.type", address.find(':') == std::string_view::npos ? "ipv4" : "ipv6");
    json.text_if("network.transport", record.text(Field::Proto));
    if (record.knows(Known::Proto)) json.text("network.iana_number", std::to_string(record.proto));
    json.text_if("network.application", record.text(Field::App));
    if (record.knows(Known::Bytes)) json.number("network.bytes", record.bytes);
    if (record.knows(Known::Packets)) json.number("network.packets", record.packets);
    if (record.engine != nullptr)
      json.text_if("network.community_id", record.engine->text(EngineColumn::CommunityId));
  }

  static void observer(JsonObject& json, const TrafficRecord& record) {
    json.text("observer.vendor", "Palo Alto Networks");
    json.text("observer.product", "PAN-OS");
    json.text("observer.type", "firewall");
    if (info(record.version) != nullptr) json.text("observer.version", name_of(record.version));
    json.text_if("observer.serial_number", record.text(Field::Serial));
    json.text_if("observer.hostname", record.text(Field::DeviceName));
    json.text_if("observer.ingress.interface.name", record.text(Field::InboundIf));
    json.text_if("observer.ingress.zone", record.text(Field::From));
    json.text_if("observer.egress.interface.name", record.text(Field::OutboundIf));
    json.text_if("observer.egress.zone", record.text(Field::To));
  }

  // Each address once.
  static void related(JsonObject& json, const TrafficRecord& record) {
    constexpr std::array kAddresses = {Field::Src, Field::Dst, Field::Natsrc, Field::Natdst};
    json.begin_list("related.ip");
    for (std::size_t i = 0; i < kAddresses.size(); ++i) {
      const std::string_view address = record.text(kAddresses[i]);
      bool said = false;
      for (std::size_t k = 0; k < i; ++k) said = said || record.text(kAddresses[k]) == address;
      if (!said && is_real_address(address)) json.item(address);
    }
    json.end_list();
  }

  // Times as instants, numbers as numbers, all else letter by letter.
  void vendor(JsonObject& json, const TrafficRecord& record) {
    for (const VendorPath& row : kVendorPaths) {
      const std::string_view text = record.text(row.field);
      if (text.empty()) continue;
      const FieldKind kind = info(row.field).kind;
      if (kind == FieldKind::Time) {
        json.text(row.path, times_.rfc3339(row.field).value_or(text));
      } else if (kind == FieldKind::Number || kind == FieldKind::Port) {
        json.number_text(row.path, text);
      } else {
        json.text(row.path, text);
      }
    }
    for (const auto& extra : record.extras)
      json.member("panw.panos.extra.", extra.name, extra.value);
  }

  static void panw_engine(JsonObject& json, const TrafficRecord& record) {
    if (record.engine == nullptr) return;
    for (const auto& row : kEngineColumns)
      if (row.value != EngineColumn::CommunityId)
        json.text_if(kEnginePaths[static_cast<std::size_t>(row.value)],
                     record.engine->text(row.value));
  }

  void panw_verdict(JsonObject& json, const TrafficRecord& record, const Verdict& verdict) {
    json.text("panw.verdict.final_action", log_name(verdict.final_action));
    if (verdict.final_action == FinalAction::Blocked)
      json.text("panw.verdict.decided_by", log_name(verdict.decided_by));
    json.boolean("panw.verdict.provisional", verdict.provisional);
    json.text("panw.verdict.outcome", log_name(verdict.outcome));
    json.text("panw.verdict.ended_by", log_name(verdict.ended_by));
    json.text("panw.verdict.reason_code", log_name(verdict.reason_code));
    json.text("panw.verdict.confidence", log_name(verdict.confidence));
    json.begin_list("panw.verdict.evidence");
    for (std::size_t i = 0; i < verdict.evidence_count; ++i)
      json.item(info(verdict.evidence[i]).log_name, record.text(verdict.evidence[i]));
    json.end_list();
    json.begin_list("panw.verdict.contradictions");
    for (const auto& row : kContradictions)
      if (verdict.has(row.value)) json.item(row.log_name);
    json.end_list();
  }

  void panw_input(JsonObject& json, const TrafficRecord& record) {
    json.number("panw.input.line", record.line);
    json.text("panw.input.format", info(record.format).log_name);
    json.text("panw.input.version", name_of(record.version));
    if (record.partial) json.boolean("panw.input.partial", true);
    if (const auto time = times_.own()) {
      json.text("panw.input.time_source", info(time->source).log_name);
      json.text("panw.input.time_zone", log_name(time->basis));
    }
  }

  WriterOptions options_;
  TimeText times_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_ecs_writer(const WriterOptions& options) {
  return std::make_unique<EcsWriter>(options);
}

}  // namespace endreason
