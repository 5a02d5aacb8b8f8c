// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "dataplane/engine_observer.hpp"
#include "dataplane/session_record.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint8_t kNoIcmpType = 255;  // reserved, so no packet's

bool has_content(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp;
}

// Without identification: what the packets alone show.
AppId without_content(const Session& session, const SessionFacts& facts) {
  const bool payload = session.has(kDataC2s) || session.has(kDataS2c);
  return placeholder(facts, payload, true, false);
}

SessionFacts facts_of(const Session& session) {
  return {session.key.protocol, handshake_done(session), session.remarked(kBeganWithoutSyn)};
}

auto place_of(const EngineRow& row) {
  return std::tuple(row.moment.packet, row.moment.tick, row.generated_ns, row.session.id, row.part);
}

}  // namespace

bool comes_before(const EngineRow& a, const EngineRow& b) {
  return place_of(a) < place_of(b);
}

Result<std::unique_ptr<Lane>> Lane::create(const EngineOptions& options,
                                           const AppCatalogue& catalogue) {
  std::unique_ptr<Lane> lane(new Lane(options, catalogue));
  if (auto ready = lane->prepare(); !ready) return tl::unexpected(ready.error());
  return lane;
}

Result<void> Lane::prepare() {
  SessionSettings settings = options_.session;
  settings.zones = static_cast<std::uint8_t>(options_.zones.size());
  auto table = SessionTable::create(settings);
  if (!table) return tl::unexpected(table.error());
  table_ = std::move(*table);
  if (auto done = prepare_timeouts(); !done) return done;
  if (!options_.identify) return {};
  auto identifier = Identifier::make(catalogue_);
  if (!identifier) return tl::unexpected(identifier.error());
  identifier_ = std::move(*identifier);
  decoders_ = std::make_unique<StreamDecoders>(catalogue_, *table_);
  return {};
}

Result<void> Lane::prepare_timeouts() {
  for (const ApplicationTimeouts& own : options_.application_timeouts) {
    const AppId app = catalogue_.find(own.app);
    if (app == AppId::None)
      return fail(Error::Code::Usage,
                  fmt::format("applications: no application is named '{}'", own.app));
    SessionTimeouts timeouts = options_.session.timeouts;
    for (const auto& [timer, seconds] : own.timers)
      if (auto set = timeouts.set(timer, seconds); !set) return set;
    const auto profile = table_->add_timeout_profile(timeouts);
    if (!profile) return tl::unexpected(profile.error());
    timeout_profiles_.resize(catalogue_.size());
    timeout_profiles_[static_cast<std::size_t>(app)] = *profile;
  }
  return {};
}

LaneUse Lane::use() const {
  return {table_->pool().allocated(), table_->segments_held(),
          identifier_ ? identifier_->counters().states_used : 0,
          decoders_ ? decoders_->reading() : 0};
}

void Lane::set_elsewhere(const LaneUse& use) {
  table_->set_elsewhere(static_cast<std::uint32_t>(use.sessions),
                        static_cast<std::uint32_t>(use.segments));
  if (identifier_) identifier_->set_used_elsewhere(use.app_states);
  if (decoders_) decoders_->set_elsewhere(use.decoders);
}

void Lane::on_packet(const PacketView& packet, const PacketResult& result) {
  look_at(packet, result);
  if (options_.observer != nullptr) options_.observer->on_packet(packet, result);
}

void Lane::look_at(const PacketView& packet, const PacketResult& result) {
  // The packet of an ICMP error is some router's, not the session's.
  if (result.session == nullptr || !passes(result.outcome) ||
      result.outcome == SessionCounter::IcmpErrorMatched)
    return;
  const Session& session = *result.session;
  if (!has_content(session.key.protocol)) {
    if (result.first)
      name_session(result, packet,
                   catalogue_.of_ip_protocol(session.key.protocol, packet.icmp_type));
    return;
  }
  if (packet.payload_length == 0) return;
  if (identifier_)
    see_content(packet, result);
  else if (session.app == 0)
    name_session(result, packet, without_content(session, facts_of(session)));
}

void Lane::see_content(const PacketView& packet, const PacketResult& result) {
  Session& session = *result.session;
  if (session.has(kPredicted)) {
    // Its application was said when it was announced; here its first data passes.
    if (!session.has(kWatched)) name_session(result, packet, AppId{session.app});
    session.set(kWatched);
    return;
  }
  AppId shown = AppId::None;
  const bool first_payload = StateId{session.user} == StateId::None;
  if (first_payload || session.has(kWatched))
    shown = decoders_->see(packet, result, first_payload, *this);
  identify(packet, result);
  const AppId now{session.app};
  // What a decoder has read says more than that it looks like HTTP.
  if (shown != AppId::None && now != shown &&
      (status_of(now) != AppStatus::Identified || now == web_browsing_))
    name_session(result, packet, shown);
}

void Lane::identify(const PacketView& packet, const PacketResult& result) {
  Session& session = *result.session;
  StateId state{session.user};
  if (state == StateId::Settled) return;
  const AppStep step =
      identifier_->step(state, AppId{session.app}, packet, result.flow == Flow::C2s);
  session.user = static_cast<std::uint32_t>(state);
  for (std::size_t i = 0; i < step.change_count; ++i)
    if (step.changes[i] != web_browsing_ || AppId{session.app} != http_proxy_)
      name_session(result, packet, step.changes[i]);
}

// Every change of the application is a start row: ssl, then the site's own.
void Lane::name_session(const PacketResult& result, const PacketView& packet, AppId app) {
  const auto number = static_cast<std::size_t>(app);
  const std::uint8_t profile = number < timeout_profiles_.size() ? timeout_profiles_[number] : 0;
  table_->set_application(result.index, static_cast<std::uint16_t>(app), profile);
  // Data on a SYN is not yet a session's data: the handshake may never complete.
  if (options_.log_start && !info(result.session->tcp_state).opening)
    add_row(*result.session, Subtype::Start, packet.time_ns, app);
  if (decoders_) decoders_->named(packet, result, app);
}

AppId Lane::final_app(const Session& session) {
  const AppId app{session.app};
  if (!has_content(session.key.protocol))
    return app != AppId::None ? app : catalogue_.of_ip_protocol(session.key.protocol, kNoIcmpType);
  const SessionFacts facts = facts_of(session);
  if (session.has(kPredicted)) {
    const bool data = session.has(kDataC2s) || session.has(kDataS2c);
    return data && facts.handshake_done ? app : AppId::Incomplete;
  }
  StateId state{session.user};
  // The state goes back to the identifier in any case.
  const AppId named =
      identifier_ ? identifier_->finish(state, app, facts) : without_content(session, facts);
  // Data on a SYN may look like an application; a connection that never came about is incomplete.
  const bool never_opened = session.key.protocol == kProtoTcp && !facts.handshake_done &&
                            !facts.began_without_syn && !session.remarked(kOneWay);
  return never_opened ? AppId::Incomplete : named;
}

void Lane::on_end(const Session& session, std::int64_t ended_ns) {
  if (decoders_) decoders_->forget(session);
  const AppId app = final_app(session);
  if (options_.observer != nullptr)
    options_.observer->on_end(session, ended_ns, catalogue_.name(app));
  if (options_.log_end) add_row(session, Subtype::End, ended_ns, app);
}

void Lane::on_tick() {
  if (overflow_ && rows_.size() >= kRowsAtOnce) overflow_();
}

void Lane::add_row(const Session& session, Subtype subtype, std::int64_t at_ns, AppId app) {
  const auto part = static_cast<std::uint32_t>(rows_.size());
  rows_.push_back({session, table_->moment(), at_ns, part, app, subtype});
}

void Lane::sort_rows() {
  sorted_.clear();
  for (const EngineRow& row : rows_) sorted_.push_back(&row);
  const auto before = [](const EngineRow* a, const EngineRow* b) { return comes_before(*a, *b); };
  // They mostly are in order already.
  if (!std::is_sorted(sorted_.begin(), sorted_.end(), before))
    std::sort(sorted_.begin(), sorted_.end(), before);
}

void Lane::forget_rows() {
  rows_.clear();
  sorted_.clear();
}

}  // namespace endreason
