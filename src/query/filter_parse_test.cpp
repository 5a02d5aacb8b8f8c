// SPDX-License-Identifier: Apache-2.0
// What the parser makes of filters as users paste them, seen through the canonical form.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "query/filter.hpp"

namespace endreason {
namespace {

// 2026-03-10 10:00:00 UTC.
constexpr std::int64_t kNow = 1'773'136'800'000'000;

struct ReadingCase {
  std::string_view behaviour;
  std::string_view filter;
  std::string_view canonical;
};

const ReadingCase kReadings[] = {
    {"a filter of the filter bar stays as it is, with the columns' own names",
     "( addr.src in 10.0.0.0/8 ) and ( session_end_reason eq threat )",
     "( src in 10.0.0.0/8 ) and ( session_end_reason eq threat )"},
    {"the hunt for contradictions", "( subtype neq end ) and ( action eq allow )",
     "( subtype neq end ) and ( action eq allow )"},
    {"blanks around brackets are not needed", "(rule eq 'My rule')", "( rule eq 'My rule' )"},
    {"brackets are not needed round one comparison", "action neq allow", "( action neq allow )"},
    {"a time in quotes", "( receive_time geq '2026/03/10 10:00:00' )",
     "( receive_time geq '2026/03/10 10:00:00' )"},
    {"a number in quotes", "(seqno geq '123')", "( seqno geq 123 )"},
    {"double quotes", "(app eq \"ssl\")", "( app eq ssl )"},
    {"case of words does not matter", "(APP EQ ssl) AND NOT (To Eq untrust)",
     "( app eq ssl ) and not ( to eq untrust )"},
    {"an exclamation mark is not", "!( addr in 1.1.1.1 )", "not ( addr in 1.1.1.1 )"},
    {"two nots are none", "not not (app eq ssl)", "( app eq ssl )"},
    {"a not of a not in brackets is none", "not (not (app eq ssl))", "( app eq ssl )"},
    {"and binds stronger than or", "app eq a or app eq b and app eq c",
     "( app eq a ) or ( ( app eq b ) and ( app eq c ) )"},
    {"not binds stronger than and", "not app eq a and app eq b",
     "not ( app eq a ) and ( app eq b )"},
    {"brackets change the order", "( app eq a or app eq b ) and app eq c",
     "( ( app eq a ) or ( app eq b ) ) and ( app eq c )"},
    {"the same word in brackets is one list", "app eq a and ( app eq b and app eq c )",
     "( app eq a ) and ( app eq b ) and ( app eq c )"},
    {"a list of addresses in brackets", "addr.src in ( 10.0.0.1 10.0.0.2 )",
     "( src in ( 10.0.0.1 10.0.0.2 ) )"},
    {"a list of addresses with commas", "addr.src in 10.0.0.1,10.0.0.2 ,10.0.0.3",
     "( src in ( 10.0.0.1 10.0.0.2 10.0.0.3 ) )"},
    {"a list with commas in brackets", "(addr.src in (10.0.0.1, 10.0.0.2))",
     "( src in ( 10.0.0.1 10.0.0.2 ) )"},
    {"a network is written by its first address", "addr.dst in 10.1.2.3/8",
     "( dst in 10.0.0.0/8 )"},
    {"a range that is a network is written as one", "addr.dst in 10.0.0.0-10.0.0.255",
     "( dst in 10.0.0.0/24 )"},
    {"a range that is none", "addr.dst in 10.0.0.1-10.0.0.9", "( dst in 10.0.0.1-10.0.0.9 )"},
    {"an IPv6 network", "addr in 2001:DB8::/32", "( addr in 2001:db8::/32 )"},
    {"not in, in two words", "addr not in 10.0.0.0/8", "( addr notin 10.0.0.0/8 )"},
    {"a doubled quote stands for the quote", "rule eq 'Bob''s rule'",
     R"(( rule eq 'Bob\'s rule' ))"},
    {"an escaped quote stands for the quote", R"(rule eq 'Bob\'s rule')",
     R"(( rule eq 'Bob\'s rule' ))"},
    {"the backslash of a user name is ordinary", R"(user.src eq 'corp\bob')",
     R"(( srcuser eq 'corp\\bob' ))"},
    {"a user name without quotes", R"(user.src eq corp\bob)", R"(( srcuser eq 'corp\\bob' ))"},
    {"an empty text", "rule eq ''", "( rule eq '' )"},
    {"the spelling of a vocabulary is made one", "action eq 'drop ICMP'",
     "( action eq drop-icmp )"},
    {"n-a is n/a", "session_end_reason eq n-a", "( session_end_reason eq n/a )"},
    {"a vocabulary in capitals", "session_end_reason eq THREAT",
     "( session_end_reason eq threat )"},
    {"a protocol by number", "proto eq 6", "( proto eq tcp )"},
    {"a protocol that has no name", "proto eq 200", "( proto eq 200 )"},
    {"a range of ports", "port.dst in 1024-65535", "( dport in 1024-65535 )"},
    {"one flag", "( flags has nat )", "( flags has nat )"},
    {"several flags", "flags has (nat url-denied)", "( flags has ( nat url-denied ) )"},
    {"a flag as a mask", "flags has 0x00800000", "( flags has 0x800000 )"},
    {"verdict fields", "(final_action eq blocked) and (outcome eq failed)",
     "( final_action eq blocked ) and ( outcome eq failed )"},
    {"reason is reason_code", "( reason eq syn-no-answer )", "( reason_code eq syn-no-answer )"},
    {"no contradictions", "contradictions eq none", "( contradictions eq none )"},
    {"decided by nobody", "decided_by eq ''", "( decided_by eq none )"},
    {"a day", "time_generated eq '2026/03/10'", "( time_generated eq 2026/03/10 )"},
    {"a day with dashes", "start geq 2026-03-10", "( start geq 2026/03/10 )"},
    {"a minute", "start leq '2026/03/10 10:00'", "( start leq '2026/03/10 10:00' )"},
    {"a time with a zone", "time geq 2026-03-10T10:00:00+01:00",
     "( time geq 2026-03-10T09:00:00Z )"},
    {"epoch seconds are UTC", "time geq 1773136800", "( time geq 2026-03-10T10:00:00Z )"},
    {"a time before now", "receive_time geq now-2h",
     "( receive_time geq 2026-03-10T08:00:00.000000Z )"},
    {"a time before now, as --since takes it", "time geq -15m",
     "( time geq 2026-03-10T09:45:00.000000Z )"},
    {"a period of the firewall", "receive_time in last-6-hrs",
     "( receive_time in 2026-03-10T04:00:00.000000Z/2026-03-10T10:00:00.000000Z )"},
    {"the last hour", "receive_time in last-hour",
     "( receive_time in 2026-03-10T09:00:00.000000Z/2026-03-10T10:00:00.000000Z )"},
    {"two device times with a slash between them",
     "time in '2026/03/10 10:00:00/2026/03/10 11:00:00'",
     "( time in '2026/03/10 10:00:00/2026/03/10 11:00:00' )"},
    {"no blanks at all", "(app eq ssl)or(app eq web-browsing)",
     "( app eq ssl ) or ( app eq web-browsing )"},
    {"a value that is a word of the language", "rule eq or", "( rule eq or )"},
    {"over several lines", "( app eq ssl )\n  and\t( action eq allow )\r\n",
     "( app eq ssl ) and ( action eq allow )"},
};

TEST(FilterParse, ReadsFiltersAsUsersPasteThem) {
  for (const auto& c : kReadings) {
    const auto filter = Filter::parse(c.filter, kNow);
    ASSERT_TRUE(filter) << c.behaviour << "\n" << filter.error().message;
    EXPECT_EQ(filter->explain(), c.canonical) << c.behaviour;
  }
}

TEST(FilterParse, CanonicalFormReadsBackToItself) {
  for (const auto& c : kReadings) {
    const auto filter = Filter::parse(c.canonical);
    ASSERT_TRUE(filter) << c.behaviour << "\n" << filter.error().message;
    EXPECT_EQ(filter->explain(), c.canonical) << c.behaviour;
  }
}

FieldSet set_of(std::initializer_list<Field> fields) {
  FieldSet set;
  for (const Field f : fields) set.set(index_of(f));
  return set;
}

TEST(FilterParse, NamesTheColumnsItReads) {
  struct Case {
    std::string_view behaviour;
    std::string_view filter;
    FieldSet fields;
    bool verdict;
  };
  const Case cases[] = {
      {"columns of both parts", "addr.src in 10.0.0.0/8 and session_end_reason eq threat",
       set_of({Field::Src, Field::SessionEndReason}), false},
      {"both sides", "port eq 443", set_of({Field::Sport, Field::Dport}), false},
      {"a status of the application", "app eq incomplete", set_of({Field::App}), false},
      {"a verdict field reads no column by itself", "outcome eq failed", {}, true},
      {"a time needs its zone", "start geq '2026/03/10 10:00:00'",
       set_of({Field::Start, Field::HighResTimestamp, Field::Serial}), false},
      {"the record's own time", "time geq '2026/03/10 10:00:00'",
       set_of({Field::HighResTimestamp, Field::TimeGenerated, Field::ReceiveTime, Field::Start,
               Field::Serial}),
       false},
  };
  for (const auto& c : cases) {
    const auto filter = Filter::parse(c.filter);
    ASSERT_TRUE(filter) << c.behaviour << "\n" << filter.error().message;
    EXPECT_EQ(filter->fields(), c.fields) << c.behaviour;
    EXPECT_EQ(filter->reads_verdict(), c.verdict) << c.behaviour;
  }
}

TEST(FilterParse, TreeIsOpenToOtherCompilers) {
  const auto filter = Filter::parse("addr in 10.0.0.0/8 and not bytes lt 100");
  ASSERT_TRUE(filter);
  const FilterNode& root = filter->tree();
  ASSERT_EQ(root.kind, FilterNode::Kind::And);
  ASSERT_EQ(root.children.size(), 2u);
  const FilterComparison& address = root.children[0].comparison;
  EXPECT_EQ(address.subject.kind, FilterSubject::Kind::EitherSide);
  EXPECT_EQ(address.subject.second, Field::Dst);
  EXPECT_EQ(to_string(address.values.at(0).range.last), "10.255.255.255");
  ASSERT_EQ(root.children[1].kind, FilterNode::Kind::Not);
  const FilterComparison& bytes = root.children[1].children.at(0).comparison;
  EXPECT_EQ(bytes.op, FilterOp::Lt);
  EXPECT_EQ(bytes.values.at(0).low, 100u);
}

// "app eq a" inside `levels` levels of and / or in turn.
std::string nested(std::size_t levels) {
  std::string text = "app eq a";
  for (std::size_t i = 0; i < levels; ++i)
    text = "( " + text + (i % 2 == 0 ? " ) and app eq b" : " ) or app eq b");
  return text;
}

TEST(FilterParse, HundredLevelsAreReadAndTheirCanonicalFormToo) {
  const auto filter = Filter::parse(nested(100));
  ASSERT_TRUE(filter) << filter.error().message;
  const auto again = Filter::parse(filter->explain());
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_EQ(again->explain(), filter->explain());
  EXPECT_FALSE(Filter::parse(nested(101)));
}

TEST(FilterParse, NestingWithoutEndIsAnErrorNotAnOverflow) {
  EXPECT_FALSE(Filter::parse(std::string(60'000, '(')));
  EXPECT_TRUE(Filter::parse(std::string(60'000, '!') + "app eq ssl"));
  EXPECT_FALSE(Filter::parse(std::string(60'000, '!')));
}

TEST(FilterParse, LongListsAreRead) {
  std::string text = "addr in (";
  for (int i = 0; i < 4000; ++i)
    text += " 10.0." + std::to_string(i / 256) + "." + std::to_string(i % 256);
  EXPECT_TRUE(Filter::parse(text + " )"));
}

}  // namespace
}  // namespace endreason
