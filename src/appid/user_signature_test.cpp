// SPDX-License-Identifier: Apache-2.0
#include "appid/user_signature.hpp"

#include <array>
#include <vector>

#include <gtest/gtest.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr AppId kFirst = AppId::FirstIdentified;
constexpr AppId kSecond{static_cast<std::uint16_t>(kFirst) + 1};

std::span<const std::uint8_t> bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

SignatureSet set_of(const std::vector<UserSignature>& signatures) {
  std::vector<AppId> ids;
  for (std::size_t i = 0; i < signatures.size(); ++i)
    ids.push_back(AppId(static_cast<std::size_t>(kFirst) + i));
  return *SignatureSet::make(signatures, ids);
}

struct BadCase {
  std::string_view behaviour;
  UserSignature signature;
  std::string_view said;
};
const auto kBadCases = std::to_array<BadCase>({
    {"a name in capitals", {.app = "Our-ERP", .port = 1}, "lower case"},
    {"a name that is too long", {.app = std::string(32, 'a'), .port = 1}, "1 to 31"},
    {"no condition", {.app = "erp"}, "no condition"},
    {"a protocol without ports", {.app = "erp", .protocol = 1, .port = 1}, "TCP and UDP only"},
    {"a pattern too deep", {.app = "erp", .pattern = "xy", .offset = 4095}, "first 4096 bytes"},
});

TEST(UserSignature, WhatCannotWorkIsRefusedWithTheRemedy) {
  for (const BadCase& c : kBadCases) {
    const auto made = SignatureSet::make({&c.signature, 1}, std::array{kFirst});
    ASSERT_FALSE(made.has_value()) << c.behaviour;
    EXPECT_NE(made.error().message.find(c.said), std::string::npos) << made.error().message;
  }
  const std::vector<UserSignature> many(65, {.app = "erp", .port = 1});
  EXPECT_FALSE(SignatureSet::make(many, std::vector<AppId>(65, kFirst)).has_value());
}

TEST(UserSignature, APortAloneDecidesAtOnce) {
  const SignatureSet set = set_of({{.app = "erp", .port = 4711}});
  EXPECT_EQ(set.match(set.begin(kProtoTcp, 4711)), kFirst);
  EXPECT_EQ(set.match(set.begin(kProtoTcp, 4712)), AppId::None);
}

TEST(UserSignature, TheProtocolNarrowsIt) {
  const SignatureSet set = set_of({{.app = "erp", .protocol = kProtoUdp, .port = 4711}});
  EXPECT_EQ(set.match(set.begin(kProtoTcp, 4711)), AppId::None);
  EXPECT_EQ(set.match(set.begin(kProtoUdp, 4711)), kFirst);
}

struct HostCase {
  std::string_view behaviour, wanted, host;
  bool matches;
};
constexpr auto kHostCases = std::to_array<HostCase>({
    {"the name itself", "erp.example.com", "erp.example.com", true},
    {"letter case does not matter", "erp.example.com", "ERP.Example.COM", true},
    {"a name above it is another", "erp.example.com", "example.com", false},
    {"a star takes what is below", "*.example.com", "a.b.example.com", true},
    {"a star does not take the name itself", "*.example.com", "example.com", false},
    {"a star ends at the dot", "*.example.com", "badexample.com", false},
});

TEST(UserSignature, AHostIsComparedAsNamesAre) {
  for (const HostCase& c : kHostCases) {
    const SignatureSet set = set_of({{.app = "erp", .host = std::string(c.wanted)}});
    SignatureProgress progress = set.begin(kProtoTcp, 443);
    EXPECT_EQ(set.match(progress), AppId::None);
    set.see_host(progress, c.host);
    EXPECT_EQ(set.match(progress) == kFirst, c.matches) << c.behaviour;
  }
}

struct Piece {
  bool from_client;
  std::uint64_t at;
  std::string_view payload;
};
struct PatternCase {
  std::string_view behaviour;
  std::vector<Piece> pieces;
  bool matches;
};
const auto kPatternCases = std::to_array<PatternCase>({
    {"at its place", {{true, 0, "xxHELLOxx"}}, true},
    {"at another place", {{true, 0, "xHELLOxxx"}}, false},
    {"over two segments", {{true, 0, "xxHE"}, {true, 4, "LLO"}}, true},
    {"a byte a segment",
     {{true, 0, "xx"},
      {true, 2, "H"},
      {true, 3, "E"},
      {true, 4, "L"},
      {true, 5, "L"},
      {true, 6, "O"}},
     true},
    {"a wrong second half", {{true, 0, "xxHE"}, {true, 4, "LLA"}}, false},
    {"not yet whole", {{true, 0, "xxHE"}}, false},
    {"from the other side", {{false, 0, "xxHELLOxx"}}, false},
    {"the other side does not disturb", {{false, 0, "????????"}, {true, 0, "xxHELLO"}}, true},
});

TEST(UserSignature, APatternIsComparedWhereItLiesInTheStream) {
  for (const PatternCase& c : kPatternCases) {
    const SignatureSet set = set_of({{.app = "erp", .pattern = "HELLO", .offset = 2}});
    SignatureProgress progress = set.begin(kProtoTcp, 443);
    for (const Piece& piece : c.pieces)
      set.see_payload(progress, piece.from_client, piece.at, bytes(piece.payload));
    EXPECT_EQ(set.match(progress) == kFirst, c.matches) << c.behaviour;
  }
}

TEST(UserSignature, AllConditionsMustHoldAndTheFirstSignatureWins) {
  const SignatureSet set =
      set_of({{.app = "erp", .port = 443, .host = "erp.example.com", .pattern = "E"},
              {.app = "any", .port = 443, .pattern = "E"}});
  SignatureProgress progress = set.begin(kProtoTcp, 443);
  set.see_host(progress, "erp.example.com");
  EXPECT_EQ(set.match(progress), AppId::None);
  set.see_payload(progress, true, 0, bytes("E"));
  EXPECT_EQ(set.match(progress), kFirst);
  SignatureProgress other = set.begin(kProtoTcp, 443);
  set.see_payload(other, true, 0, bytes("E"));
  EXPECT_EQ(set.match(other), kSecond);
}

}  // namespace
}  // namespace endreason
