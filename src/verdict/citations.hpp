// SPDX-License-Identifier: Apache-2.0
// Citations: the public page behind each claim of this room. A claim for which no page was found
// says so with kObserved instead. Pages were read in November 2026.
#pragma once

#include <string_view>

namespace endreason::cite {

inline constexpr std::string_view kObserved = "observed, not documented";

inline constexpr std::string_view kTrafficLogFields =
    "https://docs.paloaltonetworks.com/ngfw/administration/monitoring/use-syslog-for-monitoring/"
    "syslog-field-descriptions/traffic-log-fields";
inline constexpr std::string_view kPolicyActions =
    "https://docs.paloaltonetworks.com/pan-os/9-1/pan-os-admin/policy/security-policy/"
    "security-policy-actions";
inline constexpr std::string_view kLoggingServiceTraffic =
    "https://docs.paloaltonetworks.com/strata-logging-service/log-reference/network-logs/"
    "network-traffic-log";
inline constexpr std::string_view kSessionTimeouts =
    "https://docs.paloaltonetworks.com/ngfw/help/11-2/device/device-setup-session/session-timeouts";
inline constexpr std::string_view kTestRules =
    "https://docs.paloaltonetworks.com/network-security/security-policy/administration/"
    "security-rules/test-policy-rule-traffic-matches";

// End reasons of 7.1, their precedence, and which TLS alerts lead to which decrypt-* reason.
inline constexpr std::string_view kKbEndReasons =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClHGCA0";
inline constexpr std::string_view kKbSessionTracker =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClVFCA0";
inline constexpr std::string_view kKbSessionStates =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000Clk9CAC";
inline constexpr std::string_view kKbPacketFlow =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClVHCA0";
inline constexpr std::string_view kKbDenyAction =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClltCAC";
inline constexpr std::string_view kKbHalfClose =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClI4CAK";
inline constexpr std::string_view kKbTimers =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000ClTPCA0";
inline constexpr std::string_view kKbChallengeAck =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA10g000000boBJCAY";
inline constexpr std::string_view kKbThreat =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA14u000000HCQlCAO";
inline constexpr std::string_view kKbTcpReuse =
    "https://knowledgebase.paloaltonetworks.com/KCSArticleDetail?id=kA14u000000CpfKCAS";

// The vendor's user community; articles by number.
inline constexpr std::string_view kLiveIncomplete = "live.paloaltonetworks.com ba-p/286965";
inline constexpr std::string_view kLiveAppStatuses = "live.paloaltonetworks.com ta-p/75708";
inline constexpr std::string_view kLiveResets = "live.paloaltonetworks.com ba-p/378526";
inline constexpr std::string_view kLivePolicyDeny = "live.paloaltonetworks.com m-p/165890";

// How the vendor's own log app sorts actions into blocked and allowed.
inline constexpr std::string_view kVendorActionLookup =
    "https://github.com/PaloAltoNetworks/Splunk-Apps (Splunk_TA_paloalto/lookups/"
    "pan_vendor_actions.csv)";
// The command hierarchies of 10.1 to 12.2, which list every value of a column.
inline constexpr std::string_view kCliHierarchy =
    "PAN-OS operational commands 10.1 to 12.2: show log traffic, show session all filter";
inline constexpr std::string_view kLoggingServiceReasons =
    "https://github.com/demisto/content (Packs/CortexDataLake)";
inline constexpr std::string_view kPinningBlog =
    "https://blog.webernetz.net/palo-alto-policy-deny-though-action-allow";
inline constexpr std::string_view kRfc792 = "https://www.rfc-editor.org/rfc/rfc792";
inline constexpr std::string_view kRfc9293 = "https://www.rfc-editor.org/rfc/rfc9293";
inline constexpr std::string_view kRfc5961 = "https://www.rfc-editor.org/rfc/rfc5961";
inline constexpr std::string_view kLinkSwitchesIssue =
    "https://github.com/elastic/integrations/issues/16486";

}  // namespace endreason::cite
