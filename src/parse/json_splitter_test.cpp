// SPDX-License-Identifier: Apache-2.0
#include "parse/json_splitter.hpp"

#include <string>

#include <gtest/gtest.h>

#include "parse/json.hpp"
#include "parse/keyed_test_data.hpp"

namespace endreason {
namespace {

// What the splitter gives, one line a record: "3 {...}", with "cut " or "long " before it; then
// "rest ..." when it says that the document is done. Fed in pieces of `piece` bytes.
std::string split(std::string_view text, std::size_t piece, std::size_t limit = 1 << 20) {
  JsonSplitter splitter(1, limit);
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
  if (splitter.done()) {
    out += "rest " + std::string(splitter.rest()) + std::string(text.substr(fed)) + "\n";
    EXPECT_EQ(splitter.consumed() + splitter.rest().size(), fed);
  }
  return out;
}

struct SplitCase {
  const char* sentence;
  std::string text;
  std::string records;
};

TEST(JsonSplitter, FindsRecordsHoweverTheyArePacked) {
  const SplitCase cases[] = {
      {"one a line", "{\"src\":1}\n{\"src\":2}\n", "1 {\"src\":1}\n2 {\"src\":2}\n"},
      {"back to back", "{\"src\":1}{\"src\":2}", "1 {\"src\":1}\n1 {\"src\":2}\n"},
      {"an array over many lines", "[\n {\n  \"src\": 1\n },\n {\"src\": 2}\n]\n",
       "2 {\n  \"src\": 1\n }\n5 {\"src\": 2}\n"},
      {"a wrapper with a list inside",
       R"({"response":{"result":{"log":{"logs":{"@count":"2","entry":[{"src":1},{"src":2}]}}}}})",
       "1 {\"src\":1}\n1 {\"src\":2}\n"},
      {"a record keeps its inner objects", R"({"Records":[{"a":{"b":1},"src":"x","c":{"d":[]}}]})",
       "1 {\"a\":{\"b\":1},\"src\":\"x\",\"c\":{\"d\":[]}}\n"},
      {"objects in arrays need no name", R"([{"quelle":1},{"quelle":2}])",
       "1 {\"quelle\":1}\n1 {\"quelle\":2}\n"},
      {"a document without a record is given whole", R"({"count":{"n":0}})",
       "1 {\"count\":{\"n\":0}}\n"},
      {"an empty list holds none", "[ ]\n", ""},
      {"braces and escapes in strings", R"({"src":"}\"{\\","a":"["})",
       "1 {\"src\":\"}\\\"{\\\\\",\"a\":\"[\"}\n"},
      {"a byte order mark", "\xEF\xBB\xBF{\"src\":1}", "1 {\"src\":1}\n"},
      {"a type that is a log type marks its object", R"({"x":{"type":"TRAFFIC"},"y":[]})",
       "1 {\"type\":\"TRAFFIC\"}\n"},
      {"other types do not", R"({"x":{"type":"keyword"},"y":[]})",
       "1 {\"x\":{\"type\":\"keyword\"},\"y\":[]}\n"},
      {"an action marks only by its value", R"({"x":{"action":"opened"},"src":1})",
       "1 {\"x\":{\"action\":\"opened\"},\"src\":1}\n"},
      {"a wrapped line marks", R"({"e":[{"message":"1,2,3,4,5,6"}]})",
       "1 {\"message\":\"1,2,3,4,5,6\"}\n"},
      {"what is no JSON is left to others", "{\"src\":1}\n1,2024/01/01 x\n{\"src\":2}\n",
       "1 {\"src\":1}\nrest 1,2024/01/01 x\n{\"src\":2}\n\n"},
  };
  for (const SplitCase& c : cases)
    for (const std::size_t piece : {1u, 2u, 3u, 7u, 1000u})
      EXPECT_EQ(split(c.text, piece), c.records) << c.sentence << ", pieces of " << piece;
}

TEST(JsonSplitter, ABrokenRecordDoesNotTakeItsNeighboursAlong) {
  const SplitCase cases[] = {
      {"the document ends inside a record", "{\"src\":1}\n{\"src\":\"2",
       "1 {\"src\":1}\ncut 2 {\"src\":\"2\n"},
      {"a line cut inside a string", "{\"src\":\"1\n{\"src\":2}\n",
       "cut 1 {\"src\":\"1\n2 {\"src\":2}\n"},
      {"a line cut behind a comma", "{\"src\":1,\n{\"src\":2}\n",
       "cut 1 {\"src\":1,\n2 {\"src\":2}\n"},
      {"a line cut behind a colon", "{\"src\":\n{\"src\":2}\n", "cut 1 {\"src\":\n2 {\"src\":2}\n"},
      {"a line cut behind a value", "{\"src\":1\n{\"src\":2}\n",
       "cut 1 {\"src\":1\n2 {\"src\":2}\n"},
      {"a missing comma spoils its line only", "{\"src\":1 \"a\":2}\n{\"src\":2}\n",
       "cut 1 {\"src\":1 \"a\":2}\n2 {\"src\":2}\n"},
      {"a closing bracket too many", "[{\"src\":1}}\n{\"src\":2}\n",
       "1 {\"src\":1}\ncut 1 }\n2 {\"src\":2}\n"},
      {"an unknown character", "{\"src\":1,&}\n{\"src\":2}\n",
       "cut 1 {\"src\":1,&}\n2 {\"src\":2}\n"},
  };
  for (const SplitCase& c : cases)
    for (const std::size_t piece : {1u, 2u, 5u, 1000u})
      EXPECT_EQ(split(c.text, piece), c.records) << c.sentence << ", pieces of " << piece;
}

TEST(JsonSplitter, ARecordBeyondTheLimitIsReportedOnceAndTheNextIsRead) {
  const std::string text = "[{\"a\":\"" + std::string(300, 'x') + "\",\"b\":1},{\"src\":2}]";
  for (const std::size_t piece : {1u, 50u, 1000u}) {
    const std::string out = split(text, piece, 100);
    EXPECT_EQ(out.substr(0, 12), "long 1 {\"a\":") << piece;
    EXPECT_EQ(out.substr(out.find('\n') + 1), "1 {\"src\":2}\n") << piece;
  }
}

TEST(JsonSplitter, ARecordOverTheLimitThatBreaksOffIsGivenOnce) {
  const std::string text = "{\"a\":\"" + std::string(300, 'x') + "\n{\"src\":2}\n";
  for (const std::size_t piece : {1u, 50u, 1000u}) {
    const std::string out = split(text, piece, 100);
    EXPECT_EQ(out.substr(0, 12), "long 1 {\"a\":") << piece;
    EXPECT_EQ(out.substr(out.find('\n') + 1), "2 {\"src\":2}\n") << piece;
  }
}

TEST(JsonSplitter, FindsTheFiftyEntriesOfARealQuery) {
  const std::string text = shared_log("chronicle-content-hub/search_logs_JsonResult_example.json");
  if (text.empty()) GTEST_SKIP() << "shared/data/logs is absent";
  const KeyNames names;
  JsonReader reader(names);
  for (const std::size_t piece : {4096u, 1u << 20}) {
    JsonSplitter splitter;
    TrafficRecord record;
    std::size_t count = 0;
    std::uint64_t line = 0;
    for (std::size_t i = 0; i < text.size(); i += piece) {
      splitter.feed(std::string_view(text).substr(i, piece));
      for (SplitRecord found; splitter.next(found); ++count) {
        std::string_view inner;
        ASSERT_TRUE(found.complete());
        ASSERT_EQ(text_of(reader.read(found.text, record, inner)), "traffic") << found.text;
        EXPECT_GT(found.line, line);
        line = found.line;
        EXPECT_EQ(record.text(Field::Type), "TRAFFIC");
        EXPECT_FALSE(record.text(Field::Srcloc).empty());
        EXPECT_TRUE(record.knows(Known::PktsSent));
      }
    }
    EXPECT_EQ(count, 50u);
    EXPECT_FALSE(splitter.done());
  }
}

}  // namespace
}  // namespace endreason
