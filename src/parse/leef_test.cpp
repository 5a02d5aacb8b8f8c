// SPDX-License-Identifier: Apache-2.0
#include "parse/leef.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

struct LeefCase {
  const char* sentence;
  std::string text;
  const char* status;
  const char* columns;
};

constexpr const char* kSame =
    "type=TRAFFIC subtype=end src=10.0.0.1 dst=10.0.0.2 rule=My rule action=allow";
const std::string kOld = "LEEF:1.0|Palo Alto Networks|PAN-OS Syslog Integration|4.0|allow|";
const std::string kNew = "LEEF:2.0|Palo Alto Networks|PAN-OS Syslog Integration|10.1.3|allow|";

TEST(LeefReader, ReadsEveryDelimiterAndBothGenerations) {
  const LeefCase cases[] = {
      {"1.0 is parted by tabs",
       kOld + "cat=TRAFFIC\tSubtype=end\tsrc=10.0.0.1\tdst=10.0.0.2\tRuleName=My rule", "traffic",
       kSame},
      {"2.0 names the pipe in hexadecimal",
       kNew + "x7C|cat=TRAFFIC|SubType=end|src=10.0.0.1|dst=10.0.0.2|Rule=My rule", "traffic",
       kSame},
      {"with 0x as well",
       kNew + "0x7C|cat=TRAFFIC|SubType=end|src=10.0.0.1|dst=10.0.0.2|Rule=My rule", "traffic",
       kSame},
      {"or names the pipe by itself",
       kNew + "|||cat=TRAFFIC|SubType=end|src=10.0.0.1|dst=10.0.0.2|Rule=My rule", "traffic",
       kSame},
      {"or names it and ends the field with one more pipe alone",
       kNew + "||cat=TRAFFIC|SubType=end|src=10.0.0.1|dst=10.0.0.2|Rule=My rule", "traffic", kSame},
      {"two pipes in front of tabs",
       kNew + "||cat=TRAFFIC\tSubType=end\tsrc=10.0.0.1\tdst=10.0.0.2\tRule=My rule", "traffic",
       kSame},
      {"a caret", kNew + "^|cat=TRAFFIC^SubType=end^src=10.0.0.1^dst=10.0.0.2^Rule=My rule",
       "traffic", kSame},
      {"a blank, with blanks in values",
       kNew + " |cat=TRAFFIC SubType=end src=10.0.0.1 dst=10.0.0.2 Rule=My rule", "traffic", kSame},
      {"an empty delimiter field means tab",
       kNew + "|cat=TRAFFIC\tSubType=end\tsrc=10.0.0.1\tdst=10.0.0.2\tRule=My rule", "traffic",
       kSame},
      {"no delimiter field at all",
       kNew + "cat=TRAFFIC\tSubType=end\tsrc=10.0.0.1\tdst=10.0.0.2\tRule=My rule", "traffic",
       kSame},
      {"a relay wrote #011 for the tab",
       kOld + "cat=TRAFFIC#011Subtype=end#011src=10.0.0.1#011dst=10.0.0.2#011RuleName=My rule",
       "traffic", kSame},
      {"a relay wrote blanks for the tab",
       kOld + "cat=TRAFFIC Subtype=end src=10.0.0.1 dst=10.0.0.2 RuleName=My rule", "traffic",
       kSame},
      {"the delimiter inside a value stays there",
       kNew + "x7C|cat=TRAFFIC|SubType=end|src=10.0.0.1|Rule=a|b", "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 rule=a|b action=allow"},
      {"an action of its own wins over the event id",
       kOld + "cat=TRAFFIC\tsrc=10.0.0.1\taction=reset-both", "traffic",
       "type=TRAFFIC src=10.0.0.1 action=reset-both"},
      {"bytes of the client are bytes sent",
       kOld + "cat=TRAFFIC\tsrc=10.0.0.1\tsrcBytes=5\tdstBytes=7\ttotalBytes=12", "traffic",
       "type=TRAFFIC src=10.0.0.1 action=allow bytes=12 bytes_sent=5 bytes_received=7"},
      {"another log type", kOld + "cat=threat\tsrc=10.0.0.1", "other THREAT", nullptr},
      {"a header that is cut", "LEEF:2.0|Palo Alto Networks|PAN-OS",
       "rejected malformed LEEF "
       "header at 1",
       nullptr},
      {"another vendor", "LEEF:1.0|QLabs|Flow|1|x|src=10.0.0.1", "rejected not-a-log vendor at 10",
       nullptr},
      {"no addresses", kOld + "cat=TRAFFIC\tsrcPort=1", "rejected missing-column src", nullptr},
      {"an address that is none", kOld + "cat=TRAFFIC\tsrc=xxx.xx.x.xx",
       "rejected wrong-type src at 81", nullptr},
  };
  const KeyNames names;
  LeefReader reader(names);
  TrafficRecord record;
  for (const LeefCase& c : cases) {
    EXPECT_EQ(text_of(reader.read(c.text, record)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
    EXPECT_EQ(record.format, InputFormat::Leef);
  }
}

TEST(LeefReader, TakesTheReleaseFromTheHeader) {
  const KeyNames names;
  LeefReader reader(names);
  TrafficRecord record;
  const std::string line = kNew + "x7C|cat=TRAFFIC|src=10.0.0.1";
  reader.read(line, record);
  EXPECT_EQ(name_of(record.version), "10.1");
}

TEST(LeefReader, SeesTheVendorsExamplesAsOtherLogs) {
  const KeyNames names;
  LeefReader reader(names);
  TrafficRecord record;
  for (const char* name : {"vendor-docs/threat-leef.txt", "vendor-docs/url-leef.txt"}) {
    const std::string text = shared_log(name);
    if (text.empty()) GTEST_SKIP() << "shared/data/logs is absent";
    const std::string line = text.substr(text.find("LEEF:"));
    EXPECT_EQ(text_of(reader.read(line, record)), "other THREAT") << name;
    EXPECT_EQ(record.text(Field::ReceiveTime).substr(0, 14), "2021-09-21T01:") << name;
    EXPECT_EQ(record.text(Field::Vsys), "vsys1") << name;
  }
}

}  // namespace
}  // namespace endreason
