// SPDX-License-Identifier: Apache-2.0
#include "verdict/judge.hpp"

#include <algorithm>

#include "model/log_flag.hpp"
#include "verdict/allowed_ending.hpp"
#include "verdict/evidence_table.hpp"
#include "verdict/judge_bare.hpp"
#include "verdict/questions.hpp"

namespace endreason {
namespace {

struct Decision {
  FinalAction final_action;
  DecidedBy decided_by;
};

// A line that was cut off lacks what came after the cut. What is missing there cannot be judged.
bool cut_before_verdict(const TrafficRecord& r) {
  return r.partial && r.end_reason == EndReason::Absent;
}

Decision decide(const TrafficRecord& r, Ruleset ruleset) {
  const FinalAction by_action = question(r.action).final_action[static_cast<std::size_t>(ruleset)];
  const FinalAction by_app = question(r.app_status).final_action;
  const FinalAction by_reason = question(r.end_reason).final_action;
  if (by_action == FinalAction::Blocked) return {FinalAction::Blocked, DecidedBy::Action};
  if (by_app == FinalAction::Blocked) return {FinalAction::Blocked, DecidedBy::App};
  if (by_reason == FinalAction::Blocked) return {FinalAction::Blocked, DecidedBy::SessionEndReason};
  const bool open = by_action == FinalAction::Undetermined ||
                    by_reason == FinalAction::Undetermined || cut_before_verdict(r);
  return {open ? FinalAction::Undetermined : FinalAction::Allowed, DecidedBy::Nobody};
}

constexpr bool is_reset(Action a) {
  return a == Action::ResetClient || a == Action::ResetServer || a == Action::ResetBoth;
}
constexpr bool is_blocked_type(Subtype s) {
  return s == Subtype::Drop || s == Subtype::Deny;
}

constexpr Ending blocked(ReasonCode code, EndedBy by, Confidence confidence = Confidence::High) {
  return {code, Outcome::Failed, by, confidence};
}

// Blocked by the rulebase: which of its ways.
Ending blocked_by_policy(const TrafficRecord& r, DecidedBy decided_by) {
  if (decided_by == DecidedBy::App)
    return blocked(ReasonCode::NoRuleForService, EndedBy::Policy,
                   r.action == Action::Allow ? Confidence::Medium : Confidence::High);
  // The vendor's forum reports such rows of decrypted sessions whose server was reached after all.
  if (r.action == Action::Allow)
    return blocked(ReasonCode::DeniedAfterAllow, EndedBy::Policy, Confidence::Medium);
  if (r.action_source == ActionSource::FromApplication)
    return blocked(ReasonCode::DeniedByAppDefault, EndedBy::Policy);
  if (r.subtype == Subtype::Drop || (r.knows(Known::Sessionid) && r.sessionid == 0))
    return blocked(ReasonCode::DroppedBeforeAppId, EndedBy::Policy);
  if (r.app_status == AppStatus::NotApplicable)
    return blocked(ReasonCode::NoRuleForService, EndedBy::Policy);
  return blocked(is_reset(r.action) ? ReasonCode::ResetByRule : ReasonCode::DeniedByRule,
                 EndedBy::Policy);
}

// Allowed sessions without decryption are known to be logged as decrypt-cert-validation.
Confidence certificate_confidence(const TrafficRecord& r) {
  const bool not_decrypted = r.knows(Known::Flags) && (r.flags & kFlagDecrypted) == 0;
  return not_decrypted ? Confidence::Medium : Confidence::High;
}

constexpr std::uint16_t kDnsPort = 53;

// DNS sessions are known to end so under load of DNS inspection, answered or not (10.2, 11.2).
Confidence resources_confidence(const TrafficRecord& r) {
  return r.knows(Known::Dport) && r.dport == kDnsPort ? Confidence::Medium : Confidence::High;
}

// The end reasons that name a cause of their own tell more than the action that came with them.
Ending blocked_ending(const TrafficRecord& r, DecidedBy decided_by) {
  switch (r.end_reason) {
    case EndReason::Threat:
      return blocked(ReasonCode::BlockedByThreat, EndedBy::Security);
    case EndReason::DecryptCertValidation:
      return blocked(ReasonCode::DecryptCertBlocked, EndedBy::Decryption,
                     certificate_confidence(r));
    case EndReason::DecryptUnsupportParam:
      return blocked(ReasonCode::DecryptParamsBlocked, EndedBy::Decryption);
    case EndReason::DecryptError:
      return blocked(ReasonCode::DecryptErrorBlocked, EndedBy::Decryption);
    case EndReason::ResourcesUnavailable:
      return blocked(ReasonCode::ResourcesExhausted, EndedBy::Resources, resources_confidence(r));
    default:
      return blocked_by_policy(r, decided_by);
  }
}

// Rule set standard: the firewall ended the session, and told one side.
Ending one_side_reset(const TrafficRecord& r, const Ending& counted) {
  const bool to_client = r.action == Action::ResetClient;
  const Outcome outcome =
      counted.outcome == Outcome::Succeeded ? Outcome::Partial : counted.outcome;
  return {to_client ? ReasonCode::ResetSentToClient : ReasonCode::ResetSentToServer, outcome,
          EndedBy::Policy, std::max(counted.confidence, Confidence::Medium)};
}

bool url_denied(const TrafficRecord& r) {
  return r.knows(Known::Flags) && (r.flags & kFlagUrlDenied) != 0;
}

Ending ending_of(const TrafficRecord& r, const Decision& decision, const Timers& timers) {
  if (decision.final_action == FinalAction::Blocked) return blocked_ending(r, decision.decided_by);
  if (decision.final_action == FinalAction::Undetermined)
    return {cut_before_verdict(r) ? ReasonCode::CutBeforeVerdict : ReasonCode::UnrecognizedValue,
            Outcome::Unknown, EndedBy::Unknown, Confidence::Low};
  Ending e = allowed_ending(r, timers);
  if (is_reset(r.action)) return one_side_reset(r, e);
  if (url_denied(r)) {
    e.reason_code = ReasonCode::DeniedByUrlFiltering;
    e.outcome = Outcome::Partial;
    // The flag itself is certain, however little the rest tells.
    if (r.end_reason != EndReason::Absent)
      e.confidence = std::min(e.confidence, Confidence::Medium);
  }
  return e;
}

// The end column is there and empty (a line of 6.0 ends before it).
bool end_reason_left_empty(const TrafficRecord& r) {
  return r.end_reason == EndReason::Absent && !r.partial &&
         r.columns > index_of(Field::SessionEndReason);
}

void add_contradictions_of_allow(const TrafficRecord& r, Verdict& v) {
  switch (r.end_reason) {
    case EndReason::Threat:
      v.add(Contradiction::AllowWithThreat);
      break;
    case EndReason::PolicyDeny:
      v.add(Contradiction::AllowWithPolicyDeny);
      break;
    case EndReason::DecryptCertValidation:
    case EndReason::DecryptUnsupportParam:
    case EndReason::DecryptError:
      v.add(Contradiction::AllowWithDecryptFailure);
      break;
    case EndReason::ResourcesUnavailable:
      v.add(Contradiction::AllowWithResourcesUnavailable);
      break;
    default:
      break;
  }
  if (r.app_status == AppStatus::NotApplicable) v.add(Contradiction::AllowWithNotApplicable);
  if (is_blocked_type(r.subtype)) v.add(Contradiction::AllowWithDenyType);
  if (url_denied(r)) v.add(Contradiction::AllowWithUrlDenied);
  if (r.subtype != Subtype::End) return;
  const bool nothing_received = r.knows(Known::PktsReceived)
                                    ? r.pkts_received == 0 && r.bytes_received == 0
                                    : r.knows(Known::BytesReceived) && r.bytes_received == 0;
  if (nothing_received) v.add(Contradiction::EndWithNothingReceived);
}

void add_contradictions(const TrafficRecord& r, Verdict& v) {
  if (r.action == Action::Allow) add_contradictions_of_allow(r, v);
  if (r.subtype != Subtype::End) return;
  if (r.end_reason == EndReason::NotEnded || end_reason_left_empty(r))
    v.add(Contradiction::EndWithoutReason);
  if (r.knows(Known::Sessionid) && r.sessionid == 0) v.add(Contradiction::EndWithSessionIdZero);
}

// Columns that argue against the verdict make it less sure.
Confidence with_doubts(const TrafficRecord& r, const Verdict& v, Confidence c) {
  const bool unknown_word = r.action == Action::Unrecognized || r.action == Action::Absent ||
                            r.end_reason == EndReason::Unrecognized ||
                            r.subtype == Subtype::Unrecognized;
  if (unknown_word || v.has(Contradiction::EndWithSessionIdZero))
    c = std::max(c, Confidence::Medium);
  if (v.final_action == FinalAction::Allowed && v.has(Contradiction::AllowWithDenyType))
    c = Confidence::Low;
  return c;
}

// Values that no question could judge come first, though their text may be empty.
void add_offending(const TrafficRecord& r, Verdict& v) {
  if (v.reason_code == ReasonCode::CutBeforeVerdict) {
    v.add_evidence(Field::SessionEndReason);
    return;
  }
  if (r.action == Action::Unrecognized || r.action == Action::Absent) v.add_evidence(Field::Action);
  if (r.end_reason == EndReason::Unrecognized) v.add_evidence(Field::SessionEndReason);
}

constexpr std::array<Field, 4> kDeciders{Field::Domain, Field::Action, Field::App,
                                         Field::SessionEndReason};

// The rows of the table repeat no column, so only what was put before them can come twice.
void add_evidence(const TrafficRecord& r, Verdict& v) {
  if (v.final_action == FinalAction::Undetermined) add_offending(r, v);
  Field first = Field::Domain;
  if (v.decided_by != DecidedBy::Nobody) {
    first = kDeciders[static_cast<std::size_t>(v.decided_by)];
    v.add_evidence(first);
  }
  std::size_t count = v.evidence_count;
  const bool check_all = v.final_action == FinalAction::Undetermined;
  for (const Field f : evidence_of(v.reason_code).fields) {
    if (f == Field::Domain) break;
    if (f == first || !r.has(f)) continue;
    if (check_all) {
      v.add_evidence(f);
    } else {
      v.evidence[count++] = f;
    }
  }
  if (!check_all) v.evidence_count = static_cast<std::uint8_t>(count);
  if (v.has(Contradiction::AllowWithDenyType) && r.has(Field::Subtype))
    v.add_evidence(Field::Subtype);
}

}  // namespace

Verdict judge_bare(const TrafficRecord& record, Ruleset ruleset, const Timers& timers) {
  const Decision decision = decide(record, ruleset);
  const Ending ending = ending_of(record, decision, timers);
  Verdict v;
  v.final_action = decision.final_action;
  v.decided_by = decision.decided_by;
  v.outcome = ending.outcome;
  v.ended_by = ending.ended_by;
  v.reason_code = ending.reason_code;
  v.provisional = decision.final_action == FinalAction::Allowed &&
                  (record.subtype == Subtype::Start || record.end_reason == EndReason::NotEnded);
  add_contradictions(record, v);
  v.confidence = with_doubts(record, v, ending.confidence);
  return v;
}

Verdict judge(const TrafficRecord& record, Ruleset ruleset, const Timers& timers) {
  Verdict v = judge_bare(record, ruleset, timers);
  add_evidence(record, v);
  return v;
}

}  // namespace endreason
