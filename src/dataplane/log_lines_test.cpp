// SPDX-License-Identifier: Apache-2.0
#include "dataplane/log_lines.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "dataplane/session_record.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::array<std::string_view, 4> kApps = {"ssl", "incomplete", "unknown-udp",
                                                   "an,odd \"one\""};
constexpr std::array<std::string_view, 3> kZones = {"any", "inside",
                                                    "a zone with a rather long name"};
constexpr std::array<std::string_view, 2> kRules = {"allow all", "rule 2"};
constexpr std::array<std::string_view, 2> kInterfaces = {"eth0", "ethernet1/2.100"};
const std::string kTooLong(1500, 'x');  // of a rule: longer than a shape has room for

struct Row {
  Session session;
  SessionPolicy policy;
  std::uint16_t app;
  Subtype subtype;
  std::int64_t generated_ns;
  SessionInterfaces interfaces;
  bool another_port;
};

class RandomRows {
 public:
  Row next() {
    constexpr std::array<std::uint8_t, 5> kProtocols = {kProtoTcp, kProtoUdp, kProtoIcmp, 132, 99};
    Row row{};
    Session& s = row.session;
    IpAddress client, server;
    const bool v6 = below(5) == 0;
    for (IpAddress* address : {&client, &server}) {
      for (auto& byte : address->bytes) byte = static_cast<std::uint8_t>(below(256));
      if (v6) continue;
      address->bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, address->bytes[15]};
    }
    const auto way =
        make_flow_key(client, server, any<std::uint16_t>(), any<std::uint16_t>(),
                      kProtocols[below(5)], static_cast<std::uint16_t>(below(3)), s.key);
    if (way == KeyDirection::HighToLow) s.set(kClientIsHigh);
    s.server_zone = static_cast<ZoneNumber>(below(3));
    if (below(3) > 0) note_end(s, TrackerStage{static_cast<std::uint8_t>(below(8))});
    if (below(5) == 0) s.end_reasons = end_reason_bit(EndReason::TcpReuse);
    if (below(9) == 0) s.set(kPredicted);
    row.subtype = below(4) == 0 ? Subtype::Start : Subtype::End;
    row.app = static_cast<std::uint16_t>(below(4));
    row.another_port = below(3) == 0;
    if (below(2) == 0)
      row.interfaces = {static_cast<std::uint16_t>(below(2)), static_cast<std::uint16_t>(below(2))};
    row.policy.rule = below(4);
    row.policy.action = below(3) == 0 ? Action::Deny : Action::Allow;
    if (below(3) == 0) row.policy.set(kTemporaryMatch);
    count(row);
    return row;
  }
  // Another session of the same shape.
  void count(Row& row) {
    Session& s = row.session;
    for (FlowState& flow : s.flows) {
      flow.bytes = any<std::uint64_t>() >> (9 + below(50));
      flow.packets = (any<std::uint64_t>() >> (9 + below(50))) & 0xff'ffff'ffff;
    }
    for (FlowExtra& extra : s.extras)
      extra.out_of_order = extra.retransmitted = any<std::uint16_t>();
    s.start_ns = std::int64_t{1'773'136'800'000'000'000} + below(2'000'000'000);
    s.last_ns = s.start_ns + std::int64_t{below(4'000'000)} * 1'000'000;
    row.generated_ns = s.last_ns + below(2'000'000'000);
    s.id = any<std::uint32_t>();
    s.user = any<std::uint32_t>();
  }

 private:
  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  template <class Number>
  Number any() {
    return static_cast<Number>(random_());
  }
  std::mt19937_64 random_{11};
};

RowOf row_of(const Row& row, std::uint64_t seqno, std::uint16_t config_version) {
  RowOf of;
  of.subtype = row.subtype;
  of.generated_ns = row.generated_ns;
  of.app = kApps[row.app];
  of.from_zone = kZones[row.session.key.zone];
  of.to_zone = kZones[row.session.server_zone];
  if (row.interfaces.ingress != kNoInterface) of.inbound_if = kInterfaces[row.interfaces.ingress];
  if (row.interfaces.egress != kNoInterface) of.outbound_if = kInterfaces[row.interfaces.egress];
  of.another_port = row.another_port;
  of.action = row.policy.action;
  of.temporary_match = row.policy.has(kTemporaryMatch);
  if (row.policy.rule < 2) of.rule = kRules[row.policy.rule];
  if (row.policy.rule == 2) of.rule = kTooLong;
  of.seqno = seqno;
  of.config_version = config_version;
  return of;
}

LineOf line_of(const Row& row, std::uint64_t seqno) {
  return {row.session, row.policy,       row.interfaces,   row.app,
          row.subtype, row.another_port, row.generated_ns, seqno};
}

// What is not known is learnt, and comes out as the record's own line in any case.
void compare_lines(std::uint16_t config_version) {
  RandomRows rows;
  SessionRecord maker;
  TrafficRecord record;
  LogLines lines;
  std::string expected;
  std::size_t count = 0, known = 0;
  Row row;
  for (std::uint64_t seqno = 1; seqno <= 20'000; ++seqno) {
    seqno % 4 == 1 ? void(row = rows.next()) : rows.count(row);
    maker.fill(row.session, row_of(row, seqno, config_version), record);
    const LineOf line = line_of(row, seqno);
    const bool was_known = lines.append(line);
    const bool has_line = was_known || lines.append_and_learn(line, record);
    ASSERT_EQ(has_line, !record.payload.empty()) << "one that must be quoted has none";
    known += was_known;
    if (!has_line) continue;
    ++count;
    expected.append(record.payload) += '\n';
    ASSERT_EQ(lines.text().substr(lines.text().size() - record.payload.size() - 1),
              std::string(record.payload) + "\n");
  }
  EXPECT_EQ(lines.text(), expected);
  EXPECT_EQ(lines.count(), count);
  EXPECT_GT(known, 5000u) << "shapes are learnt";
}

TEST(LogLines, AreThoseOfTheRecordsInEachRelease) {
  for (const std::uint16_t config_version :
       std::initializer_list<std::uint16_t>{2560, 2561, 2817, 3073})
    compare_lines(config_version);
}

TEST(LogLines, AReleaseWithoutTheLastTimeIsNotLearnt) {
  RandomRows rows;
  SessionRecord maker;
  TrafficRecord record;
  LogLines lines;
  for (std::uint64_t seqno = 1; seqno <= 500; ++seqno) {
    const Row row = rows.next();
    maker.fill(row.session, row_of(row, seqno, 2049), record);
    const LineOf line = line_of(row, seqno);
    EXPECT_FALSE(lines.append(line));
    static_cast<void>(lines.append_and_learn(line, record));
  }
}

}  // namespace
}  // namespace endreason
