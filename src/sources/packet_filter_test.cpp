// SPDX-License-Identifier: Apache-2.0
#include "sources/packet_filter.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

// IPv4, TCP, 10.0.0.1:1000 > 10.0.0.2:80.
const std::vector<std::uint8_t> kTcpPacket = {
    0x45, 0,    0, 40, 0, 1, 0, 0, 64, 6, 0, 0, 10,   0, 0,  1, 10, 0, 0, 2,
    3,    0xe8, 0, 80, 0, 0, 0, 1, 0,  0, 0, 0, 0x50, 2, 32, 0, 0,  0, 0, 0};

std::vector<std::uint8_t> on_ethernet() {
  std::vector<std::uint8_t> frame(14 + kTcpPacket.size());
  frame[12] = 8;  // the type, IPv4
  std::copy(kTcpPacket.begin(), kTcpPacket.end(), frame.begin() + 14);
  frame[5] = 2;   // to 00:00:00:00:00:02
  frame[11] = 1;  // from 00:00:00:00:00:01
  return frame;
}

RawPacket packet_of(const std::vector<std::uint8_t>& bytes, std::uint16_t link_type) {
  RawPacket packet;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  packet.link_type = link_type;
  return packet;
}

struct FilterCase {
  const char* text;
  bool matches;
};

TEST(PacketFilter, MatchesAsTcpdumpDoesOnEveryLinkType) {
  const FilterCase cases[] = {
      {"tcp port 80", true},
      {"udp", false},
      {"host 10.0.0.2", true},
      {"src host 10.0.0.2", false},
      {"net 10.0.0.0/8 and tcp[tcpflags] & tcp-syn != 0", true},
      {"greater 1000", false},
      {"", true},
  };
  const auto frame = on_ethernet();
  for (const FilterCase& c : cases) {
    auto filter = PacketFilter::compile(c.text);
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->matches(packet_of(frame, 1)), c.matches) << c.text;
    EXPECT_EQ(filter->matches(packet_of(kTcpPacket, 101)), c.matches) << c.text;
    EXPECT_EQ(filter->matches(packet_of(frame, 1)), c.matches) << c.text;
    EXPECT_EQ(filter->problems(), "");
  }
}

TEST(PacketFilter, KeepsThoseThatMatchInTheirOrder) {
  auto filter = PacketFilter::compile("tcp");
  const auto frame = on_ethernet();
  auto arp = frame;
  arp[13] = 6;
  std::array<RawPacket, 4> batch = {packet_of(arp, 1), packet_of(frame, 1), packet_of(arp, 1),
                                    packet_of(kTcpPacket, 101)};
  EXPECT_EQ(filter->keep_matching(batch), 2u);
  EXPECT_EQ(batch[0].link_type, 1);
  EXPECT_EQ(batch[1].link_type, 101);
}

// The lines below the first: the filter, the caret, what to do.
std::string shown_place(std::string_view text) {
  const auto filter = PacketFilter::compile(text);
  if (filter) return "a filter";
  EXPECT_EQ(filter.error().code, Error::Code::Usage);
  const std::string& message = filter.error().message;
  EXPECT_TRUE(message.starts_with("the capture filter cannot be used: ")) << message;
  EXPECT_TRUE(message.ends_with("filters are written as for tcpdump: man 7 pcap-filter"))
      << message;
  const std::size_t begin = message.find('\n') + 1;
  return message.substr(begin, message.rfind("filters are written") - begin);
}

TEST(PacketFilter, ATextThatIsNoFilterIsAnErrorWithACaretAtTheWordThatIsWrong) {
  EXPECT_EQ(shown_place("tcp prot 80"),
            "  tcp prot 80\n      ^^^^\ndid you mean 'port' or 'proto'? ");
  EXPECT_EQ(shown_place("tcp port 70000 and udp"), "  tcp port 70000 and udp\n           ^^^^^\n");
  EXPECT_EQ(shown_place("host 300.1.1.1"), "  host 300.1.1.1\n       ^^^^^^^^^\n");
  EXPECT_EQ(shown_place("(tcp port 80 and"),
            "  (tcp port 80 and\n                  ^\nsomething is missing here; ");
  EXPECT_EQ(shown_place("tcp port 80)"), "  tcp port 80)\n           ^^^\n");
  EXPECT_EQ(shown_place("b.pcap"),
            "  b.pcap\n  ^^^^^^\nif 'b.pcap' is to be a capture: there is no such file; ");
  EXPECT_EQ(shown_place("tcp port 80"), "a filter");
}

TEST(PacketFilter, AFilterThatMeansNothingForALinkTypeMatchesNoneOfItsPacketsAndSaysSo) {
  auto filter = PacketFilter::compile("ether host 00:00:00:00:00:01");
  ASSERT_TRUE(filter);
  EXPECT_TRUE(filter->matches(packet_of(on_ethernet(), 1)));
  EXPECT_FALSE(filter->matches(packet_of(kTcpPacket, 101)));
  EXPECT_NE(filter->problems().find("link type 101"), std::string::npos) << filter->problems();
}

TEST(PacketFilter, ASnappedPacketIsJudgedByWhatIsThere) {
  auto filter = PacketFilter::compile("tcp port 80");
  RawPacket packet = packet_of(kTcpPacket, 101);
  packet.bytes = packet.bytes.first(12);
  EXPECT_FALSE(filter->matches(packet));
  packet.bytes = {};
  EXPECT_FALSE(filter->matches(packet));
}

}  // namespace
}  // namespace endreason
