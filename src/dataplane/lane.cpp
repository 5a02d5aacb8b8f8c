// SPDX-License-Identifier: Apache-2.0
#include "dataplane/lane.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "dataplane/engine.hpp"
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

auto in_order(const RowPlace& place) {
  return std::tie(place.moment.packet, place.moment.tick, place.generated_ns, place.id, place.part);
}

}  // namespace

bool operator<(const RowPlace& a, const RowPlace& b) {
  return in_order(a) < in_order(b);
}

Result<std::unique_ptr<Lane>> Lane::create(const LaneShared& shared, unsigned number) {
  std::unique_ptr<Lane> lane(new Lane(shared));
  if (auto ready = lane->prepare(shared, number); !ready) return tl::unexpected(ready.error());
  return lane;
}

Result<void> Lane::prepare(const LaneShared& shared, unsigned number) {
  SessionSettings settings = options_.session;
  settings.zones = static_cast<std::uint8_t>(options_.zones.size());
  auto table = SessionTable::create(settings);
  if (!table) return tl::unexpected(table.error());
  table_ = std::move(*table);
  if (auto done = prepare_timeouts(); !done) return done;
  std::unique_ptr<ContentInspector> inspector;
  if (options_.inspection != nullptr) {
    auto made =
        options_.inspection->make_inspector({number, shared.policy, catalogue_, options_.zones});
    if (!made) return tl::unexpected(made.error());
    inspector = std::move(*made);
  }
  if (shared.policy != nullptr || inspector != nullptr)
    gate_ =
        std::make_unique<LaneGate>(*table_, shared.policy, std::move(inspector), shared.blocked);
  if (options_.engine_columns.test(static_cast<std::size_t>(EngineColumn::History)))
    history_ = std::make_unique<HistoryNotes>();
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
  return {table_->pool().allocated(),
          table_->segments_held(),
          identifier_ ? identifier_->counters().states_used : 0,
          decoders_ ? decoders_->reading() : 0,
          gate_ ? gate_->bytes_held() : 0,
          table_->accelerated()};
}

void Lane::set_elsewhere(const LaneUse& use) {
  table_->set_elsewhere(static_cast<std::uint32_t>(use.sessions),
                        static_cast<std::uint32_t>(use.segments));
  if (identifier_) identifier_->set_used_elsewhere(use.app_states);
  if (decoders_) decoders_->set_elsewhere(use.decoders);
  if (gate_) gate_->set_held_elsewhere(use.content_bytes);
}

AppId Lane::app_of_protocol(const PacketView& packet) const {
  return has_content(packet.protocol)
             ? AppId::None
             : catalogue_.of_ip_protocol(packet.protocol, packet.icmp_type);
}

SessionCounter Lane::admit(const PacketView& first, PacketZones zones) {
  asked_ = zones;
  if (!gate_) return SessionCounter::Created;
  const AppId app = app_of_protocol(first);
  const SessionCounter admitted = gate_->admit(first, zones, app);
  if (admitted == SessionCounter::PolicyDeny)
    add_refused_row(first, Subtype::Drop, app == AppId::None ? AppId::NotApplicable : app,
                    EndReason::PolicyDeny);
  return admitted;
}

void Lane::on_pool_full(const PacketView& first) {
  add_refused_row(first, Subtype::End,
                  placeholder({first.protocol, false, false}, true, false, false),
                  EndReason::ResourcesUnavailable);
}

void Lane::on_packet(const PacketView& packet, const PacketResult& result) {
  if (history_) history_->see(packet, result);
  if (interface_names_.any()) interfaces_.see(packet, result);
  if (!gate_ || gated(packet, result)) {
    look_at(packet, result);
    if (gate_) inspect(packet, result);
  }
  if (options_.observer != nullptr)
    options_.observer->on_packet(packet, table_->as_counted(result));
}

// Whether rules and inspection let the packet of a session go on.
bool Lane::gated(const PacketView& packet, const PacketResult& result) {
  if (result.session == nullptr) return false;
  if (result.first && !result.session->has(kPredicted) && !gate_->begin(result)) {
    const AppId app = app_of_protocol(packet);
    table_->set_application(result.index, static_cast<std::uint16_t>(app));
    return false;
  }
  return gate_->pass(packet, result);
}

void Lane::inspect(const PacketView& packet, const PacketResult& result) {
  if (!passes(result.outcome) || result.outcome == SessionCounter::IcmpErrorMatched ||
      result.session->state == SessionState::Discard)
    return;
  static_cast<void>(gate_->inspect(packet, result, AppId{result.session->app}));
}

void Lane::look_at(const PacketView& packet, const PacketResult& result) {
  // The packet of an ICMP error is some router's, not the session's.
  if (result.session == nullptr || !passes(result.outcome) ||
      result.outcome == SessionCounter::IcmpErrorMatched)
    return;
  const Session& session = *result.session;
  if (!has_content(session.key.protocol)) {
    if (result.first) name_session(result, packet, app_of_protocol(packet));
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
  if (!decoders_->announced().empty()) [[unlikely]]
    inherit_rules();
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
  const bool settled = state == StateId::Settled;
  for (std::size_t i = 0; i < step.change_count; ++i)
    if (step.changes[i] != web_browsing_ || AppId{session.app} != http_proxy_)
      name_session(result, packet, step.changes[i], !settled || i + 1 < step.change_count);
  if (gate_ && settled && session.state != SessionState::Discard &&
      !gate_->settle(packet, result, AppId{session.app}))
    add_deny_row(packet, result, AppId{session.app});
}

// Every change of the application is looked up in the rules, and is a start row: ssl, then the
// site's own.
void Lane::name_session(const PacketResult& result, const PacketView& packet, AppId app,
                        bool may_change) {
  if (result.session->state == SessionState::Discard) return;
  const auto number = static_cast<std::size_t>(app);
  const std::uint8_t profile = number < timeout_profiles_.size() ? timeout_profiles_[number] : 0;
  table_->set_application(result.index, static_cast<std::uint16_t>(app), profile);
  // What its protocol alone tells was known when it was admitted.
  if (gate_ && identifier_ && has_content(result.session->key.protocol) &&
      !gate_->judge(packet, result, app, may_change))
    return add_deny_row(packet, result, app);
  // Data on a SYN is not yet a session's data: the handshake may never complete.
  if (!info(result.session->tcp_state).opening)
    add_row(*result.session, result.index,
            {Subtype::Start, packet.time_ns, app, policy_at(result.index)});
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
  const SessionPolicy policy = policy_at(table_->place());
  if (gate_) gate_->forget(session, table_->place());
  AppId app = final_app(session);
  if (policy.has(kHostRefused) && status_of(app) != AppStatus::Identified)
    app = AppId::NotApplicable;
  if (options_.observer != nullptr)
    options_.observer->on_end(session, ended_ns, names_of(table_->place(), app));
  const bool denied = policy.has(kDeniedByRule);
  if (!denied || options_.denials_at_end)
    add_row(session, table_->place(),
            {denied ? Subtype::Deny : Subtype::End, ended_ns, app, policy});
  if (history_) history_->forget(table_->place());
}

SessionNames Lane::names_of(SessionIndex place) {
  return names_of(place, AppId{table_->session(place).app});
}

SessionNames Lane::names_of(SessionIndex place, AppId app) {
  const SessionInterfaces interfaces =
      interface_names_.any() ? interfaces_.of(place) : SessionInterfaces{};
  const SessionPolicy policy = policy_at(place);
  return {catalogue_.name(app), rule_name(policy), interfaces, logs(policy, Subtype::End)};
}

std::string_view Lane::rule_name(const SessionPolicy& policy) const {
  return policy.rule == kNoRule ? kEngineRule : options_.policy->rule(policy.rule).name;
}

SessionPolicy Lane::policy_at(SessionIndex place) {
  return gate_ ? gate_->of(place) : SessionPolicy{};
}

void Lane::inherit_rules() {
  if (gate_)
    for (const auto& [parent, child] : decoders_->announced()) gate_->inherit(parent, child);
  decoders_->forget_announced();
}

void Lane::on_pause(std::int64_t before_ns) {
  if (overflow_ && rows().size() >= kRowsAlone && latest_row_ns_ < before_ns) overflow_();
}

// "If the session start or end entries are logged, drop and deny entries are also logged":
// "Security Policy Rule", Actions tab, of the 11.2 help.
bool Lane::logs(const SessionPolicy& policy, Subtype subtype) const {
  const bool rules = policy.rule != kNoRule && options_.rules_decide_logs;
  const bool start = rules ? policy.has(kLogsStart) : options_.log_start;
  const bool end = rules ? policy.has(kLogsEnd) : options_.log_end;
  if (subtype == Subtype::Start) return start;
  return subtype == Subtype::End ? end : start || end;
}

void Lane::add_row(const Session& session, SessionIndex place, const RowOfSession& row) {
  EngineRow* const begun = begin_row(session, row);
  if (begun == nullptr) return;
  if (history_) begun->history = history_->of(place);
  if (interface_names_.any()) begun->interfaces = interfaces_.of(place);
}

// Null when it is not logged.
EngineRow* Lane::begin_row(const Session& session, const RowOfSession& row) {
  if (!logs(row.policy, row.subtype)) {
    if (row.subtype != Subtype::Start) ++rows_not_logged_;
    return nullptr;
  }
  RowList& rows = this->rows();
  const auto part = static_cast<std::uint32_t>(rows.size());
  latest_row_ns_ = std::max(latest_row_ns_, row.at_ns);
  return &rows.add(row_blocks_, session, table_->moment(), row.at_ns, part, row.policy, row.app,
                   row.subtype);
}

void Lane::add_deny_row(const PacketView& packet, const PacketResult& result, AppId app) {
  if (decoders_) decoders_->forget(*result.session);
  result.session->clear(kWatched);
  if (!options_.denials_at_end)
    add_row(*result.session, result.index,
            {Subtype::Deny, packet.time_ns, app, gate_->of(result.index)});
}

// A packet that was let begin no session, as if it had been one of a single packet and of id 0.
void Lane::add_refused_row(const PacketView& p, Subtype subtype, AppId app, EndReason reason) {
  Session session;
  const KeyDirection way =
      make_flow_key(p.src, p.dst, p.sport, p.dport, p.protocol, asked_.from, session.key);
  if (way == KeyDirection::HighToLow) session.set(kClientIsHigh);
  session.server_zone = asked_.to;
  session.start_ns = session.last_ns = p.time_ns;
  session.flow(Flow::C2s).bytes = p.wire_length;
  session.flow(Flow::C2s).packets = p.packets;
  session.end_reasons = end_reason_bit(reason);
  if (reason == EndReason::ResourcesUnavailable) note_end(session, TrackerStage::ResourceLimit);
  if (p.protocol == kProtoTcp) session.handshake.add(handshake_word(p.tcp_flags), Flow::C2s);
  const RowOfSession row{subtype, p.time_ns, app, gate_ ? gate_->decided() : SessionPolicy{}};
  EngineRow* const begun = begin_row(session, row);
  if (begun == nullptr) return;
  begun->interfaces.ingress = p.interface;
  if (history_) begun->history = HistoryNotes::of_one(p);
}

void Lane::close_rows() {
  ++closed_;
  rows().clear(row_blocks_);
  latest_row_ns_ = INT64_MIN;
}

void Lane::order_rows() {
  if (ordered_ == closed_) close_rows();
  Given& given = given_[ordered_++ % given_.size()];
  given.places.clear();
  given.rows.each([&given](const EngineRow& row) {
    given.places.push_back({row.moment, row.generated_ns, row.session.id, row.part, &row});
  });
  // They mostly are in order already.
  if (!std::is_sorted(given.places.begin(), given.places.end()))
    std::sort(given.places.begin(), given.places.end());
}

std::span<const RowPlace> Lane::give_rows() {
  if (taken_ == ordered_) order_rows();
  return given_[taken_++ % given_.size()].places;
}

}  // namespace endreason
