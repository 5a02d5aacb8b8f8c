// SPDX-License-Identifier: Apache-2.0
#include "dataplane/session_record.hpp"

#include <array>
#include <charconv>

#include "base/timestamp.hpp"
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

// What a firewall without reset or FIN would call the end, as IPFIX numbers it (flowEndReason).
std::string_view ipfix_end(EndReason reason) {
  switch (reason) {
    case EndReason::AgedOut:
      return "1";  // idle timeout
    case EndReason::ResourcesUnavailable:
      return "5";  // lack of resources
    case EndReason::Unknown:
      return "4";  // forced end
    default:
      return "3";  // end detected
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
  add_extras(session, record);
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
  set_flags(record, session.client().is_v4() ? 0 : 0x02000000u);
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
        Field::AssocId, Field::Chunks, Field::ChunksSent, Field::ChunksReceived})
    record.set_copy(level, "0");
  set_number(record, Field::ParentSessionId, session.has(kPredicted) ? session.user : 0);
  record.set_copy(Field::DeviceName, kEngineDevice);
  record.set_copy(Field::ActionSource, "from-policy");
  record.set_copy(Field::Tunnel, "N/A");
  set_high_resolution_time(record, row.generated_ns);
}

void SessionRecord::add_extras(const Session& session, TrafficRecord& record) {
  const bool ended = record.subtype == Subtype::End;
  // A decoder and a reused tuple end sessions without one of the stages that the vendor names.
  const bool staged = session.has(kStageKnown) || session.end_reasons == 0;
  if (ended && staged) record.extras.push_back({"tracker_stage", info(session.stage).log_name});
  record.extras.push_back({"session_state", info(session.state).log_name});
  handshake_ = to_string(session.handshake);
  if (!handshake_.empty()) record.extras.push_back({"handshake", handshake_});
  if (ended)
    record.extras.push_back(
        {"ipfix_flow_end_reason", ipfix_end(winning_reason(session.end_reasons))});
  first_packet_ = microsecond_time(session.start_ns);
  last_packet_ = microsecond_time(session.last_ns);
  record.extras.push_back({"first_packet", first_packet_});
  record.extras.push_back({"last_packet", last_packet_});
}

}  // namespace endreason
