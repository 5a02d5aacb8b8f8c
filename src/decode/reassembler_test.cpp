// SPDX-License-Identifier: Apache-2.0
#include "decode/reassembler.hpp"

#include <string>

#include <gtest/gtest.h>

#include "decode/decoder.hpp"
#include "decode/made_packets.hpp"

namespace endreason {
namespace {

using namespace made;
using enum DecodeStatus;

constexpr std::int64_t kSecond = 1'000'000'000;

// A part of an IP payload as one packet.
struct Part {
  std::size_t begin, end;
  bool more;
  std::int64_t time_ns = 0;
  std::size_t identification = 1;
};

Bytes part_of(const Bytes& payload, const Part& part, std::uint8_t protocol = 17) {
  const Bytes piece(payload.begin() + static_cast<std::ptrdiff_t>(part.begin),
                    payload.begin() + static_cast<std::ptrdiff_t>(part.end));
  return ipv4(protocol, piece,
              {{}, part.identification, part.begin / 8 | (part.more ? 0x2000u : 0u), {}});
}

Bytes part6_of(const Bytes& payload, const Part& part) {
  const Bytes piece(payload.begin() + static_cast<std::ptrdiff_t>(part.begin),
                    payload.begin() + static_cast<std::ptrdiff_t>(part.end));
  const Bytes fragment = hex("1100") + be16(part.begin | (part.more ? 1 : 0)) + be16(0) +
                         be16(part.identification) + piece;
  return ipv6(0, hex("2c00 0104 00000000") + fragment);
}

class Fragments : public testing::Test {
 protected:
  DecodeStatus give_bytes(const Bytes& packet, std::int64_t time_ns = 0) {
    kept_ = packet;
    decoder_.decode(raw(kept_, 101, time_ns), view_);
    return view_.status;
  }
  DecodeStatus give(const Part& part) { return give_bytes(part_of(datagram_, part), part.time_ns); }
  std::string payload() const {
    return {reinterpret_cast<const char*>(view_.payload), view_.payload_captured};
  }
  bool counters_add_up() const {
    const FragmentCounters& c = decoder_.fragments();
    return c.fragments == c.joined + c.expired + c.malformed + c.limited + c.held;
  }

  std::string message_ = [] {
    std::string text;
    for (int i = 0; i < 3000; ++i) text.push_back(static_cast<char>('a' + i % 26));
    return text;
  }();
  Bytes datagram_ = udp(5000, 53, text(message_));  // 3,008 bytes
  Decoder decoder_{{}};
  PacketView view_;
  Bytes kept_;
};

TEST_F(Fragments, TheWholeComesWithTheLastFragment) {
  EXPECT_EQ(give({0, 1480, true}), FragmentHeld);
  EXPECT_EQ(view_.packets, 1);
  EXPECT_EQ(give({1480, 2960, true}), FragmentHeld);
  EXPECT_EQ(give({2960, 3008, false}), Ok);
  EXPECT_EQ(payload(), message_);
  EXPECT_EQ(view_.sport, 5000);
  EXPECT_EQ(view_.packets, 3);
  EXPECT_TRUE(view_.fragment);
  EXPECT_EQ(view_.wire_length, 3 * 20 + 3008u);
  EXPECT_EQ(view_.ip_length, 3028u);
  EXPECT_EQ(view_.l3_captured, 3028u);
  EXPECT_EQ(decoder_.fragments().joined, 3u);
  EXPECT_EQ(decoder_.fragments().held, 0u);
  EXPECT_TRUE(counters_add_up());
}

TEST_F(Fragments, AnyOrderWillDoAndPacketsDoNotMix) {
  EXPECT_EQ(give({2960, 3008, false, 0, 1}), FragmentHeld);
  EXPECT_EQ(give({0, 1480, true, 0, 2}), FragmentHeld);
  EXPECT_EQ(give({1480, 2960, true, 0, 1}), FragmentHeld);
  EXPECT_EQ(give({0, 1480, true, 0, 1}), Ok);
  EXPECT_EQ(payload(), message_);
  EXPECT_EQ(decoder_.fragments().held, 1u);
  EXPECT_TRUE(counters_add_up());
}

TEST_F(Fragments, Ipv6FragmentsBehindAnExtensionHeaderArePutTogether) {
  datagram_ = udp(5000, 53, text(message_), kEnds6);
  EXPECT_EQ(give_bytes(part6_of(datagram_, {1480, 3008, false})), FragmentHeld);
  EXPECT_EQ(give_bytes(part6_of(datagram_, {0, 1480, true})), Ok);
  EXPECT_EQ(payload(), message_);
  EXPECT_EQ(view_.protocol, 17);
  EXPECT_EQ(view_.packets, 2);
  EXPECT_TRUE(view_.ipv6);
  EXPECT_EQ(view_.ip_length, 40u + 8 + 3008);
}

TEST_F(Fragments, ACopyOfAFragmentCountsButChangesNothing) {
  EXPECT_EQ(give({0, 1480, true}), FragmentHeld);
  Bytes other = part_of(datagram_, {0, 1480, true});
  other[100] = '!';
  EXPECT_EQ(give_bytes(other), FragmentHeld);
  EXPECT_EQ(give({1480, 3008, false}), Ok);
  EXPECT_EQ(payload(), message_);
  EXPECT_EQ(view_.packets, 3);
}

TEST_F(Fragments, WhereFragmentsOverlapTheFirstStands) {
  EXPECT_EQ(give({0, 1480, true}), FragmentHeld);
  Bytes other = datagram_;
  for (std::size_t i = 1000; i < 1480; ++i) other[i] = '!';
  EXPECT_EQ(give_bytes(part_of(other, {1000, 3008, false})), Ok);
  EXPECT_EQ(payload(), message_);
}

struct BadCase {
  const char* behaviour;
  Part first, second;
};

TEST_F(Fragments, ThoseThatContradictEachOtherAreMalformed) {
  const BadCase cases[] = {
      {"teardrop: the last lies within the first", {0, 1480, true}, {800, 1200, false}},
      {"one within another", {0, 1480, true}, {800, 1200, true}},
      {"two ends", {1480, 2960, false}, {2960, 3008, false}},
      {"bytes behind the end", {8, 1480, false}, {1480, 2960, true}},
      {"a length that leaves a gap no other can fill", {0, 1480, true}, {1480, 2955, true}},
  };
  std::size_t id = 10;
  for (BadCase c : cases) {
    c.first.identification = c.second.identification = ++id;
    EXPECT_EQ(give(c.first), FragmentHeld) << c.behaviour;
    EXPECT_EQ(give(c.second), Malformed) << c.behaviour;
  }
  EXPECT_EQ(decoder_.fragments().malformed, 2 * std::size(cases));
  EXPECT_EQ(decoder_.fragments().held, 0u);
  EXPECT_TRUE(counters_add_up());
}

TEST_F(Fragments, APacketLongerThanAnyIsMalformed) {
  EXPECT_EQ(give_bytes(ipv4(1, zeros(1480), {{}, 1, 0x1fff, {}})), Malformed);  // the ping of death
}

TEST_F(Fragments, AreGivenUpAfterThirtySeconds) {
  EXPECT_EQ(give({0, 1480, true, 0}), FragmentHeld);
  EXPECT_EQ(give({1480, 2960, true, 30 * kSecond}), FragmentHeld);
  EXPECT_EQ(give({2960, 3008, false, 31 * kSecond}), FragmentHeld);
  EXPECT_EQ(decoder_.fragments().expired, 2u);
  EXPECT_EQ(decoder_.fragments().held, 1u);
  decoder_.expire_fragments(62 * kSecond);
  EXPECT_EQ(decoder_.fragments().held, 0u);
  EXPECT_TRUE(counters_add_up());
}

TEST_F(Fragments, ASnappedFragmentLeavesTheLengthsTrue) {
  const Bytes first = part_of(datagram_, {0, 1480, true});
  const Bytes second = part_of(datagram_, {1480, 3008, false});
  RawPacket packet = raw(first, 101);
  packet.bytes = packet.bytes.first(120);
  decoder_.decode(packet, view_);
  EXPECT_EQ(view_.status, FragmentHeld);
  EXPECT_EQ(give_bytes(second), Ok);
  EXPECT_EQ(view_.payload_length, 3000u);
  EXPECT_EQ(payload(), message_.substr(0, 92));
}

TEST_F(Fragments, AFragmentOfATunnelsPacketIsHeldInside) {
  DecodeOptions options;
  options.decap = true;
  Decoder decoder(options);
  const auto inside = [&](const Part& part) { return ipv4(4, part_of(datagram_, part)); };
  const Bytes first = inside({0, 1480, true}), second = inside({1480, 3008, false});
  decoder.decode(raw(first, 101), view_);
  EXPECT_EQ(view_.status, FragmentHeld);
  decoder.decode(raw(second, 101), view_);
  EXPECT_EQ(view_.status, Ok);
  EXPECT_EQ(view_.packets, 2);
  EXPECT_EQ(view_.wire_length, first.size() + second.size());
  EXPECT_EQ(payload(), message_);
}

TEST_F(Fragments, ThereIsALimitToPacketsToPiecesAndToBytes) {
  DecodeOptions options;
  options.fragments.packets = 2;
  options.fragments.fragments_each = 2;
  options.fragments.bytes = 4 * kFragmentBlockBytes;
  decoder_ = Decoder(options);
  EXPECT_EQ(give({0, 8, true, 0, 1}), FragmentHeld);
  EXPECT_EQ(give({8, 16, true, 0, 2}), FragmentHeld);
  EXPECT_EQ(give({8, 16, true, 0, 3}), FragmentLimit);  // a third packet
  EXPECT_EQ(give({16, 24, true, 0, 2}), FragmentHeld);
  EXPECT_EQ(give({24, 32, true, 0, 2}), FragmentLimit);  // a third piece; all of it is given up
  EXPECT_EQ(give({0, 1480, true, 0, 4}), FragmentHeld);
  EXPECT_EQ(give({1480, 3008, true, 0, 4}), FragmentLimit);  // a fifth block
  EXPECT_TRUE(counters_add_up());
  EXPECT_EQ(give({8, 3008, false, 0, 1}), Ok);  // and what was held before is not harmed
}

TEST_F(Fragments, AllWholesOfABatchStayUntilTheNext) {
  const Bytes big = udp(1, 2, zeros(65'000));
  std::vector<Bytes> packets;
  std::vector<RawPacket> batch;
  for (std::size_t i = 0; i < 128; ++i) {
    packets.push_back(part_of(big, {0, 32'000, true, 0, i}));
    packets.push_back(part_of(big, {32'000, 65'008, false, 0, i}));
  }
  for (const Bytes& packet : packets) batch.push_back(raw(packet, 101));
  std::vector<PacketView> views(batch.size());
  for (int round = 0; round < 3; ++round) {
    decoder_.decode(batch, views);
    const std::uint8_t* before = nullptr;
    for (std::size_t i = 1; i < views.size(); i += 2) {
      ASSERT_EQ(views[i].status, Ok) << i;
      EXPECT_NE(views[i].payload, before);
      before = views[i].payload;
    }
  }
  EXPECT_TRUE(counters_add_up());
}

}  // namespace
}  // namespace endreason
