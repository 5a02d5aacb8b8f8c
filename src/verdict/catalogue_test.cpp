// SPDX-License-Identifier: Apache-2.0
#include "verdict/catalogue.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "verdict/catalogue_entry.hpp"
#include "verdict/judge.hpp"
#include "verdict/placeholders.hpp"
#include "verdict/record_for_test.hpp"

namespace endreason {
namespace {

Explanation explained(const TrafficRecord& record) {
  return explain(record, judge(record, Ruleset::Standard, Timers{}));
}

TrafficRecord full_record(std::string_view words) {
  std::string line{words};
  line +=
      " src=10.1.1.1 dst=10.2.2.2 sport=50000 dport=443 from=trust to=untrust rule=My_rule "
      "sessionid=4711 serial=0123 receive_time=2026/03/10_10:00:05 start=2026/03/10_09:59:00";
  return record_for_test(line);
}

std::string text_of(const Explanation& e, NextCheck::Kind kind, std::string_view beginning) {
  for (const NextCheck& check : e.checks)
    if (check.kind == kind && check.text.starts_with(beginning)) return check.text;
  return "(no such check)";
}

std::string fill_or_none(NextCheck::Kind kind, std::string_view pattern, const TrafficRecord& r) {
  const auto check = fill({kind, "", pattern}, r);
  return check ? check->text : "(none)";
}

TEST(Catalogue, EveryReasonCodeHasACompleteEntry) {
  for (const auto& row : kReasonCodes) {
    const CatalogueEntry& entry = catalogue_entry(row.value);
    EXPECT_EQ(entry.value, row.value) << row.log_name;
    Verdict v;
    v.reason_code = row.value;
    EXPECT_FALSE(why(v).empty()) << row.log_name;
    EXPECT_LE(why(v).size(), 60u) << row.log_name;
    const Explanation e = explain(full_record("end tcp allow ssl tcp-fin"), v);
    EXPECT_FALSE(e.headline.empty()) << row.log_name;
    EXPECT_TRUE(e.sentence.ends_with('.')) << row.log_name;
    EXPECT_FALSE(e.causes.empty()) << row.log_name;
    EXPECT_FALSE(e.checks.empty()) << row.log_name;
    EXPECT_FALSE(e.sources.empty()) << row.log_name;
    for (const std::string& source : e.sources)
      EXPECT_TRUE(source.starts_with("https://") || source == "observed, not documented" ||
                  source.starts_with("live.paloaltonetworks.com ") ||
                  source.starts_with("PAN-OS operational commands"))
          << row.log_name << ": " << source;
  }
}

TEST(Catalogue, CommandsAndFiltersCarryTheRecordsValues) {
  const Explanation denied = explained(full_record("deny tcp deny ssl policy-deny"));
  EXPECT_EQ(text_of(denied, NextCheck::Kind::Cli, "test security"),
            "test security-policy-match from trust to untrust source 10.1.1.1 destination 10.2.2.2 "
            "destination-port 443 protocol 6 application ssl");
  EXPECT_EQ(text_of(denied, NextCheck::Kind::LogFilter, "( rule"),
            "( rule eq 'My rule' ) and ( addr.dst in 10.2.2.2 )");
  const Explanation running = explained(full_record("start tcp allow ssl n/a"));
  EXPECT_EQ(text_of(running, NextCheck::Kind::Cli, "show session"), "show session id 4711");
  const Explanation threat = explained(full_record("end tcp allow ssl threat"));
  EXPECT_EQ(text_of(threat, NextCheck::Kind::LogFilter, "( addr in"),
            "( addr in 10.1.1.1 ) and ( addr in 10.2.2.2 ) and ( receive_time geq "
            "'2026/03/10 09:58:00' ) and ( receive_time leq '2026/03/10 10:01:05' )");
}

constexpr auto kCli = NextCheck::Kind::Cli;
constexpr auto kFilter = NextCheck::Kind::LogFilter;

struct FillCase {
  std::string_view behaviour;
  NextCheck::Kind kind;
  std::string_view pattern;
  std::string_view record;
  std::string_view expected;
};

TEST(Catalogue, AClauseWithoutItsValueIsLeftOut) {
  const FillCase cases[] = {
      {"all values there", kCli, "show session all filter|source {src}|destination-port {dport}",
       "end tcp allow ssl tcp-fin dport=443",
       "show session all filter source 10.0.0.1 destination-port 443"},
      {"no port", kCli, "show session all filter|source {src}|destination-port {dport}",
       "end tcp allow ssl tcp-fin", "show session all filter source 10.0.0.1"},
      {"port 0 is no port", kCli, "show session all filter|source {src}|destination-port {dport}",
       "end tcp allow ssl tcp-fin dport=0", "show session all filter source 10.0.0.1"},
      {"ICMP has no ports", kCli, "show session all filter|source {src}|destination-port {dport}",
       "end icmp allow ping aged-out dport=31", "show session all filter source 10.0.0.1"},
      {"the first clause of a filter may be missing too", kFilter,
       "( from eq {from} )|( addr.dst in {dst} )", "end tcp allow ssl tcp-fin",
       "( addr.dst in 10.0.0.2 )"},
      {"a needed value is missing", kCli, "show session id|+{sessionid}",
       "end tcp allow ssl tcp-fin", "(none)"},
      {"session 0 is no session", kCli, "show session id|+{sessionid}",
       "drop tcp deny not-applicable policy-deny sessionid=0", "(none)"},
      {"no value of any clause is there", kCli, "show session all filter|destination-port {dport}",
       "end tcp allow ssl tcp-fin", "(none)"},
      {"a command without places stays", kCli, "show session info", "end tcp allow ssl tcp-fin",
       "show session info"},
      {"a status is no application", kCli, "test x|+source {src}|application {app}",
       "end tcp allow incomplete aged-out", "test x source 10.0.0.1"},
      {"the protocol is given by number", kCli, "test x|+protocol {proto-number}",
       "end udp allow dns aged-out", "test x protocol 17"},
      {"names with blanks are quoted in commands", kCli, "test x|+from {from}",
       "end tcp allow ssl tcp-fin from=my_zone", "test x from \"my zone\""},
      {"names with blanks are quoted in filters", kFilter, "+( rule eq {rule} )",
       "end tcp allow ssl tcp-fin rule=My_rule", "( rule eq 'My rule' )"},
      {"a name with the quote mark takes the other one", kFilter, "+( rule eq {rule} )",
       "end tcp allow ssl tcp-fin rule=Bob's_rule", "( rule eq \"Bob's rule\" )"},
      {"a name with both marks cannot be written", kFilter, "+( rule eq {rule} )",
       "end tcp allow ssl tcp-fin rule=a'b\"c", "(none)"},
      {"a name that looks like a second command stays one word", kCli, "test x|+from {from}",
       "end tcp allow ssl tcp-fin from=a;_reboot", "test x from \"a; reboot\""},
  };
  for (const FillCase& c : cases)
    EXPECT_EQ(fill_or_none(c.kind, c.pattern, record_for_test(c.record)), c.expected)
        << c.behaviour;
}

TEST(Catalogue, ControlCharactersOfARecordNeverReachTheReader) {
  EXPECT_EQ(clean_text("a\x1b[31m\nb\x7f\xc2\x9b"
                       "c"),
            "a[31mbc");
  EXPECT_EQ(clean_text("Zürich"), "Zürich");
  TrafficRecord record = full_record("end tcp allow ssl threat");
  record.set_copy(Field::Rule, "evil\nreboot");
  EXPECT_EQ(fill_or_none(NextCheck::Kind::LogFilter, "+( rule eq {rule} )", record),
            "( rule eq evilreboot )");
  EXPECT_EQ(clean_text(std::string(199, 'x') + "ü").size(), 199u);
}

constexpr Field kMayLack[] = {Field::Src,         Field::Dport, Field::From, Field::Sessionid,
                              Field::ReceiveTime, Field::Rule,  Field::Proto};

// Every entry with every subset of the values that records lack in practice.
TEST(Catalogue, NoEntryShowsAHoleWhateverTheRecordLacks) {
  for (const auto& row : kReasonCodes) {
    for (unsigned lacking = 0; lacking < 1u << std::size(kMayLack); ++lacking) {
      TrafficRecord record = full_record("end tcp allow ssl tcp-fin");
      for (std::size_t i = 0; i < std::size(kMayLack); ++i)
        if ((lacking >> i & 1u) != 0) record.clear(kMayLack[i]);
      record.reset_decoded();
      Misfit misfit{};
      ASSERT_TRUE(decode_key_columns(record, misfit));
      Verdict v;
      v.reason_code = row.value;
      for (const NextCheck& check : explain(record, v).checks) {
        EXPECT_EQ(check.text.find_first_of("{}|+"), std::string::npos) << check.text;
        EXPECT_EQ(check.text.find("  "), std::string::npos) << check.text;
        EXPECT_EQ(check.text.find("( )"), std::string::npos) << check.text;
        EXPECT_FALSE(check.text.starts_with(" and")) << check.text;
        EXPECT_FALSE(check.text.ends_with("filter") || check.text.ends_with("match")) << check.text;
      }
      if (HasNonfatalFailure()) return;
    }
  }
}

TEST(Catalogue, ASentenceNamesTheColumnThatDecidedAndItsValue) {
  const Explanation e =
      explained(full_record("end tcp allow ssl threat pkts_sent=3 bytes_sent=222"));
  EXPECT_NE(e.sentence.find("session_end_reason says threat"), std::string::npos) << e.sentence;
  EXPECT_NE(e.sentence.find("Sent 3 packets (222 bytes)."), std::string::npos) << e.sentence;
}

TEST(Catalogue, AnUnknownValueIsNamed) {
  const Explanation e = explained(full_record("end tcp quarantine ssl tcp-fin"));
  EXPECT_NE(e.sentence.find("action holds \"quarantine\""), std::string::npos) << e.sentence;
  const Explanation absent = explained(full_record("end tcp - ssl tcp-fin"));
  EXPECT_NE(absent.sentence.find("action is empty"), std::string::npos) << absent.sentence;
}

// Complaints of users that ask for an explanation, not for another verdict.
TEST(Catalogue, WhatUsersAskIsAnswered) {
  const struct {
    std::string_view question, record, answer;
  } cases[] = {
      {"why is the traffic row later than the threat row?", "end tcp allow ssl threat",
       "Threat row is earlier"},
      {"what do type drop and type deny mean?",
       "drop tcp deny not-applicable policy-deny sessionid=0", "two definitions of type drop"},
      {"why did it close too early after the first FIN?",
       "end tcp allow ssl tcp-fin bytes_sent=900 bytes_received=900 pkts_sent=9 pkts_received=9 "
       "elapsed=130",
       "timeout-tcp-half-closed"},
      {"why did it age out after a FIN?",
       "end tcp allow ssl aged-out bytes_sent=900 bytes_received=900 pkts_sent=9 pkts_received=9 "
       "elapsed=130",
       "timeout-tcp-half-closed"},
  };
  for (const auto& c : cases) {
    const Explanation e = explained(full_record(c.record));
    EXPECT_TRUE(std::any_of(e.notes.begin(), e.notes.end(), [&](const std::string& note) {
      return note.find(c.answer) != std::string::npos;
    })) << c.question;
  }
}

TEST(Catalogue, ContradictionsAndRepeatsAreExplainedInNotes) {
  const Explanation e = explained(full_record("deny tcp allow ssl policy-deny repeatcnt=7"));
  const auto has = [&](std::string_view part) {
    return std::any_of(e.notes.begin(), e.notes.end(), [&](const std::string& note) {
      return note.find(part) != std::string::npos;
    });
  };
  EXPECT_TRUE(has("type of the row"));
  EXPECT_TRUE(has("policy-deny"));
  EXPECT_TRUE(has("7 sessions"));
}

}  // namespace
}  // namespace endreason
