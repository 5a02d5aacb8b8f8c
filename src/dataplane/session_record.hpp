// SPDX-License-Identifier: Apache-2.0
// SessionRecord: a session at some moment -> the columns of a traffic log row, as the vendor counts
// them: layer-2 bytes, elapsed from the first to the last packet, generated when the timer ran out.
// Reuses its buffers; one thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "dataplane/community_id.hpp"
#include "dataplane/history.hpp"
#include "dataplane/row_line.hpp"
#include "model/engine_facts.hpp"
#include "model/protocol.hpp"
#include "model/traffic_record.hpp"
#include "session/session.hpp"

namespace endreason {

// What is added here, and differs between sessions of one shape, has to differ in LogLines too.
struct RowOf {
  Subtype subtype{Subtype::End};
  std::int64_t generated_ns{};  // end of the timer, or the packet that gave rise to the row
  std::string_view app;
  std::string_view from_zone, to_zone;
  std::string_view inbound_if, outbound_if;       // empty: not known
  std::string_view rule, rule_uuid, log_setting;  // rule empty: there are no rules
  Action action{Action::Allow};
  ActionSource action_source{ActionSource::FromPolicy};
  bool temporary_match{};
  bool another_port{};  // than the application's own
  std::uint64_t seqno{};
  std::uint16_t config_version{};
  EngineColumnSet engine_columns;  // that are wanted as text; the others may be left empty
  const History* history{};        // where it is wanted
};

class SessionRecord {
 public:
  // Fills `record`; its texts live in this object until the next call. Its payload is the line of
  // the release as PAN-OS writes it, where no text in it has to be quoted.
  void fill(const Session& session, const RowOf& row, TrafficRecord& record);

 private:
  static void decoded(const Session& session, const RowOf& row, TrafficRecord& record);
  void columns(const Session& session, const RowOf& row, TrafficRecord& record);
  void facts(const Session& session, const RowOf& row);

  RowLine line_;
  std::uint16_t config_version_ = 0;
  PanosVersion version_{kVersionUnknown};  // of config_version_
  EngineFacts facts_;
  std::string handshake_, history_;
  std::string community_id_, first_packet_, last_packet_;
  CommunityId community_;
};

// What its log rows say of a session. Ports: client's and server's; ICMP has none, the identifier
// of an echo only tells sessions apart.
inline std::array<std::uint16_t, 2> ports_in_log(const Session& session) {
  const bool icmp = session.key.protocol == kProtoIcmp || session.key.protocol == kProtoIcmp6;
  if (icmp) return {0, 0};
  return {session.client_port(), session.server_port()};
}
inline std::uint64_t elapsed_in_log(const Session& session) {
  const std::int64_t seconds = (session.last_ns - session.start_ns) / kNanosPerSecond;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(seconds, 0));
}
inline std::uint32_t parent_in_log(const Session& session) {
  return session.has(kPredicted) ? session.user : 0;
}

// "SYN, SYN-ACK" and then anything from the client: the three-way handshake was completed.
bool handshake_done(const Session& session);

}  // namespace endreason
