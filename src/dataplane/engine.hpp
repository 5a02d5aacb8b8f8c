// SPDX-License-Identifier: Apache-2.0
// Engine: one packet's way through decode, session and appid to the row that a firewall's traffic
// log would have. Packets in, TrafficRecords out, in packet time. One thread an engine.
//
// There is no policy yet: one rule allows everything, as its name in the rows says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "appid/app_catalogue.hpp"
#include "appid/identifier.hpp"
#include "base/result.hpp"
#include "decode/decoder.hpp"
#include "model/application_timeouts.hpp"
#include "model/engine_facts.hpp"
#include "model/raw_packet.hpp"
#include "model/traffic_record.hpp"
#include "model/zone_table.hpp"
#include "session/session_table.hpp"

namespace endreason {

// What the rows say of their writer, so that none is taken for a firewall's.
inline constexpr std::string_view kEngineSerial = "endreason";
inline constexpr std::string_view kEngineDevice = "endreason";
inline constexpr std::string_view kEngineRule = "endreason-track-allows-all";

struct EngineOptions {
  DecodeOptions decode;
  SessionSettings session;
  bool identify = true;    // false: applications are not looked for
  bool log_start = false;  // a row when the first application data has passed
  bool log_end = true;
  bool open_at_end = false;  // sessions that have not ended when the input does stay open
  std::uint16_t config_version = 2817;  // the release whose rows are written (11.1)
  ZoneTable zones{};
  std::vector<ApplicationTimeouts> application_timeouts{};
  std::vector<UserSignature> user_applications{};
  EngineColumnSet engine_columns = EngineColumnSet{}.set();  // that the rows are to have as text
};

// Takes the rows. The record and its texts are the engine's own and die with the call.
class EngineSink {
 public:
  virtual ~EngineSink() = default;
  virtual void on_record(TrafficRecord& record) = 0;
};

class Engine {
 public:
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options, EngineSink& sink);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before its first packet: what RawPacket::interface is called, for zones of interfaces.
  void name_interface(std::size_t number, std::string_view name);
  void process(std::span<const RawPacket> packets);
  // The input has ended: every session gets its true end, unless they are to stay open.
  void finish();

  const SessionTable& sessions() const;
  const FragmentCounters& fragments() const;
  // Packets by what decoding came to, indexed by DecodeStatus.
  std::span<const std::uint64_t> decode_counts() const;
  // Of the identification; null when there is none.
  const IdentifierCounters* identification() const;

 private:
  class Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace endreason
