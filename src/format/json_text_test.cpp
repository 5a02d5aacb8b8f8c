// SPDX-License-Identifier: Apache-2.0
#include "format/json_text.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "format/json_object.hpp"

namespace endreason {
namespace {

using Writer = char* (*)(char*, std::string_view);

std::string escaped(Writer write, std::string_view text) {
  std::string out(json_room(text.size()), '#');
  const char* end = write(out.data(), text);
  out.resize(static_cast<std::size_t>(end - out.data()));
  return out;
}

struct EscapeCase {
  std::string_view behaviour, text, expected;
};

TEST(JsonText, AnyBytesBecomeAValidString) {
  using namespace std::string_view_literals;
  const EscapeCase cases[] = {
      {"plain text stays", "web-browsing", "web-browsing"},
      {"nothing stays nothing", "", ""},
      {"a quote", "a\"b", "a\\\"b"},
      {"a backslash is one character", "acme\\jane", "acme\\\\jane"},
      {"a line end and a tab", "a\n\r\tb", "a\\n\\r\\tb"},
      {"an escape sequence", "\x1b[31m", "\\u001b[31m"},
      {"a NUL byte", "a\0b"sv, "a\\u0000b"},
      {"DEL needs no escape", "\x7f", "\x7f"},
      {"UTF-8 of two, three and four bytes", "é€😀", "é€😀"},
      {"a lone continuation byte", "a\x80z", "a\uFFFDz"},
      {"each byte of a cut character", "\xE2\x82", "\uFFFD\uFFFD"},
      {"an overlong slash", "\xC0\xAF", "\uFFFD\uFFFD"},
      {"a surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"above U+10FFFF", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"a quote behind the first vector", "0123456789abcdef\"", "0123456789abcdef\\\""},
      {"a character across two vectors", "0123456789abcde\u00e9x", "0123456789abcde\u00e9x"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(escaped(write_json_text, c.text), c.expected) << c.behaviour;
    EXPECT_EQ(escaped(write_json_text_scalar, c.text), c.expected) << c.behaviour;
  }
}

TEST(JsonText, TheFastWayAndTheSlowWayAgree) {
  std::mt19937 random(2026);
  const std::string_view alphabet = "abcdefghijklmnop\"\\\n\x01\x7f\x80\xC3\xA9\xE2\x82\xAC\xF0";
  for (int round = 0; round < 20'000; ++round) {
    std::string text(random() % 70, '\0');
    const bool any_byte = round % 2 == 0;
    for (char& c : text)
      c = any_byte ? static_cast<char>(random()) : alphabet[random() % alphabet.size()];
    const std::string fast = escaped(write_json_text, text);
    ASSERT_EQ(fast, escaped(write_json_text_scalar, text));
    ASSERT_TRUE(nlohmann::json::accept("\"" + fast + "\""));
  }
}

TEST(JsonText, ATextAtTheEndOfMemoryIsReadToItsEndOnly) {
  constexpr std::size_t kPage = 4096;
  void* pages =
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  ASSERT_EQ(mprotect(static_cast<char*>(pages) + kPage, kPage, PROT_NONE), 0);
  for (std::size_t size = 0; size <= 40; ++size) {
    char* text = static_cast<char*>(pages) + kPage - size;
    std::memset(text, 'x', size);
    EXPECT_EQ(escaped(write_json_text, {text, size}), std::string(size, 'x'));
  }
  munmap(pages, 2 * kPage);
}

TEST(JsonText, ALongTextIsEscapedAsAWhole) {
  std::mt19937 random(1);
  const std::string_view alphabet[] = {"a",  "\u00e9", "\u20ac",  "\U0001F525",
                                       "\"", "\x80",   "\xF0\x9F"};
  for (int round = 0; round < 2000; ++round) {
    std::string text;
    while (text.size() < 300) text += alphabet[random() % std::size(alphabet)];
    std::string quoted;
    append_json_string(quoted, text);
    ASSERT_EQ(quoted, "\"" + escaped(write_json_text_scalar, text) + "\"");
  }
}

struct NumberCase {
  std::string_view behaviour, text;
  bool number;
};

TEST(JsonNumber, OnlyWhatEveryReaderKeepsExact) {
  const NumberCase cases[] = {
      {"zero", "0", true},
      {"a count", "1532", true},
      {"the largest exact integer", "9007199254740992", true},
      {"one above it", "9007199254740993", false},
      {"more digits than that", "18446744073709551615", false},
      {"a leading zero", "007", false},
      {"a sign", "-1", false},
      {"a fraction", "1.5", false},
      {"an exponent", "1e9", false},
      {"hexadecimal", "0x1b", false},
      {"nothing", "", false},
  };
  for (const auto& c : cases) EXPECT_EQ(is_json_number(c.text), c.number) << c.behaviour;
}

TEST(JsonObject, DottedPathsBecomeNestedObjects) {
  std::string out;
  JsonObject json(out);
  json.text("a.b.c", "1");
  json.text("a.b.d", "2");
  json.number("a.e", std::uint64_t{3});
  json.begin_list("ab");
  json.item("x");
  json.item("y", "z\"");
  json.end_list();
  json.begin_list("ac");
  json.end_list();
  json.boolean("f.g.h", true);
  json.close();
  EXPECT_EQ(
      out,
      R"({"a":{"b":{"c":"1","d":"2"},"e":3},"ab":["x","y=z\""],"ac":[],"f":{"g":{"h":true}}})");
}

TEST(JsonObject, NothingIsAnEmptyObject) {
  std::string out;
  JsonObject json(out);
  json.close();
  EXPECT_EQ(out, "{}");
}

}  // namespace
}  // namespace endreason
