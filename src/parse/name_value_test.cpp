// SPDX-License-Identifier: Apache-2.0
#include "parse/name_value.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

struct PairCase {
  const char* sentence;
  std::string text;
  const char* status;
  const char* columns;
};

TEST(NameValueReader, ReadsPairsHoweverTheyAreParted) {
  const char* same = "src=10.0.0.1 dst=10.0.0.2 rule=My rule action=allow";
  const PairCase cases[] = {
      {"blanks, values unquoted", "src=10.0.0.1 dst=10.0.0.2 rule=My rule action=allow", "traffic",
       same},
      {"commas", "src=10.0.0.1,dst=10.0.0.2,rule=My rule,action=allow", "traffic", same},
      {"semicolons and blanks", "src=10.0.0.1; dst=10.0.0.2; rule=\"My rule\"; action=allow;",
       "traffic", same},
      {"tabs", "src=10.0.0.1\tdst=10.0.0.2\trule='My rule'\taction=allow", "traffic", same},
      {"pipes", "src=10.0.0.1|dst=10.0.0.2|rule=My rule|action=allow", "traffic", same},
      {"text before the pairs",
       "fw1 traffic log: src=10.0.0.1 dst=10.0.0.2 rule=My rule "
       "action=allow",
       "traffic", same},
      {"names of other formats",
       "SourceAddress=10.0.0.1 dst=10.0.0.2 rule_matched=\"My rule\" "
       "act=allow",
       "traffic", same},
      {"equals signs and separators in quotes",
       "src=10.0.0.1 rule=\"a=b, c=d; \"\"e\"\"\" action=deny", "traffic",
       "src=10.0.0.1 rule=a=b, c=d; \"e\" action=deny"},
      {"a quoted value that ends in a backslash", "src=10.0.0.1 srcuser=\"CORP\\\" action=deny",
       "traffic", "src=10.0.0.1 srcuser=CORP\\ action=deny"},
      {"a quote that never closes", "src=10.0.0.1 action=deny rule=\"x y", "traffic",
       "src=10.0.0.1 rule=\"x y action=deny"},
      {"a dash is nothing", "src=10.0.0.1 dst=- action=deny", "traffic",
       "src=10.0.0.1 action=deny"},
      {"type may be the subtype", "type=end src=10.0.0.1 action=allow", "traffic",
       "subtype=end src=10.0.0.1 action=allow"},
      {"another log type", "type=THREAT src=10.0.0.1 action=drop", "other THREAT", nullptr},
      {"an address alone is no log", "src=10.0.0.1 colour=red", "rejected not-a-log at 1", nullptr},
      {"one pair of something is no log", "ping time=3 ms", "rejected not-a-log at 1", nullptr},
      {"columns without addresses", "action=allow sport=1 dport=2", "rejected missing-column src",
       nullptr},
      {"a port that is none", "src=10.0.0.1 sport=99999 action=allow",
       "rejected wrong-type sport at 20", nullptr},
      {"nothing", "", "rejected not-a-log", nullptr},
  };
  const KeyNames names;
  NameValueReader reader(names);
  TrafficRecord record;
  for (const PairCase& c : cases) {
    EXPECT_EQ(text_of(reader.read(c.text, record)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
  }
}

TEST(NameValueReader, KnowsTheUsersOwnNames) {
  KeyNames names;
  ASSERT_TRUE(names.add("quelle", Field::Src));
  ASSERT_TRUE(names.add("ergebnis", Field::Action));
  NameValueReader reader(names);
  TrafficRecord record;
  const std::string line = "quelle=10.0.0.1 ergebnis=\"drop ICMP\" farbe=rot";
  EXPECT_EQ(text_of(reader.read(line, record)), "traffic");
  EXPECT_EQ(record.action, Action::DropIcmp);
  EXPECT_EQ(extra_of(record, "farbe"), "rot");
}

}  // namespace
}  // namespace endreason
