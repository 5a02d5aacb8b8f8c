// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "dataplane/session_record.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kBatchPackets = 64;
constexpr std::size_t kDecodeStatuses = static_cast<std::size_t>(DecodeStatus::FragmentLimit) + 1;

constexpr std::uint8_t kNoIcmpType = 255;  // reserved, so no packet's

bool has_content(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp;
}

}  // namespace

class Engine::Parts final : public SessionSink {
 public:
  Parts(const EngineOptions& options, AppCatalogue catalogue, EngineSink& out)
      : options_(options),
        decoder_(options.decode),
        catalogue_(std::make_unique<AppCatalogue>(std::move(catalogue))),
        out_(out) {}

  Result<void> prepare() {
    SessionSettings settings = options_.session;
    settings.zones = static_cast<std::uint8_t>(options_.zones.size());
    auto table = SessionTable::create(settings);
    if (!table) return tl::unexpected(table.error());
    table_ = std::move(*table);
    if (auto done = prepare_timeouts(); !done) return done;
    if (!options_.identify) return {};
    auto identifier = Identifier::make(*catalogue_);
    if (!identifier) return tl::unexpected(identifier.error());
    identifier_ = std::move(*identifier);
    return {};
  }

  void name_interface(std::size_t number, std::string_view name) {
    interface_zones_.resize(std::max(interface_zones_.size(), number + 1), kNoZone);
    interface_zones_[number] = options_.zones.of_interface(name);
  }

  void process(std::span<const RawPacket> packets) {
    while (!packets.empty()) {
      const std::size_t n = std::min(packets.size(), kBatchPackets);
      decoder_.decode(packets.first(n), std::span(views_).first(n));
      for (std::size_t i = 0; i < n; ++i)
        ++decode_counts_[static_cast<std::size_t>(views_[i].status)];
      const bool zoned = !options_.zones.empty();
      if (zoned) find_zones(n);
      table_->process(std::span<const PacketView>(views_).first(n), *this,
                      std::span<const PacketZones>(zones_).first(zoned ? n : 0));
      packets = packets.subspan(n);
    }
  }

  void finish() {
    if (!options_.open_at_end) table_->finish(*this);
  }

  bool wants_packets() const override { return identifier_ != nullptr || options_.log_start; }

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    // The packet of an ICMP error is some router's, not the session's.
    if (result.session == nullptr || !passes(result.outcome) ||
        result.outcome == SessionCounter::IcmpErrorMatched)
      return;
    const Session& session = *result.session;
    if (!has_content(session.key.protocol)) {
      if (result.first)
        name_session(result, packet,
                     catalogue_->of_ip_protocol(session.key.protocol, packet.icmp_type));
      return;
    }
    if (packet.payload_length == 0) return;
    if (identifier_)
      identify(packet, result);
    else if (session.app == 0)
      name_session(result, packet, without_content(session, facts_of(session)));
  }

  void on_end(const Session& session, std::int64_t ended_ns) override {
    const AppId app = final_app(session);
    if (options_.log_end) write(session, Subtype::End, ended_ns, app);
  }

  const SessionTable& sessions() const { return *table_; }
  const FragmentCounters& fragments() const { return decoder_.fragments(); }
  std::span<const std::uint64_t> decode_counts() const { return decode_counts_; }
  const IdentifierCounters* identification() const {
    return identifier_ ? &identifier_->counters() : nullptr;
  }

 private:
  Result<void> prepare_timeouts() {
    for (const ApplicationTimeouts& own : options_.application_timeouts) {
      const AppId app = catalogue_->find(own.app);
      if (app == AppId::None)
        return fail(Error::Code::Usage,
                    fmt::format("applications: no application is named '{}'", own.app));
      SessionTimeouts timeouts = options_.session.timeouts;
      for (const auto& [timer, seconds] : own.timers)
        if (auto set = timeouts.set(timer, seconds); !set) return set;
      const auto profile = table_->add_timeout_profile(timeouts);
      if (!profile) return tl::unexpected(profile.error());
      timeout_profiles_.resize(catalogue_->size());
      timeout_profiles_[static_cast<std::size_t>(app)] = *profile;
    }
    return {};
  }

  void find_zones(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      const PacketView& p = views_[i];
      const ZoneNumber interface =
          p.interface < interface_zones_.size() ? interface_zones_[p.interface] : kNoZone;
      zones_[i] = options_.zones.of_packet(interface, p.vlan, p.src, p.dst);
    }
  }

  void identify(const PacketView& packet, const PacketResult& result) {
    Session& session = *result.session;
    StateId state{session.user};
    if (state == StateId::Settled) return;
    const AppStep step =
        identifier_->step(state, AppId{session.app}, packet, result.flow == Flow::C2s);
    session.user = static_cast<std::uint32_t>(state);
    for (std::size_t i = 0; i < step.change_count; ++i)
      name_session(result, packet, step.changes[i]);
  }

  // Every change of the application is a start row: ssl, then the site's own.
  void name_session(const PacketResult& result, const PacketView& packet, AppId app) {
    const auto number = static_cast<std::size_t>(app);
    const std::uint8_t profile = number < timeout_profiles_.size() ? timeout_profiles_[number] : 0;
    table_->set_application(result.index, static_cast<std::uint16_t>(app), profile);
    // Data on a SYN is not yet a session's data: the handshake may never complete.
    if (options_.log_start && !info(result.session->tcp_state).opening)
      write(*result.session, Subtype::Start, packet.time_ns, app);
  }

  static SessionFacts facts_of(const Session& session) {
    return {session.key.protocol, handshake_done(session), session.remarked(kBeganWithoutSyn)};
  }

  AppId final_app(const Session& session) {
    const AppId app{session.app};
    if (!has_content(session.key.protocol))
      return app != AppId::None ? app
                                : catalogue_->of_ip_protocol(session.key.protocol, kNoIcmpType);
    StateId state{session.user};
    const SessionFacts facts = facts_of(session);
    const AppId named =
        identifier_ ? identifier_->finish(state, app, facts) : without_content(session, facts);
    // Data on a SYN may look like an application; a connection that never came about is incomplete.
    const bool never_opened = session.key.protocol == kProtoTcp && !facts.handshake_done &&
                              !facts.began_without_syn && !session.remarked(kOneWay);
    return never_opened ? AppId::Incomplete : named;
  }

  // Without identification: what the packets alone show.
  static AppId without_content(const Session& session, const SessionFacts& facts) {
    const bool payload = session.has(kDataC2s) || session.has(kDataS2c);
    return placeholder(facts, payload, true, false);
  }

  void write(const Session& session, Subtype subtype, std::int64_t at_ns, AppId app) {
    RowOf row;
    row.subtype = subtype;
    row.generated_ns = at_ns;
    row.app = catalogue_->name(app);
    row.from_zone = options_.zones.name(static_cast<ZoneNumber>(session.key.zone));
    row.to_zone = options_.zones.name(session.server_zone);
    row.seqno = ++rows_;
    row.config_version = options_.config_version;
    row.engine_columns = options_.engine_columns;
    session_record_.fill(session, row, record_);
    out_.on_record(record_);
  }

  EngineOptions options_;
  Decoder decoder_;
  std::unique_ptr<AppCatalogue> catalogue_;  // identifier_ refers to it
  std::unique_ptr<SessionTable> table_;
  std::unique_ptr<Identifier> identifier_;
  EngineSink& out_;
  std::vector<std::uint8_t> timeout_profiles_;  // by application; empty: none has its own
  std::vector<ZoneNumber> interface_zones_;
  std::array<PacketView, kBatchPackets> views_{};
  std::array<PacketZones, kBatchPackets> zones_{};
  std::array<std::uint64_t, kDecodeStatuses> decode_counts_{};
  SessionRecord session_record_;
  TrafficRecord record_;
  std::uint64_t rows_ = 0;
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options, EngineSink& sink) {
  auto catalogue = AppCatalogue::make(options.user_applications);
  if (!catalogue) return tl::unexpected(catalogue.error());
  auto parts = std::make_unique<Parts>(options, std::move(*catalogue), sink);
  if (auto ready = parts->prepare(); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
}

void Engine::name_interface(std::size_t number, std::string_view name) {
  parts_->name_interface(number, name);
}
void Engine::process(std::span<const RawPacket> packets) {
  parts_->process(packets);
}
void Engine::finish() {
  parts_->finish();
}
const SessionTable& Engine::sessions() const {
  return parts_->sessions();
}
const FragmentCounters& Engine::fragments() const {
  return parts_->fragments();
}
std::span<const std::uint64_t> Engine::decode_counts() const {
  return parts_->decode_counts();
}
const IdentifierCounters* Engine::identification() const {
  return parts_->identification();
}

}  // namespace endreason
