// SPDX-License-Identifier: Apache-2.0
// What a row says of interfaces, and of ports that are not an application's own.
#include <gtest/gtest.h>

#include "appid/app_catalogue.hpp"
#include "dataplane/made_conversation.hpp"
#include "dataplane/standard_ports.hpp"
#include "model/log_flag.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

class Ways final : public EngineSink {
 public:
  void on_record(TrafficRecord& record) override {
    all += std::string(record.text(Field::InboundIf)) + ">" +
           std::string(record.text(Field::OutboundIf)) + " ";
    line = record.payload;
    flags = record.flags;
  }
  std::string all, line;
  std::uint32_t flags = 0;
};

// Packets of the client come by interface 0, those of the server by interface 1.
Ways track(const Conversation& talk, const std::vector<std::string>& names, EngineOptions options,
           bool answered = true) {
  Ways rows;
  options.session.capacity = 100;
  auto engine = std::move(Engine::create(options, rows).value());
  for (std::size_t i = 0; i < names.size(); ++i) engine->name_interface(i, names[i]);
  for (std::size_t i = 0; i < talk.frames().size(); ++i) {
    const TimedFrame& frame = talk.frames()[i];
    RawPacket packet = made::raw(frame.bytes, 1, frame.time_ns);
    packet.interface = i % 2 == 1 && answered ? 1 : 0;
    engine->process(std::span(&packet, 1));
  }
  engine->finish();
  return rows;
}

EngineOptions panos_columns_only() {
  EngineOptions options;
  options.identify = false;
  options.engine_columns = {};
  return options;
}

TEST(Interfaces, AreThoseThatTheCaptureNames) {
  const auto talk = Conversation().udp(true, "q").udp(false, "a");
  EXPECT_EQ(track(talk, {"eth0", "eth1"}, panos_columns_only()).all, "eth0>eth1 ");
  EXPECT_EQ(track(talk, {"tap0"}, panos_columns_only(), false).all, "tap0>tap0 ");
  EXPECT_EQ(track(talk, {}, panos_columns_only()).all, "> ");
  EXPECT_EQ(track(talk, {"", "eth1"}, panos_columns_only()).all, ">eth1 ");
}

TEST(Interfaces, OfASessionWithoutAnswerTheEgressIsNotKnown) {
  EXPECT_EQ(track(Conversation().udp(true, "q"), {"eth0", "eth1"}, panos_columns_only()).all,
            "eth0> ");
}

TEST(Interfaces, StandInTheirColumnsOfTheLine) {
  const Ways rows =
      track(Conversation().udp(true, "q").udp(false, "a"), {"a,b", "eth1"}, panos_columns_only());
  EXPECT_EQ(rows.all, "a,b>eth1 ");
  EXPECT_EQ(rows.line, "") << "a name that has to be quoted leaves the line to the writer";
}

TEST(Interfaces, OfAZoneWithOneAreKnownWithoutNamesInTheCapture) {
  EngineOptions options = panos_columns_only();
  options.zones = *ZoneTable::make(
      {{.name = "trust", .interfaces = {"ethernet1/2"}, .subnets = {*parse_ip_range("10.0.0.0/8")}},
       {.name = "untrust",
        .interfaces = {"ethernet1/1", "ethernet1/3"},
        .subnets = {*parse_ip_range("0.0.0.0/0")}}});
  const auto talk = Conversation().udp(true, "q").udp(false, "a");
  EXPECT_EQ(track(talk, {}, options).all, "ethernet1/2> ") << "untrust has two";
}

TEST(StandardPorts, TheFlagIsSetForAnApplicationOnAnotherPort) {
  EngineOptions options;
  const std::string hello = "SSH-2.0-OpenSSH_9.2\r\n";
  const auto ssh = [&](std::uint16_t port) {
    Conversation talk({"10.0.0.1", "192.0.2.1"}, port);
    talk.handshake().tcp(false, kTcpAck | kTcpPsh, hello).tcp(true, kTcpAck | kTcpPsh, hello);
    return track(talk, {}, options).flags & kFlagNonStandardPort;
  };
  EXPECT_EQ(ssh(22), 0u);
  EXPECT_EQ(ssh(2222), kFlagNonStandardPort);
}

TEST(StandardPorts, NothingIsSaidOfWhatIsNotKnown) {
  const AppCatalogue catalogue = *AppCatalogue::make();
  const StandardPorts ports(catalogue, nullptr);
  const auto another = [&](std::string_view app, std::uint8_t protocol, std::uint16_t port) {
    return ports.surely_another(catalogue.find(app), protocol, port);
  };
  EXPECT_TRUE(another("ssl", kProtoTcp, 5514)) << "a real line has it: 443 is the only one";
  EXPECT_FALSE(another("ssl", kProtoTcp, 443));
  EXPECT_FALSE(another("unknown-tcp", kProtoTcp, 5514));
  EXPECT_FALSE(another("incomplete", kProtoTcp, 443));
  EXPECT_FALSE(another("ping", kProtoIcmp, 0)) << "it has no ports";
  EXPECT_FALSE(another("bittorrent", kProtoTcp, 51413)) << "it takes any";
  EXPECT_FALSE(another("google-base", kProtoUdp, 443)) << "its ports are a rule of thumb";
  EXPECT_FALSE(ports.surely_another(AppId::None, kProtoTcp, 1));
}

TEST(StandardPorts, RulesMayGiveAnApplicationItsPorts) {
  Policy policy = zones_for_test();
  ApplicationObject ssh;
  ssh.name = "ssh";
  ssh.ports = {"tcp/2222"};
  policy.applications.push_back(ssh);
  const auto compiled = CompiledPolicy::create(std::move(policy));
  ASSERT_TRUE(compiled);
  const AppCatalogue catalogue = *AppCatalogue::make();
  const StandardPorts ports(catalogue, &compiled->resolved());
  EXPECT_FALSE(ports.surely_another(catalogue.find("ssh"), kProtoTcp, 2222));
  EXPECT_TRUE(ports.surely_another(catalogue.find("ssh"), kProtoTcp, 22));
}

}  // namespace
}  // namespace endreason
