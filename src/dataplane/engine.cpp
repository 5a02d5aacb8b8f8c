// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine.hpp"

#include <array>

#include "dataplane/session_record.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::size_t kBatchPackets = 64;
constexpr std::size_t kDecodeStatuses = static_cast<std::size_t>(DecodeStatus::FragmentLimit) + 1;

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
    auto table = SessionTable::create(options_.session);
    if (!table) return tl::unexpected(table.error());
    table_ = std::move(*table);
    if (!options_.identify) return {};
    auto identifier = Identifier::make(*catalogue_);
    if (!identifier) return tl::unexpected(identifier.error());
    identifier_ = std::move(*identifier);
    return {};
  }

  void process(std::span<const RawPacket> packets) {
    while (!packets.empty()) {
      const std::size_t n = std::min(packets.size(), kBatchPackets);
      decoder_.decode(packets.first(n), std::span(views_).first(n));
      for (std::size_t i = 0; i < n; ++i)
        ++decode_counts_[static_cast<std::size_t>(views_[i].status)];
      table_->process(std::span<const PacketView>(views_).first(n), *this);
      packets = packets.subspan(n);
    }
  }

  void finish() {
    if (!options_.open_at_end) table_->finish(*this);
  }

  bool wants_packets() const override { return identifier_ != nullptr || options_.log_start; }

  void on_packet(const PacketView& packet, const PacketResult& result) override {
    if (result.session == nullptr || !passes(result.outcome)) return;
    Session& session = *result.session;
    if (!has_content(session.key.protocol)) {
      if (result.first && identifier_)
        name_session(session, result.index,
                     catalogue_->of_ip_protocol(session.key.protocol, packet.icmp_type));
      return;
    }
    if (packet.payload_length == 0) return;
    if (identifier_) identify(packet, result);
  }

  void on_end(const Session& session, std::int64_t ended_ns) override {
    AppId app{session.app};
    if (has_content(session.key.protocol)) {
      StateId state{session.user};
      const SessionFacts facts{session.key.protocol, handshake_done(session),
                               session.remarked(kBeganWithoutSyn)};
      app = identifier_ ? identifier_->finish(state, app, facts) : without_content(session, facts);
      // Data on a SYN may look like an application; a connection that never came about is
      // incomplete.
      const bool never_opened = session.key.protocol == kProtoTcp && !facts.handshake_done &&
                                !facts.began_without_syn && !session.remarked(kOneWay);
      if (never_opened) app = AppId::Incomplete;
    }
    if (options_.log_end) write(session, Subtype::End, ended_ns, app);
  }

  const SessionTable& sessions() const { return *table_; }
  const FragmentCounters& fragments() const { return decoder_.fragments(); }
  std::span<const std::uint64_t> decode_counts() const { return decode_counts_; }

 private:
  void identify(const PacketView& packet, const PacketResult& result) {
    Session& session = *result.session;
    StateId state{session.user};
    if (state == StateId::Settled) return;
    const AppId before{session.app};
    const AppStep step = identifier_->step(state, before, packet, result.flow == Flow::C2s);
    session.user = static_cast<std::uint32_t>(state);
    if (step.app == before) return;
    name_session(session, result.index, step.app);
    // A start row with the first application, and again at each change of it.
    if (options_.log_start && status_of(step.app) == AppStatus::Identified)
      write(session, Subtype::Start, packet.time_ns, step.app);
  }

  void name_session(Session& session, SessionIndex index, AppId app) {
    session.app = static_cast<std::uint16_t>(app);
    table_->set_application(index, session.app);
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
    row.seqno = ++rows_;
    row.config_version = options_.config_version;
    session_record_.fill(session, row, record_);
    out_.on_record(record_);
  }

  EngineOptions options_;
  Decoder decoder_;
  std::unique_ptr<AppCatalogue> catalogue_;  // identifier_ refers to it
  std::unique_ptr<SessionTable> table_;
  std::unique_ptr<Identifier> identifier_;
  EngineSink& out_;
  std::array<PacketView, kBatchPackets> views_{};
  std::array<std::uint64_t, kDecodeStatuses> decode_counts_{};
  SessionRecord session_record_;
  TrafficRecord record_;
  std::uint64_t rows_ = 0;
};

Engine::Engine(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::create(const EngineOptions& options, EngineSink& sink) {
  auto catalogue = AppCatalogue::make();
  if (!catalogue) return tl::unexpected(catalogue.error());
  auto parts = std::make_unique<Parts>(options, std::move(*catalogue), sink);
  if (auto ready = parts->prepare(); !ready) return tl::unexpected(ready.error());
  return std::unique_ptr<Engine>(new Engine(std::move(parts)));
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

}  // namespace endreason
