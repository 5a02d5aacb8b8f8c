// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session_record.hpp"

#include <array>
#include <optional>
#include <string>

#include "base/timestamp.hpp"
#include "dataplane/conn_state.hpp"
#include "dataplane/engine.hpp"
#include "model/log_flag.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

// The columns of a row know whole seconds only; other tools are compared by finer ones.
std::string microsecond_time(std::int64_t ns) {
  std::string text;
  append_rfc3339(text, {ns / kNanosPerMicro, 0, 6});
  return text;
}

FlowEndReason flow_end_reason(EndReason reason) {
  switch (reason) {
    case EndReason::AgedOut:
      return FlowEndReason::IdleTimeout;
    case EndReason::ResourcesUnavailable:
      return FlowEndReason::LackOfResources;
    case EndReason::Unknown:
      return FlowEndReason::ForcedEnd;
    default:
      return FlowEndReason::EndDetected;
  }
}

constexpr std::string_view kDigits = "0123456789";

// The lowest byte of the flags column, which the vendor does not document: what end rows of real
// logs carry for each tracker stage. Rows of other subtypes carry 0.
struct StageByte {
  TrackerStage stage;
  std::uint32_t byte;
};
constexpr auto kStageBytes = std::to_array<StageByte>({
    {TrackerStage::AgedOut, 0x19},
    {TrackerStage::TcpRstClient, 0x1a},
    {TrackerStage::TcpRstServer, 0x1b},
    {TrackerStage::TcpFin, 0x1c},
});

std::uint32_t flags_of(const Session& session, const RowOf& row) {
  std::uint32_t flags = session.client().is_v4() ? 0 : kFlagIpv6;
  if (row.temporary_match) flags |= kFlagTemporaryMatch;
  if (row.another_port) flags |= kFlagNonStandardPort;
  const bool staged = session.has(kStageKnown) || session.end_reasons == 0;
  if (row.subtype != Subtype::End || !staged) return flags;
  for (const StageByte& known : kStageBytes)
    if (known.stage == session.stage) flags |= known.byte;
  return flags;
}

// What real lines have for a session whose application is not known. Of one that is known the
// engine knows the name alone. Empty cells are set too, so that the places of the next ones do not
// depend on it.
[[gnu::always_inline]] inline void application(std::string_view app, AppStatus status,
                                               RowLine::Cells& line) {
  const bool known = status == AppStatus::Identified || status == AppStatus::Absent;
  const auto unless_known = [known](std::string_view text) {
    return known ? std::string_view{} : text;
  };
  line.set(Field::SubcategoryOfApp, unless_known("unknown"));
  line.set(Field::CategoryOfApp, unless_known("unknown"));
  line.set(Field::TechnologyOfApp, unless_known("unknown"));
  line.set(Field::RiskOfApp, unless_known("1"));
  line.set_text(Field::TunneledApp, app);
  line.set(Field::IsSaasOfApp, unless_known("no"));
  line.set(Field::SanctionedStateOfApp, unless_known("no"));
}

// Columns of 12.1; the writer leaves them out for older releases. Round trips are not measured.
[[gnu::always_inline]] inline void tcp_telemetry(const Session& session, RowLine::Cells& line) {
  if (session.key.protocol != kProtoTcp) return;
  const FlowExtra& c2s = session.extra(Flow::C2s);
  const FlowExtra& s2c = session.extra(Flow::S2c);
  line.set_number(Field::TotalNOoseqC2s, c2s.out_of_order);
  line.set_number(Field::TotalNOoseqS2c, s2c.out_of_order);
  line.set_number(Field::TcpRetransitCntC2s, c2s.retransmitted);
  line.set_number(Field::TcpRetransitCntS2c, s2c.retransmitted);
  line.set_number(Field::TcpZeroWindowCntC2s, session.zero_windows[0]);
  line.set_number(Field::TcpZeroWindowCntS2c, session.zero_windows[1]);
}

constexpr auto kKnownOfRows = static_cast<std::uint16_t>(
    unsigned(Known::Sport) | unsigned(Known::Dport) | unsigned(Known::Proto) |
    unsigned(Known::Bytes) | unsigned(Known::BytesSent) | unsigned(Known::BytesReceived) |
    unsigned(Known::Packets) | unsigned(Known::PktsSent) | unsigned(Known::PktsReceived) |
    unsigned(Known::Elapsed) | unsigned(Known::Repeatcnt) | unsigned(Known::Sessionid) |
    unsigned(Known::Flags));

}  // namespace

bool handshake_done(const Session& session) {
  // By whom: of a simultaneous open, each side's SYN-ACK is the other's last word.
  std::optional<Flow> answered;
  for (std::size_t i = 0; i < session.handshake.size(); ++i) {
    const Handshake::Entry entry = session.handshake[i];
    if (entry.word == HandshakeWord::SynAck) {
      if (answered && *answered != entry.flow) return true;
      answered = entry.flow;
    } else if (answered && entry.word != HandshakeWord::Rst &&
               entry.word != HandshakeWord::RstAck && entry.word != HandshakeWord::Syn) {
      return true;
    }
  }
  // The word list is full before the end of a long beginning; a session past it has completed it.
  return session.handshake.size() == Handshake::kMostWords && !info(session.tcp_state).opening;
}

void SessionRecord::fill(const Session& session, const RowOf& row, TrafficRecord& record) {
  record.reset_decoded();
  record.format = InputFormat::Engine;
  if (row.config_version != config_version_) {
    config_version_ = row.config_version;
    version_ = version_from_config(std::to_string(config_version_));
  }
  record.version = version_;
  record.line = row.seqno;
  decoded(session, row, record);
  columns(session, row, record);
  facts(session, row);
  record.engine = &facts_;
}

// What decode_key_columns() would make of the texts.
void SessionRecord::decoded(const Session& session, const RowOf& row, TrafficRecord& record) {
  const FlowState& c2s = session.flow(Flow::C2s);
  const FlowState& s2c = session.flow(Flow::S2c);
  const std::array<std::uint16_t, 2> ports = ports_in_log(session);
  record.action = row.action;
  record.app_status = app_status_from(row.app);
  record.end_reason =
      row.subtype == Subtype::Start ? EndReason::NotEnded : winning_reason(session.end_reasons);
  record.subtype = row.subtype;
  record.action_source = row.action_source;
  record.proto = session.key.protocol;
  record.sport = ports[0];
  record.dport = ports[1];
  record.known = kKnownOfRows;
  record.flags = flags_of(session, row);
  record.elapsed = elapsed_in_log(session);
  record.bytes = c2s.bytes + s2c.bytes;
  record.bytes_sent = c2s.bytes;
  record.bytes_received = s2c.bytes;
  record.packets = c2s.packets + s2c.packets;
  record.pkts_sent = c2s.packets;
  record.pkts_received = s2c.packets;
  record.sessionid = session.id;
}

// In the order of the columns.
void SessionRecord::columns(const Session& session, const RowOf& row, TrafficRecord& record) {
  const std::size_t text_bytes = row.rule.size() + 2 * row.app.size() + row.from_zone.size() +
                                 row.to_zone.size() + row.inbound_if.size() +
                                 row.outbound_if.size() + row.log_setting.size() +
                                 row.rule_uuid.size();
  RowLine::Cells line = line_.begin(record, text_bytes);
  const std::string_view no_address = session.client().is_v4() ? "0.0.0.0" : "::";
  line.set(Field::Domain, "1");
  line.set_time(Field::ReceiveTime, row.generated_ns);
  line.set(Field::Serial, kEngineSerial);
  line.set(Field::Type, "TRAFFIC");
  line.set(Field::Subtype, info(row.subtype).log_name);
  line.set_number(Field::ConfigVer, row.config_version);
  line.set_as(Field::TimeGenerated, Field::ReceiveTime);
  line.set_address(Field::Src, session.client());
  line.set_address(Field::Dst, session.server());
  line.set(Field::Natsrc, no_address);
  line.set(Field::Natdst, no_address);
  line.set_text(Field::Rule, row.rule.empty() ? kEngineRule : row.rule);
  line.set_text(Field::App, row.app);
  line.set(Field::Vsys, "vsys1");
  line.set_text(Field::From, row.from_zone);
  line.set_text(Field::To, row.to_zone);
  line.set_text(Field::InboundIf, row.inbound_if);
  line.set_text(Field::OutboundIf, row.outbound_if);
  line.set_text(Field::Logset, row.log_setting);
  line.set_as(Field::TimeReceived, Field::ReceiveTime);
  line.set_number(Field::Sessionid, session.id);
  line.set(Field::Repeatcnt, "1");
  line.set_number(Field::Sport, record.sport);
  line.set_number(Field::Dport, record.dport);
  line.set(Field::Natsport, "0");
  line.set(Field::Natdport, "0");
  line.set_hex(Field::Flags, record.flags);
  if (const std::string_view name = protocol_name(session.key.protocol); name.empty()) {
    line.set_number(Field::Proto, session.key.protocol);
  } else {
    line.set(Field::Proto, name);
  }
  line.set(Field::Action, info(row.action).log_name);
  line.set_number(Field::Bytes, record.bytes);
  line.set_number(Field::BytesSent, record.bytes_sent);
  line.set_number(Field::BytesReceived, record.bytes_received);
  line.set_number(Field::Packets, record.packets);
  line.set_time(Field::Start, session.start_ns);
  line.set_number(Field::Elapsed, record.elapsed);
  line.set(Field::Category, "any");
  line.set_number(Field::Seqno, row.seqno);
  line.set(Field::Actionflags, "0x0");
  line.set_number(Field::PktsSent, record.pkts_sent);
  line.set_number(Field::PktsReceived, record.pkts_received);
  line.set(Field::SessionEndReason, info(record.end_reason).log_name);
  line.set_each("0", Field::DgHierLevel1, Field::DgHierLevel2, Field::DgHierLevel3,
                Field::DgHierLevel4);
  line.set(Field::DeviceName, kEngineDevice);
  line.set(Field::ActionSource, info(row.action_source).log_name);
  line.set(Field::Tunnelid, "0");
  line.set_number(Field::ParentSessionId, parent_in_log(session));
  line.set(Field::Tunnel, "N/A");
  line.set_each("0", Field::AssocId, Field::Chunks, Field::ChunksSent, Field::ChunksReceived);
  line.set_text(Field::RuleUuid, row.rule_uuid);
  line.set_each("0", Field::Http2Connection, Field::LinkChangeCount);
  line.set_high_resolution_time(Field::HighResTimestamp, row.generated_ns);
  application(row.app, record.app_status, line);
  line.set(Field::Offloaded, "0");
  line.set(Field::FlowType, "NonProxyTraffic");
  tcp_telemetry(session, line);
  const PanosVersionInfo* release = info(version_);
  record.payload = line.finish(release != nullptr ? release->columns : 0);
}

void SessionRecord::facts(const Session& session, const RowOf& row) {
  const auto set = [this](EngineColumn column, std::string_view text) {
    facts_.texts[static_cast<std::size_t>(column)] = text;
  };
  const auto wanted = [&row](EngineColumn column) {
    return row.engine_columns.test(static_cast<std::size_t>(column));
  };
  facts_ = EngineFacts{};
  facts_.ended = row.subtype != Subtype::Start;
  facts_.state = session.state;
  facts_.handshake = session.handshake;
  facts_.established = session.tcp_state == TcpState::Established ||
                       session.tcp_state == TcpState::ClientClosed ||
                       session.tcp_state == TcpState::ServerClosed;
  facts_.challenge_ack = session.has(kChallengeAck);
  facts_.wrong_ack = session.remarked(kWrongAck);
  facts_.one_way = session.remarked(kOneWay);
  facts_.began_without_syn = session.remarked(kBeganWithoutSyn);
  facts_.rst_dropped = session.remarked(kRstDropped);
  facts_.icmp_error = session.remarked(kIcmpErrorSeen);
  facts_.icmp_type = session.icmp_error_type;
  facts_.icmp_code = session.icmp_error_code;
  set(EngineColumn::SessionState, info(session.state).log_name);
  if (wanted(EngineColumn::Handshake)) {
    handshake_ = to_string(session.handshake);
    set(EngineColumn::Handshake, handshake_);
  }
  if (row.history != nullptr && wanted(EngineColumn::History)) {
    history_.clear();
    row.history->append_to(history_);
    set(EngineColumn::History, history_);
  }
  if (wanted(EngineColumn::CommunityId)) {
    community_id_.clear();
    community_.append(community_id_, tuple_of(session));
    set(EngineColumn::CommunityId, community_id_);
  }
  if (wanted(EngineColumn::FirstPacket)) {
    first_packet_ = microsecond_time(session.start_ns);
    set(EngineColumn::FirstPacket, first_packet_);
  }
  if (wanted(EngineColumn::LastPacket)) {
    last_packet_ = microsecond_time(session.last_ns);
    set(EngineColumn::LastPacket, last_packet_);
  }
  if (!facts_.ended) return;
  // A decoder and a reused tuple end sessions without one of the stages that the vendor names.
  facts_.staged = session.has(kStageKnown) || session.end_reasons == 0;
  facts_.stage = session.stage;
  facts_.conn_state = conn_state_of(session);
  facts_.flow_end_reason = flow_end_reason(winning_reason(session.end_reasons));
  if (facts_.staged) set(EngineColumn::TrackerStage, info(session.stage).log_name);
  set(EngineColumn::ConnState, info(facts_.conn_state).log_name);
  set(EngineColumn::FlowEndReason,
      kDigits.substr(static_cast<std::size_t>(facts_.flow_end_reason), 1));
}

}  // namespace endreason
