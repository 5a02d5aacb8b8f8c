// SPDX-License-Identifier: Apache-2.0
#include "appid/ip_packet.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "appid/packet_for_test.hpp"

namespace endreason {
namespace {

std::string_view text(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

TEST(IpPacket, AnIpv4SegmentHasHeadersWhoseLengthsAgree) {
  IpPacket packet;
  test::Conversation talk;
  const auto bytes = packet.wrap(talk.say(true, "hello"));
  ASSERT_EQ(bytes.size(), 20U + 20U + 5U);
  EXPECT_EQ(bytes[0], 0x45);
  EXPECT_EQ(bytes[2] << 8 | bytes[3], 45);
  EXPECT_EQ(bytes[9], kProtoTcp);
  EXPECT_EQ(text(bytes.subspan(12, 8)), std::string_view("\x0a\0\0\x01\xc0\0\x02\x07", 8));
  EXPECT_EQ(bytes[20] << 8 | bytes[21], 50000);
  EXPECT_EQ(bytes[32] >> 4, 5);
  EXPECT_EQ(text(bytes.subspan(40)), "hello");
}

TEST(IpPacket, AnIpv6DatagramHasHeadersWhoseLengthsAgree) {
  IpPacket packet;
  test::Conversation talk{.protocol = kProtoUdp};
  PacketView view = talk.say(false, "hello");
  view.ipv6 = true;
  const auto bytes = packet.wrap(view);
  ASSERT_EQ(bytes.size(), 40U + 8U + 5U);
  EXPECT_EQ(bytes[0] >> 4, 6);
  EXPECT_EQ(bytes[4] << 8 | bytes[5], 13);
  EXPECT_EQ(bytes[6], kProtoUdp);
  EXPECT_EQ(bytes[44] << 8 | bytes[45], 13);
  EXPECT_EQ(text(bytes.subspan(48)), "hello");
}

TEST(IpPacket, AnOversizedPayloadIsCutAndTheLengthsSaySo) {
  IpPacket packet;
  test::Conversation talk;
  const std::string huge(60'000, 'x');
  const auto bytes = packet.wrap(talk.say(true, huge));
  EXPECT_EQ(bytes.size(), 40 + IpPacket::kPayloadMax);
  EXPECT_EQ(static_cast<std::size_t>(bytes[2] << 8 | bytes[3]), bytes.size());
}

TEST(IpPacket, NothingOfAnEarlierPacketStandsBehindTheEnd) {
  IpPacket packet;
  test::Conversation talk;
  const std::string longer(500, 'x');
  packet.wrap(talk.say(true, longer));
  const auto bytes = packet.wrap(talk.say(true, "hello"));
  for (std::size_t i = 0; i < IpPacket::kTail; ++i) EXPECT_EQ(bytes.data()[bytes.size() + i], 0);
}

TEST(IpPacket, ASnappedPayloadIsTakenAsFarAsItIsThere) {
  IpPacket packet;
  test::Conversation talk;
  PacketView view = talk.say(true, "hello");
  view.payload_length = 1400;
  EXPECT_EQ(packet.wrap(view).size(), 45U);
}

}  // namespace
}  // namespace endreason
