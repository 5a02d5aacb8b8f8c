// SPDX-License-Identifier: Apache-2.0
#include "appid/content_mark.hpp"

#include <array>
#include <string>

#include <gtest/gtest.h>

#include "model/protocol.hpp"

namespace endreason {
namespace {

using namespace std::string_view_literals;

struct MarkCase {
  std::string_view behaviour;
  std::uint8_t protocol;
  std::string_view payload, app;
};
constexpr auto kMarkCases = std::to_array<MarkCase>({
    {"a query to a game server", kProtoUdp, "\xff\xff\xff\xffTSource Engine Query\0"sv,
     "source-engine"},
    {"the same over TCP is not one", kProtoTcp, "\xff\xff\xff\xffTSource Engine Query\0"sv, ""},
    {"an order", kProtoTcp, "8=FIX.4.4\0019=65\001"sv, "fix"},
    {"a management ping", kProtoUdp, "\x06\x00\xff\x06\0\0\x11\xbe\x80\0\0\0"sv, "rmcp"},
    {"half of a mark is none", kProtoTcp, "8=FI"sv, ""},
    {"a mark with a length needs it", kProtoUdp, "\x00\x01\x00\x46 too short"sv, ""},
    {"nothing", kProtoTcp, "", ""},
});

TEST(ContentMark, IsFoundAtTheStartOfThePayload) {
  for (const MarkCase& c : kMarkCases) {
    const auto* bytes = reinterpret_cast<const std::uint8_t*>(c.payload.data());
    const std::size_t at = find_content_mark(c.protocol, {bytes, c.payload.size()});
    const auto found = at < content_marks().size() ? content_marks()[at].app : std::string_view();
    EXPECT_EQ(found, c.app) << c.behaviour;
  }
}

TEST(ContentMark, OfAGivenLengthIsFoundAtThatLength) {
  std::string payload("\x00\x01\x00\x46", 4);
  payload.resize(74);
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(payload.data());
  EXPECT_EQ(content_marks()[find_content_mark(kProtoUdp, {bytes, 74})].app, "discord-base");
  EXPECT_EQ(find_content_mark(kProtoUdp, {bytes, 73}), content_marks().size());
}

}  // namespace
}  // namespace endreason
