// SPDX-License-Identifier: Apache-2.0
#include "model/key_columns.hpp"

#include <array>
#include <iostream>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace endreason {
namespace {

// A line of 60 columns, cell by cell, with the record's offsets set as a reader sets them.
struct Line {
  std::array<std::string, 60> cells;
  std::string text;

  Line() {
    cells.fill("x");
    set(Field::Type, "TRAFFIC");
    set(Field::Subtype, "end");
    set(Field::Src, "10.0.0.1");
    set(Field::Dst, "192.168.100.20");
    set(Field::App, "web-browsing");
    for (const Field f : {Field::Sessionid, Field::Repeatcnt, Field::Sport, Field::Dport,
                          Field::Bytes, Field::BytesSent, Field::BytesReceived, Field::Packets,
                          Field::Elapsed, Field::PktsSent, Field::PktsReceived})
      set(f, "12");
    set(Field::Flags, "0x40001c");
    set(Field::Proto, "tcp");
    set(Field::Action, "allow");
    set(Field::SessionEndReason, "tcp-fin");
    set(Field::ActionSource, "from-policy");
  }
  void set(Field f, std::string_view value) { cells[index_of(f)] = value; }
  void fill(TrafficRecord& record) {
    text.clear();
    for (std::size_t i = 0; i < cells.size(); ++i) {
      record.begins()[i] = static_cast<std::uint32_t>(text.size());
      text += cells[i];
      record.ends()[i] = static_cast<std::uint32_t>(text.size());
      text += ',';
    }
    record.reset_decoded();
    record.set_base(text.data(), cells.size());
  }
};

auto decoded(const TrafficRecord& r) {
  return std::tuple{r.action,    r.app_status,    r.end_reason, r.subtype,        r.action_source,
                    r.proto,     r.sport,         r.dport,      r.known,          r.flags,
                    r.elapsed,   r.bytes,         r.bytes_sent, r.bytes_received, r.packets,
                    r.pkts_sent, r.pkts_received, r.sessionid,  r.repeatcnt};
}

class CommonColumns : public testing::Test {
 protected:
  void SetUp() override {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi"))
      quick_ = decode_common_columns_avx512;
#endif
    if (quick_ == nullptr) GTEST_SKIP() << "this machine has no AVX-512: nothing to compare";
  }
  // Whether the quick way took the record. What it takes it must read as the other does, and
  // nothing that does not fit.
  bool taken(Line& line) {
    TrafficRecord quick, slow;
    line.fill(slow);
    line.fill(quick);
    Misfit misfit{};
    const bool fits = decode_key_columns(slow, misfit);
    const auto before = decoded(quick);
    const bool took = quick_(quick);
    if (took) {
      EXPECT_TRUE(fits) << line.text;
      EXPECT_TRUE(decoded(quick) == decoded(slow)) << line.text;
    } else {
      EXPECT_TRUE(decoded(quick) == before) << "left half decoded: " << line.text;
    }
    return took;
  }
  DecodeCommonColumns quick_ = nullptr;
};

struct TakenCase {
  std::string_view behaviour;
  Field field;
  std::string_view text;
  bool taken;
};

TEST_F(CommonColumns, TakesWhatIsCommonAndLeavesTheRest) {
  const TakenCase cases[] = {
      {"a plain record", Field::Rule, "any", true},
      {"an address without columns in front of it", Field::Src, "", false},
      {"an IPv6 address", Field::Dst, "2001:db8::7", true},
      {"octets with zeros in front", Field::Dst, "010.001.000.009", true},
      {"an octet above 255", Field::Dst, "10.0.0.256", false},
      {"a number of sixteen digits", Field::Bytes, "1234567890123456", true},
      {"a number of seventeen digits", Field::Bytes, "12345678901234567", false},
      {"no number", Field::PktsSent, "", true},
      {"a number with a letter", Field::PktsReceived, "1x", false},
      {"a port that is none", Field::Dport, "65536", false},
      {"the highest port", Field::Sport, "65535", true},
      {"flags of eight digits", Field::Flags, "0xFfa09B1c", true},
      {"flags of nine digits", Field::Flags, "0x123456789", false},
      {"flags in decimal", Field::Flags, "17", false},
      {"flags that are none", Field::Flags, "0x1g", false},
      {"no flags", Field::Flags, "", true},
      {"no repeat count", Field::Repeatcnt, "", true},
      {"a repeat count of nothing", Field::Repeatcnt, "0", true},
      {"a repeat count above 32 bits", Field::Repeatcnt, "9999999999", true},
      {"the longest end reason", Field::SessionEndReason, "decrypt-unsupport-param", true},
      {"an end reason in capitals", Field::SessionEndReason, "TCP-FIN", false},
      {"an end reason with a zero byte", Field::SessionEndReason, {"tcp-fin\0", 8}, false},
      {"no end reason", Field::SessionEndReason, "", true},
      {"a status in capitals", Field::App, "Incomplete", true},
      {"an application with a long name", Field::App, "an-application-of-more-than-32-bytes", true},
      {"a protocol by number", Field::Proto, "17", false},
  };
  for (const auto& c : cases) {
    Line line;
    line.set(c.field, c.text);
    EXPECT_EQ(taken(line), c.taken) << c.behaviour;
  }
}

TEST_F(CommonColumns, EveryWordOfTheVocabulariesIsTaken) {
  const auto each = [&](Field field, const auto& rows) {
    for (const auto& row : rows) {
      Line line;
      line.set(field, row.log_name);
      EXPECT_TRUE(taken(line)) << row.log_name;
    }
  };
  each(Field::Action, kActions);
  each(Field::App, kAppStatuses);
  each(Field::SessionEndReason, kEndReasons);
  each(Field::Subtype, kSubtypes);
  each(Field::ActionSource, kActionSources);
}

TEST_F(CommonColumns, RandomCellsAreReadAsTheLongWayReadsThem) {
  std::mt19937_64 random(11);
  constexpr std::string_view kBytes = "0123456789..:xafF-/ \"n";
  constexpr Field kFieldsTried[] = {Field::Src,
                                    Field::Dst,
                                    Field::Sessionid,
                                    Field::Repeatcnt,
                                    Field::Sport,
                                    Field::Dport,
                                    Field::Flags,
                                    Field::Proto,
                                    Field::Bytes,
                                    Field::BytesSent,
                                    Field::BytesReceived,
                                    Field::Packets,
                                    Field::Elapsed,
                                    Field::PktsSent,
                                    Field::PktsReceived,
                                    Field::Action,
                                    Field::SessionEndReason,
                                    Field::Subtype,
                                    Field::App,
                                    Field::ActionSource};
  std::size_t taken_count = 0;
  for (int round = 0; round < 100'000; ++round) {
    Line line;
    const Field field = kFieldsTried[random() % std::size(kFieldsTried)];
    std::string text;
    const std::size_t kinds = round % 3 == 0 ? 10 : round % 3 == 1 ? 12 : kBytes.size();
    for (std::size_t n = random() % 19; n > 0; --n) text += kBytes[random() % kinds];
    if (field == Field::Flags && random() % 2 == 0) text = "0x" + text;
    line.set(field, text);
    taken_count += taken(line);
  }
  EXPECT_GT(taken_count, 10'000u);
}

}  // namespace
}  // namespace endreason
