// SPDX-License-Identifier: Apache-2.0
#include "sources/capture_source.hpp"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/source_folder_for_test.hpp"
#include "sources/compression.hpp"
#include "sources/input_list.hpp"
#include "sources/made_captures.hpp"
#include "sources/made_files.hpp"
#include "sources/memory_source.hpp"

namespace endreason {
namespace {

using namespace made;
constexpr auto kLittle = std::endian::little;
constexpr auto kBig = std::endian::big;
constexpr std::uint32_t kMicro = 0xa1b2c3d4, kNano = 0xa1b23c4d, kModified = 0xa1b2cd34;

struct ReadPacket {
  std::int64_t time_ns;
  std::string bytes;
  std::uint32_t wire_length;
  std::uint16_t link_type, interface;
};

struct WholeCapture {
  std::vector<ReadPacket> packets;
  std::vector<CaptureInterface> interfaces;
  std::vector<CaptureProblem> problems;
  CaptureCounters counters;
  std::string error;  // why it was not opened
};

WholeCapture read_all(std::unique_ptr<ByteSource> bytes, CaptureOptions options = {},
                      std::size_t batch_packets = 7, std::string_view already_read = {}) {
  WholeCapture whole;
  auto source = CaptureSource::open(std::move(bytes), options, already_read);
  if (!source) {
    whole.error = source.error().message;
    return whole;
  }
  std::vector<RawPacket> batch(batch_packets);
  while (const std::size_t count = (*source)->read(batch)) {
    for (const RawPacket& p : std::span(batch).first(count))
      whole.packets.push_back({p.time_ns,
                               {reinterpret_cast<const char*>(p.bytes.data()), p.bytes.size()},
                               p.wire_length,
                               p.link_type,
                               p.interface});
  }
  EXPECT_EQ((*source)->read(batch), 0u) << "the end stays the end";
  whole.interfaces.assign((*source)->interfaces().begin(), (*source)->interfaces().end());
  whole.problems.assign((*source)->problems().begin(), (*source)->problems().end());
  whole.counters = (*source)->counters();
  EXPECT_EQ(whole.counters.packets, whole.packets.size());
  return whole;
}

WholeCapture read_all(const std::string& bytes) {
  return read_all(std::make_unique<MemorySource>(bytes));
}

struct PcapCase {
  const char* behaviour;
  std::string bytes;
  std::int64_t time_ns;
};

// With a buffer for each, whatever the records' sizes and however damaged they are.
TEST(CaptureSource, PacketsStayForAsManyReadsAsThereAreBuffers) {
  std::string capture = pcap_header(kMicro);
  for (std::uint32_t i = 0; i < 400; ++i) {
    capture += pcap_record(1'700'000'000 + i, i, std::string(1 + i * 37 % 900, char('a' + i % 26)));
    if (i % 150 == 99) capture += std::string(40, '\xff');  // damage
  }
  const CaptureOptions options{.buffer_bytes = 2000, .buffers = 3};
  auto source =
      std::move(CaptureSource::open(std::make_unique<MemorySource>(capture), options).value());
  std::array<std::vector<RawPacket>, 3> kept;
  std::array<std::vector<std::string>, 3> texts;
  std::size_t seen = 0;
  for (std::size_t call = 0;; ++call) {
    std::vector<RawPacket>& batch = kept[call % 3];
    batch.resize(3 + call % 5);
    batch.resize(source->read(batch));
    if (batch.empty()) break;
    seen += batch.size();
    texts[call % 3].clear();
    for (const RawPacket& p : batch) texts[call % 3].emplace_back(p.bytes.begin(), p.bytes.end());
    for (std::size_t age = 0; age < 3; ++age)
      for (std::size_t i = 0; i < kept[age].size(); ++i)
        ASSERT_EQ(std::string(kept[age][i].bytes.begin(), kept[age][i].bytes.end()), texts[age][i])
            << call;
  }
  EXPECT_GT(seen, 300u);
}

TEST(CaptureSource, SeveralReadersInAnyOrderGetWhatOneGets) {
  std::string capture = pcap_header(kMicro);
  for (std::uint32_t i = 0; i < 400; ++i) {
    capture += pcap_record(1'700'000'000 + i, i, std::string(1 + i * 37 % 900, char('a' + i % 26)));
    if (i % 150 == 99) capture += std::string(40, '\xff');  // damage
  }
  const WholeCapture alone = read_all(capture);
  const CaptureOptions options{.buffer_bytes = 2000, .readers = 3};
  auto source =
      std::move(CaptureSource::open(std::make_unique<MemorySource>(capture), options).value());
  std::vector<RawPacket> batch(9);
  std::size_t seen = 0;
  for (std::size_t call = 0;; ++call) {
    source->read_as(call * call % 7 % 3);
    const std::size_t count = source->read(batch);
    if (count == 0) break;
    for (const RawPacket& p : std::span(batch).first(count)) {
      ASSERT_LT(seen, alone.packets.size());
      ASSERT_EQ(std::string(p.bytes.begin(), p.bytes.end()), alone.packets[seen++].bytes) << call;
    }
  }
  EXPECT_EQ(seen, alone.packets.size());
  EXPECT_EQ(source->counters().problems, alone.counters.problems);
}

struct TurnsCase {
  const char* says;
  std::string capture;
};

std::vector<TurnsCase> captures_for_turns() {
  const auto records = [](std::uint32_t count, std::uint32_t longest, std::uint32_t damaged_every) {
    std::string capture = pcap_header(kMicro);
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::string bytes(1 + i * 37'911 % longest, char('a' + i % 26));
      capture += pcap_record(1'700'000'000 + i, i, bytes);
      if (damaged_every > 0 && i % damaged_every == 99) capture += std::string(40, '\xff');
    }
    return capture;
  };
  std::string blocks = section() + interface_block(1);
  for (std::uint32_t i = 0; i < 300; ++i) {
    blocks += enhanced(0, i, std::string(1 + i * 37 % 900, char('a' + i % 26)));
    if (i % 50 == 7) blocks += block(0x0bad, std::string(20'000, 'x'));
  }
  std::string cut = records(900, 900, 0);
  cut.resize(cut.size() - 3);
  return {{"records shorter than a turn", records(900, 900, 0)},
          {"records longer than several turns, and than what is kept free for them",
           records(60, 300'000, 0)},
          {"damage, behind which much is looked at", records(900, 900, 150)},
          {"blocks that are passed over, longer than several turns", blocks},
          {"the last record is cut", cut}};
}

// Each reader's turn is fetched before, while others read, and by whoever comes.
TEST(CaptureSource, TurnsFetchedBesideOneAnotherGiveWhatOneReaderGets) {
  const MadeFiles files;
  for (const auto& [says, capture] : captures_for_turns()) {
    const std::string path = files.write("turns.pcap", capture);
    const WholeCapture alone = read_all(capture);
    auto opened = open_input({path, std::nullopt});
    const CaptureOptions options{.buffer_bytes = 2000, .readers = 3};
    auto source = std::move(CaptureSource::open(std::move(*opened), options).value());
    ASSERT_TRUE(source->has_turns());
    std::array<std::optional<std::uint64_t>, 3> fetched;
    std::uint64_t turn = 0, turns = 0;
    std::vector<RawPacket> batch(9);
    std::size_t seen = 0;
    std::uint32_t state = 1;
    for (bool ended = false; !ended;) {
      state = state * 1'664'525 + 1'013'904'223;
      const std::size_t reader = (state >> 16) % 3;
      if (!fetched[reader]) {
        source->fetch(reader, turns);
        fetched[reader] = turns++;
      }
      if (fetched[reader] != turn) continue;
      source->read_as(reader);
      const std::size_t count = source->read(batch);
      for (const RawPacket& p : std::span(batch).first(count)) {
        ASSERT_LT(seen, alone.packets.size()) << says;
        ASSERT_EQ(std::string(p.bytes.begin(), p.bytes.end()), alone.packets[seen++].bytes) << says;
      }
      ended = count == 0 && !source->turn_is_over();
      if (!source->turn_is_over()) continue;
      EXPECT_EQ(count, 0u);
      fetched[reader].reset();
      ++turn;
    }
    EXPECT_EQ(seen, alone.packets.size()) << says;
    EXPECT_GT(turn, 0u) << says;
    EXPECT_EQ(source->counters().lost_bytes, alone.counters.lost_bytes) << says;
    ASSERT_EQ(source->problems().size(), alone.problems.size()) << says;
    for (std::size_t i = 0; i < alone.problems.size(); ++i) {
      EXPECT_EQ(source->problems()[i].offset, alone.problems[i].offset) << says;
      EXPECT_EQ(source->problems()[i].what, alone.problems[i].what) << says;
    }
  }
}

TEST(CaptureSource, ThreadsFetchTheirTurnsWhileAnotherReads) {
  const MadeFiles files;
  const std::string capture = captures_for_turns().front().capture;
  const std::string path = files.write("turns.pcap", capture);
  const CaptureOptions options{.buffer_bytes = 2000, .readers = 3};
  auto source =
      std::move(CaptureSource::open(std::move(*open_input({path, std::nullopt})), options).value());
  std::mutex reading;
  std::condition_variable changed;
  std::uint64_t turn = 0, turns = 0, seen = 0, bytes = 0;
  bool ended = false;
  const auto take_turns = [&](std::size_t reader) {
    std::vector<RawPacket> batch(9);
    std::unique_lock lock(reading);
    while (!ended) {
      const std::uint64_t own = turns++;
      lock.unlock();
      source->fetch(reader, own);
      lock.lock();
      changed.wait(lock, [&] { return ended || turn == own; });
      if (ended) break;
      source->read_as(reader);
      while (const std::size_t count = source->read(batch)) {
        seen += count;
        for (const RawPacket& p : std::span(batch).first(count)) bytes += p.bytes.size();
      }
      ended = !source->turn_is_over();
      ++turn;
      changed.notify_all();
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t reader = 0; reader < 3; ++reader) threads.emplace_back(take_turns, reader);
  for (std::thread& thread : threads) thread.join();
  const WholeCapture alone = read_all(capture);
  EXPECT_EQ(seen, alone.packets.size());
  EXPECT_EQ(bytes, alone.counters.captured_bytes);
}

// As when it is cut, or added to, while it is read.
TEST(CaptureSource, AFileOfAnotherLengthThanWhenItWasOpenedIsReadToItsEndInTurns) {
  const MadeFiles files;
  const std::string capture = captures_for_turns().front().capture;
  for (const std::size_t length : {capture.size() / 2, std::size_t{24}, capture.size()}) {
    const std::string path = files.write("turns.pcap", capture.substr(0, capture.size() * 3 / 4));
    auto opened = open_input({path, std::nullopt});
    const CaptureOptions options{.buffer_bytes = 2000, .readers = 2};
    auto source = std::move(CaptureSource::open(std::move(*opened), options).value());
    ASSERT_TRUE(source->has_turns());
    files.write("turns.pcap", capture.substr(0, length));
    std::vector<RawPacket> batch(9);
    std::size_t seen = 0;
    for (std::uint64_t turn = 0;; ++turn) {
      ASSERT_LT(turn, 10'000u) << "it comes to no end";
      source->read_as(turn % 2);
      source->fetch(turn % 2, turn);
      while (const std::size_t count = source->read(batch)) seen += count;
      if (!source->turn_is_over()) break;
    }
    EXPECT_EQ(source->read(batch), 0u) << "the end stays the end";
    const std::string had = capture.substr(0, std::max(length, options.buffer_bytes));
    EXPECT_EQ(seen, read_all(had).packets.size()) << length;
  }
}

TEST(CaptureSource, ReadsEveryKindOfPcapInBothByteOrders) {
  const auto record = [](std::endian order) {
    return pcap_record(3'000'000'000u, 5, "abc", order, 90);
  };
  const auto modified = [](std::endian order) {
    return Writer(order).u32(3'000'000'000u).u32(5).u32(3).u32(90).u64(0).bytes("abc").str();
  };
  const PcapCase cases[] = {
      {"microseconds", pcap_header(kMicro, kLittle) + record(kLittle), 3'000'000'000'000'005'000},
      {"microseconds, swapped", pcap_header(kMicro, kBig) + record(kBig),
       3'000'000'000'000'005'000},
      {"nanoseconds", pcap_header(kNano, kLittle) + record(kLittle), 3'000'000'000'000'000'005},
      {"nanoseconds, swapped", pcap_header(kNano, kBig) + record(kBig), 3'000'000'000'000'000'005},
      {"modified", pcap_header(kModified, kLittle) + modified(kLittle), 3'000'000'000'000'005'000},
      {"modified, swapped", pcap_header(kModified, kBig) + modified(kBig),
       3'000'000'000'000'005'000},
  };
  for (const PcapCase& c : cases) {
    const WholeCapture whole = read_all(c.bytes + c.bytes.substr(24));
    ASSERT_EQ(whole.packets.size(), 2u) << c.behaviour << whole.error;
    for (const ReadPacket& packet : whole.packets) {
      EXPECT_EQ(packet.time_ns, c.time_ns) << c.behaviour;
      EXPECT_EQ(packet.bytes, "abc") << c.behaviour;
      EXPECT_EQ(packet.wire_length, 90u) << c.behaviour;
      EXPECT_EQ(packet.link_type, 1) << c.behaviour;
    }
    EXPECT_EQ(whole.counters.snapped, 2u) << c.behaviour;
    EXPECT_TRUE(whole.problems.empty()) << c.behaviour;
  }
}

TEST(CaptureSource, LinkTypeIsReadWithoutTheBitsAboutCheckSequences) {
  const std::string bytes = pcap_header(kMicro, kLittle, 0xf0000071) + pcap_record(1, 0, "x");
  EXPECT_EQ(read_all(bytes).packets.at(0).link_type, 0x71);
}

TEST(CaptureSource, ReadsPcapngInBothByteOrdersAndSectionsOfBoth) {
  std::string bytes;
  for (const std::endian order : {kLittle, kBig, kLittle})
    bytes += section(order) + interface_block(113, {}, order) +
             enhanced(0, 1'500'000, "abcd", order, 60) + block(5, std::string(8, 'x'), order);
  const WholeCapture whole = read_all(bytes);
  ASSERT_EQ(whole.packets.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(whole.packets[i].time_ns, 1'500'000'000);
    EXPECT_EQ(whole.packets[i].bytes, "abcd");
    EXPECT_EQ(whole.packets[i].wire_length, 60u);
    EXPECT_EQ(whole.packets[i].link_type, 113);
    EXPECT_EQ(whole.packets[i].interface, i) << "interfaces of all sections are numbered in a row";
  }
  EXPECT_EQ(whole.counters.skipped_blocks, 3u);
  EXPECT_TRUE(whole.problems.empty());
}

struct ClockCase {
  const char* behaviour;
  std::string options;
  std::uint64_t units;
  std::int64_t time_ns;
};

TEST(CaptureSource, InterfacesHaveTheirOwnClocks) {
  const auto resolution = [](int value) {
    return option(9, std::string(1, static_cast<char>(value)));
  };
  const std::string offset = option(14, Writer(kLittle).u64(1'000).str());
  const ClockCase cases[] = {
      {"microseconds unless said otherwise", "", 2'000'001, 2'000'001'000},
      {"nanoseconds", resolution(9), 2'000'000'001, 2'000'000'001},
      {"seconds", resolution(0), 7, 7'000'000'000},
      {"milliseconds", resolution(3), 7, 7'000'000},
      {"picoseconds", resolution(12), 7'000'999, 7'000},
      {"binary fractions", resolution(0x80 | 10), 1'536, 1'500'000'000},
      {"fine binary fractions", resolution(0x80 | 40), (std::uint64_t{3} << 39), 1'500'000'000},
      {"an offset in seconds", offset, 1, 1'000'000'001'000},
      {"both", resolution(9) + offset, 1, 1'000'000'000'001},
      {"the finest decimal", resolution(0x7f), 5'000'000'000, 0},
      {"the finest binary", resolution(0xff), 5, 0},
  };
  for (const ClockCase& c : cases) {
    const std::string bytes = section() +
                              interface_block(1, option(2, "eth7") + c.options + option(0, "")) +
                              enhanced(0, c.units, "x");
    const WholeCapture whole = read_all(bytes);
    ASSERT_EQ(whole.packets.size(), 1u) << c.behaviour;
    EXPECT_EQ(whole.packets[0].time_ns, c.time_ns) << c.behaviour;
    EXPECT_EQ(whole.interfaces.at(0).name, "eth7") << c.behaviour;
  }
}

TEST(CaptureSource, ReadsTheSimpleAndTheObsoletePacketBlock) {
  const auto obsolete =
      Writer(kLittle).u16(1).u16(9).u32(0).u32(5).u32(3).u32(4).bytes("abc").str();
  const std::string bytes = section() + interface_block(1, {}, kLittle, 2) + interface_block(101) +
                            block(2, obsolete) + block(3, Writer(kLittle).u32(5).bytes("ab").str());
  const WholeCapture whole = read_all(bytes);
  ASSERT_EQ(whole.packets.size(), 2u);
  EXPECT_EQ(whole.packets[0].bytes, "abc");
  EXPECT_EQ(whole.packets[0].time_ns, 5'000);
  EXPECT_EQ(whole.packets[0].link_type, 101);
  EXPECT_EQ(whole.packets[1].bytes, "ab");
  EXPECT_EQ(whole.packets[1].wire_length, 5u);
  EXPECT_EQ(whole.packets[1].time_ns, 5'000) << "it has none: the time of the packet before";
  EXPECT_EQ(whole.packets[1].link_type, 1);
}

TEST(CaptureSource, UnknownBlocksOfAnyLengthArePassedOver) {
  const std::string long_body(3 << 20, 'z');
  const std::string bytes = section() + interface_block(1) + block(0x0bad, long_body) +
                            enhanced(0, 1, "x") + block(77, "who knows") + enhanced(0, 2, "y");
  const WholeCapture whole = read_all(bytes);
  ASSERT_EQ(whole.packets.size(), 2u);
  EXPECT_EQ(whole.packets[1].bytes, "y");
  EXPECT_EQ(whole.counters.skipped_blocks, 2u);
  EXPECT_TRUE(whole.problems.empty());
}

TEST(CaptureSource, ACaptureCutShortGivesWhatIsWholeAndNamesThePlace) {
  const std::string header = pcap_header(kMicro);
  const std::string record = pcap_record(1, 0, "0123456789");
  const std::string ng = section() + interface_block(1);
  const std::string ng_record = enhanced(0, 1, "0123456789");
  for (std::size_t cut = 1; cut < record.size(); ++cut) {
    const WholeCapture whole = read_all(header + record + record.substr(0, cut));
    ASSERT_EQ(whole.packets.size(), 1u);
    ASSERT_EQ(whole.problems.size(), 1u);
    EXPECT_EQ(whole.problems[0].offset, header.size() + record.size());
    EXPECT_EQ(whole.problems[0].bytes, cut);
  }
  for (std::size_t cut = 1; cut < ng_record.size(); ++cut) {
    const WholeCapture whole = read_all(ng + ng_record + ng_record.substr(0, cut));
    ASSERT_EQ(whole.packets.size(), 1u);
    ASSERT_EQ(whole.problems.size(), 1u);
    EXPECT_EQ(whole.problems[0].offset, ng.size() + ng_record.size());
    EXPECT_NE(whole.problems[0].what.find("cut short"), std::string::npos);
  }
}

TEST(CaptureSource, DamageInAPcapIsPassedOverAndNamed) {
  std::string bytes = pcap_header(kMicro);
  for (std::uint32_t i = 0; i < 10; ++i) bytes += pcap_record(1'000 + i, i, std::string(60, 'p'));
  const std::size_t record = 76, fifth = 24 + 4 * record;
  std::string spoiled = bytes;
  std::fill_n(spoiled.begin() + static_cast<std::ptrdiff_t>(fifth), 30, '\xff');
  const WholeCapture whole = read_all(spoiled);
  EXPECT_EQ(whole.packets.size(), 9u);
  ASSERT_EQ(whole.problems.size(), 1u);
  EXPECT_EQ(whole.problems[0].offset, fifth);
  EXPECT_EQ(whole.problems[0].bytes, record);
  EXPECT_EQ(whole.counters.lost_bytes, record);
  EXPECT_NE(whole.problems[0].what.find("offset 328"), std::string::npos) << whole.problems[0].what;
}

TEST(CaptureSource, DamageInAPcapngIsPassedOverAndNamed) {
  const std::string start = section() + interface_block(1) + enhanced(0, 1, "one");
  const std::string rest = enhanced(0, 2, "two") + enhanced(0, 3, "three");
  for (const std::string& garbage : {std::string(333, '\xee'), std::string(40, '\0'),
                                     std::string("\x06\0\0\0\x20\0\0\0 length differs", 24)}) {
    const WholeCapture whole = read_all(start + garbage + rest);
    EXPECT_EQ(whole.packets.size(), 3u);
    ASSERT_EQ(whole.problems.size(), 1u);
    EXPECT_EQ(whole.problems[0].offset, start.size());
    EXPECT_EQ(whole.problems[0].bytes, garbage.size());
  }
}

TEST(CaptureSource, PacketsThatCannotBeUnderstoodAreNamedAndTheRestIsRead) {
  const std::string start = section() + interface_block(1);
  const std::string lying =
      block(6, Writer(kLittle).u32(0).u64(0).u32(900).u32(900).bytes("short").str());
  const std::string bytes =
      start + enhanced(4, 1, "no such interface") + lying + block(6, "tiny") + enhanced(0, 1, "x");
  const WholeCapture whole = read_all(bytes);
  ASSERT_EQ(whole.packets.size(), 1u);
  ASSERT_EQ(whole.problems.size(), 3u);
  EXPECT_EQ(whole.problems[0].offset, start.size());
  EXPECT_NE(whole.problems[0].what.find("not described"), std::string::npos);
  EXPECT_NE(whole.problems[1].what.find("longer than its block"), std::string::npos);
  EXPECT_NE(whole.problems[2].what.find("too short"), std::string::npos);
}

TEST(CaptureSource, ThePiecesInWhichBytesArriveDoNotMatter) {
  std::string bytes = section() + interface_block(1);
  for (std::uint32_t i = 0; i < 50; ++i) bytes += enhanced(0, i, std::string(i * 7, 'q'));
  bytes += std::string(50, '\xff') + enhanced(0, 99, "last");
  for (const std::size_t step : {1, 13, 100}) {
    for (const std::size_t buffer : {24, 100, 5000}) {
      CaptureOptions options;
      options.buffer_bytes = buffer;
      const WholeCapture whole =
          read_all(std::make_unique<MemorySource>(bytes, "pieces", step), options, 3);
      ASSERT_EQ(whole.packets.size(), 51u) << step << " " << buffer;
      EXPECT_EQ(whole.packets.back().bytes, "last");
      EXPECT_EQ(whole.problems.size(), 1u);
    }
  }
}

// A packet behind the damage carries what looks like a capture itself (someone downloaded one):
// while its end is still to come, the records inside it must not be taken for the next ones.
TEST(CaptureSource, ThePiecesInWhichBytesArriveDoNotMatterBehindDamage) {
  std::string inner;
  for (std::uint32_t i = 0; i < 6; ++i) inner += pcap_record(1'005, i, "inner");
  const std::string damage(40, '\xff');
  std::string pcap = pcap_header(kMicro) + pcap_record(1'000, 0, "first") + damage;
  for (const char* tail : {"a", "b", "c"}) pcap += pcap_record(1'001, 0, inner + tail);
  std::string inner_blocks;
  for (std::uint32_t i = 0; i < 6; ++i) inner_blocks += enhanced(0, i, "inner");
  std::string pcapng = section() + interface_block(1) + enhanced(0, 1, "first") + damage;
  for (const char* tail : {"a", "b", "c"}) pcapng += enhanced(0, 2, inner_blocks + tail);
  for (const std::string& bytes : {pcap, pcapng}) {
    for (std::size_t buffer = 24; buffer < bytes.size() + 60; buffer += 5) {
      CaptureOptions options;
      options.buffer_bytes = buffer;
      const WholeCapture whole =
          read_all(std::make_unique<MemorySource>(bytes, "pieces", buffer), options, 3);
      ASSERT_EQ(whole.packets.size(), 4u) << buffer;
      EXPECT_EQ(whole.packets[3].bytes.back(), 'c');
      ASSERT_EQ(whole.problems.size(), 1u);
      EXPECT_EQ(whole.problems[0].bytes, damage.size());
    }
  }
}

TEST(CaptureSource, BytesThatWereTakenToLookAtComeFirst) {
  const std::string bytes = pcap_header(kMicro) + pcap_record(1, 0, "abc");
  const std::string_view all = bytes;
  const WholeCapture whole =
      read_all(std::make_unique<MemorySource>(all.substr(10)), {}, 7, all.substr(0, 10));
  EXPECT_EQ(whole.packets.size(), 1u);
}

TEST(CaptureSource, CompressedCapturesAreRead) {
  const MadeFiles files;
  const std::string bytes = pcap_header(kMicro) + pcap_record(1, 0, "abc");
  for (const std::string command : {"gzip -c", "zstd -q -c"}) {
    const std::string path = files.write("c", files.made_by(command, bytes));
    auto input = open_input({path, std::nullopt});
    ASSERT_TRUE(input);
    EXPECT_EQ(read_all(std::move(*input)).packets.size(), 1u) << command;
  }
}

TEST(CaptureSource, AFailureOfTheSourceIsNamedBehindWhatWasRead) {
  const MadeFiles files;
  std::string bytes = pcap_header(kMicro);
  for (std::uint32_t i = 0; i < 1'000; ++i) bytes += pcap_record(i, 0, log_like_text(i % 3));
  std::string packed = files.made_by("gzip -c", bytes);
  packed.resize(packed.size() / 2);
  auto input = open_input({files.write("cut.gz", packed), std::nullopt});
  const WholeCapture whole = read_all(std::move(*input));
  EXPECT_GT(whole.packets.size(), 100u);
  ASSERT_EQ(whole.problems.size(), 1u);
  EXPECT_NE(whole.problems[0].what.find("gzip"), std::string::npos) << whole.problems[0].what;
}

TEST(CaptureSource, WhatIsNoCaptureIsNamed) {
  const auto error = [](std::string_view bytes) { return read_all(std::string(bytes)).error; };
  using namespace std::string_view_literals;
  EXPECT_NE(error("").find("empty"), std::string::npos);
  EXPECT_NE(error("1,2026/03/10 10:00:00,TRAFFIC,end").find("no capture"), std::string::npos);
  EXPECT_NE(error("snoop\0\0\0\0\0\0\2"sv).find("snoop"), std::string::npos);
  EXPECT_NE(error("\xd4\xc3\xb2\xa1\x02"sv).find("inside its header"), std::string::npos);
}

TEST(CaptureSource, CapturesAreToldFromLogs) {
  for (const std::endian order : {kLittle, kBig}) {
    for (const std::uint32_t magic : {kMicro, kNano, kModified})
      EXPECT_TRUE(looks_like_capture(pcap_header(magic, order)));
    EXPECT_TRUE(looks_like_capture(section(order)));
    EXPECT_TRUE(looks_like_capture(section(order).substr(0, 4)));
  }
  EXPECT_FALSE(looks_like_capture(""));
  EXPECT_FALSE(looks_like_capture("\xd4\xc3\xb2"));
  EXPECT_FALSE(looks_like_capture("<14>Mar 10 10:00:00 fw 1,2026/03/10"));
  EXPECT_FALSE(looks_like_capture("\n\r\r\nsome text behind blank lines"));
}

// The traits that ../shared/data/pcaps/features.json gives are checked through the whole engine;
// here every capture must be read to its end, and the broken ones named.
TEST(CaptureSource, ReadsEveryRealCapture) {
  const std::filesystem::path folder =
      std::filesystem::path(source_folder()) / "../shared/data/pcaps";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << folder << " is not there";
  std::size_t captures = 0, packets = 0;
  std::vector<std::string> with_problems;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    auto input = open_input({entry.path().string(), std::nullopt});
    if (!input) continue;
    auto source = CaptureSource::open(std::move(*input));
    if (!source) continue;
    ++captures;
    std::vector<RawPacket> batch(256);
    while (const std::size_t count = (*source)->read(batch)) packets += count;
    if ((*source)->counters().problems > 0)
      with_problems.push_back(entry.path().filename().string());
  }
  std::sort(with_problems.begin(), with_problems.end());
  EXPECT_GE(captures, 2'190u);
  EXPECT_GE(packets, 100'000u);
  const std::vector<std::string> expected = {"10.7.29.101_49898-178.63.41.150_25.pcap",
                                             "fuzz-2021-10-13.pcap"};
  for (const std::string& name : expected)
    EXPECT_TRUE(std::binary_search(with_problems.begin(), with_problems.end(), name)) << name;
  EXPECT_EQ(with_problems.size(), expected.size());
}

}  // namespace
}  // namespace endreason
