// SPDX-License-Identifier: Apache-2.0
#include "parse/key_names.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parse/key_tables.hpp"

namespace endreason {
namespace {

std::string meaning_of(const KeyNames& names, Dialect dialect, std::string_view key) {
  const KeyMeaning m = names.find(dialect, key);
  if (m.kind == KeyMeaning::Kind::Unknown) return "unknown";
  if (m.kind == KeyMeaning::Kind::Flag) return "flag " + std::to_string(m.flag_mask);
  return std::string(info(m.field).log_name);
}

struct NameCase {
  const char* sentence;
  Dialect dialect;
  const char* key;
  const char* meaning;
};

TEST(KeyNames, MeanWhatTheirWriterMeans) {
  const NameCase cases[] = {
      {"the firewall's in is what the client sent", Dialect::CefFirewall, "in", "bytes_sent"},
      {"the firewall's out is what came back", Dialect::CefFirewall, "out", "bytes_received"},
      {"the logging service's in is what came back", Dialect::CefService, "in", "bytes_received"},
      {"the logging service's out is what was sent", Dialect::CefService, "out", "bytes_sent"},
      {"the template of 10.0 goes on", Dialect::CefFirewall, "PanTimeHighRes",
       "high_res_timestamp"},
      {"CEF start is the generated time", Dialect::CefService, "start", "time_generated"},
      {"the variable start is the session's start", Dialect::Object, "start", "start"},
      {"CEF cat is the action source", Dialect::CefFirewall, "cat", "action_source"},
      {"LEEF cat is the log type", Dialect::Leef, "cat", "type"},
      {"LEEF of the older generation", Dialect::Leef, "RuleName", "rule"},
      {"LEEF of the newer generation", Dialect::Leef, "SessionDuration", "elapsed"},
      {"HTTPS names in JSON", Dialect::Object, "NATSourcePort", "natsport"},
      {"query names in JSON", Dialect::Object, "source_ip.value", "src"},
      {"query names without their .value", Dialect::Object, "session_end_reason",
       "session_end_reason"},
      {"variables in JSON", Dialect::Object, "link_change_count", "link_change_count"},
      {"booleans of the logging service are flags", Dialect::Object, "IsURLDenied", "flag 8388608"},
      {"so are the elements of the XML API", Dialect::Object, "flag-url-denied", "flag 8388608"},
      {"and the CEF keys", Dialect::CefService, "PanOSIsURLDenied", "flag 8388608"},
      {"case does not matter where nothing else fits", Dialect::Object, "sourceaddress", "src"},
      {"pairs know every format's names", Dialect::Pairs, "DestinationPort", "dport"},
      {"pairs leave out what writers disagree on", Dialect::Pairs, "in", "unknown"},
      {"no name", Dialect::Object, "colour", "unknown"},
      {"an empty key", Dialect::Object, "", "unknown"},
  };
  const KeyNames names;
  for (const NameCase& c : cases)
    EXPECT_EQ(meaning_of(names, c.dialect, c.key), c.meaning) << c.sentence;
}

TEST(KeyNames, EveryRowOfTheTablesIsFound) {
  const KeyNames names;
  for (const ServiceName& row : kServiceNames) {
    EXPECT_EQ(names.find(Dialect::Object, row.https).field, row.field) << row.https;
    if (!row.cef.empty()) EXPECT_EQ(names.find(Dialect::CefService, row.cef).field, row.field);
    EXPECT_EQ(names.find(Dialect::Leef, row.leef).field, row.field) << row.leef;
  }
  for (const KeyRow& row : kFirewallCefNames)
    EXPECT_EQ(names.find(Dialect::CefFirewall, row.key).field, row.field) << row.key;
  for (const FieldInfo& row : kFields)
    EXPECT_EQ(names.find(Dialect::Object, row.log_name).field, row.value) << row.log_name;
}

TEST(KeyNames, TheUsersNameWinsInEveryDialect) {
  KeyNames names;
  ASSERT_TRUE(names.add("in", Field::Bytes));
  ASSERT_TRUE(names.add("quelle", Field::Src));
  EXPECT_EQ(meaning_of(names, Dialect::CefFirewall, "in"), "bytes");
  EXPECT_EQ(meaning_of(names, Dialect::Pairs, "Quelle"), "src");
  EXPECT_EQ(meaning_of(names, Dialect::CefFirewall, "out"), "bytes_received");
}

TEST(KeyNames, AKeyThatNoLogCanHoldIsRefusedWithItsName) {
  KeyNames names;
  for (const char* key : {"", "a b", "a=b", "\"a\""}) {
    const auto result = names.add(key, Field::Src);
    ASSERT_FALSE(result) << key;
    EXPECT_NE(result.error().message.find(key), std::string::npos);
  }
}

}  // namespace
}  // namespace endreason
