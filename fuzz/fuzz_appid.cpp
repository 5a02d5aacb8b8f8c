// SPDX-License-Identifier: Apache-2.0
// Plays packets made of arbitrary bytes to the identifier and holds it to its accounts: a state is
// borrowed until a session is settled or finished, every session ends with a name, the number of
// states stays within the bound. In: pieces of one head of eight bytes (session, side, protocol,
// sequence step, ports, length) and so many payload bytes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "appid/identifier.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kSessions = 8, kStates = 6, kHead = 8;
constexpr auto kPorts =
    std::to_array<std::uint16_t>({21,  22,  25,  53,  67,  80,  110,  123,  137,  139,
                                  143, 161, 389, 443, 445, 853, 1812, 3306, 3389, 5060});

void require(bool holds) {
  if (!holds) std::abort();
}

struct Session {
  StateId id{StateId::None};
  AppId app{AppId::None};
  std::uint8_t protocol{kProtoTcp};
  std::array<std::uint32_t, 2> next{};
};

const AppCatalogue& catalogue() {
  static const AppCatalogue made = [] {
    const std::array<UserSignature, 2> own = {
        UserSignature{.app = "own-bytes", .pattern = "own", .offset = 1},
        UserSignature{.app = "own-host", .host = "*.own.example"}};
    return *AppCatalogue::make(own);
  }();
  return made;
}

Identifier& identifier() {
  static const auto made = *Identifier::make(catalogue(), {.states_max = kStates});
  return *made;
}

PacketView packet(Session& s, const std::uint8_t* head, const std::uint8_t* payload,
                  std::size_t length, bool from_client) {
  PacketView p;
  p.src.bytes = {0, 0, 0,    0,    0,  0, 0, 0,
                 0, 0, 0xff, 0xff, 10, 0, 0, from_client ? std::uint8_t{1} : std::uint8_t{2}};
  p.dst.bytes = {0, 0, 0,    0,    0,  0, 0, 0,
                 0, 0, 0xff, 0xff, 10, 0, 0, from_client ? std::uint8_t{2} : std::uint8_t{1}};
  const std::uint16_t server = kPorts[head[4] % kPorts.size()];
  p.sport = from_client ? std::uint16_t{50000} : server;
  p.dport = from_client ? server : std::uint16_t{50000};
  p.protocol = s.protocol;
  p.ipv6 = (head[2] & 2) != 0;
  p.tcp_flags = head[5];
  const std::size_t side = from_client ? 0 : 1;
  p.seq = s.next[side] + static_cast<std::uint32_t>(static_cast<std::int8_t>(head[3]));
  p.ack = s.next[1 - side];
  p.payload = payload;
  p.payload_captured = static_cast<std::uint32_t>(length);
  p.payload_length = p.payload_captured + (head[2] & 4U);  // at times snapped
  s.next[side] = p.seq + p.payload_length;
  return p;
}

void check_step(const Session& s, const AppStep& step) {
  require(step.settled == (s.id == StateId::Settled));
  require(!step.settled || step.app != AppId::None);
  require(step.change_count <= step.changes.size());
  require(step.change_count == 0 || step.changes[step.change_count - 1U] == step.app);
  require(!catalogue().name(step.app).empty() || step.app == AppId::None);
  require(identifier().counters().states_used <= kStates);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::array<Session, kSessions> sessions;
  for (std::size_t at = 0; at + kHead <= size;) {
    const std::uint8_t* head = data + at;
    at += kHead;
    const std::size_t length = std::min<std::size_t>(head[6] * 4U + head[7], size - at);
    Session& s = sessions[head[0] % kSessions];
    if (s.id == StateId::None) s.protocol = (head[2] & 1) != 0 ? kProtoUdp : kProtoTcp;
    const bool from_client = (head[1] & 1) == 0;
    const PacketView p = packet(s, head, data + at, length, from_client);
    const AppStep step = identifier().step(s.id, s.app, p, from_client);
    check_step(s, step);
    s.app = step.app;
    at += length;
  }
  for (Session& s : sessions) {
    const AppId app =
        identifier().finish(s.id, s.app, {.protocol = s.protocol, .handshake_done = true});
    require(app != AppId::None);
  }
  require(identifier().counters().states_used == 0);
  return 0;
}
