// SPDX-License-Identifier: Apache-2.0
#include "parse/xml.hpp"

#include <string>

#include <gtest/gtest.h>

#include "model/log_flag.hpp"
#include "parse/keyed_test_data.hpp"
#include "parse/xml_splitter.hpp"

namespace endreason {
namespace {

struct XmlCase {
  const char* sentence;
  std::string text;
  const char* status;
  const char* columns;
};

TEST(XmlReader, ReadsOneEntry) {
  const XmlCase cases[] = {
      {"children are columns",
       "<entry logid=\"7\"><type>TRAFFIC</type><src>10.0.0.1</src><dport>443</dport>"
       "<action>allow</action></entry>",
       "traffic", "type=TRAFFIC src=10.0.0.1 dport=443 action=allow"},
      {"entities and CDATA are undone",
       "<entry><src>10.0.0.1</src><rule>a &amp; b</rule><app><![CDATA[<x>]]></app></entry>",
       "traffic", "src=10.0.0.1 rule=a & b app=<x>"},
      {"attributes of a column do not disturb it",
       "<entry><src>10.0.0.1</src><srcloc code=\"DE\" cc=\"DE\">Germany</srcloc></entry>",
       "traffic", "src=10.0.0.1 srcloc=Germany"},
      {"lists are joined",
       "<entry><src>10.0.0.1</src><src_dag><member>a</member><member>b</member></src_dag></entry>",
       "traffic", "src=10.0.0.1 src_dag=a,b"},
      {"empty elements are absent", "<entry><src>10.0.0.1</src><natsrc/><rule></rule></entry>",
       "traffic", "src=10.0.0.1"},
      {"an external entity is never fetched",
       "<!DOCTYPE e [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>"
       "<entry><src>10.0.0.1</src><rule>&x;</rule></entry>",
       "traffic", "src=10.0.0.1 rule=&x;"},
      {"another log type", "<entry><type>SYSTEM</type></entry>", "other SYSTEM", nullptr},
      {"no addresses", "<entry><type>TRAFFIC</type></entry>", "rejected missing-column src",
       nullptr},
      {"a port that is none", "<entry><src>10.0.0.1</src><sport>x</sport></entry>",
       "rejected wrong-type sport", nullptr},
      {"a cut entry keeps its whole children", "<entry><src>10.0.0.1</src><sport>44", "traffic",
       "src=10.0.0.1"},
      {"cut inside a tag", "<entry><src>10.0.0.1</src><dst>10.0.0.2</dst><spo", "traffic",
       "src=10.0.0.1 dst=10.0.0.2"},
      {"cut before an address is whole", "<entry><src>10.0", "rejected malformed at 16", nullptr},
      {"mixed up tags", "<entry><src>10.0.0.1</dst></entry>", "rejected malformed at 23", nullptr},
      {"an answer with an error",
       "<response status=\"error\"><result><msg>Invalid credentials</msg></result></response>",
       "rejected not-a-log response", nullptr},
      {"another document", "<html/>", "rejected not-a-log at 1", nullptr},
      {"nothing", "", "rejected malformed", nullptr},
  };
  const KeyNames names;
  XmlReader reader(names);
  TrafficRecord record;
  for (const XmlCase& c : cases) {
    EXPECT_EQ(text_of(reader.read(c.text, record)), c.status) << c.sentence;
    if (c.columns != nullptr) EXPECT_EQ(columns_of(record), c.columns) << c.sentence;
  }
}

TEST(XmlReader, KeepsAttributesAndFlagElements) {
  const KeyNames names;
  XmlReader reader(names);
  TrafficRecord record;
  const std::string text =
      "<entry logid=\"7\"><src>10.0.0.1</src><flag-url-denied>yes</flag-url-denied>"
      "<flag-nat>no</flag-nat><srcloc cc=\"DE\">Germany</srcloc></entry>";
  reader.read(text, record);
  EXPECT_EQ(extra_of(record, "logid"), "7");
  EXPECT_EQ(extra_of(record, "srcloc.cc"), "DE");
  EXPECT_EQ(extra_of(record, "flag-nat"), "no");
  EXPECT_EQ(record.flags, kFlagUrlDenied);
}

TEST(XmlReader, SaysWhatAnErrorAnswerSaid) {
  const KeyNames names;
  XmlReader reader(names);
  TrafficRecord record;
  const std::string text =
      "<response status=\"error\" code=\"403\"><msg><line>Invalid key</line></msg></response>";
  const ReadStatus status = reader.read(text, record);
  EXPECT_EQ(status.reject.found, "Invalid key");
}

std::string split(std::string_view text, std::size_t piece, std::size_t limit = 1 << 20) {
  XmlSplitter splitter(1, limit);
  std::string out;
  std::size_t fed = 0;
  SplitRecord record;
  const auto take = [&] {
    while (splitter.next(record)) {
      if (record.end == SplitEnd::Cut) out += "cut ";
      if (record.end == SplitEnd::TooLong) out += "long ";
      out += std::to_string(record.line) + " " + std::string(record.text) + "\n";
    }
  };
  while (fed < text.size() && !splitter.done()) {
    const std::size_t n = std::min(piece, text.size() - fed);
    splitter.feed(text.substr(fed, n));
    fed += n;
    take();
  }
  if (!splitter.done()) {
    splitter.finish();
    take();
  }
  if (splitter.done())
    out += "rest " + std::string(splitter.rest()) + std::string(text.substr(fed)) + "\n";
  return out;
}

struct SplitCase {
  const char* sentence;
  std::string text;
  std::string records;
};

TEST(XmlSplitter, FindsEntries) {
  const SplitCase cases[] = {
      {"in an answer, one a line",
       "<?xml version=\"1.0\"?>\n<response status=\"success\"><result><log><logs count=\"2\">\n"
       "<entry logid=\"1\"><src>a</src></entry>\n<entry><src>b</src></entry>\n"
       "</logs></log></result></response>\n",
       "3 <entry logid=\"1\"><src>a</src></entry>\n4 <entry><src>b</src></entry>\n"},
      {"alone, back to back", "<entry><a>1</a></entry><entry/><entry><a>2</a></entry>",
       "1 <entry><a>1</a></entry>\n1 <entry/>\n1 <entry><a>2</a></entry>\n"},
      {"over many lines", "<logs>\n <entry>\n  <a>1</a>\n </entry>\n</logs>",
       "2 <entry>\n  <a>1</a>\n </entry>\n"},
      {"not those of the meta part",
       "<response><logs><entry><a>1</a></entry></logs><meta><devices><entry name=\"x\"><vsys/>"
       "</entry></devices></meta></response>",
       "1 <entry><a>1</a></entry>\n"},
      {"past comments, CDATA and quoted brackets",
       "<logs><!-- <entry> --><entry x=\"a>b\"><a><![CDATA[</entry>]]></a></entry></logs>",
       "1 <entry x=\"a>b\"><a><![CDATA[</entry>]]></a></entry>\n"},
      {"an error is given whole", "<response status=\"error\"><msg>no</msg></response>",
       "1 <response status=\"error\"><msg>no</msg></response>\n"},
      {"an empty result is nothing", "<response><logs count=\"0\"/></response>", ""},
      {"what is no XML is left to others", "<entry><a>1</a></entry>\n1,2024 x\n",
       "1 <entry><a>1</a></entry>\nrest 1,2024 x\n\n"},
      {"an entry without its end", "<logs><entry><a>1</a>\n<entry><a>2</a></entry></logs>",
       "cut 1 <entry><a>1</a>\n\n2 <entry><a>2</a></entry>\n"},
      {"the document ends inside an entry", "<logs><entry><a>1", "cut 1 <entry><a>1\n"},
      {"a cut document, then lines of something else", "<logs>\n<entry><a>1\n1,2024 x\n<14>y\n",
       "cut 2 <entry><a>1\nrest 1,2024 x\n<14>y\n\n"},
      {"a cut wrapper, then a syslog line", "<logs>\n<14>y\n", "rest <14>y\n\n"},
      {"a bad tag spoils its line", "<entry><a>1</a><\n<entry><a>2</a></entry>",
       "cut 1 <entry><a>1</a><\n2 <entry><a>2</a></entry>\n"},
  };
  for (const SplitCase& c : cases)
    for (const std::size_t piece : {1u, 2u, 7u, 1000u})
      EXPECT_EQ(split(c.text, piece), c.records) << c.sentence << ", pieces of " << piece;
}

TEST(XmlSplitter, AnEntryBeyondTheLimitIsReportedOnceAndTheNextIsRead) {
  std::string text = "<logs><entry>";
  for (int i = 0; i < 60; ++i) text += "<a>x</a>";
  text += "</entry><entry><b>2</b></entry></logs>";
  for (const std::size_t piece : {1u, 50u, 2000u}) {
    const std::string out = split(text, piece, 100);
    EXPECT_EQ(out.substr(0, 14), "long 1 <entry>") << piece;
    EXPECT_EQ(out.substr(out.find('\n') + 1), "1 <entry><b>2</b></entry>\n") << piece;
  }
}

}  // namespace
}  // namespace endreason
