// SPDX-License-Identifier: Apache-2.0
// Identifier: which application a session is, from its payload. In: the TCP and UDP packets of
// sessions, in order. Out: the application, each change of it, and whether it is settled. A session
// borrows a state from the pool with its first payload and gives it back when it is settled, after
// a bounded number of packets and bytes. One per thread; it allocates only while the pool grows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "appid/dpi_engine.hpp"
#include "appid/ip_packet.hpp"
#include "appid/session_facts.hpp"
#include "base/result.hpp"
#include "model/app_id.hpp"
#include "model/packet_view.hpp"

namespace endreason {

struct IdentifierSettings {
  // A session is settled after so many packets or bytes with payload, both ways together, counting
  // what is new and not what is sent again. Of 2,778 flows in captures with known applications none
  // was found later than in its sixth packet, so ten leave room.
  std::uint32_t packets_max{10};
  std::uint32_t bytes_max{16 * 1024};
  // Sessions that can be under identification at once; one more is not identified and counted.
  std::uint32_t states_max{256 * 1024};
  EnoughData enough{};
};

// A session's place in the pool. A session starts with None and keeps what the calls leave in it.
enum class StateId : std::uint32_t {
  None = 0,               // no payload yet
  Settled = 0xffff'ffff,  // no more calls are needed
};

struct AppStep {
  AppId app{AppId::None};  // as far as it is known; a placeholder once settled without a name
  bool settled{};          // the state has gone back to the pool
  // Every application that this packet made of it, in order: ssl, then the site's own.
  std::uint8_t change_count{};
  std::array<AppId, 2> changes{};
};

struct IdentifierCounters {
  std::uint64_t sessions_begun{};
  std::uint64_t sessions_without_state{};  // the pool was full
  std::uint64_t packets_inspected{};       // by the library
  std::uint64_t packets_sent_again{};      // seen before, left out
  std::uint64_t states_used{};             // now
  std::uint64_t states_used_max{};
};

class Identifier {
 public:
  // The catalogue outlives the identifier.
  static Result<std::unique_ptr<Identifier>> make(const AppCatalogue& catalogue,
                                                  const IdentifierSettings& settings = {});
  ~Identifier();
  Identifier(const Identifier&) = delete;
  Identifier& operator=(const Identifier&) = delete;

  // One packet of a session; one without payload changes nothing. For TCP the caller has seen the
  // handshake; a session that began without SYN is non-syn-tcp and needs no step.
  //   current: what the session is taken for now.
  AppStep step(StateId& id, AppId current, const PacketView& packet, bool from_client);
  // The session ends: gives the state back and says what the log shall say.
  AppId finish(StateId& id, AppId current, const SessionFacts& facts);

  // States that other identifiers of the same firewall use: they count against states_max.
  void set_used_elsewhere(std::uint64_t states) { used_elsewhere_ = states; }

  const IdentifierCounters& counters() const { return counters_; }
  const IdentifierSettings& settings() const { return settings_; }

 private:
  struct State;
  Identifier(const AppCatalogue& catalogue, const IdentifierSettings& settings,
             std::unique_ptr<DpiEngine> engine);

  State& state(StateId id);
  bool grow();
  State* begin(StateId& id, const PacketView& packet, bool from_client);
  void give_back(StateId& id);
  struct Place {
    std::uint32_t at;  // of the first byte
    bool fresh;        // brings bytes that were not there before
    bool in_order;     // nothing before it is missing
  };
  Place place(State& s, const PacketView& packet, bool from_client);
  AppId match_signatures(State& s, const PacketView& packet, bool from_client, const Place& place);
  void inspect(State& s, const PacketView& packet, AppStep& step);
  void look_for_marks(State& s, const PacketView& packet, const Place& place, AppStep& step);
  void wait_for_pattern(State& s, AppStep& step) const;
  bool spent(const State& s) const;
  AppId conclude(State& s, const SessionFacts& facts);

  const AppCatalogue& catalogue_;
  const IdentifierSettings settings_;
  std::unique_ptr<DpiEngine> engine_;
  IpPacket ip_packet_;
  struct Slab;
  std::vector<std::unique_ptr<Slab>> slabs_;
  std::uint32_t free_{};  // first free state, as StateId
  IdentifierCounters counters_;
  std::uint64_t used_elsewhere_{};
};

}  // namespace endreason
