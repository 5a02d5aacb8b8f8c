// SPDX-License-Identifier: Apache-2.0
// Exact totals, and the same report whatever the memory, the threads and the order.
#include "findings/summary.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <fmt/format.h>

namespace endreason {
namespace {

struct Row {
  std::string src = "10.0.0.1", dst = "10.1.1.1", app = "web-browsing", rule = "allow web";
  std::uint16_t dport = 443;
  std::uint8_t proto = 6;
  Action action = Action::Allow;
  Subtype subtype = Subtype::End;
  std::uint32_t repeatcnt = 1;
  std::uint64_t bytes = 100;
  Verdict verdict;
};

Verdict allowed(Outcome outcome = Outcome::Succeeded,
                ReasonCode reason = ReasonCode::ClosedNormally) {
  Verdict v;
  v.final_action = FinalAction::Allowed;
  v.outcome = outcome;
  v.reason_code = reason;
  v.ended_by = EndedBy::Client;
  return v;
}

Verdict blocked(DecidedBy decided_by = DecidedBy::Action,
                ReasonCode reason = ReasonCode::DeniedByRule) {
  Verdict v;
  v.final_action = FinalAction::Blocked;
  v.decided_by = decided_by;
  v.outcome = Outcome::Failed;
  v.reason_code = reason;
  v.ended_by = EndedBy::Policy;
  return v;
}

void add(Summary& summary, const Row& row) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, row.src);
  record.set_copy(Field::Dst, row.dst);
  record.set_copy(Field::App, row.app);
  record.set_copy(Field::Rule, row.rule);
  record.action = row.action;
  record.subtype = row.subtype;
  record.repeatcnt = row.repeatcnt;
  record.bytes = row.bytes;
  record.set_known(Known::Bytes);
  record.dport = row.dport;
  record.set_known(Known::Dport);
  record.proto = row.proto;
  record.set_known(Known::Proto);
  summary.add(record, row.verdict);
}

SummaryReport report_of(Summary& summary, std::size_t top = 10, unsigned threads = 1) {
  WorkerTeam team(threads);
  auto report = summary.report(top, team);
  EXPECT_TRUE(report.has_value()) << (report ? "" : report.error().message);
  return report ? *report : SummaryReport{};
}

std::string json_of(Summary& summary, unsigned threads = 1) {
  std::string out;
  append_json(report_of(summary, 10, threads), out);
  return out;
}

constexpr std::size_t index(ReasonCode v) {
  return static_cast<std::size_t>(v);
}
constexpr std::size_t index(FinalAction v) {
  return static_cast<std::size_t>(v);
}
constexpr std::size_t index(DecidedBy v) {
  return static_cast<std::size_t>(v);
}
constexpr std::size_t index(Outcome v) {
  return static_cast<std::size_t>(v);
}
constexpr std::size_t index(Contradiction v) {
  return static_cast<std::size_t>(v);
}

TEST(Summary, CountsRowsSessionsAndBytesApart) {
  Summary summary;
  add(summary, {.repeatcnt = 5, .bytes = 1000, .verdict = allowed()});
  add(summary, {.bytes = 30, .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.all(), (Count{2, 6, 1030}));
  EXPECT_EQ(report.totals.of(FinalAction::Allowed), (Count{1, 5, 1000}));
  EXPECT_EQ(report.totals.by_decision[index(FinalAction::Blocked)][index(DecidedBy::Action)],
            (Count{1, 1, 30}));
  EXPECT_EQ(report.totals.by_reason[index(ReasonCode::ClosedNormally)], (Count{1, 5, 1000}));
  EXPECT_EQ(report.totals.by_outcome[index(FinalAction::Allowed)][index(Outcome::Succeeded)],
            (Count{1, 5, 1000}));
}

TEST(Summary, ASessionWithAStartAndAnEndRowCountsOnce) {
  Summary summary;
  Row start{.subtype = Subtype::Start, .bytes = 70, .verdict = allowed(Outcome::InProgress)};
  start.verdict.provisional = true;
  add(summary, start);
  add(summary, {.bytes = 500, .verdict = allowed()});
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.all(), (Count{2, 1, 500}));
  EXPECT_EQ(report.totals.start_rows, 1u);
  EXPECT_EQ(report.totals.provisional_rows, 1u);
}

TEST(Summary, StartRowsThatAreBlockedAreInNoRanking) {
  Summary summary;
  add(summary, {.subtype = Subtype::Start, .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  EXPECT_TRUE(report.ranking(GroupKind::BlockedRule).leading.empty());
  EXPECT_EQ(report.totals.of(FinalAction::Blocked), (Count{1, 0, 0}));
}

TEST(Summary, BytesAreTheSumOfBothDirectionsWhereTheTotalIsMissing) {
  Summary summary;
  TrafficRecord record;
  record.reset("");
  record.bytes_sent = 40;
  record.bytes_received = 2;
  summary.add(record, allowed());
  EXPECT_EQ(report_of(summary).totals.all(), (Count{1, 1, 42}));
}

TEST(Summary, TotalsStopAtTheLargestNumberInsteadOfWrapping) {
  Summary summary;
  for (int i = 0; i < 2; ++i) add(summary, {.bytes = UINT64_MAX - 1, .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.all().bytes, UINT64_MAX);
  EXPECT_EQ(report.ranking(GroupKind::BlockedRule).leading.at(0).bytes, UINT64_MAX);
}

TEST(Summary, AllowedByActionAloneButBlockedInFactIsCountedByReason) {
  Summary summary;
  add(summary, {.repeatcnt = 3,
                .verdict = blocked(DecidedBy::SessionEndReason, ReasonCode::BlockedByThreat)});
  add(summary, {.action = Action::Deny, .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.blocked_though_allowed[index(ReasonCode::BlockedByThreat)],
            (Count{1, 3, 100}));
  EXPECT_EQ(report.totals.blocked_though_allowed[index(ReasonCode::DeniedByRule)], Count{});
}

TEST(Summary, EveryContradictionOfARowCountsAndTheRowCountsOnce) {
  Summary summary;
  Row row{.verdict = blocked()};
  row.verdict.add(Contradiction::AllowWithThreat);
  row.verdict.add(Contradiction::EndWithSessionIdZero);
  add(summary, row);
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.contradicting, (Count{1, 1, 100}));
  EXPECT_EQ(report.totals.by_contradiction[index(Contradiction::AllowWithThreat)].rows, 1u);
  EXPECT_EQ(report.totals.by_contradiction[index(Contradiction::EndWithSessionIdZero)].rows, 1u);
  EXPECT_EQ(report.totals.by_contradiction[index(Contradiction::EndWithoutReason)].rows, 0u);
}

TEST(Summary, AFailedDestinationIsACauseWithItsSessionsAndDistinctSources) {
  Summary summary;
  for (int i = 0; i < 1203; ++i)
    add(summary, {.src = fmt::format("10.2.0.{}", i % 40 + 1),
                  .app = "incomplete",
                  .verdict = allowed(Outcome::Failed, ReasonCode::SynNoAnswer)});
  const SummaryReport report = report_of(summary);
  const Ranking& causes = report.ranking(GroupKind::CauseFailedDestination);
  ASSERT_EQ(causes.leading.size(), 1u);
  EXPECT_EQ(causes.groups, 1u);
  const RankedGroup& cause = causes.leading[0];
  EXPECT_EQ(cause.sessions, 1203u);
  EXPECT_EQ(cause.members, 40u);
  EXPECT_EQ(cause.name.subject, "10.1.1.1");
  EXPECT_EQ(cause.name.reason, ReasonCode::SynNoAnswer);
  EXPECT_EQ(cause.filter,
            "( addr.dst in 10.1.1.1 ) and ( port.dst eq 443 ) and ( proto eq tcp ) and "
            "( app eq incomplete )");
}

TEST(Summary, ASourceThatFailsTowardsManyTargetsLooksLikeAScan) {
  Summary summary;
  for (int i = 0; i < 900; ++i)
    add(summary, {.src = "10.9.9.9",
                  .dst = fmt::format("10.3.{}.{}", i / 100, i % 100),
                  .dport = static_cast<std::uint16_t>(i % 2 == 0 ? 22 : 23),
                  .repeatcnt = 2,
                  .verdict = allowed(Outcome::Failed, ReasonCode::SynNoAnswer)});
  for (int i = 0; i < 3; ++i)  // a second port of one destination
    add(summary, {.src = "10.9.9.9",
                  .dst = "10.3.0.0",
                  .dport = 80,
                  .verdict = allowed(Outcome::Failed, ReasonCode::SynNoAnswer)});
  const SummaryReport report = report_of(summary);
  const RankedGroup& source = report.ranking(GroupKind::CauseSource).leading.at(0);
  EXPECT_EQ(source.name.subject, "10.9.9.9");
  EXPECT_EQ(source.destinations, 900u);
  EXPECT_EQ(source.members, 901u);
  EXPECT_EQ(source.sessions, 1803u);
  EXPECT_TRUE(looks_like_scan(source));
}

TEST(Summary, AClientThatRetriesOneServerDoesNotLookLikeAScan) {
  Summary summary;
  add(summary, {.repeatcnt = 100'000, .verdict = allowed(Outcome::Failed, ReasonCode::NoReply)});
  EXPECT_FALSE(looks_like_scan(report_of(summary).ranking(GroupKind::CauseSource).leading.at(0)));
}

TEST(Summary, OneAddressInTwoSpellingsIsOneAddress) {
  Summary summary;
  add(summary, {.src = "2001:db8::1", .verdict = blocked()});
  add(summary, {.src = "2001:0db8:0:0:0:0:0:1", .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  ASSERT_EQ(report.ranking(GroupKind::BlockedSource).leading.size(), 1u);
  EXPECT_EQ(report.ranking(GroupKind::BlockedSource).leading[0].name.subject, "2001:db8::1");
}

TEST(Summary, RankingsGoBySessionsThenBytesThenName) {
  Summary summary;
  add(summary, {.rule = "b", .bytes = 5, .verdict = blocked()});
  add(summary, {.rule = "a", .bytes = 5, .verdict = blocked()});
  add(summary, {.rule = "c", .bytes = 6, .verdict = blocked()});
  add(summary, {.rule = "d", .repeatcnt = 2, .bytes = 0, .verdict = blocked()});
  std::string order;
  const SummaryReport report = report_of(summary, 3);
  for (const RankedGroup& g : report.ranking(GroupKind::BlockedRule).leading)
    order += g.name.subject;
  EXPECT_EQ(order, "dca");
  EXPECT_EQ(report.ranking(GroupKind::BlockedRule).groups, 4u);
}

TEST(Summary, NamesLongerThanTheLimitStayApart) {
  Summary summary;
  const std::string common(100'000, 'r');
  add(summary, {.rule = common + "1", .verdict = blocked()});
  add(summary, {.rule = common + "2", .repeatcnt = 2, .verdict = blocked()});
  const SummaryReport report = report_of(summary);
  ASSERT_EQ(report.ranking(GroupKind::BlockedRule).leading.size(), 2u);
  EXPECT_EQ(report.ranking(GroupKind::BlockedRule).leading[0].sessions, 2u);
  EXPECT_EQ(report.ranking(GroupKind::BlockedRule).leading[0].name.subject.size(), kNameBytesMax);
}

TEST(Summary, ARecordWithoutAnyColumnIsCounted) {
  Summary summary;
  TrafficRecord record;
  record.reset("");
  summary.add(record, blocked());
  const SummaryReport report = report_of(summary);
  EXPECT_EQ(report.totals.all().rows, 1u);
  const RankedGroup& cause = report.ranking(GroupKind::CauseBlockedDestination).leading.at(0);
  EXPECT_EQ(cause.name.subject, "");
  EXPECT_FALSE(cause.name.service.port.has_value());
  EXPECT_TRUE(cause.filter.empty());
}

// ---- the same answer, however it was come by ----------------------------------------------------

std::vector<Row> varied_rows(std::size_t count) {
  std::mt19937 random(20261123);
  std::vector<Row> rows;
  constexpr std::array kFailures = {ReasonCode::SynNoAnswer, ReasonCode::RefusedByServer,
                                    ReasonCode::NoReply};
  constexpr std::array kBlocks = {ReasonCode::DeniedByRule, ReasonCode::BlockedByThreat};
  for (std::size_t i = 0; i < count; ++i) {
    Row row;
    row.src = fmt::format("10.{}.{}.{}", random() % 2, random() % 7, random() % 250);
    row.dst = random() % 5 == 0 ? fmt::format("2001:db8::{:x}", random() % 50 + 1)
                                : fmt::format("192.0.2.{}", random() % 200);
    row.rule = fmt::format("rule {}", random() % 30);
    row.app = random() % 3 == 0 ? "incomplete" : "ssl";
    row.dport = static_cast<std::uint16_t>(random() % 20);
    row.proto = random() % 4 == 0 ? 17 : 6;
    row.repeatcnt = static_cast<std::uint32_t>(random() % 4 + 1);
    row.bytes = random() % 5000;
    row.subtype = random() % 9 == 0 ? Subtype::Start : Subtype::End;
    if (const unsigned kind = random() % 4; kind == 0)
      row.verdict = blocked(DecidedBy::Action, kBlocks[random() % kBlocks.size()]);
    else
      row.verdict = kind == 1 ? allowed() : allowed(Outcome::Failed, kFailures[random() % 3]);
    if (random() % 6 == 0) row.verdict.add(Contradiction::EndWithNothingReceived);
    rows.push_back(std::move(row));
  }
  return rows;
}

constexpr std::size_t kRows = 20'000;

const std::string& expected_json() {
  static const std::string json = [] {
    // A fixed seed: with one in many the tables fill unevenly and some rows go to the disk.
    Summary whole({.hash_seed = 1});
    for (const Row& row : varied_rows(kRows)) add(whole, row);
    EXPECT_EQ(whole.spilled_bytes(), 0u);
    return json_of(whole);
  }();
  return json;
}

// Where there is little memory, tables fill while summaries are joined.
TEST(Summary, AnyPartitionMergedInAnyOrderGivesTheSameBytes) {
  const std::vector<Row> rows = varied_rows(kRows);
  std::mt19937 random(7);
  for (const std::size_t memory :
       {kSummaryMemoryBytes, std::size_t{1} << 20, std::size_t{1} << 17}) {
    for (const unsigned parts : {2u, 5u, 16u}) {
      std::vector<Summary> summaries;
      for (unsigned i = 0; i < parts; ++i)
        summaries.emplace_back(SummaryOptions{.memory_bytes = memory, .hash_seed = 1});
      std::vector<Row> shuffled = rows;
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      for (const Row& row : shuffled) add(summaries[random() % parts], row);
      std::shuffle(summaries.begin(), summaries.end(), random);
      WorkerTeam team(parts % 3);
      while (summaries.size() > 1) {
        const std::size_t into = random() % (summaries.size() - 1);
        summaries[into].merge(std::move(summaries.back()), team);
        summaries.pop_back();
      }
      EXPECT_EQ(json_of(summaries[0], parts), expected_json()) << parts << " parts of " << memory;
    }
  }
}

TEST(Summary, TwoThreadsRankLargeCountsAlike) {
  const auto told = [](unsigned threads) {
    Summary summary;
    for (Row row : varied_rows(2000)) {
      if (row.bytes % 3 == 0) row.bytes += std::uint64_t{1} << 50;  // packs into no row
      add(summary, row);
    }
    return json_of(summary, threads);
  };
  EXPECT_EQ(told(2), told(1));
}

TEST(Summary, SpillingToDiskGivesTheSameBytes) {
  const std::vector<Row> rows = varied_rows(kRows);
  for (const std::size_t memory : {std::size_t{1}, std::size_t{64} << 10, std::size_t{300} << 10}) {
    Summary first({.memory_bytes = memory});
    Summary second({.memory_bytes = memory});
    for (std::size_t i = 0; i < rows.size(); ++i) add(i % 3 == 0 ? first : second, rows[i]);
    first.merge(std::move(second));
    EXPECT_GT(first.spilled_bytes(), 0u);
    EXPECT_EQ(json_of(first), expected_json()) << memory << " bytes of memory";
  }
}

TEST(Summary, NoAnswerDependsOnTheSeedOfTheHash) {
  const std::vector<Row> rows = varied_rows(kRows);
  for (const std::uint64_t seed : {std::uint64_t{0}, std::uint64_t{1}, UINT64_MAX}) {
    Summary summary({.memory_bytes = 100'000, .hash_seed = seed});
    for (const Row& row : rows) add(summary, row);
    EXPECT_EQ(json_of(summary), expected_json()) << "seed " << seed;
  }
}

// Counts the slow and obvious way.
TEST(Summary, CausesAgreeWithAPlainCountOfTheSameRows) {
  using Key = std::tuple<ReasonCode, std::string, std::uint16_t, std::uint8_t>;
  std::map<Key, std::pair<std::uint64_t, std::set<std::string>>> plain;
  for (const Row& row : varied_rows(kRows)) {
    if (row.subtype == Subtype::Start || row.verdict.final_action != FinalAction::Allowed ||
        row.verdict.outcome != Outcome::Failed)
      continue;
    auto& [sessions, sources] = plain[{row.verdict.reason_code, row.dst, row.dport, row.proto}];
    sessions += row.repeatcnt;
    sources.insert(row.src);
  }
  Summary summary({.memory_bytes = 100'000});
  for (const Row& row : varied_rows(kRows)) add(summary, row);
  const SummaryReport report = report_of(summary, 1'000'000);
  const Ranking& causes = report.ranking(GroupKind::CauseFailedDestination);
  ASSERT_EQ(causes.leading.size(), plain.size());
  for (const RankedGroup& cause : causes.leading) {
    const auto& [sessions, sources] =
        plain.at({cause.name.reason, cause.name.subject, *cause.name.service.port,
                  *cause.name.service.proto});
    EXPECT_EQ(cause.sessions, sessions) << cause.name.subject;
    EXPECT_EQ(cause.members, sources.size()) << cause.name.subject;
  }
}

TEST(Summary, AMergedSummaryIsEmptyAndCanBeUsedAgain) {
  Summary first, second;
  add(second, {.verdict = blocked()});
  first.merge(std::move(second));
  add(second, {.rule = "later", .verdict = blocked()});  // NOLINT: merge() promises it
  EXPECT_EQ(report_of(first).totals.all().rows, 1u);
  EXPECT_EQ(report_of(second).ranking(GroupKind::BlockedRule).leading.at(0).name.subject, "later");
}

// ---- no room ------------------------------------------------------------------------------------

TEST(Summary, AMissingTempDirectoryIsAnErrorThatNamesIt) {
  Summary summary({.memory_bytes = 1, .temp_directory = "/nonexistent/place"});
  for (const Row& row : varied_rows(5000)) add(summary, row);
  EXPECT_TRUE(summary.failed());
  const auto report = summary.report();
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, Error::Code::Io);
  EXPECT_NE(report.error().message.find("/nonexistent/place"), std::string::npos);
  EXPECT_NE(report.error().message.find("TMPDIR"), std::string::npos);
}

TEST(Summary, ADiskThatIsFullIsAnErrorNotAWrongAnswer) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{64 * 1024, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Summary full({.memory_bytes = 1}), good;
  for (const Row& row : varied_rows(5000)) add(full, row);
  add(good, {.verdict = blocked()});
  good.merge(std::move(full));
  const auto report = good.report();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(report.has_value());
  EXPECT_EQ(report.error().code, Error::Code::Io);
  EXPECT_NE(report.error().message.find("File too large"), std::string::npos)
      << report.error().message;
}

}  // namespace
}  // namespace endreason
