// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.hpp"

#include <memory>
#include <ostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

#include "decode/made_packets.hpp"
#include "decode/plain_views.hpp"

namespace endreason {
namespace {

using namespace made;

constexpr std::string_view kHello = "hello";

Bytes hello_tcp() {
  return tcp(1000, 80, text(kHello));
}
Bytes hello_v4() {
  return ipv4(6, hello_tcp());
}
Bytes hello_v6() {
  return ipv6(6, tcp(1000, 80, text(kHello), {0x18, {}, kEnds6}));
}

PacketView decoded_by(Decoder& decoder, const Bytes& bytes, std::uint16_t link_type = 1) {
  // A copy of exact size, so that AddressSanitizer sees every byte that is read too many.
  const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  RawPacket packet = raw(bytes, link_type, 5);
  packet.bytes = {exact.get(), bytes.size()};
  PacketView view;
  decoder.decode(packet, view);
  if (view.payload != nullptr && view.payload_captured > 0) {
    EXPECT_GE(view.payload, exact.get());
    EXPECT_LE(view.payload + view.payload_captured, exact.get() + bytes.size());
  }
  view.payload = view.l3 = view.quoted = nullptr;  // they end here
  return view;
}

PacketView decoded(const Bytes& bytes, std::uint16_t link_type = 1, DecodeOptions options = {}) {
  Decoder decoder(options);
  return decoded_by(decoder, bytes, link_type);
}

std::string ends_of(const PacketView& view) {
  return to_string(view.src) + ":" + std::to_string(view.sport) + " > " + to_string(view.dst) +
         ":" + std::to_string(view.dport);
}

DecodeOptions with_decap() {
  DecodeOptions options;
  options.decap = true;
  return options;
}
DecodeOptions with_checksums() {
  DecodeOptions options;
  options.check_checksums = true;
  return options;
}

struct LinkCase {
  std::string behaviour;
  std::uint16_t link_type;
  Bytes before;  // the IPv4 packet
  std::uint16_t vlan = 0;
};

TEST(Decoder, FindsTheIpPacketBehindEveryLinkLayer) {
  const Bytes macs = hex("020000000002 020000000001");
  const Bytes snap = hex("aaaa03 000000 0800");
  const Bytes wifi = hex("08 01 0000 020000000001 020000000002 020000000003 0000");
  const LinkCase cases[] = {
      {"Ethernet", 1, macs + hex("0800")},
      {"a VLAN tag", 1, macs + hex("8100 2064 0800"), 100},
      {"two tags: the outer id counts", 1, macs + hex("88a8 0007 8100 0064 0800"), 7},
      {"two tags of the old kind", 1, macs + hex("9100 0008 8100 0064 0800"), 8},
      {"a priority tag has id 0", 1, macs + hex("8100 e000 0800"), 0},
      {"802.2 with SNAP", 1, macs + hex("0035") + snap},
      {"802.2 of IP itself", 1, macs + hex("0030 06 06 03")},
      {"SNAP behind a VLAN tag", 1, macs + hex("8100 0005 0035") + snap, 5},
      {"one MPLS label", 1, macs + hex("8847 00010140")},
      {"three MPLS labels", 1, macs + hex("8847 00010040 00020040 00030140")},
      {"a pseudowire with control word", 1,
       macs + hex("8847 00010140 00000000") + macs + hex("0800")},
      {"a pseudowire without", 1, macs + hex("8847 00010140") + macs + hex("0800")},
      {"a VN-Tag", 1, macs + hex("8926 00000000 0800")},
      {"a network service header", 1, macs + hex("894f 0fc6 0101 00000100") + zeros(16)},
      {"a frame behind a network service header", 1,
       macs + hex("894f 0fc2 0203 00000100") + macs + hex("0800")},
      {"PPPoE", 1, macs + hex("8864 11 00 0001 002f 0021")},
      {"PPPoE behind a VLAN tag", 1, macs + hex("8100 0009 8864 1100 0001 002f 0021"), 9},
      {"raw IP", 101, {}},
      {"raw IP by the number of one system", 12, {}},
      {"raw IPv4", 228, {}},
      {"loopback, little endian", 0, hex("02000000")},
      {"loopback, big endian", 0, hex("00000002")},
      {"OpenBSD loopback", 108, hex("00000002")},
      {"cooked capture", 113, hex("0000 0001 0006 020000000001 0000 0800")},
      {"cooked capture with a VLAN tag", 113,
       hex("0000 0001 0006 020000000001 0000 8100 0003 0800"), 3},
      {"cooked capture, version 2", 276, hex("0800 0000 00000002 0001 00 06 0200000000010000")},
      {"PPP", 9, hex("ff03 0021")},
      {"PPP without address", 9, hex("0021")},
      {"PPP with a short protocol number", 9, hex("21")},
      {"PPP on a serial line", 50, hex("ff03 0021")},
      {"Cisco HDLC on a serial line", 50, hex("0f00 0800")},
      {"Cisco HDLC", 104, hex("8f00 0800")},
      {"802.11", 105, wifi + snap},
      {"802.11 with quality of service", 105,
       hex("88 02 0000 020000000001 020000000002 020000000003 0000 0000") + snap},
      {"802.11 between access points", 105,
       hex("08 03 0000 020000000001 020000000002 020000000003 0000 020000000004") + snap},
      {"radiotap", 127, hex("00 00 0800 00000000") + wifi + snap},
      {"radiotap that says the header is padded", 127,
       hex("00 00 0900 02000000 20 88 02 0000 020000000001 020000000002 020000000003 0000 0000 "
           "0000") +
           snap},
      {"per-packet information around Ethernet", 192,
       hex("00 00 0800 01000000") + macs + hex("0800")},
      {"frame relay", 107, hex("1841 03 cc")},
      {"frame relay with SNAP", 107, hex("1841 03 00 80 000000 0800")},
      {"frame relay as Cisco frames it", 107, hex("1841 0800")},
      {"netfilter's log", 239, hex("02 00 0001 0800 0100 08000300 0500 0a00 00 000000 3100 0900")},
      {"Sun's ATM", 123, hex("02 00 0064") + snap},
      {"IP over InfiniBand", 242, zeros(40) + hex("0800 0000")},
      {"token ring", 6, hex("1040 020000000002 020000000001") + snap},
      {"token ring with a route", 6, hex("1040 020000000002 820000000001 0630 0012 0020") + snap},
      {"FDDI", 10, hex("50 020000000002 020000000001") + snap},
      {"802.11 behind an AVS header", 163, hex("80211001 0000000c 00000000") + wifi + snap},
      {"PPP with a direction in place of its address", 166, hex("01 03 0021")},
      {"PPP behind a direction", 204, hex("00 ff03 0021")},
      {"Cisco HDLC behind a direction", 205, hex("01 0f00 0800")},
      {"frame relay behind a direction", 206, hex("01 1841 03 cc")},
      {"Solaris' IP observability", 226, hex("01 02") + zeros(22)},
      {"netANALYZER", 240, hex("00000000") + macs + hex("0800")},
      {"netANALYZER with the preamble", 241, hex("00000000 55555555555555d5") + macs + hex("0800")},
      {"802.3br", 274, hex("55555555555555d5") + macs + hex("0800")},
      {"Broadcom's switch tag", 281, macs + hex("00000001 0800")},
      {"Marvell's switch tag", 284, macs + hex("00000000 0800")},
      {"Marvell's longer switch tag", 285, macs + hex("dada0000 00000000 0800")},
      {"OpenBSD's filter log", 117, hex("05 02 00 00 00 00 00 00")},
  };
  for (const LinkCase& c : cases) {
    const PacketView view = decoded(c.before + hello_v4(), c.link_type);
    EXPECT_EQ(view.status, DecodeStatus::Ok) << c.behaviour;
    EXPECT_EQ(ends_of(view), "10.0.0.1:1000 > 10.0.0.2:80") << c.behaviour;
    EXPECT_EQ(view.payload_length, kHello.size()) << c.behaviour;
    EXPECT_EQ(view.vlan, c.vlan) << c.behaviour;
    EXPECT_EQ(view.wire_length, c.before.size() + 45) << c.behaviour;
    EXPECT_EQ(view.ip_length, 45u) << c.behaviour;
  }
}

TEST(Decoder, AFrameWithinAFrameIsLookedIntoOnlyWhereAsked) {
  const Bytes macs = hex("020000000002 020000000001");
  const LinkCase cases[] = {
      {"802.1ah", 1, macs + hex("88e7 00000001") + macs + hex("0800")},
      {"802.1ah behind its own VLAN tag", 1,
       macs + hex("88a8 0007 88e7 00000001") + macs + hex("8100 0064 0800"), 7},
      {"FabricPath", 1, macs + hex("8903 0001") + macs + hex("0800")},
  };
  DecodeOptions decap;
  decap.decap = true;
  for (const LinkCase& c : cases) {
    EXPECT_EQ(decoded(c.before + hello_v4()).status, DecodeStatus::FrameInFrame) << c.behaviour;
    const PacketView view = decoded(c.before + hello_v4(), 1, decap);
    EXPECT_EQ(view.status, DecodeStatus::Ok) << c.behaviour;
    EXPECT_EQ(ends_of(view), "10.0.0.1:1000 > 10.0.0.2:80") << c.behaviour;
    EXPECT_EQ(view.vlan, c.vlan) << c.behaviour;
    EXPECT_EQ(view.wire_length, c.before.size() + 45) << c.behaviour;
  }
}

struct StatusCase {
  std::string behaviour;
  std::uint16_t link_type;
  Bytes bytes;
  DecodeStatus status;
};

TEST(Decoder, SaysWhatBecameOfPacketsThatHoldNoSession) {
  using enum DecodeStatus;
  Bytes short_header = hello_v4(), long_offset = hello_v4(), short_total = hello_v4();
  short_header[0] = 0x44;
  long_offset[32] = 0xf0;
  put16(short_total, 2, 19);
  Bytes udp_too_long = ipv4(17, udp(1, 2, text("x")));
  put16(udp_too_long, 24, 10);
  Bytes udp_without_length = ipv4(17, udp(1, 2, text("x")));
  put16(udp_without_length, 24, 0);
  Bytes deep;
  for (int i = 0; i < 40; ++i) deep = deep + hex("8100 0001");
  const Bytes macs = hex("020000000002 020000000001");
  const StatusCase cases[] = {
      {"ARP", 1, ethernet(0x0806, zeros(28)), NotIp},
      {"LLDP", 1, ethernet(0x88cc, zeros(28)), NotIp},
      {"spanning tree", 1, ethernet(0x0026, hex("424203") + zeros(35)), NotIp},
      {"PPPoE discovery", 1, ethernet(0x8863, zeros(28)), NotIp},
      {"PPP's own messages", 9, hex("c021 0101 0004"), NotIp},
      {"an encrypted 802.11 frame", 105, hex("08 41") + zeros(40), NotIp},
      {"a beacon", 105, hex("80 00") + zeros(40), NotIp},
      {"a link type that is not read", 195, zeros(40), UnknownLinkType},
      {"no bytes at all", 1, {}, Truncated},
      {"half an Ethernet header", 1, zeros(10), Truncated},
      {"half an IPv4 header", 1, ethernet(0x0800, hex("4500 0028")), Truncated},
      {"half a TCP header", 101,
       [] {
         Bytes b = hello_v4();
         b.resize(30);
         return b;
       }(),
       Truncated},
      {"an IPv4 header shorter than the shortest", 101, short_header, Malformed},
      {"an IPv4 packet shorter than its header", 101, short_total, Malformed},
      {"an IP version that is none", 101, hex("95") + zeros(40), Malformed},
      {"a TCP header longer than its packet", 101, long_offset, Malformed},
      {"TCP in a packet too short for it", 101, ipv4(6, zeros(12)), Malformed},
      {"UDP longer than its packet", 101, udp_too_long, Malformed},
      {"UDP that says it has no length, which only jumbograms may", 101, udp_without_length,
       Malformed},
      {"a network service header that says it is shorter than its own path", 1,
       ethernet(0x894f, hex("0fc1 0101 00000100") + hello_v4()), Malformed},
      {"a network service header around nothing that is known", 1,
       ethernet(0x894f, hex("0fc2 0209 00000100") + hello_v4()), NotIp},
      {"forty VLAN tags", 1, macs + deep + hex("0800") + hello_v4(), TooDeep},
      {"half an IPv6 header", 101, hex("60000000 0000"), Truncated},
      {"an extension header longer than its packet", 101, ipv6(0, hex("06ff") + zeros(6)),
       Malformed},
  };
  for (const StatusCase& c : cases) {
    const PacketView view = decoded(c.bytes, c.link_type);
    EXPECT_EQ(view.status, c.status) << c.behaviour;
    EXPECT_EQ(view.wire_length, c.bytes.size()) << c.behaviour;
    EXPECT_EQ(view.time_ns, 5) << c.behaviour;
  }
}

struct ExtensionCase {
  std::string behaviour;
  std::uint8_t next;
  Bytes before;
  std::uint8_t protocol;
};

TEST(Decoder, PassesTheExtensionHeadersOfIpv6) {
  const Bytes segment = tcp(1000, 80, text(kHello), {0x18, {}, kEnds6});
  const ExtensionCase cases[] = {
      {"none", 6, {}, 6},
      {"hop by hop", 0, hex("0600 0104 00000000"), 6},
      {"destination options, 16 bytes", 60, hex("0601 010c") + zeros(12), 6},
      {"routing", 43, hex("0602 0400") + zeros(20), 6},
      {"authentication", 51, hex("0604") + zeros(22), 6},
      {"mobility with something behind it", 135, hex("0600") + zeros(6), 6},
      {"hop by hop, then routing", 0, hex("2b00 0104 00000000 0600 0400") + zeros(4), 6},
      {"a fragment that is the whole", 44, hex("0600 0000 12345678"), 6},
      {"ESP is a protocol", 50, {}, 50},
      {"mobility at the end is a protocol", 135, hex("3b00") + zeros(6), 135},
  };
  for (const ExtensionCase& c : cases) {
    const PacketView view = decoded(ipv6(c.next, c.before + segment), 101, with_checksums());
    EXPECT_EQ(view.status, DecodeStatus::Ok) << c.behaviour;
    EXPECT_EQ(view.protocol, c.protocol) << c.behaviour;
    EXPECT_TRUE(view.ipv6) << c.behaviour;
    if (c.protocol != 6) continue;
    EXPECT_EQ(ends_of(view), "2001:db8::1:1000 > 2001:db8::2:80") << c.behaviour;
    EXPECT_EQ(view.payload_length, kHello.size()) << c.behaviour;
  }
}

TEST(Decoder, ReadsTheFieldsOfTcp) {
  const Bytes options = hex("020405b4 01030307 0402 0101");
  const PacketView view =
      decoded(ethernet(0x0800, ipv4(6, tcp(49152, 443, {}, {0x02, options, {}}))));
  EXPECT_EQ(view.seq, 0x01020304u);
  EXPECT_EQ(view.ack, 0x05060708u);
  EXPECT_EQ(view.tcp_flags, kTcpSyn);
  EXPECT_EQ(view.window, 0x2000);
  EXPECT_EQ(view.window_scale, 7);
  EXPECT_EQ(view.payload_length, 0u);
  EXPECT_EQ(view.ttl, 64);
}

TEST(Decoder, WindowScaleIsOnlyBelievedOnASynAndNoMoreThan14) {
  const Bytes nine = hex("01030309"), twenty = hex("01030314"), cut = hex("01010303");
  const auto scale = [](std::uint8_t flags, const Bytes& options) {
    return decoded(ipv4(6, tcp(1, 2, {}, {flags, options, {}})), 101).window_scale;
  };
  EXPECT_EQ(scale(0x02, nine), 9);
  EXPECT_EQ(scale(0x12, nine), 9);
  EXPECT_EQ(scale(0x10, nine), -1);
  EXPECT_EQ(scale(0x02, twenty), 14);
  EXPECT_EQ(scale(0x02, cut), -1);
  EXPECT_EQ(scale(0x02, hex("00030309")), -1);
  EXPECT_EQ(scale(0x02, hex("05000000")), -1);
}

TEST(Decoder, EthernetPaddingIsNoPayload) {
  const PacketView view = decoded(ethernet(0x0800, ipv4(6, tcp(1000, 80, {}))) + zeros(6));
  EXPECT_EQ(view.payload_length, 0u);
  EXPECT_EQ(view.payload_captured, 0u);
  EXPECT_EQ(view.ip_length, 40u);
  EXPECT_EQ(view.wire_length, 60u);
}

TEST(Decoder, ASnappedPacketKeepsItsTrueLength) {
  const Bytes whole = ethernet(0x0800, ipv4(6, tcp(1000, 80, zeros(1000))));
  RawPacket packet = raw(whole);
  packet.bytes = packet.bytes.first(64);
  Decoder decoder(with_checksums());
  PacketView view;
  decoder.decode(packet, view);
  EXPECT_EQ(view.status, DecodeStatus::Ok);
  EXPECT_EQ(view.payload_length, 1000u);
  EXPECT_EQ(view.payload_captured, 10u);
  EXPECT_EQ(view.wire_length, 1054u);
}

TEST(Decoder, APacketSnappedInsideTcpOptionsStillCounts) {
  Bytes packet = ipv4(6, tcp(1000, 80, text(kHello), {0x02, hex("01030307 01010101"), {}}));
  packet.resize(44);
  const PacketView view = decoded(packet, 101);
  EXPECT_EQ(view.status, DecodeStatus::Ok);
  EXPECT_EQ(view.window_scale, 7);
  EXPECT_EQ(view.payload_length, kHello.size());
  EXPECT_EQ(view.payload_captured, 0u);
}

TEST(Decoder, IpLengthZeroMeansTheWireLength) {
  Bytes packet = ethernet(0x0800, ipv4(6, tcp(1000, 80, zeros(3000))));
  put16(packet, 16, 0);
  const PacketView view = decoded(packet);
  EXPECT_EQ(view.status, DecodeStatus::Ok);
  EXPECT_EQ(view.payload_length, 3000u);
}

TEST(Decoder, IcmpEchoIsKnownByItsIdentifierOtherMessagesByTypeAndCode) {
  const PacketView echo = decoded(ipv4(1, icmp(8, 0, 0x1234, text("abc"))), 101, with_checksums());
  EXPECT_EQ(ends_of(echo), "10.0.0.1:4660 > 10.0.0.2:4660");
  EXPECT_EQ(echo.icmp_type, 8);
  EXPECT_EQ(echo.quoted_length, 0u);
  const PacketView router = decoded(ipv4(1, icmp(9, 0, 0, zeros(8))), 101);
  EXPECT_EQ(ends_of(router), "10.0.0.1:9 > 10.0.0.2:0");
  const PacketView echo6 = decoded(ipv6(58, icmp(128, 0, 7, {})), 101);
  EXPECT_EQ(echo6.sport, 7);
  EXPECT_EQ(echo6.dport, 7);
}

TEST(Decoder, AnIcmpErrorGivesTheSessionThatItQuotes) {
  const Bytes lost = ipv4(17, udp(5000, 53, text("question")));
  const Bytes quoted(lost.begin(), lost.begin() + 28);
  const Bytes error = ipv4(1, icmp(3, 3, 0, quoted), {{"10.0.0.2", "10.0.0.1"}, 1, 0, {}});
  Decoder decoder({});
  PacketView view;
  decoder.decode(raw(error, 101), view);
  ASSERT_EQ(view.status, DecodeStatus::Ok);
  EXPECT_EQ(view.sport, 3);
  EXPECT_EQ(view.dport, 3);
  const auto session = decode_quoted(view.quoted, view.quoted_length);
  ASSERT_TRUE(session);
  EXPECT_EQ(to_string(session->src), "10.0.0.1");
  EXPECT_EQ(to_string(session->dst), "10.0.0.2");
  EXPECT_EQ(session->sport, 5000);
  EXPECT_EQ(session->dport, 53);
  EXPECT_EQ(session->protocol, 17);
}

TEST(Decoder, AnIcmpv6ErrorGivesTheSessionThatItQuotes) {
  const Bytes lost = ipv6(0, hex("0600 0104 00000000") + tcp(5000, 443, text("x")));
  Decoder decoder({});
  PacketView view;
  const Bytes error = ipv6(58, icmp(1, 4, 0, lost));
  decoder.decode(raw(error, 101), view);
  const auto session = decode_quoted(view.quoted, view.quoted_length);
  ASSERT_TRUE(session);
  EXPECT_EQ(session->protocol, 6);
  EXPECT_EQ(session->sport, 5000);
  EXPECT_EQ(session->seq, 0x01020304u);
  EXPECT_TRUE(session->ipv6);
}

TEST(Decoder, QuotesThatEndTooSoonOrAreLaterFragmentsGiveNothing) {
  const Bytes lost = ipv4(17, udp(5000, 53, {}));
  EXPECT_FALSE(decode_quoted(lost.data(), 27));
  EXPECT_FALSE(decode_quoted(lost.data(), 0));
  EXPECT_FALSE(decode_quoted(nullptr, 0));
  const Bytes later = ipv4(17, zeros(8), {{}, 1, 0x0010, {}});
  EXPECT_FALSE(decode_quoted(later.data(), static_cast<std::uint32_t>(later.size())));
}

TEST(Decoder, SctpGivesPortsAndTheFirstChunk) {
  const PacketView view =
      decoded(ipv4(132, hex("0fa0 0fa1 00000000 00000000 01 00 0014") + zeros(16)), 101);
  EXPECT_EQ(ends_of(view), "10.0.0.1:4000 > 10.0.0.2:4001");
  EXPECT_EQ(view.sctp_chunk, 1);
  EXPECT_EQ(decoded(ipv4(132, hex("0fa0 0fa1 00000000 00000000")), 101).sctp_chunk, kNoSctpChunk);
}

TEST(Decoder, OtherProtocolsHaveNoPortsAndAllIsPayload) {
  const PacketView view = decoded(ipv4(50, zeros(24)), 101);
  EXPECT_EQ(view.status, DecodeStatus::Ok);
  EXPECT_EQ(view.protocol, 50);
  EXPECT_EQ(ends_of(view), "10.0.0.1:0 > 10.0.0.2:0");
  EXPECT_EQ(view.payload_length, 24u);
}

struct ChecksumCase {
  std::string behaviour;
  Bytes packet;
  std::size_t spoiled;  // index of a byte to change
};

TEST(Decoder, AWrongChecksumIsSeenOnlyWhenChecksumsAreChecked) {
  const Bytes odd = text("odd");
  const ChecksumCase cases[] = {
      {"the IPv4 header", hello_v4(), 8},        {"TCP", hello_v4(), 44},
      {"TCP over IPv6", hello_v6(), 64},         {"UDP", ipv4(17, udp(1, 2, odd)), 30},
      {"ICMP", ipv4(1, icmp(8, 0, 9, odd)), 30},
  };
  for (const ChecksumCase& c : cases) {
    EXPECT_EQ(decoded(c.packet, 101, with_checksums()).status, DecodeStatus::Ok) << c.behaviour;
    Bytes spoiled = c.packet;
    spoiled[c.spoiled] ^= 0x11;
    EXPECT_EQ(decoded(spoiled, 101, with_checksums()).status, DecodeStatus::BadChecksum)
        << c.behaviour;
    EXPECT_EQ(decoded(spoiled, 101).status, DecodeStatus::Ok) << c.behaviour;
  }
}

TEST(Decoder, AnUdpChecksumThatWasNotMadeIsNoWrongOne) {
  Bytes packet = ipv4(17, udp(1, 2, text("x")));
  put16(packet, 26, 0);
  EXPECT_EQ(decoded(packet, 101, with_checksums()).status, DecodeStatus::Ok);
}

struct TunnelCase {
  std::string behaviour;
  Bytes packet;
  TunnelKind kind;
  std::string outer;  // the session when tunnels are not looked into
};

TEST(Decoder, TunnelsAreOneSessionUnlessTheyAreLookedInto) {
  const Bytes inner = ipv4(6, hello_tcp(), {{"192.168.0.1", "192.168.0.2"}, 1, 0, {}});
  const Bytes frame = ethernet(0x0800, inner);
  const std::string no_ports = "10.0.0.1:0 > 10.0.0.2:0";
  const auto gre = [](const Bytes& rest) { return ipv4(47, rest); };
  const TunnelCase cases[] = {
      {"IP in IP", ipv4(4, inner), TunnelKind::IpInIp, no_ports},
      {"IPv4 in IPv6", ipv6(4, inner), TunnelKind::IpInIp, "2001:db8::1:0 > 2001:db8::2:0"},
      {"GRE", gre(hex("0000 0800") + inner), TunnelKind::Gre, no_ports},
      {"GRE with checksum, key and sequence", gre(hex("b000 0800") + zeros(12) + inner),
       TunnelKind::Gre, no_ports},
      {"GRE of Ethernet", gre(hex("2000 6558 00000001") + frame), TunnelKind::Gre, no_ports},
      {"ERSPAN I", gre(hex("0000 88be") + frame), TunnelKind::Gre, no_ports},
      {"ERSPAN II", gre(hex("1000 88be 00000001") + zeros(8) + frame), TunnelKind::Gre, no_ports},
      {"ERSPAN III", gre(hex("1000 22eb 00000001") + zeros(12) + frame), TunnelKind::Gre, no_ports},
      {"PPTP", gre(hex("3081 880b 0031 0001 00000001 00000001 ff03 0021") + inner), TunnelKind::Gre,
       no_ports},
      {"MikroTik's Ethernet over IP", gre(hex("2001 6400 003b 0700") + frame), TunnelKind::Gre,
       no_ports},
      {"Ethernet in IP, as segment routing has it", ipv4(143, frame), TunnelKind::IpInIp, no_ports},
      {"AH", ipv4(51, hex("0604 0000") + zeros(20) + hello_tcp()), TunnelKind::Ah, no_ports},
      {"VXLAN", ipv4(17, udp(999, 4789, hex("08000000 00000100") + frame)), TunnelKind::Vxlan,
       "10.0.0.1:999 > 10.0.0.2:4789"},
      {"VXLAN of IP", ipv4(17, udp(999, 4790, hex("0c000001 00000100") + inner)), TunnelKind::Vxlan,
       "10.0.0.1:999 > 10.0.0.2:4790"},
      {"VXLAN on that port without the bit that names what is inside",
       ipv4(17, udp(999, 4790, hex("08000001 00000100") + frame)), TunnelKind::Vxlan,
       "10.0.0.1:999 > 10.0.0.2:4790"},
      {"Geneve with an option",
       ipv4(17, udp(999, 6081, hex("0100 6558 00000100 01020304") + frame)), TunnelKind::Geneve,
       "10.0.0.1:999 > 10.0.0.2:6081"},
      {"GTP-U", ipv4(17, udp(2152, 2152, hex("30ff 0000 00000001") + inner)), TunnelKind::GtpU,
       "10.0.0.1:2152 > 10.0.0.2:2152"},
      {"GTP-U with an extension header",
       ipv4(17, udp(2152, 2152, hex("34ff 0000 00000001 0000 00 85 01 1000 00") + inner)),
       TunnelKind::GtpU, "10.0.0.1:2152 > 10.0.0.2:2152"},
      {"GRE in GRE", gre(hex("0000 0800") + gre(hex("0000 0800") + inner)), TunnelKind::Gre,
       no_ports},
  };
  for (const TunnelCase& c : cases) {
    const PacketView outer = decoded(c.packet, 101);
    EXPECT_EQ(outer.status, DecodeStatus::Ok) << c.behaviour;
    EXPECT_EQ(ends_of(outer), c.outer) << c.behaviour;
    EXPECT_EQ(outer.tunnel, TunnelKind::None) << c.behaviour;
    const PacketView view = decoded(c.packet, 101, with_decap());
    EXPECT_EQ(view.status, DecodeStatus::Ok) << c.behaviour;
    EXPECT_EQ(view.tunnel, c.kind) << c.behaviour;
    EXPECT_EQ(view.protocol, 6) << c.behaviour;
    EXPECT_EQ(view.sport, 1000) << c.behaviour;
    if (c.kind != TunnelKind::Ah) EXPECT_EQ(to_string(view.src), "192.168.0.1") << c.behaviour;
    EXPECT_EQ(view.payload_length, kHello.size()) << c.behaviour;
    EXPECT_EQ(view.wire_length, c.packet.size()) << c.behaviour;
  }
}

TEST(Decoder, ATunnelThatCarriesNoSessionIsItsOwn) {
  const Bytes arp = ethernet(0x0806, zeros(28));
  const Bytes cases[] = {
      ipv4(17, udp(999, 4789, hex("08000000 00000100") + arp)),
      ipv4(17, udp(2152, 2152, hex("3001 0000 00000000"))),  // GTP-U's own echo request
      ipv4(47, hex("0000 0800")),
      ipv4(4, hex("60")),
      ipv4(47, hex("0007 0800") + hello_v4()),
  };
  for (const Bytes& packet : cases) {
    const PacketView view = decoded(packet, 101, with_decap());
    EXPECT_EQ(view.status, DecodeStatus::Ok);
    EXPECT_EQ(to_string(view.src), "10.0.0.1");
    EXPECT_EQ(view.tunnel, TunnelKind::None);
  }
}

TEST(Decoder, TunnelsInTunnelsEndAtTheLimit) {
  Bytes packet = hello_v4();
  for (int i = 0; i < 40; ++i) packet = ipv4(4, packet);
  EXPECT_EQ(decoded(packet, 101, with_decap()).status, DecodeStatus::TooDeep);
  EXPECT_EQ(decoded(packet, 101).status, DecodeStatus::Ok);
}

// Every packet above, cut at every length and with every byte changed: no byte is read that is not
// there (AddressSanitizer sees it), and the payload lies within.
TEST(Decoder, CutAndSpoiledPacketsDoNoHarm) {
  const Bytes inner = ipv4(6, hello_tcp());
  const Bytes packets[] = {
      ethernet(0x8100, hex("0064 8847 00010140") + inner),
      ethernet(0x0800, ipv4(17, udp(9, 4789, hex("08000000 00000100") + ethernet(0x0800, inner)))),
      ethernet(0x86dd, ipv6(0, hex("2b00 0104 00000000 0600 0400") + zeros(4) + hello_tcp())),
      ethernet(0x0800, ipv4(47, hex("b000 0800") + zeros(12) + inner)),
      ethernet(0x0800,
               ipv4(17, udp(2152, 2152, hex("34ff 0000 00000001 000000 85 01100000") + inner))),
  };
  Decoder decoder(with_decap());
  for (const Bytes& packet : packets) {
    for (std::size_t length = 0; length <= packet.size(); ++length)
      decoded_by(decoder,
                 Bytes(packet.begin(), packet.begin() + static_cast<std::ptrdiff_t>(length)));
    for (std::size_t i = 0; i < packet.size(); ++i) {
      for (const int value : {0x00, 0x01, 0x40, 0x7f, 0x80, 0xff}) {
        Bytes spoiled = packet;
        spoiled[i] = static_cast<std::uint8_t>(value);
        decoded_by(decoder, spoiled);
      }
    }
  }
}

// Bytes that the short way looks at, spoilt one by one and in pairs; lengths cut.
TEST(Decoder, PlainPacketsTakeAShorterWayToTheSameView) {
  DecodeOptions all_the_way;
  all_the_way.shortcut = false;
  Decoder short_way({}), long_way(all_the_way);
  const Bytes syn = tcp(1000, 80, {}, {0x02, hex("02 04 05b4 01 03 03 07"), {}});
  std::mt19937 random(3);
  const auto below = [&random](std::size_t end) { return random() % end; };
  for (const Bytes& ip :
       {hello_v4(), ipv4(6, syn), ipv4(17, udp(53, 5353, text(kHello))), hello_v6()})
    for (int round = 0; round < 20'000; ++round) {
      Bytes bytes = ethernet(ip[0] == 0x60 ? 0x86dd : 0x0800, ip);
      for (std::size_t spoilt = below(3); spoilt > 0; --spoilt)
        bytes[below(bytes.size())] = static_cast<std::uint8_t>(below(256));
      if (below(3) == 0) bytes.resize(below(bytes.size() + 8));
      const auto exact = std::make_unique<std::uint8_t[]>(bytes.size());
      std::copy(bytes.begin(), bytes.end(), exact.get());
      RawPacket packet = raw(bytes, 1, 5);
      packet.bytes = {exact.get(), bytes.size()};
      packet.wire_length = static_cast<std::uint32_t>(below(2) * below(2000));
      PacketView one, other;
      one.seq = one.quoted_length = 77;  // left from an earlier packet
      short_way.decode(packet, one);
      long_way.decode(packet, other);
      ASSERT_EQ(one, other);
    }
}

// As another thread makes them: of rows that stand among others, with and without the bytes.
TEST(Decoder, ViewsOfManyPlainPacketsAtOnceAreThoseOfEach) {
  struct alignas(64) Row {
    PlainPacket plain;
    std::int64_t beside;
  };
  const Bytes syn = tcp(1000, 80, {}, {0x02, hex("02 04 05b4 01 03 03 07"), {}});
  const std::vector<Bytes> packets = {
      ethernet(0x0800, hello_v4()), ethernet(0x0800, ipv4(6, syn)),
      ethernet(0x0800, ipv4(17, udp(53, 5353, text(kHello)))),
      ethernet(0x0800, ipv4(17, udp(53, 5353, text("long enough to be as long as TCP's header"))))};
  Decoder decoder({});
  std::mt19937 random(5);
  for (int round = 0; round < 2'000; ++round) {
    std::vector<Row> rows(1 + random() % 70);
    std::vector<Bytes> bytes;
    std::vector<PacketView> each(rows.size()), at_once(rows.size()), fastest(rows.size());
    for (Row& row : rows) {
      bytes.push_back(packets[random() % packets.size()]);
      for (const std::size_t at : {22u, 26u, 30u, 34u, 36u, 43u, 47u, 48u})
        if (at < bytes.back().size()) bytes.back()[at] = static_cast<std::uint8_t>(random());
      RawPacket packet = raw(bytes.back(), 1, static_cast<std::int64_t>(random()));
      packet.interface = static_cast<std::uint16_t>(random());
      packet.wire_length = static_cast<std::uint32_t>(random());
      ASSERT_TRUE(decoder.decode_plain(packet, row.plain));
      PacketView& view = each[static_cast<std::size_t>(&row - rows.data())];
      decoder.decode(packet, view);
      if (random() % 2 == 0) row.plain.l3 = view.l3 = view.payload = nullptr;
    }
    make_views({&rows.front().plain, sizeof(Row), rows.size()}, at_once.data());
    fastest_views()({&rows.front().plain, sizeof(Row), rows.size()}, fastest.data());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      ASSERT_EQ(at_once[i], each[i]);
      ASSERT_EQ(fastest[i], each[i]);
    }
  }
}

}  // namespace
}  // namespace endreason
