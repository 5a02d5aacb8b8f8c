// SPDX-License-Identifier: Apache-2.0
#include "traffic_session.hpp"

namespace endreason::bench {
namespace {

constexpr std::int64_t kFirstSecond = 1'773'100'800;  // 2026-03-10 00:00:00
constexpr std::uint32_t kIpv6Flag = 0x02000000, kNatFlag = 0x00400000, kUsualLowBits = 0x1c;

// scenario by lot: a table of kWeightTotal entries, so that drawing is one load
constexpr auto kLots = [] {
  std::array<std::uint8_t, kWeightTotal> lots{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kScenarios.size(); ++i)
    for (std::uint32_t n = 0; n < kScenarios[i].weight; ++n)
      lots[at++] = static_cast<std::uint8_t>(i);
  return lots;
}();

constexpr auto kUrlCategories = std::to_array<std::string_view>(
    {"any", "any", "any", "computer-and-internet-info", "business-and-economy",
     "content-delivery-networks", "low-risk", "social-networking", "streaming-media", "news",
     "web-advertisements", "shopping", "financial-services", "online-storage-and-backup",
     "private-ip-addresses", "unknown", "newly-registered-domain", "malware"});
constexpr auto kScannedPorts =
    std::to_array<std::uint16_t>({23, 445, 3389, 22, 8080, 5900, 1433, 8443, 25, 2323, 6379, 137});

}  // namespace

SessionStream::SessionStream(const World& world, std::uint64_t seed, std::uint32_t quoted_percent)
    : world_(world),
      random_(seed),
      quoted_percent_(quoted_percent),
      now_ms_(kFirstSecond * 1000),
      sequence_number_(7'536'179'828'000'000'000u + seed % 1'000'000) {}

void SessionStream::choose_application(Session& s) {
  s.app = nullptr;
  s.protocol = "tcp";
  s.category = "any";
  s.source_port = 1024 + random_.below(64'000);
  s.destination_port = random_.percent(70) ? 443 : kScannedPorts[random_.below(12)];
  switch (s.scenario->app) {
    case AppKind::TcpIdentified:
      s.app = &world_.tcp_apps[random_.skewed(world_.tcp_apps.size())];
      s.category = kUrlCategories[random_.below(kUrlCategories.size())];
      break;
    case AppKind::UdpIdentified:
      s.app = &world_.udp_apps[random_.skewed(world_.udp_apps.size())];
      s.protocol = "udp";
      break;
    case AppKind::Tls:
      s.app = &world_.tcp_apps[0];
      s.category = kUrlCategories[random_.below(kUrlCategories.size())];
      break;
    case AppKind::Dns:
      s.app = &world_.udp_apps[0];
      s.protocol = "udp";
      break;
    case AppKind::Ping:
      s.app_name = "ping";
      s.protocol = "icmp";
      s.source_port = s.destination_port = 0;
      break;
    case AppKind::Incomplete:
      s.app_name = "incomplete";
      break;
    case AppKind::InsufficientData:
      s.app_name = "insufficient-data";
      break;
    case AppKind::UnknownTcp:
      s.app_name = "unknown-tcp";
      break;
    case AppKind::UnknownUdp:
      s.app_name = "unknown-udp";
      s.protocol = "udp";
      break;
    case AppKind::UnknownP2p:
      s.app_name = "unknown-p2p";
      s.protocol = "udp";
      break;
    case AppKind::NonSynTcp:
      s.app_name = "non-syn-tcp";
      break;
    case AppKind::NotApplicable:
      s.app_name = "not-applicable";
      if (random_.percent(40)) s.protocol = "udp";
      break;
  }
  if (s.app == nullptr) return;
  s.app_name = s.app->name;
  s.destination_port = s.app->family->port;
}

void SessionStream::choose_hosts(Session& s) {
  const bool ipv6 = random_.percent(3);
  const auto& clients = ipv6 ? world_.clients6 : world_.clients;
  const auto& servers = ipv6 ? world_.servers6 : world_.servers;
  s.client = &clients[random_.skewed(clients.size())];
  s.server = &servers[random_.skewed(servers.size())];
  const auto& rules = s.scenario->rule == RuleKind::Block ? world_.block_rules : world_.allow_rules;
  // Names with commas stand last in the list: without quotes, they are left out.
  const std::size_t count = s.quoted ? rules.size() : rules.size() - rules.size() / 8;
  s.rule = &rules[random_.skewed(count)];
}

void SessionStream::count(Session& s) {
  const Scenario& scenario = *s.scenario;
  s.repeat_count = s.dropped && random_.percent(8) ? 2 + random_.below(5) : 1;
  s.packets_sent = std::uint64_t{random_.in(scenario.sent.packets)} * s.repeat_count;
  s.packets_received = std::uint64_t{random_.in(scenario.received.packets)} * s.repeat_count;
  s.bytes_sent = s.packets_sent * random_.in(scenario.sent.packet_bytes);
  s.bytes_received = s.packets_received * random_.in(scenario.received.packet_bytes);
  s.elapsed_s = random_.in(scenario.elapsed_s);
  s.session_id = s.dropped ? 0 : 1 + random_.below(4'194'303);
}

void SessionStream::translate(Session& s) {
  s.nat_source = "0.0.0.0";
  s.nat_source_port = s.nat_destination_port = 0;
  s.flags = s.scenario->flags;
  if (s.client->ipv6) s.flags |= kIpv6Flag;
  if (s.dropped) return;
  s.flags |= kUsualLowBits;
  if (s.client->ipv6 || !s.rule->towards_internet) return;
  s.flags |= kNatFlag;
  s.nat_source = world_.nat_pool[random_.below(16)];
  s.nat_source_port = s.source_port == 0 ? 0 : 1024 + random_.below(64'000);
  s.nat_destination_port = s.destination_port;
}

void SessionStream::next(Session& s) {
  s.scenario = &kScenarios[kLots[random_.below(kWeightTotal)]];
  s.dropped = s.scenario->subtype == "drop";
  s.firewall = &world_.firewalls[random_.below(4)];
  s.quoted = random_.percent(quoted_percent_);
  s.offloaded = random_.percent(20);
  choose_application(s);
  choose_hosts(s);
  count(s);
  translate(s);
  if (random_.percent(70)) now_ms_ += random_.below(2);
  s.logged_s = now_ms_ / 1000;
  s.logged_ms = static_cast<std::uint32_t>(now_ms_ % 1000);
  s.sequence_number = ++sequence_number_;
}

}  // namespace endreason::bench
