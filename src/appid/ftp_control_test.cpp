// SPDX-License-Identifier: Apache-2.0
#include "appid/ftp_control.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

namespace endreason {
namespace {

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// What one side's text announces, in pieces of this size.
std::string announced(bool from_client, std::string_view text, std::size_t piece = 4096) {
  FtpControl control;
  std::string all;
  for (std::size_t at = 0; at < text.size(); at += piece)
    control.see(from_client, bytes_of(text.substr(at, piece)), false,
                [&](const FtpAnnouncement& a) {
                  all += fmt::format("{} {}:{}; ", a.passive ? "passive" : "active",
                                     a.address ? to_string(*a.address) : "-", a.port);
                });
  return all;
}

struct ControlCase {
  std::string_view behaviour;
  bool from_client;
  std::string_view text, announced;
};

constexpr auto kControlCases = std::to_array<ControlCase>({
    {"PORT names address and port", true, "PORT 192,168,1,2,7,138\r\n",
     "active 192.168.1.2:1930; "},
    {"verbs are read in any letters", true, "port 10,0,0,1,0,21\n", "active 10.0.0.1:21; "},
    {"EPRT, version 4", true, "EPRT |1|132.235.1.2|6275|\r\n", "active 132.235.1.2:6275; "},
    {"EPRT, version 6", true, "EPRT |2|1080::8:800:200C:417A|5282|\r\n",
     "active 1080::8:800:200c:417a:5282; "},
    {"any character may divide", true, "EPRT !1!132.235.1.2!6275!\r\n",
     "active 132.235.1.2:6275; "},
    {"PASV's answer in parentheses", false, "227 Entering Passive Mode (10,1,2,3,195,80).\r\n",
     "passive 10.1.2.3:50000; "},
    {"and without", false, "227 =10,1,2,3,4,5\r\n", "passive 10.1.2.3:1029; "},
    {"EPSV's answer says the port only", false, "229 Entering Extended Passive Mode (|||6446|)\r\n",
     "passive -:6446; "},
    {"several lines in one segment", false, "200 ok\r\n227 (1,2,3,4,5,6)\r\n229 x (|||7|)\r\n",
     "passive 1.2.3.4:1286; passive -:7; "},
    {"a client cannot answer, a server cannot command", true, "227 (1,2,3,4,5,6)\r\n", ""},
    {"nor the other way", false, "PORT 1,2,3,4,5,6\r\n", ""},
    {"a verb that only begins like one", true, "PORTABLE 1,2,3,4,5,6\r\nXPORT 1,2,3,4,5,6\r\n", ""},
    {"numbers beyond a byte", true, "PORT 300,2,3,4,5,6\r\nPORT 1,2,3,4,5,256\r\n", ""},
    {"too few numbers, and none", true, "PORT 1,2,3,4,5\r\nPORT\r\nPORT \r\nEPRT\r\nEPRT \r\n", ""},
    {"port 0 is none", true, "PORT 1,2,3,4,0,0\r\nEPRT |1|1.2.3.4|0|\r\nEPRT |1|1.2.3.4|65536|\r\n",
     ""},
    {"EPRT cut short", true, "EPRT |1|1.2.3.4|99\r\nEPRT |1|1.2.3.4\r\nEPRT |2|::x|9|\r\n", ""},
    {"a line without end announces nothing yet", true, "PORT 1,2,3,4,5,6", ""},
});

TEST(FtpControl, LinesAnnounceDataConnections) {
  for (const ControlCase& c : kControlCases)
    EXPECT_EQ(announced(c.from_client, c.text), c.announced) << c.behaviour;
}

TEST(FtpControl, SegmentsMayBeCutAnywhere) {
  for (const ControlCase& c : kControlCases)
    for (std::size_t piece = 1; piece < 20; ++piece)
      EXPECT_EQ(announced(c.from_client, c.text, piece), c.announced) << c.behaviour << piece;
}

TEST(FtpControl, ALineThatIsTooLongIsPassedOver) {
  const std::string text = "PORT " + std::string(5000, 'x') + "1,2,3,4,5,6\r\nPORT 1,2,3,4,5,6\r\n";
  EXPECT_EQ(announced(true, text), "active 1.2.3.4:1286; ");
}

TEST(FtpControl, AfterAGapTheNextWholeLineIsRead) {
  FtpControl control;
  int found = 0;
  const auto count = [&](const FtpAnnouncement&) { ++found; };
  control.see(true, bytes_of("PO"), false, count);
  control.see(true, bytes_of("RT 1,2,3,4,5,6\r\n"), true, count);
  EXPECT_EQ(found, 0) << "what is missing is not known";
  control.see(true, bytes_of("PORT 1,2,3,4,5,6\r\n"), false, count);
  EXPECT_EQ(found, 1);
}

TEST(FtpControl, TlsEndsTheReading) {
  FtpControl control;
  const auto none = [](const FtpAnnouncement&) {};
  control.see(true, bytes_of("AUTH TLS\r\n"), false, none);
  EXPECT_FALSE(control.encrypted());
  control.see(false, bytes_of("234 AUTH command ok\r\n"), false, none);
  EXPECT_TRUE(control.encrypted());
}

}  // namespace
}  // namespace endreason
