// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session_record.hpp"

#include <array>
#include <charconv>

#include "base/timestamp.hpp"
#include "dataplane/conn_state.hpp"
#include "dataplane/engine.hpp"
#include "model/log_flag.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kNanosPerMicro = 1000;

void set_number(TrafficRecord& record, Field field, std::uint64_t value) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  record.set_copy(field, {digits, static_cast<std::size_t>(end - digits)});
}

void set_flags(TrafficRecord& record, std::uint32_t value) {
  char digits[12] = "0x";
  const auto end = std::to_chars(digits + 2, digits + sizeof digits, value, 16).ptr;
  record.set_copy(Field::Flags, {digits, static_cast<std::size_t>(end - digits)});
}

// "2026/03/10 10:00:00", UTC: the engine's device clock.
void set_device_time(TrafficRecord& record, Field field, std::int64_t ns) {
  std::string text;
  append_rfc3339(text, {ns / kNanosPerMicro, 0, 0});
  text[4] = text[7] = '/';
  text[10] = ' ';
  record.set_copy(field, std::string_view(text).substr(0, 19));
}

void set_high_resolution_time(TrafficRecord& record, std::int64_t ns) {
  std::string text;
  append_rfc3339(text, {ns / kNanosPerMicro, 0, 3});
  text.back() = '+';  // Z as the column writes it: +00:00
  text += "00:00";
  record.set_copy(Field::HighResTimestamp, text);
}

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
  const bool staged = session.has(kStageKnown) || session.end_reasons == 0;
  if (row.subtype != Subtype::End || !staged) return flags;
  for (const StageByte& known : kStageBytes)
    if (known.stage == session.stage) flags |= known.byte;
  return flags;
}

// What real lines have for a session whose application is not known. Of one that is known the
// engine knows the name alone.
void application(std::string_view app, TrafficRecord& record) {
  record.set_copy(Field::TunneledApp, app);
  const AppStatus status = app_status_from(app);
  if (status == AppStatus::Identified || status == AppStatus::Absent) return;
  for (const Field field : {Field::SubcategoryOfApp, Field::CategoryOfApp, Field::TechnologyOfApp})
    record.set_copy(field, "unknown");
  record.set_copy(Field::RiskOfApp, "1");
  record.set_copy(Field::IsSaasOfApp, "no");
  record.set_copy(Field::SanctionedStateOfApp, "no");
}

// Columns of 12.1; the writer leaves them out for older releases. Round trips are not measured.
void tcp_telemetry(const Session& session, TrafficRecord& record) {
  if (session.key.protocol != kProtoTcp) return;
  struct Row {
    Flow flow;
    Field out_of_order, retransmitted, zero_window;
  };
  constexpr Row kRows[] = {
      {Flow::C2s, Field::TotalNOoseqC2s, Field::TcpRetransitCntC2s, Field::TcpZeroWindowCntC2s},
      {Flow::S2c, Field::TotalNOoseqS2c, Field::TcpRetransitCntS2c, Field::TcpZeroWindowCntS2c}};
  for (const Row& row : kRows) {
    set_number(record, row.out_of_order, session.extra(row.flow).out_of_order);
    set_number(record, row.retransmitted, session.extra(row.flow).retransmitted);
    set_number(record, row.zero_window, session.zero_windows[static_cast<std::size_t>(row.flow)]);
  }
}

}  // namespace

bool handshake_done(const Session& session) {
  bool answered = false;
  for (std::size_t i = 0; i < session.handshake.size(); ++i) {
    const Handshake::Entry entry = session.handshake[i];
    if (entry.word == HandshakeWord::SynAck) {
      answered = true;
    } else if (answered && entry.word != HandshakeWord::Rst &&
               entry.word != HandshakeWord::RstAck && entry.word != HandshakeWord::Syn) {
      return true;
    }
  }
  // The word list is full before the end of a long beginning; a session past it has completed it.
  return session.handshake.size() == Handshake::kMostWords && !info(session.tcp_state).opening;
}

void SessionRecord::fill(const Session& session, const RowOf& row, TrafficRecord& record) {
  record.reset(nullptr);
  record.format = InputFormat::Engine;
  columns(session, row, record);
  Misfit misfit{};
  const bool fits = decode_key_columns(record, misfit);
  assert(fits && "the engine's own rows have the types of their columns");
  static_cast<void>(fits);
  record.version = version_from_config(record.text(Field::ConfigVer));
  record.line = row.seqno;
  facts(session, row);
  record.engine = &facts_;
}

void SessionRecord::columns(const Session& session, const RowOf& row, TrafficRecord& record) {
  const FlowState& c2s = session.flow(Flow::C2s);
  const FlowState& s2c = session.flow(Flow::S2c);
  const std::int64_t elapsed_s = (session.last_ns - session.start_ns) / kNanosPerSecond;
  record.set_copy(Field::Domain, "1");
  set_device_time(record, Field::ReceiveTime, row.generated_ns);
  record.set_copy(Field::Serial, kEngineSerial);
  record.set_copy(Field::Type, "TRAFFIC");
  record.set_copy(Field::Subtype, info(row.subtype).log_name);
  set_number(record, Field::ConfigVer, row.config_version);
  set_device_time(record, Field::TimeGenerated, row.generated_ns);
  record.set_copy(Field::Src, to_string(session.client()));
  record.set_copy(Field::Dst, to_string(session.server()));
  record.set_copy(Field::Natsrc, session.client().is_v4() ? "0.0.0.0" : "::");
  record.set_copy(Field::Natdst, session.client().is_v4() ? "0.0.0.0" : "::");
  record.set_copy(Field::Rule, kEngineRule);
  record.set_copy(Field::App, row.app);
  record.set_copy(Field::Vsys, "vsys1");
  record.set_copy(Field::From, row.from_zone);
  record.set_copy(Field::To, row.to_zone);
  set_device_time(record, Field::TimeReceived, row.generated_ns);
  set_number(record, Field::Sessionid, session.id);
  record.set_copy(Field::Repeatcnt, "1");
  // ICMP has no ports; the identifier of an echo only tells sessions apart.
  const bool icmp = session.key.protocol == kProtoIcmp || session.key.protocol == kProtoIcmp6;
  set_number(record, Field::Sport, icmp ? 0 : session.client_port());
  set_number(record, Field::Dport, icmp ? 0 : session.server_port());
  record.set_copy(Field::Natsport, "0");
  record.set_copy(Field::Natdport, "0");
  set_flags(record, flags_of(session, row));
  const std::string_view protocol = protocol_name(session.key.protocol);
  if (protocol.empty()) {
    set_number(record, Field::Proto, session.key.protocol);
  } else {
    record.set_copy(Field::Proto, protocol);
  }
  record.set_copy(Field::Action, "allow");
  set_number(record, Field::Bytes, c2s.bytes + s2c.bytes);
  set_number(record, Field::BytesSent, c2s.bytes);
  set_number(record, Field::BytesReceived, s2c.bytes);
  set_number(record, Field::Packets, c2s.packets + s2c.packets);
  set_device_time(record, Field::Start, session.start_ns);
  set_number(record, Field::Elapsed,
             static_cast<std::uint64_t>(std::max<std::int64_t>(elapsed_s, 0)));
  record.set_copy(Field::Category, "any");
  set_number(record, Field::Seqno, row.seqno);
  record.set_copy(Field::Actionflags, "0x0");
  set_number(record, Field::PktsSent, c2s.packets);
  set_number(record, Field::PktsReceived, s2c.packets);
  const EndReason reason =
      row.subtype == Subtype::End ? winning_reason(session.end_reasons) : EndReason::NotEnded;
  record.set_copy(Field::SessionEndReason, info(reason).log_name);
  for (const Field level :
       {Field::DgHierLevel1, Field::DgHierLevel2, Field::DgHierLevel3, Field::DgHierLevel4,
        Field::AssocId, Field::Chunks, Field::ChunksSent, Field::ChunksReceived, Field::Tunnelid,
        Field::Http2Connection, Field::LinkChangeCount, Field::Offloaded})
    record.set_copy(level, "0");
  set_number(record, Field::ParentSessionId, session.has(kPredicted) ? session.user : 0);
  record.set_copy(Field::DeviceName, kEngineDevice);
  record.set_copy(Field::ActionSource, "from-policy");
  record.set_copy(Field::Tunnel, "N/A");
  set_high_resolution_time(record, row.generated_ns);
  application(row.app, record);
  record.set_copy(Field::FlowType, "NonProxyTraffic");
  tcp_telemetry(session, record);
}

void SessionRecord::facts(const Session& session, const RowOf& row) {
  const auto set = [this](EngineColumn column, std::string_view text) {
    facts_.texts[static_cast<std::size_t>(column)] = text;
  };
  const auto wanted = [&row](EngineColumn column) {
    return row.engine_columns.test(static_cast<std::size_t>(column));
  };
  facts_ = EngineFacts{};
  facts_.ended = row.subtype == Subtype::End;
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
