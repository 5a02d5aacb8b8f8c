// SPDX-License-Identifier: Apache-2.0
// Engine: one packet's way through decode, session and appid to the row that a firewall's traffic
// log would have. Packets in, TrafficRecords out, in packet time. One thread an engine.
// EngineOptions::threads: the engine's own threads help; it is called by one.
//
// Without rules everything is allowed, as the name of the rule in the rows says.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>

#include "appid/app_catalogue.hpp"
#include "appid/identifier.hpp"
#include "base/result.hpp"
#include "dataplane/engine_observer.hpp"
#include "dataplane/engine_options.hpp"
#include "dataplane/gate_counters.hpp"
#include "dataplane/stream_decoders.hpp"
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

// Takes the rows. The record and its texts are the engine's own and die with the call.
//
// With several threads there is a sink for each, called by one of them at a time with a run of the
// rows; the runs of all sinks, one after the other, are the log. on_part() then says whose turn it
// is.
class EngineSink {
 public:
  virtual ~EngineSink() = default;
  virtual void on_record(TrafficRecord& record) = 0;
  // Where EngineOptions::lines: so many rows as whole lines. on_record() is given what has no line
  // in its place, because a name in it must be quoted or the release is too old. `next`: what was
  // given so far comes next in the log, and these behind it, as if on_part() had said so.
  virtual void on_lines(std::string_view lines, std::size_t rows, bool next) {
    static_cast<void>(lines), static_cast<void>(rows), static_cast<void>(next);
  }
  // What was given so far comes next in the log. For the sinks in turn, one call at a time, while
  // this one is given no rows.
  virtual void on_part() {}
};

// A capture from its beginning to its end, for Engine::follow(). Calls come from any thread, one at
// a time.
class EngineInput {
 public:
  virtual ~EngineInput() = default;
  // As Engine::reading() says; none at the end. `reader`: on whose behalf, so that what is read may
  // lie in memory that is near to it.
  virtual std::span<const RawPacket> next(unsigned reader) = 0;
  // With several readers: whether each may fetch what is to come beside the others, in turns that
  // are counted from 0. Then next() gives turn after turn, each on behalf of who has fetched it,
  // and nothing when it is over.
  virtual bool has_turns() const { return false; }
  virtual void fetch([[maybe_unused]] unsigned reader, [[maybe_unused]] std::uint64_t turn) {}
  // next() gave nothing because the turn is over, not the input.
  virtual bool turn_is_over() const { return false; }
  // Whether what next() gave is of interfaces that name_interfaces() has not named yet.
  virtual bool brings_interfaces() const { return false; }
  virtual void name_interfaces() {}
};

class Engine {
 public:
  // As many sinks as there are threads.
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options,
                                                std::span<EngineSink* const> sinks);
  static Result<std::unique_ptr<Engine>> create(const EngineOptions& options, EngineSink& sink);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Before its first packet: what RawPacket::interface is called, for zones of interfaces.
  void name_interface(std::size_t number, std::string_view name);
  void process(std::span<const RawPacket> packets);
  // The same for those who have more to come: with several threads it comes back while these
  // packets are still worked on. They and their bytes have to stay until the second call behind
  // this one, or settle(). `meanwhile` is called once, on any thread: to read what comes next.
  void stream(std::span<const RawPacket> packets, const std::function<void()>& meanwhile);
  void settle();
  // All of an input: the fastest way with several threads. finish() may follow.
  void follow(EngineInput& input);
  // The input has ended: every session gets its true end, unless they are to stay open.
  void finish();

  // Lets packet time run to this moment: sessions age.
  void advance(std::int64_t now_ns);

  // With one thread: all sessions.
  const SessionTable& sessions() const;
  // With one thread: what an open session is called by so far.
  SessionNames names_of(const Session& session) const;
  std::string_view zone_name(ZoneNumber zone) const;
  // What the log calls a session's interfaces: as the capture does, or as the configuration calls
  // the only one of a zone; empty where neither is known.
  std::string_view inbound_if(const Session& session, SessionInterfaces interfaces) const;
  std::string_view outbound_if(const Session& session, SessionInterfaces interfaces) const;
  SessionCounters counters() const;
  // What EngineInput::next() is to give an engine of these options. `inspects`: options.inspection
  // will be set.
  static EngineReading reading(const EngineOptions& options, bool inspects);
  const FragmentCounters& fragments() const;
  // Of the decoders that read whole streams; zeros where applications are not looked for.
  StreamDecoderCounters decoders() const;
  // Of rules and inspection.
  GateCounters gate_counters() const;
  // Of the identification; null when there is none.
  const IdentifierCounters* identification() const;

 private:
  class Parts;
  explicit Engine(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace endreason
