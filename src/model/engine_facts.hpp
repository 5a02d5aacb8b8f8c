// SPDX-License-Identifier: Apache-2.0
// EngineFacts: what the session engine knows of a session beyond the columns of a traffic log. A
// row of a log has none. Filled by dataplane, read by verdict, query and format.
// Borrows its texts, which die with the record that points to it.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/handshake.hpp"
#include "model/session_terms.hpp"

namespace endreason {

// The columns that only rows of the engine have.
enum class EngineColumn : std::uint8_t {
  TrackerStage,
  SessionState,
  Handshake,
  CommunityId,
  ConnState,
  FlowEndReason,
  FirstPacket,
  LastPacket,
  History
};
struct EngineColumnInfo {
  EngineColumn value;
  std::string_view log_name;
  std::string_view title;
  std::string_view meaning;
};
inline constexpr auto kEngineColumns = std::to_array<EngineColumnInfo>({
    {EngineColumn::TrackerStage, "tracker_stage", "Tracker Stage",
     "what closed the session inside, as `show session id` prints it"},
    {EngineColumn::SessionState, "session_state", "Session State",
     "the session's state when the row was written"},
    {EngineColumn::Handshake, "handshake", "Handshake",
     "how a TCP session began: SYN, SYN-ACK, ACK"},
    {EngineColumn::CommunityId, "community_id", "Community ID",
     "the flow's hash that Zeek, Suricata and Arkime write too (Community ID v1, seed 0)"},
    {EngineColumn::ConnState, "conn_state", "Conn State", "how the session went, in Zeek's words"},
    {EngineColumn::FlowEndReason, "flow_end_reason", "Flow End Reason",
     "why the flow ended, as IPFIX numbers it: 1 idle, 3 end detected, 4 forced, 5 resources"},
    {EngineColumn::FirstPacket, "first_packet", "First Packet", "its time to the microsecond, UTC"},
    {EngineColumn::LastPacket, "last_packet", "Last Packet", "its time to the microsecond, UTC"},
    {EngineColumn::History, "history", "History",
     "what happened in order, a letter each, as Zeek has it: capitals are the client's"},
});
static_assert(rows_in_enum_order(kEngineColumns) && log_names_unique(kEngineColumns));
constexpr const EngineColumnInfo& info(EngineColumn v) {
  return kEngineColumns[static_cast<std::size_t>(v)];
}
using EngineColumnSet = std::bitset<kEngineColumns.size()>;
std::optional<EngineColumn> find_engine_column(std::string_view name);

// Zeek's conn_state: https://docs.zeek.org/en/master/scripts/base/protocols/conn/main.zeek.html
enum class ConnState : std::uint8_t {
  S0,
  S1,
  SF,
  Rej,
  S2,
  S3,
  Rsto,
  Rstr,
  Rstos0,
  Rstrh,
  Sh,
  Shr,
  Oth
};
struct ConnStateInfo {
  ConnState value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kConnStates = std::to_array<ConnStateInfo>({
    {ConnState::S0, "S0", "tried, and not answered"},
    {ConnState::S1, "S1", "established, not closed"},
    {ConnState::SF, "SF", "established and closed by both, or both ways where nothing is closed"},
    {ConnState::Rej, "REJ", "tried, and refused"},
    {ConnState::S2, "S2", "established, and closed by the client alone"},
    {ConnState::S3, "S3", "established, and closed by the server alone"},
    {ConnState::Rsto, "RSTO", "established, and reset by the client"},
    {ConnState::Rstr, "RSTR", "reset by the server"},
    {ConnState::Rstos0, "RSTOS0",
     "the client sent a SYN and then a reset; the server was not seen"},
    {ConnState::Rstrh, "RSTRH", "the server answered and reset; the client's SYN was not seen"},
    {ConnState::Sh, "SH", "the client sent a SYN and then a FIN; the server was not seen"},
    {ConnState::Shr, "SHR", "the server answered and closed; the client was not seen"},
    {ConnState::Oth, "OTH", "begun in mid-stream, or none of these"},
});
static_assert(rows_in_enum_order(kConnStates) && log_names_unique(kConnStates));
constexpr const ConnStateInfo& info(ConnState v) {
  return kConnStates[static_cast<std::size_t>(v)];
}

// IPFIX information element 136, flowEndReason (RFC 5102 section 5.11.3).
enum class FlowEndReason : std::uint8_t {
  IdleTimeout = 1,
  ActiveTimeout = 2,
  EndDetected = 3,
  ForcedEnd = 4,
  LackOfResources = 5
};

struct EngineFacts {
  bool ended{};  // false: a row of a session that goes on; stage, conn_state and reason say nothing
  bool staged{};  // the end has one of the stages; else `stage` says nothing
  TrackerStage stage{};
  SessionState state{};
  ConnState conn_state{};
  FlowEndReason flow_end_reason{};
  Handshake handshake;
  // What was remarked of the session, as far as it bears on a verdict.
  bool established{};        // TCP: the handshake was completed, and no reset undid it
  bool challenge_ack{};      // the SYN was answered by an ACK of another connection
  bool wrong_ack{};          // an acknowledgement of what the other side never sent
  bool one_way{};            // went on though the other direction was not seen
  bool began_without_syn{};  // its first packet was no SYN
  bool rst_dropped{};        // a reset was dropped
  bool icmp_error{};         // an ICMP error quoted one of its packets
  std::uint8_t icmp_type{}, icmp_code{};

  // The column as text; empty where there is nothing to say.
  std::string_view text(EngineColumn column) const {
    return texts[static_cast<std::size_t>(column)];
  }
  std::array<std::string_view, kEngineColumns.size()> texts{};
};

}  // namespace endreason
