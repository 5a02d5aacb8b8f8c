// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_matcher.hpp"

#include <array>

#include <gtest/gtest.h>

#include "inspect/rule_parser.hpp"

namespace endreason::inspect {
namespace {

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

struct Case {
  std::string_view behaviour, options, text;
  bool match;
};
constexpr auto kCases = std::to_array<Case>({
    {"a content is found anywhere", R"(content:"bc";)", "abcd", true},
    {"case counts", R"(content:"BC";)", "abcd", false},
    {"unless nocase", R"(content:"BC"; nocase;)", "abcd", true},
    {"a negated content must not be there", R"(content:!"bc";)", "abcd", false},
    {"offset says where to begin", R"(content:"ab"; offset:1;)", "abcab", true},
    {"and nothing before counts", R"(content:"ab"; offset:1;)", "abc", false},
    {"depth says how far", R"(content:"cd"; depth:3;)", "abcd", false},
    {"depth counts from the offset", R"(content:"cd"; offset:1; depth:3;)", "abcd", true},
    {"distance from the match before", R"(content:"a"; content:"c"; distance:1;)", "abc", true},
    {"too near for the distance", R"(content:"a"; content:"b"; distance:1;)", "abc", false},
    {"within counts from the match before", R"(content:"a"; content:"c"; within:1;)", "abc", false},
    {"within and distance", R"(content:"a"; content:"c"; distance:1; within:1;)", "abc", true},
    {"another occurrence is tried for what follows", R"(content:"a"; content:"b"; within:1;)",
     "axab", true},
    {"a negative distance goes back", R"(content:"b"; content:"a"; distance:-2;)", "ab", true},
    {"a negated content within", R"(content:"a"; content:!"b"; within:2;)", "axb", false},
    {"and behind it", R"(content:"a"; content:!"b"; within:2;)", "axxb", true},
    {"startswith", R"(content:"b"; startswith;)", "ab", false},
    {"endswith", R"(content:"b"; endswith;)", "bab", true},
    {"endswith takes the last occurrence only", R"(content:"b"; endswith;)", "ba", false},
    {"pcre", R"(pcre:"/b.d/";)", "abcd", true},
    {"pcre relative", R"(content:"ab"; pcre:"/^c/R";)", "abcd", true},
    {"pcre relative begins behind the match", R"(content:"ab"; pcre:"/^b/R";)", "abcd", false},
    {"a negated pcre", R"(pcre:!"/x/";)", "abcd", true},
    {"isdataat asks for more", "isdataat:3;", "abcd", true},
    {"than there is", "isdataat:4;", "abcd", false},
    {"isdataat behind the match", R"(content:"cd"; isdataat:1,relative;)", "abcd", false},
    {"isdataat negated: the match is the end", R"(content:"cd"; isdataat:!1,relative;)", "abcd",
     true},
    {"byte_test big endian", "byte_test:2,=,258,0;", "\x01\x02", true},
    {"byte_test little endian", "byte_test:2,=,513,0,little;", "\x01\x02", true},
    {"byte_test of digits", "byte_test:3,>,99,1,string,dec;", "x123", true},
    {"byte_test of hexadecimal digits", "byte_test:2,=,255,0,string,hex;", "fF", true},
    {"byte_test with a mask", "byte_test:1,&,1,0,bitmask 0x10;", "\x10", true},
    {"byte_test negated", "byte_test:1,!=,1,0;", "\x01", false},
    {"byte_test behind the end", "byte_test:4,>,0,0;", "abc", false},
    {"byte_jump by the number that it reads", R"(byte_jump:1,0; content:"c"; within:1;)", "\x01xc",
     true},
    {"byte_jump from the end", R"(byte_jump:0,0,from_end,post_offset -2; content:"c"; within:1;)",
     "abcd", true},
    {"byte_jump behind the end", "byte_jump:1,0;", "\x7f", false},
    {"byte_extract gives a distance", R"(byte_extract:1,0,n; content:"c"; offset:n;)", "\x02xc",
     true},
    {"and only there", R"(byte_extract:1,0,n; content:"c"; offset:n; depth:1;)", "\x01xc", false},
    {"a transform comes before the contents", R"(pkt_data; to_lowercase; content:"abc";)", "aBC",
     true},
    {"url_decode", R"(pkt_data; url_decode; content:"a b/";)", "a+b%2f", true},
    {"xor", R"(pkt_data; xor:"20"; content:"ABC";)", "abc", true},
    {"bsize", R"(pkt_data; bsize:3; content:"a";)", "abc", true},
    {"bsize of another length", R"(pkt_data; bsize:4; content:"a";)", "abc", false},
});

TEST(RuleMatcher, ChecksHoldAsTheLanguageSays) {
  for (const Case& c : kCases) {
    const auto rule = parse_rule(
        "alert tcp any any -> any any (" + std::string(c.options) + " sid:1;)", RuleVariables());
    ASSERT_TRUE(rule.has_value()) << c.behaviour << ": " << rule.error().what;
    ASSERT_EQ(rule->groups.size(), 1U) << c.behaviour;
    const auto group = compile_group(rule->groups[0]);
    ASSERT_TRUE(group.has_value()) << c.behaviour;
    RuleMatcher matcher;
    RuleVariableValues values{};
    EXPECT_EQ(matcher.matches(*group, {bytes(c.text), true, true, 0}, values), c.match)
        << c.behaviour;
  }
}

TEST(RuleMatcher, AMatchMustReachIntoFreshBytes) {
  const auto rule =
      parse_rule(R"(alert tcp any any -> any any (content:"ab"; sid:1;))", RuleVariables());
  const auto group = compile_group(rule->groups[0]);
  RuleMatcher matcher;
  RuleVariableValues values{};
  EXPECT_FALSE(matcher.matches(*group, {bytes("abxx"), true, true, 2}, values));
  EXPECT_TRUE(matcher.matches(*group, {bytes("abxx"), true, true, 1}, values));
  EXPECT_TRUE(matcher.matches(*group, {bytes("abxxab"), true, true, 2}, values));
}

TEST(RuleMatcher, AnExpressionThatCostsTooMuchIsGivenUpAndCounted) {
  const auto rule =
      parse_rule(R"(alert tcp any any -> any any (pcre:"/^(a+)+$/"; sid:1;))", RuleVariables());
  const auto group = compile_group(rule->groups[0]);
  RuleMatcher matcher;
  RuleVariableValues values{};
  const std::string text = std::string(40, 'a') + "b";
  EXPECT_FALSE(matcher.matches(*group, {bytes(text), true, true, 0}, values));
  EXPECT_EQ(matcher.regex_limits(), 1U);
}

TEST(RuleMatcher, ManyOccurrencesEndAtTheLimitOfSteps) {
  std::string options;
  for (int i = 0; i < 12; ++i) options += R"(content:"a"; distance:0; )";
  const auto rule =
      parse_rule("alert tcp any any -> any any (" + options + R"(content:"b"; distance:0; sid:1;))",
                 RuleVariables());
  const auto group = compile_group(rule->groups[0]);
  RuleMatcher matcher;
  RuleVariableValues values{};
  EXPECT_FALSE(matcher.matches(*group, {bytes(std::string(4000, 'a')), true, true, 0}, values));
  EXPECT_EQ(matcher.counters().step_limits, 1U);
}

}  // namespace
}  // namespace endreason::inspect
