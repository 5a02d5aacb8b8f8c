// SPDX-License-Identifier: Apache-2.0
#include "parse/cef.hpp"

#include <string>

#include <gtest/gtest.h>

#include "model/log_flag.hpp"
#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

constexpr std::string_view kFirewall = "CEF:0|Palo Alto Networks|PAN-OS|10.1.6-h3|end|TRAFFIC|1|";
constexpr std::string_view kService = "CEF:0|Palo Alto Networks|LF|2.0|TRAFFIC|end|3|";

struct CefCase {
  const char* sentence;
  std::string text;
  const char* status;
  const char* columns;
};

std::string firewall(std::string_view pairs) {
  return std::string(kFirewall) + std::string(pairs);
}
std::string service(std::string_view pairs) {
  return std::string(kService) + std::string(pairs);
}

TEST(CefReader, ReadsWhatBothWritersSend) {
  const CefCase cases[] = {
      {"the firewall swaps in and out against the service",
       firewall("src=10.0.0.1 dst=10.0.0.2 act=allow in=100 out=200"), "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 dst=10.0.0.2 action=allow bytes_sent=100 "
       "bytes_received=200"},
      {"the service means it the other way",
       service("src=10.0.0.1 dst=10.0.0.2 act=allow in=100 out=200"), "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 dst=10.0.0.2 action=allow bytes_sent=200 "
       "bytes_received=100"},
      {"keys in any order, blanks in values, empty values",
       firewall("act=reset both cs1=My rule = best cs1Label=Rule cs2= dst=10.0.0.2 src=10.0.0.1"),
       "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 dst=10.0.0.2 rule=My rule = best action=reset both"},
      {"escapes are undone, a lone backslash stays",
       firewall("src=10.0.0.1 act=deny cs1=a\\=b\\\\c suser=CORP\\nancy duser=x\\\\y"), "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 rule=a=b\\c srcuser=CORP\\nancy dstuser=x\\y "
       "action=deny"},
      {"the label wins over the position",
       firewall("cs1=inside cs1Label=Source Zone cs4Label=Rule cs4=web src=10.0.0.1 act=allow"),
       "traffic", "type=TRAFFIC subtype=end src=10.0.0.1 rule=web from=inside action=allow"},
      {"an unknown label leaves the position its meaning",
       firewall("cs1=web cs1Label=Regel src=10.0.0.1 act=allow"), "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 rule=web action=allow"},
      {"IPv6 addresses come in their own slots",
       service("c6a2=2001:db8::1 c6a2Label=Source IPv6 Address c6a3=2001:db8::2 act=allow"),
       "traffic", "type=TRAFFIC subtype=end src=2001:db8::1 dst=2001:db8::2 action=allow"},
      {"dtz makes the service's times UTC",
       service("dtz=UTC rt=Feb 27 2021 20:16:21 src=10.0.0.1 act=allow"), "traffic",
       "receive_time=2021-02-27T20:16:21Z type=TRAFFIC subtype=end src=10.0.0.1 action=allow"},
      {"the whole user name wins over the bare one",
       service("suser=anna src=10.0.0.1 act=allow suser0=corp\\\\anna"), "traffic",
       "type=TRAFFIC subtype=end src=10.0.0.1 srcuser=corp\\anna action=allow"},
      {"another log type by the service's order",
       "CEF:0|Palo Alto Networks|LF|2.0|THREAT|url|3|src=10.0.0.1", "other THREAT", nullptr},
      {"another log type by the firewall's order",
       "CEF:0|Palo Alto Networks|PAN-OS|10.1|spyware|THREAT|4|src=10.0.0.1", "other THREAT",
       nullptr},
      {"a header that is cut", "CEF:0|Palo Alto Networks|PAN-OS|10.1|end",
       "rejected malformed CEF "
       "header at 1",
       nullptr},
      {"another vendor", "CEF:0|Security|threatmanager|1.0|100|worm|10|src=10.0.0.1",
       "rejected not-a-log device vendor at 7", nullptr},
      {"no addresses", firewall("act=allow spt=1"), "rejected missing-column src", nullptr},
      {"a port that is none names its key and place", firewall("src=10.0.0.1 spt=70000 act=allow"),
       "rejected wrong-type spt at 74", nullptr},
  };
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  for (const CefCase& c : cases) {
    EXPECT_EQ(text_of(reader.read(c.text, record)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
  }
}

TEST(CefReader, TakesTheReleaseFromTheHeaderUnlessAColumnSaysIt) {
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  const std::string line = firewall("src=10.0.0.1 act=allow");
  reader.read(line, record);
  EXPECT_EQ(name_of(record.version), "10.1");
  EXPECT_EQ(record.format, InputFormat::Cef);
  EXPECT_FALSE(record.partial);
  const std::string newer = service("PanOSConfigVersion=11.0 src=10.0.0.1 act=allow");
  reader.read(newer, record);
  EXPECT_EQ(name_of(record.version), "11.0");
  EXPECT_EQ(record.format, InputFormat::CefSls);
}

TEST(CefReader, ALineCutBeforeItsActionIsPartial) {
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  const std::string line = firewall("rt=Feb 27 2021 20:16:21 src=10.0.0.1 dst=10.0.0.2 cs1=ru");
  EXPECT_EQ(text_of(reader.read(line, record)), "traffic");
  EXPECT_TRUE(record.partial);
}

TEST(CefReader, BooleansMakeTheFlagsAndStayAsExtras) {
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  const std::string line =
      service("src=10.0.0.1 act=allow PanOSIsURLDenied=true PanOSNAT=true PanOSIsDecrypted=false");
  reader.read(line, record);
  EXPECT_TRUE(record.knows(Known::Flags));
  EXPECT_EQ(record.flags, kFlagUrlDenied | kFlagNat);
  EXPECT_EQ(extra_of(record, "PanOSIsDecrypted"), "false");
  const std::string both = firewall(
      "src=10.0.0.1 act=allow flexString1=0x1b flexString1Label=Flags PanOSIsURLDenied=true");
  reader.read(both, record);
  EXPECT_EQ(record.flags, 0x1bu) << "a flags column is the last word";
}

TEST(CefReader, ReadsTheRealRecordOfTheLoggingService) {
  const std::string line = shared_log("sekoia-paloalto-ngfw/traffic_cef.raw");
  if (line.empty()) GTEST_SKIP() << "shared/data/logs is absent";
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  ASSERT_EQ(text_of(reader.read(line, record)), "traffic");
  EXPECT_EQ(record.action, Action::Deny);
  EXPECT_EQ(record.end_reason, EndReason::Unknown);
  EXPECT_EQ(record.bytes_sent, 400448u);
  EXPECT_EQ(record.bytes_received, 969846u);
  EXPECT_EQ(record.packets, 314u);
  EXPECT_EQ(record.pkts_sent, 194u);
  EXPECT_EQ(record.elapsed, 56u);
  EXPECT_EQ(record.sessionid, 25596u);
  EXPECT_EQ(record.text(Field::Rule), "deny-attackers");
  EXPECT_EQ(record.text(Field::From), "untrust");
  EXPECT_EQ(record.text(Field::SrcDag), "aqua_dag");
  EXPECT_EQ(record.text(Field::SrcOsversion), "Android v6");
  EXPECT_EQ(record.text(Field::TimeGenerated), "2021-02-27T20:16:17Z");
  EXPECT_EQ(record.text(Field::DstHost), "pan-355");
  EXPECT_EQ(extra_of(record, "PanOSSessionTracker"), "16");
  for (const char* other : {"threat_cef", "url_cef", "file_cef"}) {
    const std::string text = shared_log("sekoia-paloalto-ngfw/" + std::string(other) + ".raw");
    EXPECT_EQ(text_of(reader.read(text, record)), "other THREAT") << other;
  }
}

TEST(CefReader, SurvivesEveryCutOfARealRecord) {
  const std::string line = firewall("src=10.0.0.1 dst=10.0.0.2 cs1=a\\=b cs1Label=Rule act=allow");
  const KeyNames names;
  CefReader reader(names);
  TrafficRecord record;
  for (std::size_t n = 0; n <= line.size(); ++n) {
    const std::string cut = line.substr(0, n);
    const ReadStatus status = reader.read(cut, record);
    if (n < kFirewall.size()) EXPECT_EQ(status.kind, ReadKind::Rejected) << cut;
  }
}

}  // namespace
}  // namespace endreason
