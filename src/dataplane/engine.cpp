// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/fetch_whole.hpp"
#include "dataplane/lane_group.hpp"
#include "dataplane/log_lines.hpp"
#include "dataplane/session_record.hpp"
#include "dataplane/standard_ports.hpp"

namespace endreason {

class Engine::Parts {
 public:
  Parts(const EngineOptions& options, AppCatalogue catalogue, std::span<EngineSink* const> sinks)
      : options_(options),
        catalogue_(std::move(catalogue)),
        ports_(catalogue_, options.policy ? &options.policy->resolved() : nullptr),
        clear_ns_(options.clear_session_ns) {
    for (EngineSink* sink : sinks) writers_.emplace_back().sink = sink;
  }

  Result<void> prepare() {
    if (writers_.size() != options_.threads)
      return fail(Error::Code::Usage, fmt::format("threads: {} sinks for {} threads",
                                                  writers_.size(), options_.threads));
    auto lanes = LaneGroup::create(options_, catalogue_);
    if (!lanes) return tl::unexpected(lanes.error());
    lanes_ = std::move(*lanes);
    lanes_->set_overflow([this] { write_all(); });
    return {};
  }

  void name_interface(std::size_t number, std::string_view name) {
    lanes_->name_interface(number, name);
  }

  void process(std::span<const RawPacket> packets) {
    stream(packets, {});
    settle();
  }

  void stream(std::span<const RawPacket> packets, const std::function<void()>& meanwhile) {
    if (clear_ns_) [[unlikely]] {
      const auto after = std::find_if(packets.begin(), packets.end(), [&](const RawPacket& packet) {
        return SessionTable::usable_time(packet.time_ns) >= *clear_ns_;
      });
      if (after != packets.end()) {
        track(std::span(packets.begin(), after), {});
        clear();
        packets = std::span(after, packets.end());
      }
    }
    track(packets, meanwhile);
  }

  void track(std::span<const RawPacket> packets, const std::function<void()>& meanwhile) {
    const bool alone = lanes_->size() == 1;
    while (!packets.empty()) {
      const auto batch =
          packets.first(std::min(packets.size(), LaneGroup::batch_packets(lanes_->size())));
      packets = packets.subspan(batch.size());
      if (alone) {
        lanes_->track_alone(batch);
        write_all();
      } else {
        run(batch, packets.empty() ? meanwhile : std::function<void()>{});
      }
    }
    if (alone && meanwhile) meanwhile();
  }

  void settle() {
    while (lanes_->waits()) run({}, {});
    write_all();
  }

  void follow(EngineInput& input) {
    settle();
    if (!lanes_->can_follow() || clear_ns_) return follow_in_calls(input);
    rows_ += lanes_->follow({
        .has_turns = input.has_turns(),
        .fetch = [&input](unsigned reader, std::uint64_t turn) { input.fetch(reader, turn); },
        .read = [&input](unsigned reader) { return input.next(reader); },
        .turn_is_over = [&input] { return input.turn_is_over(); },
        .brings_names = [&input] { return input.brings_interfaces(); },
        .name_interfaces = [&input] { input.name_interfaces(); },
        .write = [this](unsigned sink, std::span<const EngineRow* const> rows,
                        std::uint64_t before) { write_rows(writers_[sink], rows, rows_ + before); },
        .part = [this](unsigned sink) { end_part(writers_[sink]); },
    });
  }

  void finish() {
    settle();
    if (clear_ns_) clear();
    if (options_.open_at_end) return;
    for (bool done = false; !done || lanes_->waits();) {
      // A single lane writes rows itself when there are many; those that wait come before them.
      if (lanes_->size() == 1) write_all();
      done = lanes_->finish_some(beside({}));
      end_part();
      lanes_->turn_rows();
    }
    write_all();
  }

  void advance(std::int64_t now_ns) {
    settle();
    if (clear_ns_ && now_ns >= *clear_ns_) clear();
    lanes_->advance(now_ns);
    write_all();
  }

  const LaneGroup& lanes() const { return *lanes_; }
  SessionNames names_of(const Session& session) const {
    const SessionIndex place = lanes_->table().find(session.key);
    if (place != kNoSession) return lanes_->names_of(place);
    return {catalogue_.name(AppId{session.app}), kEngineRule, {}, true};
  }
  std::string_view zone_name(ZoneNumber zone) const { return options_.zones.name(zone); }
  std::string_view interface_name(std::uint16_t interface, ZoneNumber zone) const {
    const std::string_view name = lanes_->interface_names()[interface];
    return name.empty() ? options_.zones.only_interface(zone) : name;
  }

 private:
  static constexpr std::size_t kLinesAtOnce = 32 << 10;  // bytes; they stay near
  // To be fetched: another thread has made a row, as a rule, or it was some time ago.
  static constexpr std::size_t kRowsAhead = 3;

  // What a thread needs to write rows.
  struct alignas(64) Writer {
    EngineSink* sink = nullptr;
    SessionRecord session_record;
    TrafficRecord record;
    LogLines lines;
  };

  LaneGroup::Beside beside(std::function<void()> meanwhile) {
    return {[this](unsigned piece) { write_rows(piece); }, std::move(meanwhile)};
  }

  void follow_in_calls(EngineInput& input) {
    for (auto packets = input.next(0), next = packets; !packets.empty(); packets = next) {
      if (input.brings_interfaces()) input.name_interfaces();
      stream(packets, [&] { next = input.next(0); });
    }
    settle();
  }

  // Every session that is open at that time ends.
  void clear() {
    const std::int64_t at = *std::exchange(clear_ns_, std::nullopt);
    settle();
    lanes_->clear(at == kClearAtEnd ? lanes_->now_ns() : at);
    write_all();
  }

  void run(std::span<const RawPacket> packets, std::function<void()> meanwhile) {
    lanes_->run(packets, beside(std::move(meanwhile)));
    end_part();
    lanes_->settle();
  }

  void write_all() {
    for (unsigned piece = 0; piece < writers_.size(); ++piece) write_rows(piece);
    end_part();
  }

  // A piece of the rows that are there, as many as there are sinks.
  void write_rows(unsigned piece) {
    const std::span<const EngineRow* const> rows = lanes_->rows();
    const std::size_t first = rows.size() * piece / writers_.size();
    const std::size_t end = rows.size() * (piece + 1) / writers_.size();
    write_rows(writers_[piece], rows.subspan(first, end - first), rows_ + first);
  }

  // With so many rows before them in the log.
  void write_rows(Writer& writer, std::span<const EngineRow* const> rows, std::uint64_t before) {
    if (!options_.lines) {
      for (const EngineRow* row : rows) write(writer, *row, ++before);
      return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (i + kRowsAhead < rows.size()) fetch_whole(*rows[i + kRowsAhead]);
      write_line(writer, *rows[i], ++before);
    }
  }

  void write_line(Writer& writer, const EngineRow& from, std::uint64_t seqno) {
    const LineOf line{.session = from.session,
                      .policy = from.policy,
                      .interfaces = from.interfaces,
                      .app = static_cast<std::uint16_t>(from.app),
                      .subtype = from.subtype,
                      .another_port = on_another_port(from),
                      .generated_ns = from.generated_ns,
                      .seqno = seqno};
    if (!writer.lines.append(line)) [[unlikely]] {
      fill(writer, from, seqno);
      if (!writer.lines.append_and_learn(line, writer.record)) {
        give_lines(writer, false);
        writer.sink->on_record(writer.record);
      }
    }
    // One of several has to wait for its turn; then it is spared a copy.
    if (writers_.size() == 1 && writer.lines.text().size() >= kLinesAtOnce)
      give_lines(writer, true);
  }

  static void give_lines(Writer& writer, bool next) {
    if (writer.lines.count() > 0)
      writer.sink->on_lines(writer.lines.text(), writer.lines.count(), next);
    writer.lines.clear();
  }

  // The rows that were there have been written.
  void end_part() {
    rows_ += lanes_->rows().size();
    lanes_->forget_rows();
    for (Writer& writer : writers_) end_part(writer);
  }

  static void end_part(Writer& writer) {
    give_lines(writer, true);
    writer.sink->on_part();
  }

  void write(Writer& writer, const EngineRow& from, std::uint64_t seqno) {
    fill(writer, from, seqno);
    writer.sink->on_record(writer.record);
  }

  void fill(Writer& writer, const EngineRow& from, std::uint64_t seqno) {
    RowOf row;
    row.subtype = from.subtype;
    row.generated_ns = from.generated_ns;
    row.app = catalogue_.name(from.app);
    const auto client_zone = static_cast<ZoneNumber>(from.session.key.zone);
    row.from_zone = options_.zones.name(client_zone);
    row.to_zone = options_.zones.name(from.session.server_zone);
    row.inbound_if = interface_name(from.interfaces.ingress, client_zone);
    row.outbound_if = interface_name(from.interfaces.egress, from.session.server_zone);
    row.seqno = seqno;
    row.config_version = options_.config_version;
    put_policy(from.policy, row);
    row.engine_columns = options_.engine_columns;
    row.history = &from.history;
    row.another_port = on_another_port(from);
    writer.session_record.fill(from.session, row, writer.record);
  }

  bool on_another_port(const EngineRow& row) const {
    return ports_.surely_another(row.app, row.session.key.protocol, row.session.server_port());
  }

  void put_policy(const SessionPolicy& policy, RowOf& row) const {
    row.action = policy.action;
    row.action_source = policy.source;
    row.temporary_match = policy.has(kTemporaryMatch);
    if (policy.rule == kNoRule) return;
    const SecurityRule& rule = lanes_->policy()->rule(policy.rule);
    row.rule = rule.name;
    row.rule_uuid = rule.uuid;
    row.log_setting = rule.log_setting;
  }

  EngineOptions options_;
  AppCatalogue catalogue_;
  StandardPorts ports_;
  std::unique_ptr<LaneGroup> lanes_;  // refers to options and catalogue
  std::vector<Writer> writers_;
  std::optional<std::int64_t> clear_ns_;  // of a clear session all that has not come yet
  std::uint64_t rows_ = 0;                // before those that wait to be written
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options,
                                               std::span<EngineSink* const> sinks) {
  // Rules, inspection and timers may name any application.
  const bool names_matter = options.identify || options.policy || options.inspection ||
                            !options.application_timeouts.empty();
  auto catalogue = names_matter ? AppCatalogue::make(options.user_applications)
                                : AppCatalogue::make_without_library(options.user_applications);
  if (!catalogue) return tl::unexpected(catalogue.error());
  auto parts = std::make_unique<Parts>(options, std::move(*catalogue), sinks);
  if (auto ready = parts->prepare(); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options, EngineSink& sink) {
  EngineSink* const only = &sink;
  return create(options, std::span(&only, 1));
}

void Engine::name_interface(std::size_t number, std::string_view name) {
  parts_->name_interface(number, name);
}
void Engine::process(std::span<const RawPacket> packets) {
  parts_->process(packets);
}
void Engine::stream(std::span<const RawPacket> packets, const std::function<void()>& meanwhile) {
  parts_->stream(packets, meanwhile);
}
void Engine::follow(EngineInput& input) {
  parts_->follow(input);
}
void Engine::finish() {
  parts_->finish();
}
void Engine::advance(std::int64_t now_ns) {
  parts_->advance(now_ns);
}
SessionNames Engine::names_of(const Session& session) const {
  return parts_->names_of(session);
}
std::string_view Engine::inbound_if(const Session& session, SessionInterfaces interfaces) const {
  return parts_->interface_name(interfaces.ingress, static_cast<ZoneNumber>(session.key.zone));
}
std::string_view Engine::outbound_if(const Session& session, SessionInterfaces interfaces) const {
  return parts_->interface_name(interfaces.egress, session.server_zone);
}
std::string_view Engine::zone_name(ZoneNumber zone) const {
  return parts_->zone_name(zone);
}
const SessionTable& Engine::sessions() const {
  return parts_->lanes().table();
}
SessionCounters Engine::counters() const {
  return parts_->lanes().counters();
}
EngineReading Engine::reading(const EngineOptions& options, bool inspects) {
  return LaneGroup::reading(options, inspects);
}
void Engine::settle() {
  parts_->settle();
}
StreamDecoderCounters Engine::decoders() const {
  return parts_->lanes().decoders();
}
const FragmentCounters& Engine::fragments() const {
  return parts_->lanes().fragments();
}
const IdentifierCounters* Engine::identification() const {
  return parts_->lanes().identification();
}
GateCounters Engine::gate_counters() const {
  return parts_->lanes().gate_counters();
}

}  // namespace endreason
