// SPDX-License-Identifier: Apache-2.0
#include "verdict/judge.hpp"
#include "verdict/judge_bare.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "verdict/questions.hpp"
#include "verdict/record_for_test.hpp"

namespace endreason {
namespace {

Verdict judged(std::string_view line, Ruleset ruleset = Ruleset::Standard) {
  return judge(record_for_test(line), ruleset, Timers{});
}

// "blocked by action, failed, policy, denied-by-rule, high": a verdict in one comparable line.
std::string summary(const Verdict& v) {
  std::string out{log_name(v.final_action)};
  if (v.decided_by != DecidedBy::Nobody) out.append(" by ").append(log_name(v.decided_by));
  if (v.provisional) out.append(" for now");
  for (const std::string_view part :
       {log_name(v.outcome), log_name(v.ended_by), log_name(v.reason_code), log_name(v.confidence)})
    out.append(", ").append(part);
  return out;
}

struct JudgeCase {
  std::string_view behaviour;
  std::string_view record;
  std::string_view expected;
};

void check(const JudgeCase& c) {
  EXPECT_EQ(summary(judged(c.record)), c.expected) << c.behaviour;
}

// The combinations of facts/panos.md section 8, in its order; counters of real rows where it has
// them.
const JudgeCase kCombinations[] = {
    {"a SYN without any answer failed, and was not blocked by this firewall",
     "end tcp allow incomplete aged-out pkts_sent=1 pkts_received=0 bytes_sent=78 bytes_received=0",
     "allowed, failed, timer, syn-no-answer, high"},
    {"SYN retries without any answer are still no answer",
     "end tcp allow incomplete aged-out pkts_sent=4 pkts_received=0 bytes_sent=296 "
     "bytes_received=0",
     "allowed, failed, timer, syn-no-answer, high"},
    {"one packet each way and aged out: the last ACK of the handshake is missing",
     "end tcp allow incomplete aged-out bytes=152 bytes_sent=78 bytes_received=74 pkts_sent=1 "
     "pkts_received=1",
     "allowed, failed, timer, handshake-not-completed, high"},
    {"SYN and RST: the server refused",
     "end tcp allow incomplete tcp-rst-from-server bytes=142 bytes_sent=78 bytes_received=64 "
     "packets=2 pkts_sent=1 pkts_received=1",
     "allowed, failed, server, refused-by-server, high"},
    {"SYN, SYN-ACK, RST: the client reset before data",
     "end tcp allow incomplete tcp-rst-from-client bytes=226 bytes_sent=148 bytes_received=78 "
     "packets=3 pkts_sent=2 pkts_received=1",
     "allowed, failed, client, reset-before-data, high"},
    {"a client's reset without a second packet of the client is not the usual shape",
     "end tcp allow incomplete tcp-rst-from-client pkts_sent=1 pkts_received=1",
     "allowed, failed, client, reset-before-data, medium"},
    {"SYN, ACK, dropped RST, SYN again: a challenge ACK is likely when the answers are bare ACKs",
     "end tcp allow incomplete aged-out bytes_sent=222 bytes_received=180 pkts_sent=3 "
     "pkts_received=3 elapsed=9",
     "allowed, failed, timer, challenge-ack, medium"},
    {"the same shape with packets as large as SYN-ACKs is less sure",
     "end tcp allow incomplete aged-out bytes_sent=222 bytes_received=148 pkts_sent=3 "
     "pkts_received=2 elapsed=9",
     "allowed, failed, timer, challenge-ack, low"},
    {"SYN retries, small answers, and then a reset by the client may be a challenge ACK",
     "end tcp allow incomplete tcp-rst-from-client bytes_sent=282 bytes_received=132 pkts_sent=4 "
     "pkts_received=2",
     "allowed, failed, client, challenge-ack, low"},
    {"handshake and close without data is a port probe",
     "end tcp allow incomplete tcp-fin pkts_sent=4 pkts_received=3 bytes_sent=280 "
     "bytes_received=206",
     "allowed, failed, unknown, closed-without-data, high"},
    {"little data and then a close",
     "end tcp allow insufficient-data tcp-fin pkts_sent=5 pkts_received=4 bytes_sent=360 "
     "bytes_received=280",
     "allowed, succeeded, unknown, little-data, medium"},
    {"UDP both ways and aged out is a normal end",
     "end udp allow dns aged-out pkts_sent=1 pkts_received=1 bytes_sent=91 bytes_received=207",
     "allowed, succeeded, timer, answered, high"},
    {"ICMP both ways and aged out is a normal end",
     "end icmp allow ping aged-out pkts_sent=4 pkts_received=4 bytes_sent=392 bytes_received=392",
     "allowed, succeeded, timer, answered, high"},
    {"a DNS request without an answer",
     "end udp allow dns aged-out bytes=455 bytes_sent=455 bytes_received=0 pkts_sent=5 "
     "pkts_received=0 dport=53",
     "allowed, failed, timer, no-reply, high"},
    {"TCP idle until the timer",
     "end tcp allow ssl aged-out bytes_sent=4000 bytes_received=9000 pkts_sent=20 "
     "pkts_received=22 elapsed=3650",
     "allowed, succeeded, timer, idle-timeout, high"},
    {"the client resets after data, as browsers do",
     "end tcp allow web-browsing tcp-rst-from-client bytes_sent=1200 bytes_received=65000 "
     "pkts_sent=30 pkts_received=50",
     "allowed, succeeded, client, reset-after-data, medium"},
    {"the server resets after data",
     "end tcp allow ssl tcp-rst-from-server bytes_sent=1200 bytes_received=5000 pkts_sent=10 "
     "pkts_received=11",
     "allowed, succeeded, server, reset-after-data, medium"},
    {"the rule allowed it, a security profile blocked it",
     "end tcp allow web-browsing threat bytes_sent=900 bytes_received=4000 pkts_sent=8 "
     "pkts_received=9",
     "blocked by session_end_reason, failed, security, blocked-by-threat, high"},
    {"the rule allowed it first, a later lookup denied it",
     "end tcp allow facebook-base policy-deny action_source=from-policy",
     "blocked by session_end_reason, failed, policy, denied-after-allow, medium"},
    {"the decryption profile blocked on the certificate",
     "end tcp allow ssl decrypt-cert-validation flags=0x1000000",
     "blocked by session_end_reason, failed, decryption, decrypt-cert-blocked, high"},
    {"a session that was not decrypted may carry decrypt-cert-validation by mistake",
     "end tcp allow ssl decrypt-cert-validation flags=0x400000",
     "blocked by session_end_reason, failed, decryption, decrypt-cert-blocked, medium"},
    {"the decryption profile blocked on parameters", "end tcp allow ssl decrypt-unsupport-param",
     "blocked by session_end_reason, failed, decryption, decrypt-params-blocked, high"},
    {"the decryption profile blocked on another error", "end tcp allow ssl decrypt-error",
     "blocked by session_end_reason, failed, decryption, decrypt-error-blocked, high"},
    {"a resource limit of the firewall dropped it",
     "end tcp allow ms-ds-smbv3 resources-unavailable dport=445",
     "blocked by session_end_reason, failed, resources, resources-exhausted, high"},
    {"DNS with resources-unavailable is a known wrong value of some releases",
     "end udp allow dns resources-unavailable dport=53",
     "blocked by session_end_reason, failed, resources, resources-exhausted, medium"},
    {"a new connection took over the tuple",
     "end tcp allow ssl tcp-reuse bytes_sent=4000 bytes_received=9000 pkts_sent=20 "
     "pkts_received=22",
     "allowed, succeeded, reuse, tuple-reused, medium"},
    {"the decoder started an inner connection",
     "end tcp allow http-proxy decoder bytes_sent=4000 bytes_received=9000 pkts_sent=20 "
     "pkts_received=22",
     "allowed, succeeded, decoder, replaced-by-inner-connection, medium"},
    {"cleared by an operator, or unclassified: the end is not known",
     "end tcp allow ssl unknown bytes_sent=4000 bytes_received=9000",
     "allowed, unknown, unknown, cleared-or-unrecorded, low"},
    {"a start row is no final verdict",
     "start udp allow dns n/a bytes=91 bytes_sent=91 bytes_received=0 pkts_sent=1",
     "allowed for now, in-progress, nobody-yet, in-progress, high"},
    {"blocked before identification",
     "drop tcp deny not-applicable policy-deny sessionid=0 action_source=from-policy",
     "blocked by action, failed, policy, dropped-before-app-id, high"},
    {"ICMP is identified by its first packet and still dropped without a session",
     "drop icmp deny ping policy-deny sessionid=0 pkts_sent=1 pkts_received=0",
     "blocked by action, failed, policy, dropped-before-app-id, high"},
    {"blocked after identification, by the application's own default action",
     "deny tcp reset-both facebook-base policy-deny sessionid=259282 "
     "action_source=from-application pkts_sent=3 pkts_received=1",
     "blocked by action, failed, policy, denied-by-app-default, high"},
    {"URL filtering denied a request in an allowed session",
     "end tcp allow web-browsing tcp-fin flags=0x00800000 bytes_sent=900 bytes_received=4000",
     "allowed, partial, unknown, denied-by-url-filtering, high"},
    {"counters of one side only: asymmetric routing, and the log cannot say whether it worked",
     "end tcp allow ssl tcp-fin bytes_sent=40000 bytes_received=0 pkts_sent=300 pkts_received=0",
     "allowed, unknown, unknown, one-way-traffic, medium"},
};

TEST(Judge, CombinationsThatUsersMeetGetTheVerdictOfAnExpert) {
  for (const JudgeCase& c : kCombinations) check(c);
}

// USERS.md A1: the complaints that are about a verdict, by number.
const JudgeCase kComplaints[] = {
    {"1: traffic was allowed but the end reason says threat", "end tcp allow ssl threat",
     "blocked by session_end_reason, failed, security, blocked-by-threat, high"},
    {"2: policy is allow, end reason policy-deny, and the server can be reached: less than sure",
     "end tcp allow ssl policy-deny bytes_sent=5000 bytes_received=80000",
     "blocked by session_end_reason, failed, policy, denied-after-allow, medium"},
    {"3: action allow, type deny, end reason policy-deny", "deny tcp allow ssl policy-deny",
     "blocked by session_end_reason, failed, policy, denied-after-allow, medium"},
    {"4: type deny and action allow without a reason that blocks is doubtful",
     "deny tcp allow ssl aged-out bytes_sent=500 bytes_received=800 pkts_sent=5 pkts_received=5",
     "allowed, succeeded, timer, idle-timeout, low"},
    {"5a: incomplete because no SYN-ACK came", "end tcp allow incomplete aged-out pkts_received=0",
     "allowed, failed, timer, syn-no-answer, high"},
    {"5b: incomplete because no data followed the handshake",
     "end tcp allow incomplete aged-out pkts_sent=2 pkts_received=1 bytes_sent=140 "
     "bytes_received=74 elapsed=3600",
     "allowed, failed, timer, idle-without-data, high"},
    {"5c: incomplete because of a reset before data",
     "end tcp allow incomplete tcp-rst-from-server pkts_sent=2 pkts_received=2 bytes_sent=140 "
     "bytes_received=134",
     "allowed, failed, server, reset-before-data-by-server, medium"},
    {"6: unknown-tcp passed traffic of a custom application",
     "end tcp allow unknown-tcp tcp-fin bytes_sent=4000 bytes_received=9000 pkts_sent=20 "
     "pkts_received=22",
     "allowed, succeeded, unknown, closed-normally, high"},
    {"7: a server that resets without having sent data did fail",
     "end tcp allow ssl tcp-rst-from-server bytes_sent=700 bytes_received=200 pkts_sent=4 "
     "pkts_received=3",
     "allowed, failed, server, reset-after-data, medium"},
    {"8: a reset that a rule sent is the firewall's, and not a host's",
     "deny tcp reset-both ssl policy-deny action_source=from-policy pkts_sent=3 pkts_received=1",
     "blocked by action, failed, policy, reset-by-rule, high"},
    {"8: nor is one that a security profile sent",
     "end tcp allow ssl threat bytes_sent=700 bytes_received=900",
     "blocked by session_end_reason, failed, security, blocked-by-threat, high"},
    {"9: tcp-reuse while the handshake never completed",
     "end tcp allow incomplete tcp-reuse pkts_sent=1 pkts_received=0",
     "allowed, failed, reuse, tuple-reused, medium"},
    {"10: each of the decryption reasons is told apart",
     "end tcp allow ssl decrypt-unsupport-param",
     "blocked by session_end_reason, failed, decryption, decrypt-params-blocked, high"},
    {"13: n/a without a type is not an end", "- tcp allow ssl n/a",
     "allowed for now, in-progress, nobody-yet, in-progress, medium"},
    {"14: session id 0 in a drop row", "drop udp drop not-applicable policy-deny sessionid=0",
     "blocked by action, failed, policy, dropped-before-app-id, high"},
    {"15: allowed as ssl, then denied as an application",
     "deny tcp deny facebook-chat policy-deny sessionid=77 action_source=from-policy",
     "blocked by action, failed, policy, denied-by-rule, high"},
    {"16: allow does not mean that it worked",
     "end tcp allow incomplete aged-out pkts_sent=3 pkts_received=0",
     "allowed, failed, timer, syn-no-answer, high"},
    {"19: resources-unavailable is a bucket, and blocks",
     "end tcp allow web-browsing resources-unavailable",
     "blocked by session_end_reason, failed, resources, resources-exhausted, high"},
    {"20: one way only, with a TCP reset that nobody counted",
     "end tcp allow ssl tcp-rst-from-server pkts_sent=40 pkts_received=0 bytes_sent=9000 "
     "bytes_received=0",
     "allowed, unknown, server, one-way-traffic, medium"},
    {"21: a repeated row cannot prove the shape of one session",
     "end tcp allow incomplete tcp-rst-from-client repeatcnt=2 pkts_sent=2 pkts_received=1",
     "allowed, failed, client, reset-before-data, medium"},
    {"49: the URL flag is used", "end tcp allow ssl tcp-rst-from-client flags=0xc00000",
     "allowed, partial, client, denied-by-url-filtering, medium"},
};

TEST(Judge, ComplaintsOfUsersAreAnswered) {
  for (const JudgeCase& c : kComplaints) check(c);
}

const JudgeCase kEdges[] = {
    {"an unknown end reason leaves an allowed session undetermined", "end tcp allow ssl tcp-xxx",
     "undetermined, unknown, unknown, unrecognized-value, low"},
    {"an unknown action with a blocking end reason is blocked by that",
     "end tcp quarantine ssl threat",
     "blocked by session_end_reason, failed, security, blocked-by-threat, medium"},
    {"an unknown action with not-applicable is blocked by the application status",
     "drop tcp quarantine not-applicable n/a",
     "blocked by app, failed, policy, no-rule-for-service, medium"},
    {"an unknown end reason with a denying action is blocked by the action",
     "end tcp deny ssl tcp-xxx sessionid=4",
     "blocked by action, failed, policy, denied-by-rule, medium"},
    {"no action at all is undetermined", "end tcp - ssl tcp-fin",
     "undetermined, unknown, unknown, unrecognized-value, low"},
    {"no action but a policy-deny is blocked, and not called an allow that turned",
     "end tcp - ssl policy-deny sessionid=4",
     "blocked by session_end_reason, failed, policy, denied-by-rule, medium"},
    {"allow with not-applicable is blocked by the application status",
     "end tcp allow not-applicable aged-out",
     "blocked by app, failed, policy, no-rule-for-service, medium"},
    {"a line cut before its end reason is not judged by its action alone",
     "end tcp allow ssl - partial", "undetermined, unknown, unknown, cut-before-verdict, low"},
    {"a cut line that says deny is blocked all the same", "drop tcp deny not-applicable - partial",
     "blocked by action, failed, policy, dropped-before-app-id, high"},
    {"a line cut even before its action is cut, not a line with an unknown action",
     "end tcp - ssl - partial", "undetermined, unknown, unknown, cut-before-verdict, low"},
    {"an older log without the end reason is allowed by action, with low confidence",
     "end tcp allow web-browsing - bytes_sent=900 bytes_received=40000 pkts_sent=9 "
     "pkts_received=40",
     "allowed, succeeded, unknown, allowed-no-end-reason, low"},
    {"an older log of a SYN without answer failed",
     "end tcp allow incomplete - bytes_sent=78 bytes_received=0",
     "allowed, failed, unknown, syn-no-answer, low"},
    {"an older log of a start is in progress", "start tcp allow ssl -",
     "allowed for now, in-progress, nobody-yet, in-progress, low"},
    {"an end row with n/a says nothing about its end", "end tcp allow ssl n/a",
     "allowed for now, unknown, unknown, allowed-no-end-reason, low"},
    {"reset-client passes in the standard rule set",
     "end tcp reset-client ssl tcp-fin bytes_sent=900 bytes_received=4000 pkts_sent=9 "
     "pkts_received=9",
     "allowed, partial, policy, reset-sent-to-client, medium"},
    {"reset-server with policy-deny is blocked by the end reason in the standard rule set",
     "deny tcp reset-server ssl policy-deny sessionid=9",
     "blocked by session_end_reason, failed, policy, reset-by-rule, high"},
    {"incomplete without counters is not guessed at", "end tcp allow incomplete aged-out",
     "allowed, failed, timer, incomplete-no-counters, low"},
    {"aged-out without counters is not guessed at", "end udp allow dns aged-out",
     "allowed, unknown, timer, aged-out-no-counters, low"},
    {"syslog over UDP expects no reply",
     "end udp allow syslog aged-out pkts_sent=9 pkts_received=0 dport=514",
     "allowed, unknown, timer, no-reply, medium"},
    {"multicast expects no reply",
     "end udp allow mdns aged-out pkts_sent=9 pkts_received=0 dst=224.0.0.251 dport=5353",
     "allowed, unknown, timer, no-reply, medium"},
    {"the missing side is derived from the total",
     "end udp allow dns aged-out bytes=300 bytes_sent=300 dport=53",
     "allowed, failed, timer, no-reply, high"},
    {"an IPv6 SYN-ACK is larger and still no data",
     "end tcp allow incomplete aged-out src=2001:db8::1 dst=2001:db8::2 pkts_sent=1 "
     "pkts_received=1 bytes_sent=94 bytes_received=94",
     "allowed, failed, timer, handshake-not-completed, high"},
    {"threat with a reset action is still the work of the security profile",
     "deny tcp reset-both web-browsing threat",
     "blocked by action, failed, security, blocked-by-threat, high"},
    {"an end row with session id 0 is doubtful",
     "end tcp allow ssl tcp-fin sessionid=0 bytes_sent=900 bytes_received=4000",
     "allowed, succeeded, unknown, closed-normally, medium"},
    {"split-tunnel of the logging service is allowed", "end tcp allow ssl split-tunnel",
     "allowed, unknown, unknown, split-tunnel, low"},
};

TEST(Judge, EdgesAreJudgedWithoutGuessing) {
  for (const JudgeCase& c : kEdges) check(c);
}

// --- the three questions over the whole vocabulary ----------------------------------------------

struct Spelling {
  std::string_view text;
  FinalAction standard, vendor;
};
constexpr FinalAction kA = FinalAction::Allowed, kB = FinalAction::Blocked;

// As DESIGN.md has them, and as each format spells them; blanks as "_" for record_for_test.
const Spelling kActionSpellings[] = {
    {"allow", kA, kA},        {"ALLOW", kA, kA},        {"deny", kB, kB},
    {"Deny", kB, kB},         {"drop", kB, kB},         {"drop-icmp", kB, kB},
    {"drop_ICMP", kB, kB},    {"dropicmp", kB, kB},     {"reset-client", kA, kB},
    {"reset_client", kA, kB}, {"RESET-CLIENT", kA, kB}, {"reset-server", kA, kB},
    {"reset_server", kA, kB}, {"reset-both", kB, kB},   {"reset_both", kB, kB},
};
const Spelling kAppSpellings[] = {
    {"incomplete", kA, kA},
    {"INCOMPLETE", kA, kA},
    {"insufficient-data", kA, kA},
    {"unknown-tcp", kA, kA},
    {"unknown-udp", kA, kA},
    {"unknown-p2p", kA, kA},
    {"ssl", kA, kA},
    {"-", kA, kA},
    {"not-applicable", kB, kB},
    {"Not_Applicable", kB, kB},
};
const Spelling kReasonSpellings[] = {
    {"threat", kB, kB},
    {"policy-deny", kB, kB},
    {"decrypt-cert-validation", kB, kB},
    {"decrypt-unsupport-param", kB, kB},
    {"decrypt-unsupported-param", kB, kB},
    {"decrypt-error", kB, kB},
    {"resources-unavailable", kB, kB},
    {"tcp-rst-from-client", kA, kA},
    {"tcp-rst-from-server", kA, kA},
    {"tcp-fin", kA, kA},
    {"TCP_FIN", kA, kA},
    {"tcp-reuse", kA, kA},
    {"decoder", kA, kA},
    {"aged-out", kA, kA},
    {"Aged_Out", kA, kA},
    {"unknown", kA, kA},
    {"n/a", kA, kA},
    {"n-a", kA, kA},
    {"N/A", kA, kA},
    {"request-timeout", kA, kA},
    {"shutdown-from-endpoint", kA, kA},
    {"abort-from-endpoint", kA, kA},
    {"split-tunnel", kA, kA},
    {"-", kA, kA},
};

DecidedBy expected_decider(FinalAction action, FinalAction app, FinalAction reason) {
  if (action == kB) return DecidedBy::Action;
  if (app == kB) return DecidedBy::App;
  return reason == kB ? DecidedBy::SessionEndReason : DecidedBy::Nobody;
}

void check_invariants(const TrafficRecord& r, const Verdict& v, const std::string& line) {
  const bool is_blocked = v.final_action == kB;
  EXPECT_EQ(is_blocked, v.decided_by != DecidedBy::Nobody) << line;
  EXPECT_FALSE(is_blocked && v.provisional) << line;
  EXPECT_EQ(v.provisional, v.final_action == kA &&
                               (r.subtype == Subtype::Start || r.end_reason == EndReason::NotEnded))
      << line;
  EXPECT_GT(v.evidence_count, 0) << line;
  for (std::size_t i = 0; i < v.evidence_count; ++i) {
    EXPECT_TRUE(r.has(v.evidence[i])) << line << " " << info(v.evidence[i]).log_name;
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(v.evidence[i], v.evidence[j]) << line;
  }
  if (is_blocked) EXPECT_EQ(v.outcome, Outcome::Failed) << line;
}

TEST(Judge, EveryActionStatusAndReasonInEverySpellingAnswersTheThreeQuestionsInOrder) {
  for (const std::string_view subtype : {"start", "end", "drop", "deny"})
    for (const Spelling& action : kActionSpellings)
      for (const Spelling& app : kAppSpellings)
        for (const Spelling& reason : kReasonSpellings)
          for (const Ruleset ruleset : {Ruleset::Standard, Ruleset::Vendor}) {
            std::string line{subtype};
            line.append(" tcp ").append(action.text).append(" ").append(app.text);
            line.append(" ").append(reason.text).append(" sessionid=5");
            const bool vendor = ruleset == Ruleset::Vendor;
            const DecidedBy by = expected_decider(vendor ? action.vendor : action.standard,
                                                  app.standard, reason.standard);
            const TrafficRecord record = record_for_test(line);
            const Verdict v = judge(record, ruleset, Timers{});
            ASSERT_EQ(v.decided_by, by) << line;
            ASSERT_EQ(v.final_action, by == DecidedBy::Nobody ? kA : kB) << line;
            check_invariants(record, v, line);
            const Verdict bare = judge_bare(record, ruleset, Timers{});
            ASSERT_EQ(bare.reason_code, v.reason_code) << line;
            ASSERT_EQ(bare.confidence, v.confidence) << line;
            ASSERT_EQ(bare.evidence_count, 0) << line;
            if (HasFatalFailure() || HasNonfatalFailure()) return;
          }
}

TEST(Judge, TheVendorRuleSetBlocksResetsTowardsOneSide) {
  for (const std::string_view line :
       {"end tcp reset-client ssl tcp-fin", "end tcp reset-server ssl tcp-fin"}) {
    EXPECT_EQ(judged(line).final_action, FinalAction::Allowed);
    const Verdict v = judged(line, Ruleset::Vendor);
    EXPECT_EQ(v.final_action, FinalAction::Blocked);
    EXPECT_EQ(v.decided_by, DecidedBy::Action);
    EXPECT_EQ(v.reason_code, ReasonCode::ResetByRule);
  }
}

TEST(Judge, UnknownValuesAreNamedByTheirColumn) {
  EXPECT_EQ(judged("end tcp allow ssl tcp-xxx").evidence[0], Field::SessionEndReason);
  EXPECT_EQ(judged("end tcp quarantine ssl tcp-fin").evidence[0], Field::Action);
  EXPECT_EQ(judged("end tcp - ssl tcp-fin").evidence[0], Field::Action);
  EXPECT_EQ(judged("end tcp allow ssl - partial").evidence[0], Field::SessionEndReason);
}

TEST(Judge, TheColumnThatDecidedIsTheFirstEvidence) {
  EXPECT_EQ(judged("end tcp allow ssl threat").evidence[0], Field::SessionEndReason);
  EXPECT_EQ(judged("end tcp deny ssl threat").evidence[0], Field::Action);
  EXPECT_EQ(judged("end tcp allow not-applicable threat").evidence[0], Field::App);
}

struct ContradictionCase {
  std::string_view behaviour;
  std::string_view record;
  std::vector<Contradiction> expected;
};

TEST(Judge, ColumnsThatDisagreeAreNamed) {
  using enum Contradiction;
  const ContradictionCase cases[] = {
      {"a plain session has none",
       "end tcp allow ssl tcp-fin sessionid=7 pkts_sent=9 pkts_received=9",
       {}},
      {"allow with threat", "end tcp allow ssl threat", {AllowWithThreat}},
      {"allow, type deny, policy-deny",
       "deny tcp allow ssl policy-deny",
       {AllowWithPolicyDeny, AllowWithDenyType}},
      {"allow with each decryption failure",
       "end tcp allow ssl decrypt-error",
       {AllowWithDecryptFailure}},
      {"allow with resources-unavailable",
       "end tcp allow ssl resources-unavailable",
       {AllowWithResourcesUnavailable}},
      {"allow with not-applicable",
       "end tcp allow not-applicable tcp-fin",
       {AllowWithNotApplicable}},
      {"allow with the URL flag", "end tcp allow ssl tcp-fin flags=0x800000", {AllowWithUrlDenied}},
      {"an end without a reason", "end tcp allow ssl n/a", {EndWithoutReason}},
      {"an end with nothing received",
       "end tcp allow incomplete aged-out pkts_received=0",
       {EndWithNothingReceived}},
      {"an end with session id 0", "end tcp allow ssl tcp-fin sessionid=0", {EndWithSessionIdZero}},
      {"a denied row with the URL flag does not contradict itself",
       "deny tcp deny ssl policy-deny flags=0x800000 sessionid=0",
       {}},
      {"nothing received on a start row is only early",
       "start tcp allow ssl n/a pkts_received=0",
       {}},
  };
  for (const auto& c : cases) {
    unsigned expected = 0;
    for (const Contradiction one : c.expected) expected |= 1u << static_cast<unsigned>(one);
    EXPECT_EQ(judged(c.record).contradictions, expected) << c.behaviour;
  }
}

TEST(Judge, TimersOfTheFirewallReplaceTheDefaults) {
  const TrafficRecord record = record_for_test(
      "end tcp allow ssl aged-out bytes_sent=4000 bytes_received=9000 pkts_sent=20 "
      "pkts_received=22 elapsed=700");
  Timers timers;
  EXPECT_EQ(judge(record, Ruleset::Standard, timers).confidence, Confidence::Medium);
  timers.set(SessionTimer::Tcp, 600);
  EXPECT_EQ(judge(record, Ruleset::Standard, timers).confidence, Confidence::High);
}

TEST(Judge, AnEmptyRecordIsUndetermined) {
  TrafficRecord record;
  record.reset("");
  const Verdict v = judge(record, Ruleset::Standard, Timers{});
  EXPECT_EQ(v.final_action, FinalAction::Undetermined);
  EXPECT_EQ(v.reason_code, ReasonCode::UnrecognizedValue);
}

}  // namespace
}  // namespace endreason
