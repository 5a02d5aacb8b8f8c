// SPDX-License-Identifier: Apache-2.0
// Captures of which only the headers are wanted, read where their file is mapped, against the same
// captures read whole.
#include "sources/header_room.hpp"

#include <filesystem>

#include <gtest/gtest.h>

#include "sources/capture_source.hpp"
#include "sources/file_source.hpp"
#include "sources/made_captures.hpp"
#include "sources/made_files.hpp"

namespace endreason {
namespace {

using namespace made;

constexpr std::uint32_t kMicro = 0xa1b2c3d4;

// Ethernet, IPv4 and a transport, then a payload that tells the packet's number.
std::string packet_of(std::uint32_t number, char protocol, std::size_t size) {
  std::string bytes(14 + 20 + 20, '\0');
  bytes[12] = 8;
  bytes[14] = 0x45;
  bytes[14 + 9] = protocol;
  bytes += std::to_string(number);
  bytes.resize(std::max(size, bytes.size()), static_cast<char>('a' + number % 26));
  return bytes;
}

// TCP, UDP and ICMP of many lengths, several times what is mapped at a time.
std::string long_capture(std::uint32_t packets, std::uint32_t link_type = 1) {
  std::string capture = pcap_header(kMicro, std::endian::little, link_type);
  for (std::uint32_t i = 0; i < packets; ++i) {
    const char protocol = i % 5 == 0 ? 1 : i % 2 == 0 ? 17 : 6;
    const std::uint32_t size = 54 + i * 7919 % 1400;
    const std::string bytes = packet_of(i, protocol, size);
    const auto length = static_cast<std::uint32_t>(bytes.size() + (i % 3 == 0 ? 100 : 0));
    capture += pcap_record(1000 + i, 5, bytes, std::endian::little, length);
  }
  return capture;
}

struct Kept {
  std::int64_t time_ns;
  std::uint32_t wire_length;
  std::string bytes;
};

struct ReadCapture {
  std::vector<Kept> packets;
  std::vector<CaptureProblem> problems;
  CaptureCounters counters;
};

// `meanwhile(n)`: called behind n packets.
template <class Meanwhile>
ReadCapture read_file(const std::string& path, const CaptureOptions& options, Meanwhile meanwhile) {
  ReadCapture all;
  auto file = FileSource::open(path);
  auto source = CaptureSource::open(std::move(*file), options);
  std::vector<RawPacket> batch(61);
  std::vector<std::vector<RawPacket>> kept;  // that have to stay
  const auto take_oldest = [&] {
    for (const RawPacket& p : kept.front())
      all.packets.push_back(
          {p.time_ns, p.wire_length, std::string(p.bytes.begin(), p.bytes.end())});
    kept.erase(kept.begin());
  };
  std::size_t read = 0;
  while (const std::size_t n = (*source)->read(batch)) {
    kept.emplace_back(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(n));
    if (kept.size() == options.buffers) take_oldest();
    meanwhile(read += n);
  }
  while (!kept.empty()) take_oldest();
  all.problems.assign((*source)->problems().begin(), (*source)->problems().end());
  all.counters = (*source)->counters();
  return all;
}
ReadCapture read_file(const std::string& path, const CaptureOptions& options) {
  return read_file(path, options, [](std::size_t) {});
}

void expect_headers_of(const ReadCapture& headers, const ReadCapture& whole, bool ethernet = true) {
  ASSERT_EQ(headers.packets.size(), whole.packets.size());
  std::size_t shortened = 0;
  for (std::size_t i = 0; i < whole.packets.size(); ++i) {
    const Kept &part = headers.packets[i], &all = whole.packets[i];
    ASSERT_EQ(part.time_ns, all.time_ns);
    ASSERT_EQ(part.wire_length, all.wire_length);
    ASSERT_TRUE(all.bytes.starts_with(part.bytes)) << i;
    if (part.bytes == all.bytes) continue;
    ++shortened;
    ASSERT_EQ(part.bytes.size(), kHeaderBytes);
    ASSERT_NE(all.bytes[14 + 9], 1) << "ICMP quotes packets: it is given whole";
  }
  EXPECT_EQ(shortened > 0, ethernet) << "nothing was read where the file is mapped";
  EXPECT_EQ(headers.counters.packets, whole.counters.packets);
  EXPECT_EQ(headers.counters.snapped, whole.counters.snapped);
  EXPECT_EQ(headers.counters.captured_bytes, whole.counters.captured_bytes);
  EXPECT_EQ(headers.counters.lost_bytes, whole.counters.lost_bytes);
}

TEST(HeadersOnly, GiveTheBeginningsOfTheSamePackets) {
  const MadeFiles files;
  const std::string path = files.write("a.pcap", long_capture(8000));
  const ReadCapture whole = read_file(path, {});
  ASSERT_EQ(whole.packets.size(), 8000u);
  expect_headers_of(read_file(path, {.headers_only = true}), whole);
  expect_headers_of(read_file(path, {.buffers = 3, .headers_only = true}), whole);
}

TEST(HeadersOnly, OtherLinkLayersAreGivenWhole) {
  const MadeFiles files;
  const std::string path = files.write("a.pcap", long_capture(8000, 101));
  expect_headers_of(read_file(path, {.headers_only = true}), read_file(path, {}), false);
}

TEST(HeadersOnly, DamageIsPassedOverAsWhereAllIsRead) {
  const MadeFiles files;
  std::string capture = long_capture(8000);
  capture.replace(3'000'000, 5'000, 5'000, '\xff');
  const std::string path = files.write("a.pcap", capture);
  const ReadCapture whole = read_file(path, {}), headers = read_file(path, {.headers_only = true});
  ASSERT_EQ(whole.problems.size(), 1u);
  expect_headers_of(headers, whole);
  ASSERT_EQ(headers.problems.size(), 1u);
  EXPECT_EQ(headers.problems[0].what, whole.problems[0].what);
}

TEST(HeadersOnly, AFileThatBecomesShorterEndsWhereItEnds) {
  const MadeFiles files;
  const std::string capture = long_capture(8000);
  const std::string path = files.write("a.pcap", capture);
  const ReadCapture whole = read_file(path, {});
  constexpr std::size_t kEnd = 2'500'000;
  const ReadCapture headers = read_file(path, {.headers_only = true}, [&path](std::size_t read) {
    if (read > 1000) std::filesystem::resize_file(path, kEnd);
  });
  ASSERT_LT(headers.packets.size(), whole.packets.size());
  for (std::size_t i = 0; i < headers.packets.size(); ++i)
    ASSERT_TRUE(whole.packets[i].bytes.starts_with(headers.packets[i].bytes)) << i;
  ASSERT_EQ(headers.problems.size(), 1u);
  EXPECT_EQ(headers.problems[0].offset + headers.problems[0].bytes, kEnd);
}

}  // namespace
}  // namespace endreason
