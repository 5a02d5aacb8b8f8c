// SPDX-License-Identifier: Apache-2.0
#include "parse/line_reader.hpp"

#include <cstring>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

// A 10.1 line of 115 columns; `change` may replace single cells.
std::string line_101(const std::vector<std::pair<Field, std::string>>& change = {}) {
  std::vector<std::string> cells(115);
  const auto set = [&](Field f, const std::string& v) { cells[index_of(f)] = v; };
  set(Field::Domain, "1");
  set(Field::ReceiveTime, "2026/03/10 10:00:01");
  set(Field::Serial, "007200001056");
  set(Field::Type, "TRAFFIC");
  set(Field::Subtype, "end");
  set(Field::ConfigVer, "2561");
  set(Field::TimeGenerated, "2026/03/10 10:00:00");
  set(Field::Src, "10.1.1.10");
  set(Field::Dst, "192.0.2.80");
  set(Field::Natsrc, "0.0.0.0");
  set(Field::Natdst, "0.0.0.0");
  set(Field::Rule, "allow-web");
  set(Field::App, "ssl");
  set(Field::Vsys, "vsys1");
  set(Field::From, "trust");
  set(Field::To, "untrust");
  set(Field::TimeReceived, "2026/03/10 10:00:01");
  set(Field::Sessionid, "4711");
  set(Field::Repeatcnt, "1");
  set(Field::Sport, "51000");
  set(Field::Dport, "443");
  set(Field::Natsport, "0");
  set(Field::Natdport, "0");
  set(Field::Flags, "0x1c");
  set(Field::Proto, "tcp");
  set(Field::Action, "allow");
  set(Field::Bytes, "5000");
  set(Field::BytesSent, "1000");
  set(Field::BytesReceived, "4000");
  set(Field::Packets, "20");
  set(Field::Start, "2026/03/10 09:59:40");
  set(Field::Elapsed, "20");
  set(Field::Category, "any");
  set(Field::Seqno, "7312415129244589397");
  set(Field::Actionflags, "0x0");
  set(Field::PktsSent, "9");
  set(Field::PktsReceived, "11");
  set(Field::SessionEndReason, "tcp-fin");
  set(Field::ActionSource, "from-policy");
  set(Field::HighResTimestamp, "2026-03-10T10:00:00.128+01:00");
  for (const auto& [f, v] : change) set(f, v);
  std::string line;
  for (std::size_t i = 0; i < cells.size(); ++i) line += (i > 0 ? "," : "") + cells[i];
  return line;
}

struct Read {
  ReadStatus status;
  std::string src, dst, rule, reason, type, found, column, payload, link_switches, app_char;
  InputFormat format{};
  PanosVersion version{};
  bool partial{};
  std::uint64_t line{};
  std::vector<std::pair<std::string, std::string>> extras;
};

std::vector<Read> read_all(const std::string& text, std::uint32_t wanted = kCellsMax,
                           std::string_view kernel = "auto") {
  Chunk chunk(text.size());
  std::memcpy(chunk.data(), text.data(), text.size());
  chunk.set_size(text.size());
  LineReaderOptions options;
  options.kernel = scan_kernel(kernel);
  options.cells_wanted = wanted;
  LineReader reader(options);
  reader.start(chunk.padded(), 1, 0, nullptr);
  std::vector<Read> all;
  TrafficRecord record;
  ReadStatus status;
  while (reader.next(record, status)) {
    Read read;
    read.status = status;
    read.line = record.line;
    read.type = std::string(status.type);
    read.column = std::string(status.reject.column_name);
    read.found = std::string(status.reject.found);
    if (status.kind == ReadKind::Traffic) {
      read.src = std::string(record.text(Field::Src));
      read.dst = std::string(record.text(Field::Dst));
      read.rule = std::string(record.text(Field::Rule));
      read.reason = std::string(record.text(Field::SessionEndReason));
      read.link_switches = std::string(record.text(Field::LinkSwitches));
      read.app_char = std::string(record.text(Field::CharacteristicOfApp));
      read.payload = std::string(record.payload);
      read.format = record.format;
      read.version = record.version;
      read.partial = record.partial;
      for (const auto& extra : record.extras) read.extras.emplace_back(extra.name, extra.value);
    }
    all.push_back(std::move(read));
  }
  return all;
}

struct EnvelopeCase {
  std::string_view behaviour;
  std::string before;
};

TEST(LineReader, TheRecordIsFoundBehindAnyEnvelope) {
  const std::string record = line_101();
  const EnvelopeCase cases[] = {
      {"bare", ""},
      {"BSD with host", "<14>Jun 12 11:20:05 fw.example.com "},
      {"BSD without host", "<14>Oct 30 09:46:12 "},
      {"BSD with two blanks", "<14>Oct 30 09:46:12  "},
      {"no priority", "Feb  5 15:05:55 pa-test "},
      {"IETF", "<14>1 2020-10-09T18:39:02-04:00 paloietf.com - - - - "},
      {"IETF with two blanks", "<14>1 2026-01-27T07:57:08+00:00 fw.example.com - - - -  "},
      {"IETF with a byte order mark", "<14>1 2026-01-27T07:57:08Z fw - - - - \xEF\xBB\xBF"},
      {"right behind the priority", "<14>"},
      {"two headers stacked by a relay",
       "<190>Jan 28 01:28:35 relay <14>Jan 28 01:28:34 PA-VM300 "},
      {"an ISO-stamped relay line", "2026-03-10T09:00:01.123+00:00 10.0.0.1 "},
      {"text with commas before the header", "relay=a, hop=2, note, <14>Jan 28 01:28:34 fw "},
      {"octet counted",
       std::to_string(record.size() + 30) + " <14>1 2026-01-27T07:57:08Z fw - - - - "},
      {"octet counted with a wrong count", "99 <14>1 2026-01-27T07:57:08Z fw - - - - "},
  };
  for (const auto& c : cases) {
    const auto all = read_all(c.before + record + "\n");
    ASSERT_EQ(all.size(), 1u) << c.behaviour;
    EXPECT_EQ(all[0].status.kind, ReadKind::Traffic) << c.behaviour << ": " << all[0].found;
    EXPECT_EQ(all[0].src, "10.1.1.10") << c.behaviour;
    EXPECT_EQ(all[0].reason, "tcp-fin") << c.behaviour;
    EXPECT_EQ(all[0].payload, record) << c.behaviour;
    EXPECT_EQ(name_of(all[0].version), "10.1") << c.behaviour;
    EXPECT_FALSE(all[0].partial) << c.behaviour;
  }
}

TEST(LineReader, TrailingBlanksAreNoPartOfTheLastCellButOfTheRecord) {
  const std::string record = line_101() + "  ";
  const auto all = read_all("<14>Jun 12 11:20:05 fw " + record + "\r\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status.kind, ReadKind::Traffic);
  EXPECT_EQ(all[0].payload, record) << "byte for byte, but for the line end";
}

TEST(LineReader, FramesWithoutNewlinesBetweenThemAreSeveralRecords) {
  const std::string message = "<14>1 2026-01-27T07:57:08Z fw - - - - " + line_101();
  const std::string frame = std::to_string(message.size()) + " " + message;
  const auto all = read_all(frame + frame + frame + "\n" + line_101() + "\n");
  ASSERT_EQ(all.size(), 4u);
  for (const auto& read : all) EXPECT_EQ(read.reason, "tcp-fin");
  EXPECT_EQ(all[2].line, 1u);
  EXPECT_EQ(all[3].line, 2u);
}

TEST(LineReader, AMissingFirstColumnIsNoticed) {
  const std::string record = line_101().substr(2);
  for (const std::string& before : {std::string(), std::string("Feb  5 15:05:55 pa-test ")}) {
    const auto all = read_all(before + record + "\n");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].status.kind, ReadKind::Traffic) << before << all[0].column << all[0].found;
    EXPECT_EQ(all[0].src, "10.1.1.10") << before;
    EXPECT_EQ(all[0].reason, "tcp-fin") << before;
    EXPECT_FALSE(all[0].partial) << before;
  }
}

TEST(LineReader, QuotedCellsKeepTheirCommasAndQuotes) {
  const auto all = read_all(line_101({{Field::Rule, "\"web, and \"\"more\"\"\""},
                                      {Field::CharacteristicOfApp, "\"a,b\""},
                                      {Field::Srcuser, "CORP\\joe"}}) +
                            "\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].rule, "web, and \"more\"");
  EXPECT_EQ(all[0].app_char, "a,b");
  EXPECT_EQ(all[0].reason, "tcp-fin");
}

TEST(LineReader, AStrayQuoteIsAnOrdinaryCharacter) {
  const auto all = read_all(line_101({{Field::Srcuser, "o\"neil"}}) + "\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status.kind, ReadKind::Traffic);
  EXPECT_EQ(all[0].reason, "tcp-fin");
  EXPECT_FALSE(all[0].partial);
}

TEST(LineReader, LinkSwitchesInBracesAreOneColumn) {
  const auto all = read_all(line_101({{Field::LinkSwitches, "{eth1,tag,lte,1,2,3,ok,x}"}}) + "\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].link_switches, "{eth1,tag,lte,1,2,3,ok,x}");
  EXPECT_EQ(all[0].status.kind, ReadKind::Traffic);
}

// Both are scanned a second time, which must begin at the record and not at the text before it.
TEST(LineReader, OddQuotesAndBracesShiftNothingBehindTextWithCommas) {
  const std::string before = "relay=a, hop=2, <14>Jan 28 01:28:34 fw ";
  const auto quote = read_all(before + line_101({{Field::Rule, "o\"neil"}}) + "\n");
  ASSERT_EQ(quote.size(), 1u);
  EXPECT_EQ(quote[0].src, "10.1.1.10");
  EXPECT_EQ(quote[0].rule, "o\"neil");
  const auto braces = read_all(before + line_101({{Field::LinkSwitches, "{a,b,c}"}}) + "\n");
  ASSERT_EQ(braces.size(), 1u);
  EXPECT_EQ(braces[0].dst, "192.0.2.80");
  EXPECT_EQ(braces[0].link_switches, "{a,b,c}");
}

TEST(LineReader, AQuoteThatStaysOpenBehindDroppedCellsReadsNothingBeyondTheLine) {
  for (const std::string line : {",,,,,TRAFFIC,,,\"", "a,b,c,d,e,TRAFFIC,\"x,y,z,1,2,3,4"}) {
    const auto all = read_all(line + "\n");
    ASSERT_EQ(all.size(), 1u) << line;
    EXPECT_EQ(all[0].status.kind, ReadKind::Rejected) << line;
    EXPECT_LE(all[0].found.size(), line.size()) << line;
  }
}

TEST(LineReader, UnknownTrailingColumnsAreKept) {
  const auto all =
      read_all(line_101({{Field::ConfigVer, "3073"}}) + std::string(15, ',') + ",new-1,,\"x,y\"\n");
  ASSERT_EQ(all.size(), 1u);
  ASSERT_EQ(all[0].extras.size(), 2u);
  EXPECT_EQ(all[0].extras[0], (std::pair<std::string, std::string>("column_131", "new-1")));
  EXPECT_EQ(all[0].extras[1], (std::pair<std::string, std::string>("column_133", "x,y")));
}

TEST(LineReader, ADocumentOnOneLineGivesTheRecordsInIt) {
  const std::string entry =
      R"({"type":"TRAFFIC","src":"10.0.0.1","dst":"10.0.0.2","rule":"r","action":"allow"})";
  const std::string other = R"({"type":"THREAT","src":"10.0.0.9"})";
  const struct {
    const char* behaviour;
    std::string line;
    std::size_t traffic, others;
  } cases[] = {
      {"a result of the XML API",
       R"({"response":{"@status":"success","result":{"log":{"logs":)"
       R"({"@count":"3","entry":[)" +
           entry + "," + other + "," + entry + "]}}}}}",
       2, 1},
      {"a result with one entry is no list",
       R"({"response":{"result":{"log":{"logs":{"entry":)" + entry + "}}}}}", 1, 0},
      {"a search result",
       R"({"took":3,"hits":{"hits":[{"_source":)" + entry + R"(},{"_source":)" + entry + "}]}}", 2,
       0},
      {"behind an envelope", R"(<14>Mar 10 10:00:00 host {"entry":[)" + entry + "]}", 1, 0},
  };
  for (const auto& c : cases) {
    const auto all = read_all(c.line + "\n" + line_101() + "\n");
    ASSERT_EQ(all.size(), c.traffic + c.others + 1) << c.behaviour;
    std::size_t traffic = 0;
    for (std::size_t i = 0; i + 1 < all.size(); ++i) {
      EXPECT_EQ(all[i].line, 1u) << c.behaviour;
      if (all[i].status.kind == ReadKind::Traffic) {
        ++traffic;
        EXPECT_EQ(all[i].dst, "10.0.0.2") << c.behaviour;
      }
    }
    EXPECT_EQ(traffic, c.traffic) << c.behaviour;
    EXPECT_EQ(all.back().line, 2u) << c.behaviour;
    EXPECT_EQ(all.back().src, "10.1.1.10") << c.behaviour;
  }
  const auto none = read_all(R"({"level":"info","what":{"list":[{"a":1}]}})"
                             "\n");
  ASSERT_EQ(none.size(), 1u);
  EXPECT_EQ(none[0].status.kind, ReadKind::Rejected) << "an object with no record in it";
}

// What users of other readers reported about theirs, by the place where they did.
struct ComplaintCase {
  std::string_view complaint;
  std::string line;
  Field column;
  std::string_view text;
};

TEST(LineReader, ComplaintsAboutOtherReadersDoNotHoldHere) {
  const std::string plain = line_101();
  const std::string switches =
      line_101({{Field::LinkSwitches, "{a,0,broadband,ethernet1/1,2026/03/10 09:59:50,1,2,up,x}"},
                {Field::SdwanCluster, "branch"}});
  const ComplaintCase cases[] = {
      {"elastic/integrations 3039: columns that a release added",
       line_101({{Field::ConfigVer, "3585"}}) + ",,,,,,,,,,,,,,,,new,newer", Field::Rule,
       "allow-web"},
      {"elastic/integrations 16486: commas in link_switches shift what follows", switches,
       Field::SdwanCluster, "branch"},
      {"elastic/integrations 15483: an IETF header through Panorama",
       "<14>1 2026-03-10T10:00:01.123+01:00 panorama - - - - " + plain, Field::Src, "10.1.1.10"},
      {"Graylog integrations 15: a quoted comma", line_101({{Field::Rule, "\"web, and more\""}}),
       Field::Rule, "web, and more"},
      {"splunk-connect-for-syslog 554: JSON with doubled quotes",
       line_101({{Field::Rule, R"("{""x"":-33,""y"":[1,2]}")"}}), Field::Rule,
       R"({"x":-33,"y":[1,2]})"},
      {"Splunk-Apps 159: a path that ends in a backslash", line_101({{Field::Srcuser, "CORP\\"}}),
       Field::App, "ssl"},
      {"Splunk-Apps 159: a backslash before the closing quote",
       line_101({{Field::Rule, R"("C:\a,b\")"}}), Field::Rule, R"(C:\a,b\)"},
      {"Splunk-Apps 255: the column behind the X-Forwarded-For address keeps its place",
       line_101({{Field::XffIp, "192.0.2.7"}, {Field::SrcCategory, "Laptop"}}), Field::SrcCategory,
       "Laptop"},
      {"Splunk-Apps 305: the first column is missing", plain.substr(2), Field::Action, "allow"},
      {"Splunk-Apps 305: there is one column too many in front", "1," + plain, Field::Action,
       "allow"},
      {"wazuh 308: messages joined by their octet counts",
       std::to_string(plain.size() + 4) + " <14>" + plain, Field::Dst, "192.0.2.80"},
  };
  for (const auto& c : cases) {
    Chunk chunk(c.line.size());
    std::memcpy(chunk.data(), c.line.data(), c.line.size());
    chunk.set_size(c.line.size());
    LineReader reader{LineReaderOptions{}};
    reader.start(chunk.padded(), 1, 0, nullptr);
    TrafficRecord record;
    ReadStatus status;
    ASSERT_TRUE(reader.next(record, status)) << c.complaint;
    ASSERT_EQ(status.kind, ReadKind::Traffic) << c.complaint;
    EXPECT_FALSE(record.partial) << c.complaint;
    EXPECT_EQ(record.text(c.column), c.text) << c.complaint;
    EXPECT_EQ(record.text(Field::SessionEndReason), "tcp-fin") << c.complaint;
    EXPECT_FALSE(reader.next(record, status)) << c.complaint;
  }
}

struct RejectCase {
  std::string_view behaviour;
  std::vector<std::pair<Field, std::string>> change;
  std::string_view column;
};

TEST(LineReader, ACellThatDoesNotFitRejectsTheLineAndNamesTheColumn) {
  const RejectCase cases[] = {
      {"commas inside an address shift the line", {{Field::Dst, "23.200,10,217"}}, "dst"},
      {"a port above 65535", {{Field::Sport, "130000"}}, "sport"},
      {"a protocol that is a number beyond 255", {{Field::Proto, "700"}}, "proto"},
      {"an action that is a number", {{Field::Action, "17"}}, "action"},
  };
  for (const auto& c : cases) {
    const auto all = read_all(line_101(c.change) + "\n");
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].status.kind, ReadKind::Rejected) << c.behaviour;
    EXPECT_EQ(all[0].column, c.column) << c.behaviour;
  }
}

TEST(LineReader, ALineCutShortKeepsWhatItHasAndIsPartial) {
  const std::string whole = line_101();
  std::size_t at = 0;
  for (int commas = 0; commas < 47; ++commas) at = whole.find(',', at) + 1;
  const auto cut = read_all(whole.substr(0, at + 1) + "\n");
  ASSERT_EQ(cut.size(), 1u);
  EXPECT_EQ(cut[0].status.kind, ReadKind::Traffic);
  EXPECT_TRUE(cut[0].partial);
  EXPECT_EQ(cut[0].reason, "tcp-fin");
  // Cut within a word of a vocabulary: half a word is not kept.
  const auto half = read_all(whole.substr(0, whole.find("tcp-fin") + 3) + "\n");
  ASSERT_EQ(half.size(), 1u);
  EXPECT_TRUE(half[0].partial);
  EXPECT_EQ(half[0].reason, "");
  const auto quotes = read_all(line_101({{Field::CharacteristicOfApp, "\"a,b"}}) + "\n");
  ASSERT_EQ(quotes.size(), 1u);
  EXPECT_TRUE(quotes[0].partial) << "cut inside quotes";
}

TEST(LineReader, OtherLogTypesAreNamedNotRejected) {
  const auto all = read_all(
      "<14>Jul 20 23:59:02 fw 1,2021/07/20 23:59:02,123,SYSTEM,routing,0,2021/07/20 23:59:02,,x\n"
      "1,2021/07/20 23:59:02,123,THREAT,url,1,2021/07/20 23:59:02,10.0.0.1,10.0.0.2\n"
      "\n   \r\nnonsense\n");
  ASSERT_EQ(all.size(), 5u);
  EXPECT_EQ(all[0].type, "SYSTEM");
  EXPECT_EQ(all[1].type, "THREAT");
  EXPECT_EQ(all[2].status.kind, ReadKind::Blank);
  EXPECT_EQ(all[3].status.kind, ReadKind::Blank);
  EXPECT_EQ(all[4].status.kind, ReadKind::Rejected);
  EXPECT_EQ(all[4].status.reject.reason, RejectReason::NotALog);
}

TEST(LineReader, TheLoggingServicesCsvIsRecognisedByItsTypes) {
  std::string line;
  const std::string whole = line_101({{Field::ConfigVer, "10.1"},
                                      {Field::ReceiveTime, "2026-03-10T10:00:01.000000Z"},
                                      {Field::TimeGenerated, "2026-03-10T10:00:00.000000Z"}});
  std::size_t begin = 0;
  for (std::size_t i = 0; i < 105; ++i) {
    const std::size_t end = std::min(whole.find(',', begin), whole.size());
    const bool out = i == index_of(Field::TimeReceived) || i == index_of(Field::Flags) ||
                     i == index_of(Field::Padding) || i == index_of(Field::Cpadding);
    if (!out) line += (line.empty() ? "" : ",") + whole.substr(begin, end - begin);
    begin = end + 1;
  }
  const auto all = read_all(
      "953 <142>1 2020-10-12T21:28:47.110Z stream - logforwarder - panwlogs - " + line + "\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status.kind, ReadKind::Traffic) << all[0].column << " " << all[0].found;
  EXPECT_EQ(all[0].format, InputFormat::SlsCsv);
  EXPECT_EQ(all[0].reason, "tcp-fin");
  EXPECT_EQ(name_of(all[0].version), "10.1");
  EXPECT_FALSE(all[0].partial);
}

TEST(LineReader, ARawLineInsideJsonIsReadAsALine) {
  const auto all =
      read_all("{\"_time\":1,\"_raw\":\"<14>Jul 20 23:59:02 fw " + line_101() + "\"}\n");
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].status.kind, ReadKind::Traffic);
  EXPECT_EQ(all[0].reason, "tcp-fin");
  EXPECT_EQ(all[0].format, InputFormat::PanosCsv);
}

TEST(LineReader, TextWithCommasBeforeTheRecordTakesNoneOfTheWantedCells) {
  const std::string before = "a, b, c, d, e, f, g, h, i, j, k, <14>Jan 28 01:28:34 fw ";
  const auto all = read_all(before + line_101() + "\n", cells_wanted_for({}));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].src, "10.1.1.10");
  EXPECT_EQ(all[0].reason, "tcp-fin");
}

TEST(LineReader, FewerWantedCellsGiveTheSameKeyColumns) {
  const std::string text =
      "<14>Jun 12 11:20:05 fw " + line_101({{Field::Rule, "\"a,b\""}}) + "\n" +
      "CEF:0|Palo Alto Networks|LF|2.0|TRAFFIC|end|3|src=10.9.9.9 dst=10.8.8.8 "
      "act=allow reason=tcp-fin\n" +
      line_101() + "\n";
  for (const char* kernel : {"scalar", "auto"}) {
    const auto shallow = read_all(text, cells_wanted_for({}), kernel);
    const auto deep = read_all(text, kCellsMax, kernel);
    ASSERT_EQ(shallow.size(), 3u);
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(shallow[i].src, deep[i].src);
      EXPECT_EQ(shallow[i].rule, deep[i].rule);
      EXPECT_EQ(shallow[i].reason, deep[i].reason);
      EXPECT_EQ(shallow[i].partial, deep[i].partial);
    }
    EXPECT_EQ(deep[2].app_char, "") << "nothing of the record before is left";
  }
}

}  // namespace
}  // namespace endreason
