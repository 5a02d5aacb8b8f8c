// SPDX-License-Identifier: Apache-2.0
// Which records a filter takes: one judged record, and sentences about it.
#include <gtest/gtest.h>

#include <initializer_list>
#include <string_view>
#include <utility>

#include "model/log_flag.hpp"
#include "query/filter.hpp"

namespace endreason {
namespace {

using Columns = std::initializer_list<std::pair<Field, std::string_view>>;

// A session of a client in 10.1.0.0/16 that a threat profile ended.
const Columns kThreatRow = {
    {Field::ReceiveTime, "2026/03/10 10:00:05"},
    {Field::Type, "TRAFFIC"},
    {Field::Subtype, "end"},
    {Field::TimeGenerated, "2026/03/10 10:00:00"},
    {Field::Src, "10.1.2.3"},
    {Field::Dst, "203.0.113.80"},
    {Field::Rule, "My rule"},
    {Field::Srcuser, "corp\\bob"},
    {Field::App, "web-browsing"},
    {Field::From, "trust"},
    {Field::To, "untrust"},
    {Field::Sessionid, "4711"},
    {Field::Repeatcnt, "1"},
    {Field::Sport, "51515"},
    {Field::Dport, "443"},
    {Field::Flags, "0x400053"},
    {Field::Proto, "tcp"},
    {Field::Action, "allow"},
    {Field::Bytes, "5000"},
    {Field::BytesSent, "1000"},
    {Field::BytesReceived, "4000"},
    {Field::Packets, "20"},
    {Field::Start, "2026/03/10 09:59:00"},
    {Field::Elapsed, "60"},
    {Field::Seqno, "7022112329031221999"},
    {Field::Actionflags, "0x8000000000000000"},
    {Field::PktsSent, "10"},
    {Field::PktsReceived, "10"},
    {Field::SessionEndReason, "threat"},
    {Field::ActionSource, "from-policy"},
    {Field::RiskOfApp, "4"},
};

Verdict threat_verdict() {
  Verdict v;
  v.final_action = FinalAction::Blocked;
  v.decided_by = DecidedBy::SessionEndReason;
  v.outcome = Outcome::Failed;
  v.ended_by = EndedBy::Security;
  v.reason_code = ReasonCode::BlockedByThreat;
  v.confidence = Confidence::High;
  v.add(Contradiction::AllowWithThreat);
  return v;
}

void fill(TrafficRecord& record, const Columns& columns) {
  record.reset("");
  for (const auto& [field, text] : columns) record.set_copy(field, text);
  Misfit misfit{};
  ASSERT_TRUE(decode_key_columns(record, misfit));
}

struct MatchCase {
  std::string_view behaviour;
  std::string_view filter;
  bool taken;
};

void expect_matches(const Columns& columns, const Verdict& verdict,
                    std::initializer_list<MatchCase> cases, const RecordClock& clock = {}) {
  TrafficRecord record;
  fill(record, columns);
  for (const auto& c : cases) {
    const auto filter = Filter::parse(c.filter);
    ASSERT_TRUE(filter) << c.behaviour << "\n" << filter.error().message;
    EXPECT_EQ(filter->matches(record, verdict, clock), c.taken) << c.behaviour << ": " << c.filter;
  }
}

TEST(FilterMatch, Addresses) {
  expect_matches(
      kThreatRow, threat_verdict(),
      {
          {"the source is in the network", "addr.src in 10.0.0.0/8", true},
          {"the destination is not", "addr.dst in 10.0.0.0/8", false},
          {"eq takes one address", "addr.src eq 10.1.2.3", true},
          {"src is addr.src", "src eq 10.1.2.3", true},
          {"eq of another address", "addr.src eq 10.1.2.4", false},
          {"either side: the source", "addr in 10.1.2.3", true},
          {"either side: the destination", "addr in 203.0.113.0/24", true},
          {"either side: none", "addr in 192.0.2.0/24", false},
          {"neither side", "addr notin 192.0.2.0/24", true},
          {"notin is false when one side is in it", "addr notin 203.0.113.0/24", false},
          {"the first address of a range", "addr.src in 10.1.2.3-10.1.2.9", true},
          {"the last address of a range", "addr.src in 10.1.2.1-10.1.2.3", true},
          {"behind a range", "addr.src in 10.1.2.1-10.1.2.2", false},
          {"a list", "addr.src in ( 10.1.2.2 10.1.2.3 )", true},
          {"a list that does not have it", "addr.src in ( 10.1.2.2 10.1.2.4 )", false},
          {"a list with overlapping networks", "addr.src in 10.1.0.0/16,10.0.0.0/8,10.1.2.1", true},
          {"a list that mixes families", "addr.src in 2001:db8::/32,10.0.0.0/8", true},
          {"the default route takes every IPv4 address", "addr.src in 0.0.0.0/0", true},
          {"the IPv6 default route takes no IPv4 address", "addr.src in ::/0", false},
          {"a piece of the text", "addr.src contains '10.1.'", true},
      });
}

TEST(FilterMatch, Ipv6Addresses) {
  expect_matches({{Field::Src, "2001:db8::1"}, {Field::Dst, "::ffff:10.0.0.1"}}, Verdict{},
                 {
                     {"in the network", "addr.src in 2001:db8::/32", true},
                     {"another spelling of the address", "addr.src eq 2001:DB8:0:0::1", true},
                     {"outside", "addr.src in 2001:db9::/32", false},
                     {"an IPv4 network does not take it", "addr.src in 0.0.0.0/0", false},
                     {"a mapped IPv4 address is one", "addr.dst in 10.0.0.0/8", true},
                     {"a list of several", "addr in 2001:db8:1::/48,2001:db8::/64", true},
                 });
}

TEST(FilterMatch, TheSessionEnginesFacts) {
  EngineFacts facts;
  facts.ended = facts.staged = true;
  facts.stage = TrackerStage::TcpRstServer;
  facts.state = SessionState::Closed;
  facts.conn_state = ConnState::Rej;
  facts.texts = {"TCP RST - server", "CLOSED", "SYN, RST-ACK", "1:abc=", "REJ", "3", "", ""};
  TrafficRecord row, log_row;
  fill(row, kThreatRow);
  fill(log_row, kThreatRow);
  row.engine = &facts;
  struct Case {
    std::string_view behaviour, filter;
    bool of_engine, of_log;
  };
  for (const Case& c : {
           Case{"a stage", "tracker_stage eq 'TCP RST - server'", true, false},
           {"case does not matter", "( conn_state eq rej )", true, false},
           {"another word", "conn_state eq SF", false, false},
           {"one of several", "conn_state in ( S0 REJ )", true, false},
           {"the opposite is true of a log's row", "conn_state neq REJ", false, true},
           {"a piece of the handshake", "handshake contains 'rst'", true, false},
           {"the whole handshake", "handshake eq 'SYN, RST-ACK'", true, false},
           {"words with a piece", "tracker_stage contains server", true, false},
           {"a number", "flow_end_reason in 3-5", true, false},
           {"nothing there", "community_id eq ''", false, true},
       }) {
    const auto filter = Filter::parse(c.filter);
    ASSERT_TRUE(filter) << c.behaviour << "\n" << filter.error().message;
    EXPECT_EQ(filter->matches(row, threat_verdict(), {}), c.of_engine) << c.behaviour;
    EXPECT_EQ(filter->matches(log_row, threat_verdict(), {}), c.of_log) << c.behaviour;
  }
  EXPECT_TRUE(Filter::parse("community_id eq '1:abc='")
                  ->engine_columns()
                  .test(static_cast<std::size_t>(EngineColumn::CommunityId)));
  facts.ended = false;
  EXPECT_FALSE(Filter::parse("conn_state eq REJ")->matches(row, threat_verdict(), {}))
      << "of a session that goes on it is not known";
}

TEST(FilterMatch, Words) {
  expect_matches(
      kThreatRow, threat_verdict(),
      {
          {"the end reason", "session_end_reason eq threat", true},
          {"another end reason", "session_end_reason eq aged-out", false},
          {"neq", "session_end_reason neq threat", false},
          {"in a list", "session_end_reason in (aged-out threat)", true},
          {"notin a list", "session_end_reason notin (aged-out threat)", false},
          {"a piece of the word, case ignored", "session_end_reason contains HREA", true},
          {"the action", "( subtype eq end ) and ( action eq allow )", true},
          {"the hunt for contradictions", "( subtype neq end ) and ( action eq allow )", false},
          {"the type is a word", "type eq traffic", true},
          {"an application", "app eq web-browsing", true},
          {"a status is not an application", "app eq incomplete", false},
          {"action_source", "action_source eq from-policy", true},
          {"the protocol by name", "proto eq TCP", true},
          {"the protocol by number", "proto eq 6", true},
          {"another protocol", "proto in (udp icmp)", false},
      });
}

TEST(FilterMatch, Texts) {
  expect_matches(kThreatRow, threat_verdict(),
                 {
                     {"a rule", "rule eq 'My rule'", true},
                     {"names compare exactly", "rule eq 'my rule'", false},
                     {"contains ignores case", "rule contains 'MY R'", true},
                     {"contains at the end", "rule contains rule", true},
                     {"contains more than there is", "rule contains 'my rule2'", false},
                     {"a user", R"(user.src eq 'corp\bob')", true},
                     {"a user with a doubled backslash", R"(user.src eq 'corp\\bob')", true},
                     {"a user of either side", R"(user eq 'corp\bob')", true},
                     {"a zone of either side", "zone eq untrust", true},
                     {"neither zone", "zone neq untrust", false},
                     {"neither zone is this", "zone neq dmz", true},
                     {"from and to", "(from eq trust) and (to eq untrust)", true},
                     {"an empty column", "dstuser eq ''", true},
                     {"a column that is not empty", "rule eq ''", false},
                     {"not empty", "rule neq ''", true},
                     {"empty or a name", "dstuser in ('' alice)", true},
                 });
}

TEST(FilterMatch, Numbers) {
  expect_matches(kThreatRow, threat_verdict(),
                 {
                     {"equal", "bytes eq 5000", true},
                     {"leq at the bound", "bytes leq 5000", true},
                     {"lt at the bound", "bytes lt 5000", false},
                     {"geq at the bound", "bytes geq 5000", true},
                     {"gt at the bound", "bytes gt 5000", false},
                     {"numbers compare as numbers, not as texts", "bytes gt 900", true},
                     {"lt 0 is never", "bytes lt 0", false},
                     {"not lt 0 is always", "not bytes lt 0", true},
                     {"the greatest number", "bytes gt 18446744073709551615", false},
                     {"a range", "bytes in 4000-6000", true},
                     {"64 bits are kept", "seqno eq 7022112329031221999", true},
                     {"64 bits are kept: the next one", "seqno eq 7022112329031222000", false},
                     {"a column without a decoded number", "risk_of_app geq 4", true},
                     {"a port", "port.dst eq 443", true},
                     {"a port of either side", "port eq 51515", true},
                     {"neither port", "port neq 443", false},
                     {"ports in a list", "dport in 80,443", true},
                     {"ports in a range", "dport in 1-1023", true},
                     {"a flag that is set", "flags has nat", true},
                     {"a flag that is not", "flags has url-denied", false},
                     {"any flag of several", "flags has (url-denied nat)", true},
                     {"the whole mask", "flags eq 0x400053", true},
                     {"a mask of 64 bits", "actionflags has 0x8000000000000000", true},
                     {"the session id", "sessionid eq 4711", true},
                 });
}

TEST(FilterMatch, VerdictFields) {
  expect_matches(
      kThreatRow, threat_verdict(),
      {
          {"final_action", "final_action eq blocked", true},
          {"final_action of another kind", "final_action eq allowed", false},
          {"outcome", "outcome eq failed", true},
          {"decided_by", "decided_by eq session_end_reason", true},
          {"ended_by", "ended_by in (security policy)", true},
          {"reason_code", "reason_code eq blocked-by-threat", true},
          {"a piece of the reason", "reason contains threat", true},
          {"confidence", "confidence eq high", true},
          {"provisional", "provisional eq false", true},
          {"provisional is not yes", "provisional eq yes", false},
          {"a contradiction", "contradictions contains allow-with-threat", true},
          {"some contradiction", "contradictions neq none", true},
          {"a contradiction that is not there", "contradictions eq end-without-reason", false},
          {"none", "contradictions eq none", false},
      });
  expect_matches(kThreatRow, Verdict{},
                 {{"no contradiction is none", "contradictions eq none", true},
                  {"decided by nobody", "decided_by eq none", true}});
}

TEST(FilterMatch, AbsentColumnsMakeComparisonsFalseExceptTheNegatedOnes) {
  expect_matches(
      {{Field::Src, "10.0.0.1"}}, Verdict{},
      {
          {"eq of a number", "bytes eq 0", false},
          {"leq of a number", "bytes leq 1000000", false},
          {"neq of a number", "bytes neq 0", true},
          {"in of an address", "addr.dst in 0.0.0.0/0", false},
          {"notin of an address", "addr.dst notin 10.0.0.0/8", true},
          {"eq of a word", "session_end_reason eq n/a", false},
          {"neq of a word", "session_end_reason neq threat", true},
          {"a flag", "flags has nat", false},
          {"a time", "start geq '1970/01/01 00:00:00'", false},
          {"a text", "rule contains a", false},
          {"a number that is tested for being there", "bytes eq ''", true},
          {"one side of two", "port eq 443", false},
          {"repeat count, though the record stands for one session", "repeatcnt eq 1", false},
      });
}

TEST(FilterMatch, UnknownWordsOfTheLogAreNoneOfTheVocabulary) {
  expect_matches({{Field::Src, "10.0.0.1"}, {Field::Action, "quarantine"}}, Verdict{},
                 {{"neq takes it", "action neq allow", true},
                  {"contains finds it", "action contains quarantine", true},
                  {"no word is equal to it", "action in (allow deny drop)", false}});
}

TEST(FilterMatch, BooleanOperators) {
  // src is 10.1.2.3 and bytes is 5000: T and F stand for these.
  expect_matches(kThreatRow, threat_verdict(),
                 {
                     {"T or F and F", "bytes eq 5000 or bytes eq 1 and bytes eq 2", true},
                     {"(T or F) and F", "( bytes eq 5000 or bytes eq 1 ) and bytes eq 2", false},
                     {"not F and T", "not bytes eq 1 and bytes eq 5000", true},
                     {"not (F or T)", "not ( bytes eq 1 or bytes eq 5000 )", false},
                     {"not (T and not F)", "not ( bytes eq 5000 and not bytes eq 1 )", false},
                     {"!(F)", "!(bytes eq 1)", true},
                     {"F or (T and (F or T))",
                      "bytes eq 1 or (bytes eq 5000 and (bytes eq 2 or proto eq tcp))", true},
                 });
}

TEST(FilterMatch, TimesWithoutAZoneAreThoseThatTheLogShows) {
  RecordClock berlin;
  berlin.set_default_zone(TimeZone::named("Europe/Berlin").value());
  expect_matches(
      kThreatRow, Verdict{},
      {
          {"geq the second itself", "time_generated geq '2026/03/10 10:00:00'", true},
          {"gt the second itself", "time_generated gt '2026/03/10 10:00:00'", false},
          {"eq the second", "time_generated eq '2026/03/10 10:00:00'", true},
          {"eq the minute", "time_generated eq '2026/03/10 10:00'", true},
          {"eq the day", "time_generated eq 2026/03/10", true},
          {"leq a day takes all of it", "receive_time leq 2026/03/10", true},
          {"lt the day", "time_generated lt 2026/03/10", false},
          {"in an interval", "receive_time in '2026/03/10 10:00:00/2026/03/10 10:00:05'", true},
          {"behind an interval", "receive_time in '2026/03/10 10:00:00/2026/03/10 10:00:04'",
           false},
          {"the record's own time", "time eq '2026/03/10 10:00:00'", true},
          {"an instant: 10:00 in Berlin is 09:00 UTC", "time eq 2026-03-10T09:00:00Z", true},
          {"an instant is not the clock's face", "time eq 2026-03-10T10:00:00Z", false},
          {"an instant with an offset", "start eq 2026-03-10T09:59:00+01:00", true},
      },
      berlin);
}

TEST(FilterMatch, HighResolutionTimeIsTheRecordsOwn) {
  expect_matches(
      {{Field::Src, "10.0.0.1"},
       {Field::TimeGenerated, "2026/03/10 10:00:00"},
       {Field::HighResTimestamp, "2026-03-10T10:00:00.250-05:00"}},
      Verdict{},
      {
          {"its face", "time eq '2026/03/10 10:00:00'", true},
          {"its instant", "time eq 2026-03-10T15:00:00.250Z", true},
          {"finer than a second", "time gt 2026-03-10T15:00:00.249Z", true},
          {"a second takes all its fractions", "time leq 2026-03-10T15:00:00Z", true},
          {"other columns are in its zone", "time_generated eq 2026-03-10T15:00:00Z", true},
      });
}

TEST(FilterMatch, RelativeTimesCountFromTheGivenNow) {
  constexpr std::int64_t kNow = 1'773'136'800'000'000;  // 2026-03-10 10:00:00 UTC
  TrafficRecord record;
  fill(record, {{Field::Src, "10.0.0.1"}, {Field::ReceiveTime, "2026/03/10 08:30:00"}});
  const std::pair<std::string_view, bool> cases[] = {{"receive_time geq now-2h", true},
                                                     {"receive_time geq -1h", false},
                                                     {"receive_time in last-24-hrs", true},
                                                     {"receive_time in last-hour", false},
                                                     {"receive_time notin last-hour", true}};
  for (const auto& [text, taken] : cases) {
    const auto filter = Filter::parse(text, kNow);
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_EQ(filter->matches(record, Verdict{}, RecordClock{}), taken) << text;
  }
}

TEST(FilterMatch, EveryNameOfAFlagStandsForItsBit) {
  for (const auto& flag : kLogFlags) {
    TrafficRecord record;
    fill(record, {{Field::Src, "10.0.0.1"}, {Field::Flags, "0x0"}});
    record.flags = flag.mask;
    const auto filter = Filter::parse("flags has " + std::string(flag.log_name));
    ASSERT_TRUE(filter) << filter.error().message;
    EXPECT_TRUE(filter->matches(record, Verdict{}, RecordClock{})) << flag.log_name;
    record.flags = ~flag.mask;
    EXPECT_FALSE(filter->matches(record, Verdict{}, RecordClock{})) << flag.log_name;
  }
}

}  // namespace
}  // namespace endreason
