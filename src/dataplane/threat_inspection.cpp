// SPDX-License-Identifier: Apache-2.0
#include "dataplane/threat_inspection.hpp"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "appid/app_catalogue.hpp"
#include "dataplane/policy_gate.hpp"
#include "dataplane/session_record.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

using inspect::ThreatAction;

constexpr std::uint32_t kNoTerms = UINT32_MAX;
// Below so much memory for all, a batch of small packets might reach the limit.
constexpr std::uint64_t kRoomForABatch = std::uint64_t{64} << 20;

bool is_established(const Session& session) {
  if (session.key.protocol == kProtoTcp)
    return handshake_done(session) || session.remarked(kBeganWithoutSyn);
  return session.flow(Flow::C2s).packets > 0 && session.flow(Flow::S2c).packets > 0;
}

ContentAction content_action(ThreatAction action) {
  switch (action) {
    case ThreatAction::Alert:
      return ContentAction::Alert;
    case ThreatAction::Drop:
      return ContentAction::Drop;
    case ThreatAction::ResetClient:
      return ContentAction::ResetClient;
    case ThreatAction::ResetServer:
      return ContentAction::ResetServer;
    case ThreatAction::ResetBoth:
      return ContentAction::ResetBoth;
    case ThreatAction::BlockIp:
      return ContentAction::BlockIp;
  }
  return ContentAction::Alert;
}

// The rules whose sessions are looked into: those with a profile, where any rule has one.
std::vector<bool> rules_with_profile(const PolicyGate* policy) {
  std::vector<bool> with;
  if (policy == nullptr) return with;
  const CompiledPolicy& compiled = policy->policy();
  for (std::uint32_t i = 0; i < compiled.rule_count(); ++i)
    with.push_back(!compiled.rule(i).profiles.empty());
  if (std::find(with.begin(), with.end(), true) == with.end()) with.clear();
  return with;
}

auto place_of(const ContentRow& row) {
  return std::tuple(row.moment.packet, row.moment.tick, row.time_ns, row.session.id, row.part);
}

}  // namespace

inspect::InspectedPacket inspected_packet(const PacketView& packet, const PacketResult& result) {
  const Session& session = *result.session;
  inspect::InspectedPacket in;
  in.packet = &packet;
  in.from_client = result.flow == Flow::C2s;
  in.established = is_established(session);
  in.first_of_side = session.flow(result.flow).packets <= packet.packets;
  return in;
}

class ThreatInspection::Inspector final : public ContentInspector {
 public:
  Inspector(ThreatInspection& whole, const InspectorPlace& place)
      : whole_(whole), place_(place), with_profile_(rules_with_profile(place.policy)) {}
  ~Inspector() override {
    std::erase(whole_.inspectors_, this);
    whole_.counters_.add(counters());
    if (decryption_) whole_.decryption_counters_.add(decryption_->counters());
  }
  Inspector(const Inspector&) = delete;
  Inspector& operator=(const Inspector&) = delete;

  Result<void> prepare() {
    const ThreatInspectionOptions& options = whole_.options_;
    if (options.rules) {
      inspect::InspectSettings settings;
      settings.memory_bytes = options.memory_bytes;
      settings.sessions = options.sessions;
      settings.stream_depth = options.stream_depth;
      settings.body_bytes = options.body_depth;
      auto made = inspect::Inspector::create(options.rules, settings);
      if (!made) return tl::unexpected(made.error());
      threats_ = std::move(*made);
    }
    if (options.decryption && place_.policy != nullptr)
      decryption_ = std::make_unique<inspect::DecryptionInspector>(options.decryption);
    return {};
  }

  ContentVerdict inspect(const ContentPacket& seen) override {
    Slot& slot = slot_of(seen.result.index);
    ContentVerdict verdict;
    bool says_something = false;
    const auto add = [&](const ContentVerdict& more) {
      says_something = true;
      merge(verdict, more);
    };
    if (!slot.known) {
      begin(slot, seen);
      if (slot.looked_into && whole_.options_.lists) add(look_up_ends(seen));
    }
    const inspect::InspectedPacket in = inspected_packet(seen.packet, seen.result);
    if (threats_ && slot.looked_into && !blocks(verdict.action)) {
      limit_memory();
      slot.policy = seen.policy;
      slot.app = seen.app;
      if (const inspect::InspectStep step = threats_->step(slot.threats, in); step.says_something())
        add(judge_threats(slot, seen, step));
    }
    if (slot.terms != kNoTerms && !blocks(verdict.action)) {
      limit_memory();
      add(check_decryption(slot, seen, in));
    }
    // A packet that shows nothing is nearly every one: no verdict is put together for it.
    return says_something ? verdict : ContentVerdict{};
  }

  void coming(SessionIndex place) override {
    if (place < slots_.size()) __builtin_prefetch(&slots_[place], 1);
    // What the slot points to, when it has come.
    const SessionIndex earlier = std::exchange(coming_[coming_at_++ % coming_.size()], place);
    if (threats_ && earlier < slots_.size()) threats_->prefetch(slots_[earlier].threats);
  }

  void forget(const Session& session, SessionIndex place, Moment moment) override {
    if (place >= slots_.size() || !slots_[place].known) return;
    Slot& slot = slots_[place];
    const inspect::InspectionId id = slot.threats;
    if (threats_ && id != inspect::InspectionId::None && id != inspect::InspectionId::Passed) {
      const inspect::InspectStep step = threats_->finish(slot.threats, session.last_ns);
      // What was blocked has nothing more to say; nothing that ends can be blocked any more.
      if (session.state != SessionState::Discard)
        note_threats(session, step, moment, session.last_ns, 0, slot);
    }
    if (decryption_) decryption_->finish(slot.decryption);
    slot = {};
  }

  std::uint64_t bytes_held() const override {
    return (threats_ ? threats_->memory_used() : 0) +
           (decryption_ ? decryption_->memory_used() : 0);
  }
  void set_held_elsewhere(std::uint64_t bytes) override { elsewhere_ = bytes; }

  void renumber(std::uint32_t before, std::span<const std::uint32_t> numbers) override {
    for (ContentRow& row : rows_) {
      Session& session = row.session;
      if (session.id > before) session.id = numbers[session.id - before - 1];
      if (session.has(kPredicted) && session.user > before)
        session.user = numbers[session.user - before - 1];
    }
  }

  std::vector<ContentRow>& rows() { return rows_; }
  ContentCounters counters() const {
    ContentCounters all = counters_;
    if (threats_) {
      all.add(ContentCounter::Gaps, threats_->counters().gaps);
      all.add(ContentCounter::HitsLost, threats_->evaluator_counters().hits_lost);
    }
    return all;
  }
  const inspect::DecryptionInspector* decryption() const { return decryption_.get(); }

 private:
  // Of one session, by its place.
  struct Slot {
    inspect::InspectionId threats{};
    inspect::DecryptionId decryption{};
    std::uint32_t terms{kNoTerms};
    bool known{}, looked_into{};
    SessionPolicy policy;
    AppId app{};
  };

  Slot& slot_of(SessionIndex place) {
    if (place >= slots_.size()) slots_.resize(std::size_t{place} * 2 + 64);
    return slots_[place];
  }

  void begin(Slot& slot, const ContentPacket& seen) {
    slot = {};
    slot.known = true;
    counters_.add(ContentCounter::Sessions);
    slot.looked_into = with_profile_.empty() ||
                       (seen.policy.rule < with_profile_.size() && with_profile_[seen.policy.rule]);
    if (!slot.looked_into) counters_.add(ContentCounter::WithoutProfile);
    if (decryption_)
      if (const auto rule = place_.policy->decryption_rule(*seen.result.session, seen.app))
        slot.terms = *rule;
  }

  static void merge(ContentVerdict& verdict, const ContentVerdict& more) {
    if (more.action > verdict.action) verdict = more;
  }

  // Threats and handshakes share what there is, with the other lanes.
  void limit_memory() {
    const std::uint64_t most = whole_.options_.memory_bytes;
    const std::uint64_t others = elsewhere_ + bytes_held();
    const auto left = [&](std::uint64_t own) { return most - std::min(most, others - own); };
    if (threats_) threats_->set_memory_limit(left(threats_->memory_used()));
    if (decryption_) decryption_->set_memory_limit(left(decryption_->memory_used()));
  }

  ContentRow& add_row(const Session& session, Moment moment, std::int64_t time_ns,
                      std::uint64_t packet, const SessionPolicy& policy, AppId app) {
    ContentRow& row = rows_.emplace_back();
    row.session = session;
    row.moment = moment;
    row.time_ns = time_ns;
    row.packet = packet;
    row.part = static_cast<std::uint32_t>(rows_.size());
    row.policy = policy;
    row.app = place_.catalogue.name(app);
    row.from_zone = place_.zones.name(static_cast<ZoneNumber>(session.key.zone));
    row.to_zone = place_.zones.name(session.server_zone);
    if (place_.policy != nullptr && policy.rule != kNoRule)
      row.rule_name = place_.policy->rule(policy.rule).name;
    return row;
  }
  ContentRow& add_row(const ContentPacket& seen) {
    return add_row(*seen.result.session, seen.moment, seen.packet.time_ns, seen.moment.packet + 1,
                   seen.policy, seen.app);
  }

  void count(ThreatAction action) {
    counters_.add(info(action).blocks ? ContentCounter::Blocks : ContentCounter::Alerts);
  }

  static ContentVerdict verdict_of(ThreatAction action, const inspect::ThreatOverride* changed) {
    ContentVerdict verdict{.action = content_action(action)};
    if (action == ThreatAction::BlockIp && changed != nullptr) {
      verdict.block_s = changed->block_s;
      verdict.block_towards_this = changed->block_towards_this;
    }
    return verdict;
  }

  ThreatAction listed_action(const Session& session) const {
    const ThreatAction action = whole_.options_.listed.action;
    const bool resets = action == ThreatAction::ResetClient ||
                        action == ThreatAction::ResetServer || action == ThreatAction::ResetBoth;
    return resets && session.key.protocol != kProtoTcp ? ThreatAction::Drop : action;
  }

  ContentVerdict look_up_ends(const ContentPacket& seen) {
    const Session& session = *seen.result.session;
    for (const bool client : {false, true}) {
      const IpAddress& address = client ? session.client() : session.server();
      const auto hit = whole_.options_.lists->find(address);
      if (!hit) continue;
      return listed(add_row(seen), ContentKind::Address, client, *hit, to_string(address));
    }
    return {};
  }

  ContentVerdict listed(ContentRow& row, ContentKind kind, bool from_client,
                        const inspect::BlockListHit& hit, std::string subject) {
    row.kind = kind;
    row.from_client = from_client;
    row.action = listed_action(row.session);
    row.list = hit.list;
    row.entry = hit.entry;
    row.subject = std::move(subject);
    count(row.action);
    counters_.add(ContentCounter::Listed);
    return verdict_of(row.action, &whole_.options_.listed);
  }

  ContentVerdict judge_threats(const Slot& slot, const ContentPacket& seen,
                               const inspect::InspectStep& step) {
    ContentVerdict verdict = note_threats(*seen.result.session, step, seen.moment,
                                          seen.packet.time_ns, seen.moment.packet + 1, slot);
    if (step.outcome != inspect::InspectOutcome::QueueFull) return verdict;
    counters_.add(ContentCounter::QueueFull);
    return blocks(verdict.action) || !whole_.options_.drop_when_full ? verdict
                                                                     : ContentVerdict::no_room();
  }

  ContentVerdict note_threats(const Session& session, const inspect::InspectStep& step,
                              Moment moment, std::int64_t time_ns, std::uint64_t packet,
                              const Slot& slot) {
    ContentVerdict verdict;
    for (const inspect::ThreatHit& hit : step.hits) {
      const inspect::ThreatRule& rule = whole_.options_.rules->rule(hit.rule);
      const bool tcp = session.key.protocol == kProtoTcp;
      const auto& overrides = whole_.options_.overrides;
      const ThreatAction action = inspect::action_of(rule, hit.side, tcp, overrides);
      merge(verdict, verdict_of(action, inspect::override_of(rule, overrides)));
      if (rule.silent) continue;
      count(action);
      ContentRow& row = add_row(session, moment, time_ns, packet, slot.policy, slot.app);
      row.kind = ContentKind::Rule;
      row.action = action;
      row.from_client = hit.side != inspect::kFromServer;
      row.rule = hit.rule;
    }
    if (step.listed != nullptr) {
      ContentRow& row = add_row(session, moment, time_ns, packet, slot.policy, slot.app);
      merge(verdict, listed(row, ContentKind::Name, step.listed->side != inspect::kFromServer,
                            step.listed->hit, step.listed->name));
    }
    return verdict;
  }

  ContentVerdict check_decryption(Slot& slot, const ContentPacket& seen,
                                  const inspect::InspectedPacket& in) {
    const inspect::DecryptionFindings& found = decryption_->step(slot.decryption, slot.terms, in);
    for (const inspect::DecryptionFinding& finding : found.all()) {
      ContentRow& row = add_row(seen);
      row.kind = ContentKind::Decryption;
      row.cause = finding.cause;
      row.from_client = finding.from_client;
      row.action = finding.blocks ? ThreatAction::Drop : ThreatAction::Alert;
      row.list = whole_.options_.decryption->terms[slot.terms].rule;
      row.subject = finding.sentence;
    }
    const inspect::DecryptionFinding* blocking = found.blocking();
    if (blocking == nullptr) return {};
    return {.action = ContentAction::ResetBoth,
            .reason = info(blocking->cause).reason,
            .stage = std::nullopt};
  }

  ThreatInspection& whole_;
  InspectorPlace place_;
  std::vector<bool> with_profile_;  // by rule; empty: all are looked into
  std::unique_ptr<inspect::Inspector> threats_;
  std::unique_ptr<inspect::DecryptionInspector> decryption_;
  std::vector<Slot> slots_;
  std::array<SessionIndex, 6> coming_{};
  unsigned coming_at_ = 0;
  std::vector<ContentRow> rows_;
  std::uint64_t elsewhere_ = 0;
  ContentCounters counters_;
};

ThreatInspection::ThreatInspection(ThreatInspectionOptions options, ContentSink* sink)
    : options_(std::move(options)), sink_(sink) {}
ThreatInspection::~ThreatInspection() = default;

Result<std::unique_ptr<ContentInspector>> ThreatInspection::make_inspector(
    const InspectorPlace& place) {
  auto inspector = std::make_unique<Inspector>(*this, place);
  if (auto ready = inspector->prepare(); !ready) return tl::unexpected(ready.error());
  inspectors_.push_back(inspector.get());
  return inspector;
}

void ThreatInspection::on_tracked() {
  sorted_.clear();
  for (Inspector* inspector : inspectors_)
    for (const ContentRow& row : inspector->rows()) sorted_.push_back(&row);
  if (sorted_.empty()) return;
  std::sort(sorted_.begin(), sorted_.end(),
            [](const ContentRow* a, const ContentRow* b) { return place_of(*a) < place_of(*b); });
  if (sink_ != nullptr)
    for (const ContentRow* row : sorted_) sink_->on_content(*row);
  for (Inspector* inspector : inspectors_) inspector->rows().clear();
}

bool ThreatInspection::may_block_addresses() const {
  const auto blocks_address = [](const inspect::ThreatOverride& o) {
    return o.action == ThreatAction::BlockIp;
  };
  return (options_.lists && blocks_address(options_.listed)) ||
         std::any_of(options_.overrides.begin(), options_.overrides.end(), blocks_address);
}

std::uint64_t ThreatInspection::most_bytes_held() const {
  return options_.memory_bytes < kRoomForABatch ? 0 : options_.memory_bytes / 8;
}

std::uint64_t ThreatInspection::bytes_held() const {
  std::uint64_t bytes = 0;
  for (const Inspector* inspector : inspectors_) bytes += inspector->bytes_held();
  return bytes;
}

ContentCounters ThreatInspection::counters() const {
  ContentCounters all = counters_;
  for (const Inspector* inspector : inspectors_) all.add(inspector->counters());
  return all;
}

inspect::DecryptionCounters ThreatInspection::decryption_counters() const {
  inspect::DecryptionCounters all = decryption_counters_;
  for (const Inspector* inspector : inspectors_)
    if (inspector->decryption() != nullptr) all.add(inspector->decryption()->counters());
  return all;
}

}  // namespace endreason
