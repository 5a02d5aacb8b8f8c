// SPDX-License-Identifier: Apache-2.0
// One judged record -> one OCSF network_activity event (class 4001) on a line, with the profile
// security_control. status_id and disposition_id say what really happened; the vendor's values and
// the verdict stand under unmapped. Source: OCSF schema 1.3.0, network_activity, security_control.
#include "format/json_object.hpp"
#include "format/output_columns.hpp"
#include "format/writers.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::string_view kOcsfVersion = "1.3.0";
constexpr std::uint64_t kCategoryUid = 4;
constexpr std::uint64_t kClassUid = 4001;

struct OcsfWord {
  std::uint64_t id;
  std::string_view name;
};
constexpr OcsfWord kOpen{1, "Open"};
constexpr OcsfWord kClose{2, "Close"};
constexpr OcsfWord kReset{3, "Reset"};
constexpr OcsfWord kFail{4, "Fail"};
constexpr OcsfWord kRefuse{5, "Refuse"};
constexpr OcsfWord kTraffic{6, "Traffic"};

constexpr OcsfWord kUnknown{0, "Unknown"};
constexpr OcsfWord kActionAllowed{1, "Allowed"};
constexpr OcsfWord kActionDenied{2, "Denied"};

constexpr OcsfWord kDispositionAllowed{1, "Allowed"};
constexpr OcsfWord kDispositionBlocked{2, "Blocked"};
constexpr OcsfWord kDispositionDropped{6, "Dropped"};
constexpr OcsfWord kDispositionReset{21, "Reset"};

constexpr OcsfWord kSuccess{1, "Success"};
constexpr OcsfWord kFailure{2, "Failure"};

bool is_reset(EndReason reason) {
  return reason == EndReason::TcpRstFromClient || reason == EndReason::TcpRstFromServer;
}

// The firewall's refusal and the server's are the same activity; action_id tells them apart.
OcsfWord activity(const TrafficRecord& record, const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Blocked) return kRefuse;
  if (verdict.reason_code == ReasonCode::RefusedByServer) return kRefuse;
  if (verdict.outcome == Outcome::Failed) return kFail;
  if (record.subtype == Subtype::Start) return kOpen;
  if (verdict.final_action == FinalAction::Undetermined || verdict.outcome == Outcome::InProgress)
    return kTraffic;
  if (is_reset(record.end_reason)) return kReset;
  return record.subtype == Subtype::End ? kClose : kTraffic;
}

OcsfWord control_action(const Verdict& verdict) {
  switch (verdict.final_action) {
    case FinalAction::Allowed:
      return kActionAllowed;
    case FinalAction::Blocked:
      return kActionDenied;
    case FinalAction::Undetermined:
      break;
  }
  return kUnknown;
}

OcsfWord disposition(const TrafficRecord& record, const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Undetermined) return kUnknown;
  if (verdict.final_action == FinalAction::Allowed) return kDispositionAllowed;
  if (verdict.decided_by != DecidedBy::Action) return kDispositionBlocked;
  switch (record.action) {
    case Action::Drop:
    case Action::DropIcmp:
      return kDispositionDropped;
    case Action::ResetClient:
    case Action::ResetServer:
    case Action::ResetBoth:
      return kDispositionReset;
    default:
      return kDispositionBlocked;
  }
}

OcsfWord status(const Verdict& verdict) {
  if (verdict.final_action == FinalAction::Blocked) return kFailure;
  if (verdict.final_action == FinalAction::Undetermined) return kUnknown;
  switch (verdict.outcome) {
    case Outcome::Succeeded:
    case Outcome::Partial:
      return kSuccess;
    case Outcome::Failed:
      return kFailure;
    case Outcome::InProgress:
    case Outcome::Unknown:
      break;
  }
  return kUnknown;
}

OcsfWord confidence(const Verdict& verdict) {
  switch (verdict.confidence) {
    case Confidence::Low:
      return {1, "Low"};
    case Confidence::Medium:
      return {2, "Medium"};
    case Confidence::High:
      return {3, "High"};
  }
  return kUnknown;
}

struct EndPointPaths {
  Field address, port, zone, interface_name, host, mac, user;
  std::string_view ip_path, port_path, zone_path, interface_path, host_path, mac_path, user_path;
};
constexpr EndPointPaths kSource = {Field::Src,
                                   Field::Sport,
                                   Field::From,
                                   Field::InboundIf,
                                   Field::SrcHost,
                                   Field::SrcMac,
                                   Field::Srcuser,
                                   "src_endpoint.ip",
                                   "src_endpoint.port",
                                   "src_endpoint.zone",
                                   "src_endpoint.interface_name",
                                   "src_endpoint.hostname",
                                   "src_endpoint.mac",
                                   "src_endpoint.owner.name"};
constexpr EndPointPaths kDestination = {Field::Dst,
                                        Field::Dport,
                                        Field::To,
                                        Field::OutboundIf,
                                        Field::DstHost,
                                        Field::DstMac,
                                        Field::Dstuser,
                                        "dst_endpoint.ip",
                                        "dst_endpoint.port",
                                        "dst_endpoint.zone",
                                        "dst_endpoint.interface_name",
                                        "dst_endpoint.hostname",
                                        "dst_endpoint.mac",
                                        "dst_endpoint.owner.name"};

void put_word(JsonObject& json, std::string_view id_path, std::string_view name_path,
              const OcsfWord& word) {
  json.number(id_path, word.id);
  json.text(name_path, word.name);
}

std::int64_t milliseconds(const ZonedTime& time) {
  // Rounded down, so that times before 1970 stay in order too.
  return time.utc_micros / 1000 - (time.utc_micros % 1000 < 0 ? 1 : 0);
}

class OcsfWriter : public RecordWriter {
 public:
  explicit OcsfWriter(const WriterOptions& options) : options_(options), times_(options.clock) {
    for (const auto& row : kFields)
      field_paths_.push_back("unmapped.panos." + std::string(row.log_name));
    for (const auto& row : kVerdictColumns)
      verdict_paths_.push_back("unmapped.verdict." + std::string(row.log_name));
    for (const auto& row : kEngineColumns)
      engine_paths_.push_back("unmapped.engine." + std::string(row.log_name));
  }

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    JsonObject json(out);
    classification(json, record, verdict);
    times(json, record);
    metadata(json, record);
    end_point(json, record, kSource);
    end_point(json, record, kDestination);
    connection(json, record);
    json.text_if("firewall_rule.name", record.text(Field::Rule));
    json.text_if("firewall_rule.uid", record.text(Field::RuleUuid));
    json.text_if("app_name", record.text(Field::App));
    device(json, record);
    unmapped(json, record, verdict);
    json.close();
    out += '\n';
  }

 private:
  void classification(JsonObject& json, const TrafficRecord& record, const Verdict& verdict) {
    const OcsfWord what = activity(record, verdict);
    json.number("category_uid", kCategoryUid);
    json.text("category_name", "Network Activity");
    json.number("class_uid", kClassUid);
    json.text("class_name", "Network Activity");
    put_word(json, "activity_id", "activity_name", what);
    json.number("type_uid", kClassUid * 100 + what.id);
    text_.assign("Network Activity: ").append(what.name);
    json.text("type_name", text_);
    put_word(json, "severity_id", "severity", {1, "Informational"});
    put_word(json, "action_id", "action", control_action(verdict));
    put_word(json, "disposition_id", "disposition", disposition(record, verdict));
    put_word(json, "status_id", "status", status(verdict));
    json.text("status_code", log_name(verdict.reason_code));
    json.text("status_detail", why_text(options_, verdict));
    put_word(json, "confidence_id", "confidence", confidence(verdict));
    json.text("message", why_text(options_, verdict));
    json.number("count", std::uint64_t{record.repeatcnt});
  }

  void times(JsonObject& json, const TrafficRecord& record) {
    if (const auto time = times_.own_instant()) {
      json.number("time", milliseconds(time->time));
      json.number("timezone_offset", std::int64_t{time->time.offset_minutes});
    }
    constexpr std::int64_t kMillisPerSecond = 1000;
    const bool timed = record.knows(Known::Elapsed) && record.elapsed < UINT32_MAX;
    const auto elapsed = static_cast<std::int64_t>(record.elapsed) * kMillisPerSecond;
    if (const auto start = times_.at(Field::Start)) {
      json.number("start_time", milliseconds(start->time));
      if (timed && record.subtype != Subtype::Start)
        json.number("end_time", milliseconds(start->time) + elapsed);
    }
    if (timed) json.number("duration", elapsed);
  }

  static void metadata(JsonObject& json, const TrafficRecord& record) {
    json.text("metadata.version", kOcsfVersion);
    json.text("metadata.product.name", "PAN-OS");
    json.text("metadata.product.vendor_name", "Palo Alto Networks");
    if (info(record.version) != nullptr)
      json.text("metadata.product.version", name_of(record.version));
    json.begin_list("metadata.profiles");
    json.item("security_control");
    json.end_list();
    json.text("metadata.log_name", "traffic");
    json.text("metadata.log_provider", info(record.format).log_name);
    json.text_if("metadata.original_time", record.text(Field::TimeGenerated));
    json.text_if("metadata.uid", record.text(Field::Seqno));
  }

  static void end_point(JsonObject& json, const TrafficRecord& record, const EndPointPaths& paths) {
    json.text_if(paths.ip_path, record.text(paths.address));
    json.number_text_if(paths.port_path, record.text(paths.port));
    json.text_if(paths.zone_path, record.text(paths.zone));
    json.text_if(paths.interface_path, record.text(paths.interface_name));
    json.text_if(paths.host_path, record.text(paths.host));
    json.text_if(paths.mac_path, record.text(paths.mac));
    json.text_if(paths.user_path, record.text(paths.user));
  }

  static void connection(JsonObject& json, const TrafficRecord& record) {
    json.number("connection_info.direction_id", std::uint64_t{0});
    if (record.knows(Known::Proto))
      json.number("connection_info.protocol_num", std::uint64_t{record.proto});
    json.text_if("connection_info.protocol_name", record.text(Field::Proto));
    if (record.sessionid != 0) json.text("connection_info.uid", record.text(Field::Sessionid));
    if (record.engine != nullptr)
      json.text_if("connection_info.community_uid", record.engine->text(EngineColumn::CommunityId));
    if (record.knows(Known::Bytes)) json.number("traffic.bytes", record.bytes);
    if (record.knows(Known::BytesSent)) json.number("traffic.bytes_out", record.bytes_sent);
    if (record.knows(Known::BytesReceived)) json.number("traffic.bytes_in", record.bytes_received);
    if (record.knows(Known::Packets)) json.number("traffic.packets", record.packets);
    if (record.knows(Known::PktsSent)) json.number("traffic.packets_out", record.pkts_sent);
    if (record.knows(Known::PktsReceived)) json.number("traffic.packets_in", record.pkts_received);
  }

  static void device(JsonObject& json, const TrafficRecord& record) {
    json.number("device.type_id", std::uint64_t{9});
    json.text("device.type", "Firewall");
    json.text_if("device.uid", record.text(Field::Serial));
    json.text_if("device.hostname", record.text(Field::DeviceName));
  }

  // Every column under its own name, letter by letter, and the verdict.
  void unmapped(JsonObject& json, const TrafficRecord& record, const Verdict& verdict) {
    for (const auto& row : kFields) {
      if (!record.has(row.value)) continue;
      json.text(field_paths_[index_of(row.value)], record.text(row.value));
    }
    for (const auto& extra : record.extras) json.member("unmapped.extra.", extra.name, extra.value);
    for (const VerdictColumn column :
         {VerdictColumn::FinalAction, VerdictColumn::DecidedBy, VerdictColumn::Outcome,
          VerdictColumn::EndedBy, VerdictColumn::ReasonCode, VerdictColumn::Evidence,
          VerdictColumn::Contradictions, VerdictColumn::File, VerdictColumn::Line,
          VerdictColumn::Format, VerdictColumn::Version}) {
      text_.clear();
      append_verdict_text(text_, column, record, verdict, options_, times_);
      json.text_if(verdict_paths_[static_cast<std::size_t>(column)], text_);
    }
    json.boolean("unmapped.verdict.provisional", verdict.provisional);
    if (record.partial) json.boolean("unmapped.verdict._partial", true);
    if (record.engine != nullptr)
      for (const auto& row : kEngineColumns)
        json.text_if(engine_paths_[static_cast<std::size_t>(row.value)],
                     record.engine->text(row.value));
  }

  WriterOptions options_;
  TimeText times_;
  std::vector<std::string> field_paths_;    // by Field
  std::vector<std::string> verdict_paths_;  // by VerdictColumn
  std::vector<std::string> engine_paths_;   // by EngineColumn
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_ocsf_writer(const WriterOptions& options) {
  return std::make_unique<OcsfWriter>(options);
}

}  // namespace endreason
