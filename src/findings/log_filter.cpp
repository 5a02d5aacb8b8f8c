// SPDX-License-Identifier: Apache-2.0
#include "findings/log_filter.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "findings/printable.hpp"
#include "model/protocol.hpp"

namespace endreason {
namespace {

// What the columns of a row with this reason have in common, as far as the firewall can filter by
// it. Follows from the combinations that the reasons are read from (docs of room verdict).
struct ReasonCondition {
  ReasonCode reason;
  std::string_view condition;
};
constexpr auto kReasonConditions = std::to_array<ReasonCondition>({
    {ReasonCode::DeniedByRule, "( action neq allow )"},
    {ReasonCode::DroppedBeforeAppId, "( subtype eq drop )"},
    {ReasonCode::DeniedByAppDefault, "( action_source eq from-application )"},
    {ReasonCode::DeniedAfterAllow, "( session_end_reason eq policy-deny )"},
    {ReasonCode::NoRuleForService, "( app eq not-applicable )"},
    {ReasonCode::ResetByRule, "( action neq allow )"},
    {ReasonCode::BlockedByThreat, "( session_end_reason eq threat )"},
    {ReasonCode::DecryptCertBlocked, "( session_end_reason eq decrypt-cert-validation )"},
    {ReasonCode::DecryptParamsBlocked, "( session_end_reason eq decrypt-unsupport-param )"},
    {ReasonCode::DecryptErrorBlocked, "( session_end_reason eq decrypt-error )"},
    {ReasonCode::ResourcesExhausted, "( session_end_reason eq resources-unavailable )"},
    {ReasonCode::SynNoAnswer, "( app eq incomplete )"},
    {ReasonCode::RefusedByServer, "( session_end_reason eq tcp-rst-from-server )"},
    {ReasonCode::HandshakeNotCompleted, "( app eq incomplete )"},
    {ReasonCode::ChallengeAck, "( app eq incomplete )"},
    {ReasonCode::ResetBeforeData, "( session_end_reason eq tcp-rst-from-client )"},
    {ReasonCode::ResetBeforeDataByServer, "( session_end_reason eq tcp-rst-from-server )"},
    {ReasonCode::ClosedWithoutData, "( session_end_reason eq tcp-fin )"},
    {ReasonCode::IdleWithoutData, "( session_end_reason eq aged-out )"},
});

std::string_view condition_of(ReasonCode reason) {
  const auto row = std::find_if(kReasonConditions.begin(), kReasonConditions.end(),
                                [&](const ReasonCondition& r) { return r.reason == reason; });
  return row == kReasonConditions.end() ? std::string_view{} : row->condition;
}

// A value in quotes, or nothing when it cannot be: the filter language has no escapes that all
// releases share.
std::string quoted(std::string_view value) {
  if (!is_printable(value)) return {};
  const bool single_quote = value.find('\'') != std::string_view::npos;
  const bool double_quote = value.find('"') != std::string_view::npos;
  if (single_quote && double_quote) return {};
  return single_quote ? fmt::format("\"{}\"", value) : fmt::format("'{}'", value);
}

std::string by_name(std::string_view column, std::string_view name) {
  const std::string value = quoted(name);
  return value.empty() ? value : fmt::format("( {} eq {} )", column, value);
}

std::string by_address(std::string_view side, const GroupName& group) {
  return group.is_address ? fmt::format("( addr.{} in {} )", side, group.subject) : std::string{};
}

std::string subject_filter(const GroupName& group) {
  switch (group.kind) {
    case GroupKind::BlockedRule:
    case GroupKind::FailedRule:
    case GroupKind::CauseBlockedRule:
      return by_name("rule", group.subject);
    case GroupKind::BlockedApp:
    case GroupKind::FailedApp:
      return by_name("app", group.subject);
    case GroupKind::BlockedSource:
    case GroupKind::FailedSource:
    case GroupKind::CauseSource:
      return by_address("src", group);
    default:
      return by_address("dst", group);
  }
}

}  // namespace

std::string log_filter(const GroupName& group) {
  std::string filter = subject_filter(group);
  if (filter.empty()) return filter;
  if (group.service.port) filter += fmt::format(" and ( port.dst eq {} )", *group.service.port);
  if (group.service.proto) {
    const std::string_view proto = protocol_name(*group.service.proto);
    if (!proto.empty()) filter += fmt::format(" and ( proto eq {} )", proto);
  }
  if (is_cause(group.kind)) {
    const std::string_view condition = condition_of(group.reason);
    if (!condition.empty()) filter += fmt::format(" and {}", condition);
  }
  return filter;
}

}  // namespace endreason
