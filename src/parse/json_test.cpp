// SPDX-License-Identifier: Apache-2.0
#include "parse/json.hpp"

#include <string>

#include <gtest/gtest.h>

#include "model/log_flag.hpp"
#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

struct JsonCase {
  const char* sentence;
  std::string text;
  const char* status;
  const char* columns;
};

TEST(JsonReader, ReadsTheNamesOfEverySource) {
  const JsonCase cases[] = {
      {"HTTPS names of the logging service",
       R"({"LogType":"TRAFFIC","SourceAddress":"10.0.0.1","DestinationPort":443,"Action":"allow"})",
       "traffic", "type=TRAFFIC src=10.0.0.1 dport=443 action=allow"},
      {"query names with nested values",
       R"({"source_ip":{"hex":"0a000001","value":"10.0.0.1"},"action":{"value":"deny"}})",
       "traffic", "src=10.0.0.1 action=deny"},
      {"variables, and #text of elements with attributes",
       R"({"src":"10.0.0.1","action":"allow","srcloc":{"@code":"DE","#text":"Germany"}})",
       "traffic", "src=10.0.0.1 action=allow srcloc=Germany"},
      {"64 bits are kept to the last digit",
       R"({"src":"10.0.0.1","action":"allow","seqno":18446744073709551615})", "traffic",
       "src=10.0.0.1 action=allow seqno=18446744073709551615"},
      {"a table's decimals are whole numbers",
       R"({"src":"10.0.0.1","action":"allow","sport":443.0})", "traffic",
       "src=10.0.0.1 sport=443 action=allow"},
      {"null and empty are absent", R"({"src":"10.0.0.1","dst":null,"rule":"","action":"allow"})",
       "traffic", "src=10.0.0.1 action=allow"},
      {"lists are joined", R"({"src":"10.0.0.1","action":"allow","src_dag":["a","b"]})", "traffic",
       "src=10.0.0.1 action=allow src_dag=a,b"},
      {"escapes are undone", R"({"src":"10.0.0.1","action":"allow","rule":"a\"b\u00e9\\"})",
       "traffic", "src=10.0.0.1 rule=a\"b\xC3\xA9\\ action=allow"},
      {"the record may sit inside a hit",
       R"({"_index":"x","_source":{"src":"10.0.0.1","action":"allow"}})", "traffic",
       "src=10.0.0.1 action=allow"},
      {"blanks and line ends around it",
       " {\r\n \"src\" : \"10.0.0.1\" ,\n\"action\":\"allow\" }\r\n", "traffic",
       "src=10.0.0.1 action=allow"},
      {"another log type", R"({"LogType":"THREAT","Subtype":"url"})", "other THREAT", nullptr},
      {"another log type, lower case", R"({"log_type":{"value":"system"}})", "other SYSTEM",
       nullptr},
      {"no addresses", R"({"type":"TRAFFIC","sport":1})", "rejected missing-column src", nullptr},
      {"a port that is none", R"({"src":"10.0.0.1","sport":"x"})",
       "rejected wrong-type sport at 28", nullptr},
      {"cut inside a key", R"( {"src":"10.0.0.1","a":{"b":1},"sp)", "traffic", "src=10.0.0.1"},
      {"cut before any whole member", R"({"src":"10.0)", "rejected malformed at 1", nullptr},
      {"cut after a value, which may be half of it", R"({"src":"10.0.0.1","sport":1)", "traffic",
       "src=10.0.0.1"},
      {"invalid UTF-8", "{\"src\":\"\xFF\xFE\"}", "rejected malformed at 1", nullptr},
      {"a word that is no value", R"({"src":"10.0.0.1","sport":nope})", "rejected malformed at 27",
       nullptr},
      {"something behind the object", R"({"src":"10.0.0.1","action":"allow"} x)",
       "rejected malformed at 1", nullptr},
      {"no object", R"(["src"])", "rejected malformed at 1", nullptr},
      {"nothing", "", "rejected malformed", nullptr},
  };
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  for (const JsonCase& c : cases) {
    std::string_view inner;
    EXPECT_EQ(text_of(reader.read(c.text, record, inner)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
    EXPECT_TRUE(inner.empty()) << c.sentence;
  }
}

TEST(JsonReader, NestingBeyondTheLimitIsMalformedNotACrash) {
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  std::string_view inner;
  for (const std::size_t depth : {40u, 5000u}) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += "{\"a\":";
    text += "1";
    text.append(depth, '}');
    EXPECT_EQ(reader.read(text, record, inner).kind, ReadKind::Rejected);
    std::string lists = "{\"a\":";
    lists.append(depth, '[').append(depth, ']') += "}";
    reader.read(lists, record, inner);
  }
}

struct WrappedCase {
  const char* sentence;
  std::string text;
  const char* inner;
};

TEST(JsonReader, GivesTheLineThatAnObjectWraps) {
  const WrappedCase cases[] = {
      {"the line with its envelope is preferred",
       R"({"message":"1,2,3,4,5,6","host":"fw","_raw":"<14>fw 1,2,3,4,5,6"})",
       "<14>fw 1,2,3,4,5,6"},
      {"nested as event.original", R"({"event":{"original":"1,2,\"3\",4,5,6"}})",
       "1,2,\"3\",4,5,6"},
      {"a message of something else is no line", R"({"message":"started, ok"})", ""},
      {"an object that is a log itself is not unwrapped",
       R"({"src":"10.0.0.1","action":"allow","_raw":"1,2,3,4,5,6"})", ""},
  };
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  for (const WrappedCase& c : cases) {
    std::string_view inner;
    reader.read(c.text, record, inner);
    EXPECT_EQ(inner, c.inner) << c.sentence;
  }
}

TEST(JsonReader, AnInnerLineMayItselfBeJson) {
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  const std::string text = R"({"message":"{\"_raw\":\"x, CEF:0|a\",\"n\":[1,2,3,4,5,6]}"})";
  std::string_view inner, second;
  reader.read(text, record, inner);
  ASSERT_EQ(inner.substr(0, 7), "{\"_raw\"");
  reader.read(inner, record, second);
  EXPECT_EQ(second, "x, CEF:0|a");
}

TEST(JsonReader, ACutObjectIsPartial) {
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  std::string_view inner;
  const std::string text = R"({"src":"10.0.0.1","action":"allow","sport":443,"rule":"x"})";
  for (std::size_t n = 0; n <= text.size(); ++n) {
    const std::string cut = text.substr(0, n);
    const ReadStatus status = reader.read(cut, record, inner);
    if (status.kind != ReadKind::Traffic) continue;
    EXPECT_EQ(record.partial, n < text.size()) << cut;
    if (n > 47) EXPECT_EQ(record.sport, 443) << cut;
  }
  reader.read(text, record, inner);
  EXPECT_EQ(record.text(Field::Rule), "x");
}

TEST(JsonReader, BooleansMakeTheFlags) {
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  std::string_view inner;
  const std::string text =
      R"({"SourceAddress":"10.0.0.1","Action":"allow","IsURLDenied":true,"NAT":false,"New":"x"})";
  reader.read(text, record, inner);
  EXPECT_TRUE(record.knows(Known::Flags));
  EXPECT_EQ(record.flags, kFlagUrlDenied);
  EXPECT_EQ(extra_of(record, "NAT"), "false");
  EXPECT_EQ(extra_of(record, "New"), "x");
}

TEST(JsonReader, ReadsTheRealRecordsOfTheLoggingService) {
  const std::string first = shared_log("sekoia-paloalto-ngfw/test_traffic_event_1_json.raw");
  if (first.empty()) GTEST_SKIP() << "shared/data/logs is absent";
  const KeyNames names;
  JsonReader reader(names);
  TrafficRecord record;
  std::string_view inner;
  ASSERT_EQ(text_of(reader.read(first, record, inner)), "traffic");
  EXPECT_EQ(record.text(Field::Src), "1.2.3.4");
  EXPECT_EQ(record.app_status, AppStatus::Incomplete);
  EXPECT_EQ(record.end_reason, EndReason::AgedOut);
  EXPECT_EQ(record.bytes_sent, 74u);
  EXPECT_EQ(record.pkts_sent, 1u);
  EXPECT_EQ(record.text(Field::Seqno), "7195838274152187101");
  EXPECT_EQ(record.text(Field::HighResTimestamp), "2023-02-03T16:46:07.584000Z");
  EXPECT_EQ(name_of(record.version), "10.1");
  const std::string third = shared_log("sekoia-paloalto-ngfw/test_traffic_event_3_json.raw");
  ASSERT_EQ(text_of(reader.read(third, record, inner)), "traffic");
  EXPECT_EQ(record.end_reason, EndReason::NotEnded);
  EXPECT_EQ(record.subtype, Subtype::Start);
  for (const char* other : {"wildfire1_json", "test_file_alert_json", "network_threat_alert_1"}) {
    const std::string text = shared_log("sekoia-paloalto-ngfw/" + std::string(other) + ".raw");
    EXPECT_EQ(reader.read(text, record, inner).kind, ReadKind::Other) << other;
  }
}

}  // namespace
}  // namespace endreason
