// SPDX-License-Identifier: Apache-2.0
#include "findings/printable.hpp"

#include <gtest/gtest.h>

namespace endreason {
namespace {

struct ShowCase {
  const char* behaviour;
  std::string text;
  std::string shown;
  std::string json;
};

TEST(Printable, NothingReachesTheTerminalThatCouldSteerIt) {
  const ShowCase cases[] = {
      {"plain text stays", "allow web", "allow web", R"("allow web")"},
      {"letters of any script stay", "Größe 防火墙", "Größe 防火墙", R"("Größe 防火墙")"},
      {"an escape sequence is shown, not obeyed", "\x1b[2J", "\\x1b[2J", R"("\u001b[2J")"},
      {"a line break is shown", "a\nb", "a\\x0ab", R"("a\u000ab")"},
      {"a NUL byte is shown", std::string("a\0b", 3), "a\\x00b", R"("a\u0000b")"},
      {"a C1 control in UTF-8 is shown", "\xc2\x9b", "\\x9b", R"("\u009b")"},
      {"a byte that is not UTF-8 is shown", "\x9b", "\\x9b", R"("\ufffd")"},
      {"a direction override is shown",
       "\xe2\x80\xae"
       "x",
       "\\u202ex", R"("\u202ex")"},
      {"an overlong encoding is no character", "\xc0\xaf", "\\xc0\\xaf", R"("\ufffd\ufffd")"},
      {"a surrogate is no character", "\xed\xa0\x80", "\\xed\\xa0\\x80", R"("\ufffd\ufffd\ufffd")"},
      {"a tag character is shown", "\xf3\xa0\x80\x81", "\\ue0001", R"("\udb40\udc01")"},
      {"quotes and backslashes are escaped in JSON", "a\"\\", "a\"\\", R"("a\"\\")"},
      {"a character cut short is bytes", "\xe9\x98", "\\xe9\\x98", R"("\ufffd\ufffd")"},
  };
  for (const ShowCase& c : cases) {
    std::string shown, json;
    append_printable(c.text, 100, shown);
    append_json_string(c.text, json);
    EXPECT_EQ(shown, c.shown) << c.behaviour;
    EXPECT_EQ(json, c.json) << c.behaviour;
    EXPECT_EQ(is_printable(c.text), c.text == c.shown) << c.behaviour;
  }
}

TEST(Printable, LongTextIsCutToTheCellsThereAre) {
  struct CutCase {
    const char* text;
    std::size_t columns;
    const char* shown;
    std::size_t used;
  };
  constexpr CutCase kCases[] = {
      {"abcdef", 6, "abcdef", 6}, {"abcdefg", 6, "abcde…", 6}, {"防火墙", 6, "防火墙", 6},
      {"防火墙", 5, "防火…", 5},  {"防火墙", 4, "防…", 3},     {"abc", 0, "", 0},
      {"a\x1b", 3, "a…", 2},
  };
  for (const CutCase& c : kCases) {
    std::string shown;
    EXPECT_EQ(append_printable(c.text, c.columns, shown), c.used) << c.text;
    EXPECT_EQ(shown, c.shown);
  }
}

}  // namespace
}  // namespace endreason
