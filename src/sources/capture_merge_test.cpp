// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_merge.hpp"

#include <deque>
#include <string>

#include <gtest/gtest.h>

#include "sources/made_captures.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

using namespace made;

std::string capture(std::initializer_list<std::pair<std::uint32_t, std::string>> packets) {
  std::string bytes = pcap_header(0xa1b2c3d4);
  for (const auto& [seconds, data] : packets) bytes += pcap_record(seconds, 0, data);
  return bytes;
}

std::string merged(const std::deque<std::string>& captures, std::size_t batch_packets) {
  std::vector<std::unique_ptr<CaptureSource>> sources;
  for (const std::string& bytes : captures)
    sources.push_back(*CaptureSource::open(std::make_unique<MemorySource>(bytes)));
  CaptureMerge merge(std::move(sources));
  std::string order;
  std::vector<RawPacket> batch(batch_packets);
  while (const std::size_t count = merge.read(batch)) {
    for (const RawPacket& p : std::span(batch).first(count))
      order.append(reinterpret_cast<const char*>(p.bytes.data()), p.bytes.size()).append(" ");
  }
  EXPECT_EQ(merge.read(batch), 0u);
  return order;
}

struct MergeCase {
  const char* behaviour;
  std::deque<std::string> captures;
  const char* order;
};

TEST(CaptureMerge, PutsPacketsInTheOrderOfTime) {
  const MergeCase cases[] = {
      {"no capture", {}, ""},
      {"one capture", {capture({{1, "a1"}, {2, "a2"}})}, "a1 a2 "},
      {"two captures, interleaved",
       {capture({{1, "a1"}, {4, "a4"}}), capture({{2, "b2"}, {3, "b3"}, {5, "b5"}})},
       "a1 b2 b3 a4 b5 "},
      {"the same time: the order of the captures",
       {capture({{1, "a1"}, {1, "a1"}}), capture({{1, "b1"}}), capture({{0, "c0"}, {1, "c1"}})},
       "c0 a1 a1 b1 c1 "},
      {"a capture whose times go back keeps its order",
       {capture({{5, "a5"}, {1, "a1"}, {6, "a6"}}), capture({{2, "b2"}, {7, "b7"}})},
       "b2 a5 a1 a6 b7 "},
      {"an empty capture", {capture({}), capture({{1, "b1"}})}, "b1 "},
  };
  for (const MergeCase& c : cases)
    for (const std::size_t batch : {1, 2, 100})
      EXPECT_EQ(merged(c.captures, batch), c.order) << c.behaviour << ", batches of " << batch;
}

TEST(CaptureMerge, ManyPacketsOfManyCapturesAllCome) {
  std::deque<std::string> captures(5, pcap_header(0xa1b2c3d4));
  std::string expected;
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    const std::string data = std::to_string(i);
    captures[(i * 7 + i / 300) % 5] += pcap_record(i, 0, data);
    expected += data + " ";
  }
  EXPECT_EQ(merged(captures, 256), expected);
}

TEST(CaptureMerge, InterfacesAreNumberedThroughAllCaptures) {
  const std::string two = section() + interface_block(1, option(2, "a0")) +
                          interface_block(101, option(2, "a1")) + enhanced(1, 2'000'000, "x");
  const std::string late = section() + interface_block(113, option(2, "b0")) +
                           enhanced(0, 1'000'000, "y") + section() +
                           interface_block(276, option(2, "b1")) + enhanced(0, 3'000'000, "z");
  std::vector<std::unique_ptr<CaptureSource>> sources;
  for (const std::string* bytes : {&two, &late})
    sources.push_back(*CaptureSource::open(std::make_unique<MemorySource>(*bytes)));
  CaptureMerge merge(std::move(sources));
  std::string seen;
  std::vector<RawPacket> batch(10);
  while (const std::size_t count = merge.read(batch))
    for (const RawPacket& p : std::span(batch).first(count)) {
      const CaptureInterface& interface = merge.interfaces()[p.interface];
      EXPECT_EQ(interface.link_type, p.link_type);
      seen += interface.name + " ";
    }
  EXPECT_EQ(seen, "b0 a1 b1 ");
  EXPECT_EQ(merge.counters().packets, 3u);
}

}  // namespace
}  // namespace endreason
