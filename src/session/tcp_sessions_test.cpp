// SPDX-License-Identifier: Apache-2.0
// What the engine makes of TCP conversations: each case is a table of packets
// (packet_script_for_test).
#include <gtest/gtest.h>

#include "session/packet_script_for_test.hpp"

namespace endreason {
namespace {

struct TcpCase {
  std::string_view behaviour;
  std::string_view packets;
};

// From several numbers to begin at: they wrap, and half of them look negative.
void play(const TcpCase& c, const SessionSettings& settings = {}) {
  for (const PacketScript::Start start : {PacketScript::Start{1000, 9000},
                                          {3'767'975'000, 526'992'000},
                                          {4'294'967'290, 2'147'483'640},
                                          {0x7fff'fff0, 0xffff'ffff}}) {
    PacketScript script(settings, start);
    EXPECT_EQ(script.play(c.packets), "") << c.behaviour << ", from " << start.client;
    script.table->finish(script.sink);
    EXPECT_EQ(script.table->pool().allocated(), 0u) << c.behaviour;
    EXPECT_EQ(script.table->segments_held(), 0u) << c.behaviour;
  }
}

constexpr auto kByDefault = std::to_array<TcpCase>({
    {"a handshake, data, and a close by both ends is tcp-fin after time-wait", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  PA  100  established
       40  s2c  A  1000  established
       50  c2s  FA    0  client-closed
       60  s2c  FA    0  time-wait
       70  c2s  A     0  time-wait
       = handshake SYN, SYN-ACK, ACK
       = ended tcp-fin 5 3 15070)"},
    {"a SYN without answer ages out after the tcp-init timer", R"(
        0  c2s  S     0  syn-sent
       = handshake SYN
       = ended aged-out 1 0 5000)"},
    {"SYNs sent again stay one session and refresh its timer", R"(
        0  c2s  S     0  syn-sent
     1000  c2s  S     0  syn-sent  seq=-1
     3000  c2s  S     0  syn-sent  seq=-1
       = handshake SYN x3
       = ended aged-out 3 0 8000)"},
    {"a SYN that comes after the timer is over begins another session", R"(
        0  c2s  S     0  syn-sent
     5000  c2s  S     0  syn-sent  seq=-1
       = ended aged-out 1 0 5000
       = ended aged-out 1 0 10000)"},
    {"a SYN-ACK without ACK ages out after the handshake timer", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       = handshake SYN, SYN-ACK
       = ended aged-out 1 1 10010)"},
    {"a reset in answer to the SYN is tcp-rst-from-server", R"(
        0  c2s  S     0  syn-sent
       10  s2c  RA    0  time-wait  seq=-9000
       = handshake SYN, RST-ACK
       = ended tcp-rst-from-server 1 1 15010)"},
    {"a reset that acknowledges something else than the SYN is dropped", R"(
        0  c2s  S     0  syn-sent
       10  s2c  RA    0  syn-sent  ack=+70 out=tcp_rst_out_of_window
       = ended aged-out 1 1 5000)"},
    {"a half-open scan is tcp-rst-from-client", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  R     0  time-wait
       = handshake SYN, SYN-ACK, RST
       = ended tcp-rst-from-client 2 1 15020)"},
    {"an established session without traffic ages out after the tcp timer", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
     1000  c2s  A    10  established
  3600999  s2c  A    10  established
       = ended aged-out 3 2 7200999)"},
    {"data in place of the bare ACK completes the handshake", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  PA  100  established
       = handshake SYN, SYN-ACK, ACK
       = ended aged-out 2 1 3600020)"},
    {"one FIN half-closes: tcp-fin after two minutes", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  FA    0  server-closed
       40  c2s  A     0  server-closed
       = ended tcp-fin 3 2 120040)"},
    {"data of the other side keeps a half-closed session alive", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed
   100000  s2c  A   500  client-closed
   200000  s2c  A   500  client-closed
   200010  s2c  FA    0  time-wait
       = ended tcp-fin 2 4 215010)"},
    {"a FIN sent again does not close the other side", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA    0  client-closed
      230  c2s  FA    0  client-closed  seq=-1
       = ended tcp-fin 4 1 120230)"},
    {"both FINs at once lead to time-wait", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA    0  client-closed
       31  s2c  FA    0  time-wait      ack=-1
       32  c2s  A     0  time-wait
       = ended tcp-fin 4 2 15032)"},
    {"a reset after a FIN wins over it", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA    0  client-closed
       40  s2c  A   900  client-closed
       50  c2s  R     0  time-wait
       = ended tcp-rst-from-client 4 2 15050)"},
    {"a reset with the number that the other side awaits is exact", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA    0  client-closed
       40  s2c  A   900  client-closed  ack=-1
       50  c2s  R     0  time-wait      seq=-1
       = ended tcp-rst-from-client 4 2 15050)"},
    {"so is one with the number acknowledged last, though a FIN came after it", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA  139  client-closed
       40  s2c  A    69  client-closed  ack=-1
       50  c2s  R     0  time-wait      seq=-1
       = ended tcp-rst-from-client 4 2 15050)"},
    {"packets that come late are counted to the session in time-wait", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  RA    0  time-wait
       40  c2s  A   100  time-wait
       50  c2s  FA    0  time-wait
       = ended tcp-rst-from-server 4 2 15050)"},
    {"a reset outside the window is dropped and closes nothing", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  established  seq=+70000 out=tcp_rst_out_of_window
       40  s2c  R     0  established  seq=-10    out=tcp_rst_out_of_window
       50  c2s  A   100  established
       = ended aged-out 3 3 3600050)"},
    {"a reset in the window without the exact number starts the unverified timer", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  established  seq=+1000
       = ended tcp-rst-from-server 2 2 30030)"},
    {"what its peer still sends does not keep a session with an unverified reset alive", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  established  seq=+1000
    20000  c2s  A   100  established
       = ended tcp-rst-from-server 3 2 30030)"},
    {"a sender that goes on after an unverified reset takes it back", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  established  seq=+1000
       40  s2c  A    50  established
       = ended aged-out 2 3 3600040)"},
    {"an unverified reset that is followed by an exact one ends in time-wait", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  established  seq=+1000
       40  c2s  A     0  established
       50  s2c  R     0  time-wait
       = ended tcp-rst-from-server 3 3 15050)"},
    {"a new SYN in time-wait ends the old session with tcp-fin, which ranks higher than reuse", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed
       30  s2c  FA    0  time-wait
     1000  c2s  S     0  syn-sent     isn=500000
       = ended tcp-fin 2 2 1000
       = ended aged-out 1 0 6000)"},
    {"a new SYN while half-closed ends the old session too", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed
     1000  c2s  S     0  syn-sent     isn=500000
     1010  s2c  SA    0  syn-received isn=77000
     1020  c2s  A     0  established
       = ended tcp-fin 2 1 1000
       = ended aged-out 2 1 3601020)"},
    {"a SYN the other way round makes the former server the client", R"(
        0  c2s  S     0  syn-sent
       10  s2c  RA    0  time-wait
      100  s2c  S     0  syn-sent     isn=500000
       = ended tcp-rst-from-server 1 1 100
       = ended aged-out 1 0 5100)"},
    {"a SYN in an established session passes and changes nothing", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
     1000  c2s  S     0  established  seq=+500000
       = ended aged-out 3 1 3600020)"},
    {"a SYN in an established session that the server accepts ends the old one with tcp-reuse", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   500  established
     1000  c2s  S     0  established   isn=500000
     1010  s2c  SA    0  syn-received  isn=7700000
     1020  c2s  A   100  established
     1030  s2c  FA    0  server-closed
     1040  c2s  FA    0  time-wait
       = handshake SYN, SYN-ACK, ACK
       = ended tcp-reuse 3 2 1010
       = ended tcp-fin 2 2 16040)"},
    {"a SYN-ACK sent again after such a SYN changes nothing", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   500  established
     1000  c2s  S     0  established   seq=-1
     1010  s2c  SA    0  established   seq=-501
       = ended aged-out 3 3 3601010)"},
    {"simultaneous open: two SYNs, two SYN-ACKs", R"(
        0  c2s  S     0  syn-sent
        1  s2c  S     0  both-syn
        2  c2s  SA    0  syn-answered  seq=-1
        3  s2c  SA    0  established   seq=-1
       10  c2s  A   100  established
       = handshake SYN, SYN, SYN-ACK, SYN-ACK
       = ended aged-out 3 2 3600010)"},
    {"split handshake: the server answers with a SYN of its own", R"(
        0  c2s  S     0  syn-sent
        1  s2c  A     0  syn-sent
        2  s2c  S     0  both-syn
        3  c2s  SA    0  syn-answered  seq=-1
        4  s2c  A     0  established
       = handshake SYN, ACK, SYN, SYN-ACK, ACK
       = ended aged-out 2 3 3600004)"},
    {"a challenge ACK passes, the client's reset is dropped, and the open never succeeds", R"(
        0  c2s  S     0  syn-sent
       10  s2c  A     0  syn-sent  ack=+50000
       20  c2s  R     0  syn-sent  seq=+50000 out=tcp_challenge_ack_rst
     1000  c2s  S     0  syn-sent  seq=-1
     1010  s2c  A     0  syn-sent  ack=+50000
     1020  c2s  R     0  syn-sent  seq=+50000 out=tcp_challenge_ack_rst
       = handshake SYN, ACK, RST, SYN, ACK, RST
       = ended aged-out 4 2 6010)"},
    {"a packet without session that is no SYN is dropped", R"(
        0  c2s  A   100  -  out=flow_tcp_non_syn_drop
        1  s2c  SA    0  -  out=flow_tcp_non_syn_drop
        2  c2s  R     0  -  out=flow_tcp_non_syn_drop)"},
    {"segments without flags, and SYN with FIN or RST, are dropped", R"(
        0  c2s  -     0  -  out=tcp_flag_zero
        1  c2s  SF    0  -  out=tcp_flag_contradiction
        2  c2s  S     0  syn-sent
        3  c2s  SR    0  syn-sent  out=tcp_flag_contradiction
        4  s2c  -     0  syn-sent  out=tcp_flag_zero
       = ended aged-out 2 1 5002)"},
    {"one direction alone is out of sync: its data is dropped, its session ages as a SYN does", R"(
        0  c2s  S     0  syn-sent
       10  c2s  A     0  syn-sent  out=tcp_out_of_sync
       20  c2s  A   100  syn-sent  out=tcp_out_of_sync
       30  c2s  FA    0  syn-sent  out=tcp_out_of_sync
       = ended aged-out 4 0 5000)"},
    {"a SYN-ACK with a wrong acknowledgement does not answer the SYN", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-sent  ack=+5
       20  c2s  R     0  time-wait
       = handshake SYN, SYN-ACK, RST
       = ended tcp-rst-from-client 2 1 15020)"},
    {"an ACK of what the server never sent does not complete the handshake", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  syn-received  ack=+5
       30  c2s  A     0  established
       = ended aged-out 3 1 3600030)"},
    {"data with an acknowledgement of what was not captured does", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  PA   50  established   ack=+500
       = ended aged-out 2 1 3600020)"},
    {"a SYN with data may be acknowledged with the data or without", R"(
        0  c2s  S   200  syn-sent
       10  s2c  SA    0  syn-received  ack=-200
       20  c2s  A     0  established
       = ended aged-out 2 1 3600020)"},
    {"a new attempt with another number before the first completed is the same session", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  S     0  syn-sent      isn=500000
       30  s2c  SA    0  syn-received  isn=77000
       40  c2s  A     0  established
       = ended aged-out 3 2 3600040)"},
    {"segments outside the window are dropped", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  A   100  established  seq=+200000 ack=-99999 out=tcp_out_of_window
       40  c2s  A   100  established  seq=-200000 out=tcp_out_of_window
       = ended aged-out 4 1 3600020)"},
    {"window scaling widens the window", R"(
        0  c2s  S     0  syn-sent      ws=7
       10  s2c  SA    0  syn-received  ws=7 win=65535
       20  c2s  A     0  established
       30  s2c  A     0  established   win=8000
       40  c2s  A   100  established   seq=+900000 ack=-99999
       50  c2s  A   100  established   seq=+200000 ack=-99999
       = ended aged-out 4 2 3600050)"},
    {"scaling needs both sides", R"(
        0  c2s  S     0  syn-sent      ws=7
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A     0  established   win=8000
       40  c2s  A   100  established   seq=+900000 ack=-99999 out=tcp_out_of_window
       = ended aged-out 3 2 3600030)"},
    {"packets that the capture missed do not end the session", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  A   100  established  gap=500000
       40  s2c  A     0  established
       50  c2s  FA    0  client-closed
       60  s2c  FA    0  time-wait
       = ended tcp-fin 4 3 15060)"},
    {"a keep-alive is in the window", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
    60000  c2s  A     0  established  seq=-1
    60010  s2c  A     0  established
       = ended aged-out 3 2 3660010)"},
});

TEST(TcpSessions, ByDefault) {
  for (const TcpCase& c : kByDefault) play(c);
}

TEST(TcpSessions, NonSynBeginsASessionWhereTheSettingAllowsIt) {
  SessionSettings settings;
  settings.tcp.reject_non_syn = false;
  play({"data first: the sender is the client, and the session is established", R"(
        0  c2s  A   100  established
       10  s2c  A   500  established
       20  c2s  FA    0  client-closed
       30  s2c  FA    0  time-wait
       = handshake
       = ended tcp-fin 2 2 15030)"},
       settings);
  play({"a reset never begins a session", R"(
        0  c2s  RA    0  -  out=flow_tcp_non_syn_drop)"},
       settings);
  play({"resets of a session joined in the middle are judged by what was seen", R"(
        0  c2s  A   100  established
       10  s2c  RA    0  time-wait
       = ended tcp-rst-from-server 1 1 15010)"},
       settings);
  play({"and one that acknowledges nothing is unverified", R"(
        0  c2s  A   100  established
       10  s2c  R     0  established
       = ended tcp-rst-from-server 1 1 30010)"},
       settings);
}

TEST(TcpSessions, ChallengeAckIsResolvedWhereTheSettingAllowsIt) {
  SessionSettings settings;
  settings.tcp.allow_challenge_ack = true;
  play({"the reset passes, and the SYN sent again opens a session", R"(
        0  c2s  S     0  syn-sent
       10  s2c  A     0  syn-sent   ack=+50000
       20  c2s  R     0  time-wait  seq=+50000
     1000  c2s  S     0  syn-sent   seq=-1
     1010  s2c  SA    0  syn-received
     1020  c2s  A     0  established
       = ended tcp-rst-from-client 2 1 1000
       = ended aged-out 2 1 3601020)"},
       settings);
}

TEST(TcpSessions, AsymmetricPathMayPass) {
  SessionSettings settings;
  settings.tcp.asymmetric_path = AsymmetricPath::Bypass;
  play({"one direction alone is tracked to its end", R"(
        0  c2s  S     0  syn-sent
       10  c2s  A     0  established
       20  c2s  A   100  established
       30  c2s  FA    0  client-closed
       = ended tcp-fin 4 0 120030)"},
       settings);
  play({"a reset of a flow whose other side is not seen is unverified", R"(
        0  c2s  S     0  syn-sent
       10  c2s  A     0  established
       20  c2s  R     0  established  seq=+5
       = ended tcp-rst-from-client 3 0 30020)"},
       settings);
}

TEST(TcpSessions, BeyondTheWindowIsDroppedWhereNoPacketsCanBeMissing) {
  constexpr std::string_view kPackets = R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  A   100  established  gap=500000)";
  SessionSettings settings;
  play({"it follows a gap", kPackets}, settings);
  settings.tcp.pass_capture_gaps = false;
  const std::string dropped = std::string(kPackets) + " out=tcp_out_of_window";
  play({"it is outside", dropped}, settings);
}

TEST(TcpSessions, SettingsOfZoneProtectionRefuseSyns) {
  SessionSettings settings;
  settings.tcp.drop_split_handshake = true;
  settings.tcp.drop_syn_with_data = true;
  play({"a SYN from the server, and SYNs with data", R"(
        0  c2s  S   100  -         out=tcp_syn_with_data
        1  c2s  S     0  syn-sent
        2  s2c  S     0  syn-sent  out=tcp_split_handshake
        3  s2c  SA   50  syn-sent  out=tcp_syn_with_data
       = ended aged-out 1 2 5001)"},
       settings);
}

TEST(TcpSessions, ResetsNeedNoProofWhereTheSettingIsNotStrict) {
  SessionSettings settings;
  settings.tcp.strict_rst = false;
  play({"a reset in the window closes at once", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  R     0  time-wait  seq=+1000
       = ended tcp-rst-from-server 2 2 15030)"},
       settings);
}

TEST(TcpSessions, FinAndRstRefreshUnlessTheSettingSaysNot) {
  SessionSettings settings;
  settings.tcp.no_refresh_fin_rst = true;
  play({"a FIN sent again does not prolong the wait", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  FA    0  client-closed
    50000  c2s  FA    0  client-closed  seq=-1
       = ended tcp-fin 4 1 120030)"},
       settings);
}

TEST(TcpSessions, DataOfAHalfClosedSessionRefreshesItSinceTheReleaseThatMendedIt) {
  constexpr std::string_view kPackets = R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed
   100000  s2c  A   500  client-closed
       = ended tcp-fin 2 2 )";
  SessionSettings settings;
  settings.tcp.no_refresh_fin_rst = true;
  play({"mended", std::string(kPackets) + "220000"}, settings);
  settings.tcp.half_closed_data_refreshes = false;
  play({"before", std::string(kPackets) + "120020"}, settings);
  settings.tcp.no_refresh_fin_rst = false;
  play({"without the setting all releases refresh", std::string(kPackets) + "220000"}, settings);
}

TEST(TcpSessions, SegmentsBeyondAMissingOneAreHeldUpToALimit) {
  SessionSettings settings;
  settings.tcp.segments_per_session = 3;
  const TcpCase dropped{"the fourth is dropped, and resources-unavailable ranks before tcp-fin", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   100  established  gap=100
       31  s2c  A   100  established
       32  s2c  A   100  established
       33  s2c  A   100  established  out=tcp_exceed_flow_seg_limit
       40  s2c  A   100  established  seq=-500
       50  s2c  A   100  established
       60  c2s  FA    0  client-closed
       70  s2c  FA    0  time-wait
       = ended resources-unavailable 3 8 15070)"};
  play(dropped, settings);
  play({"a FIN takes a place like any segment", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   100  established  gap=100
       31  s2c  A   100  established
       32  s2c  A   100  established
       33  s2c  FA    0  established  out=tcp_exceed_flow_seg_limit
       = ended resources-unavailable 2 5 3600032)"},
       settings);
  settings.tcp.bypass_exceed_oo_queue = true;
  play({"or passes, where the setting says so", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   100  established  gap=100
       31  s2c  A   100  established
       32  s2c  A   100  established
       33  s2c  A   100  established
       = ended aged-out 2 5 3600033)"},
       settings);
}

TEST(TcpSessions, SegmentsOfAllSessionsTogetherAreLimited) {
  SessionSettings settings;
  settings.tcp.segments_in_all = 2;
  play({"the third is dropped", R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  s2c  A   100  established  gap=100
       31  s2c  A   100  established
       32  s2c  A   100  established  out=tcp_exceed_seg_limit
       = ended resources-unavailable 2 4 3600031)"},
       settings);
}

TEST(TcpSessions, CountsWhatWasSentAgainAndWhatCameEarly) {
  PacketScript script;
  EXPECT_EQ(script.play(R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  A     0  established
       30  c2s  A   100  established  gap=100
       40  c2s  A   100  established  seq=-200
       50  c2s  A   100  established  seq=-200
       60  c2s  A   100  established  seq=-50
       70  c2s  AU   10  established
       80  s2c  A     0  established  win=0)"),
            "");
  const Session& s = script.sink.session;
  EXPECT_EQ(s.extra(Flow::C2s).out_of_order, 1);
  EXPECT_EQ(s.extra(Flow::C2s).retransmitted, 1);
  EXPECT_TRUE(s.remarked(kOverlapSeen));
  EXPECT_TRUE(s.remarked(kUrgentSeen));
  EXPECT_EQ(s.zero_windows[1], 1);
  EXPECT_FALSE(s.has(kHoleC2s)) << "the missing segment came";
  EXPECT_EQ(script.table->counters()[SessionCounter::Urgent], 1u);
}

TEST(TcpSessions, TheStageIsWhatClosedTheSessionFirst) {
  PacketScript script;
  EXPECT_EQ(script.play(R"(
        0  c2s  S     0  syn-sent
       10  s2c  SA    0  syn-received
       20  c2s  FA    0  client-closed
       30  c2s  R     0  time-wait)"),
            "");
  EXPECT_EQ(script.sink.session.stage, TrackerStage::TcpFin);
  EXPECT_EQ(winning_reason(script.sink.session.end_reasons), EndReason::TcpRstFromClient);
}

}  // namespace
}  // namespace endreason
