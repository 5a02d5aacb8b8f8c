// SPDX-License-Identifier: Apache-2.0
// Threat rules, block lists and decryption rules within the engine: rows, resets, end reasons.
#include "dataplane/threat_inspection.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "base/source_folder_for_test.hpp"
#include "dataplane/decryption_rules.hpp"
#include "dataplane/made_conversation.hpp"
#include "inspect/certificate_check.hpp"
#include "inspect/rule_file.hpp"

namespace endreason {
namespace {

using inspect::ThreatAction;

class Found final : public ContentSink {
 public:
  void on_content(const ContentRow& row) override {
    text += std::to_string(row.session.id) + " " + std::string(info(row.action).log_name) + " " +
            (row.kind == ContentKind::Rule         ? std::to_string(row.rule)
             : row.kind == ContentKind::Decryption ? std::string(info(row.cause).log_name)
                                                   : row.list + ":" + row.subject) +
            (row.from_client ? " c" : " s") + " " + std::string(row.app) + "\n";
    rules.push_back(std::string(row.rule_name));
  }
  std::string text;
  std::vector<std::string> rules;
};

ThreatInspectionOptions with_rules(std::string_view text, std::string_view list = "") {
  ThreatInspectionOptions options;
  if (!list.empty()) {
    auto lists = std::make_shared<inspect::BlockLists>();
    inspect::BlockListCounts counts;
    lists->add_text(list, "bad", counts);
    lists->finish();
    EXPECT_EQ(counts.unreadable, 0u);
    options.lists = lists;
    options.listed.action = ThreatAction::Drop;
  }
  inspect::RuleLoad load;
  inspect::read_rule_text(text, "t.rules", inspect::RuleVariables(), load);
  EXPECT_EQ(load.skipped, 0u);
  auto set = inspect::ThreatSet::compile(load, options.lists);
  EXPECT_TRUE(set.has_value());
  options.rules = *set;
  return options;
}

constexpr std::string_view kGet =
    R"(alert http any any -> any any (http.uri; content:"/evil"; classtype:c; priority:1; sid:7;))";
const std::string kRequest = "GET /evil HTTP/1.1\r\nHost: www.example.com\r\n\r\n";

struct Inspected {
  GateRun gate;
  std::string found;
  std::vector<std::string> rules;
  ContentCounters counters;
};

Inspected run(const std::vector<TimedFrame>& frames, ThreatInspectionOptions options,
              std::shared_ptr<const CompiledPolicy> policy = nullptr) {
  Found sink;
  ThreatInspection inspection(std::move(options), &sink);
  EngineOptions engine;
  engine.inspection = &inspection;
  engine.policy = std::move(policy);
  GateRun gate = run_gate(frames, engine);
  return {std::move(gate), sink.text, sink.rules, inspection.counters()};
}

std::vector<TimedFrame> request(const std::string& text = kRequest) {
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, text).tcp(true, kTcpFin | kTcpAck);
  return talk.frames();
}

TEST(ThreatInspection, AnAlertIsARowAndTheSessionGoesOn) {
  const Inspected r = run(request(), with_rules(kGet));
  EXPECT_EQ(r.found, "1 alert 0 c web-browsing\n");
  ASSERT_EQ(r.gate.rows.size(), 1u);
  EXPECT_EQ(r.gate.rows[0].reason, "tcp-fin");
  EXPECT_EQ(r.counters[ContentCounter::Alerts], 1u);
  EXPECT_EQ(r.counters[ContentCounter::Sessions], 1u);
}

TEST(ThreatInspection, AnOverrideMakesItAResetAndTheEndReasonIsThreat) {
  ThreatInspectionOptions options = with_rules(kGet);
  inspect::ThreatOverride high;
  high.severity = inspect::ThreatSeverity::High;
  high.action = ThreatAction::ResetServer;
  options.overrides = {high};
  const Inspected r = run(request(), std::move(options));
  EXPECT_EQ(r.found, "1 reset-server 0 c web-browsing\n");
  EXPECT_EQ(r.gate.rows[0].reason, "threat");
  EXPECT_EQ(r.gate.rows[0].stage, "mitigation tdb");
  EXPECT_EQ(r.gate.sent.size(), 1u);
  EXPECT_EQ(r.counters[ContentCounter::Blocks], 1u);
}

TEST(ThreatInspection, BlockIpKeepsTheSourceOutForItsTime) {
  ThreatInspectionOptions options = with_rules(kGet);
  inspect::ThreatOverride any;
  any.action = ThreatAction::BlockIp;
  any.block_s = 60;
  options.overrides = {any};
  std::vector<TimedFrame> frames = request();
  Conversation next({"10.0.0.1", "192.0.2.77"}, 443);
  next.wait(30).tcp(true, kTcpSyn);
  frames.insert(frames.end(), next.frames().begin(), next.frames().end());
  const Inspected r = run(frames, std::move(options));
  EXPECT_EQ(r.found, "1 block-ip 0 c web-browsing\n");
  EXPECT_EQ(r.gate.counters[SessionCounter::AddressBlocked], 1u);
}

TEST(ThreatInspection, AnAddressOfAListIsStoppedAtTheFirstPacket) {
  const Inspected r = run(request(), with_rules("", "192.0.2.0/24\n"));
  EXPECT_EQ(r.found, "1 drop bad:192.0.2.1 s \n");
  EXPECT_EQ(r.gate.rows[0].reason, "threat");
  EXPECT_EQ(r.counters[ContentCounter::Listed], 1u);
}

TEST(ThreatInspection, ANameOfAListIsFoundInHostAndQuery) {
  EXPECT_EQ(run(request(), with_rules("", ".example.com\n")).found,
            "1 drop bad:www.example.com c web-browsing\n");
  Conversation query({"10.0.0.1", "192.0.2.53"}, 53);
  query.udp(true, std::string("\0\1\1\0\0\1\0\0\0\0\0\0\3www\7example\3com\0\0\1\0\1", 33));
  EXPECT_EQ(run(query.frames(), with_rules("", "www.example.com\n")).found,
            "1 drop bad:www.example.com c dns-base\n");
}

TEST(ThreatInspection, OnlyRulesWithAProfileAreLookedIntoWhereAnyHasOne) {
  SecurityRule bare = rule_of("bare"), with = rule_of("with");
  bare.match.destination = {"192.0.2.1"};
  with.profiles = {{"vulnerability", "strict"}};
  std::vector<TimedFrame> frames = request();
  Conversation other({"10.0.0.1", "192.0.2.2"});
  other.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest);
  frames.insert(frames.end(), other.frames().begin(), other.frames().end());
  const Inspected r = run(frames, with_rules(kGet), compiled({bare, with}));
  EXPECT_EQ(r.found, "2 alert 0 c web-browsing\n");
  EXPECT_EQ(r.rules, std::vector<std::string>{"with"});
  EXPECT_EQ(r.counters[ContentCounter::WithoutProfile], 1u);
  EXPECT_EQ(run(frames, with_rules(kGet), compiled({rule_of("bare")})).rules.size(), 2u);
}

TEST(ThreatInspection, WithoutRoomASessionIsDroppedOrGoesOnUnseen) {
  ThreatInspectionOptions options = with_rules(kGet);
  options.memory_bytes = 0;
  Inspected r = run(request(), options);
  EXPECT_EQ(r.gate.rows[0].reason, "resources-unavailable");
  EXPECT_EQ(r.gate.rows[0].stage, "resource limit");
  EXPECT_EQ(r.counters[ContentCounter::QueueFull], 1u);
  options.drop_when_full = false;
  r = run(request(), options);
  EXPECT_EQ(r.gate.rows[0].reason, "tcp-fin");
  EXPECT_EQ(r.counters[ContentCounter::QueueFull], 1u);
}

TEST(DecryptionRules, ChecksOfTheProfileBecomeCausesThatBlock) {
  Policy policy = zones_for_test();
  DecryptionProfile profile;
  profile.name = "strict";
  profile.min_version = TlsVersion::Tls12;
  profile.forward_checks = DecryptionProfile::bit(DecryptCheck::ExpiredCertificate);
  profile.no_decrypt_checks = DecryptionProfile::bit(DecryptCheck::UntrustedIssuer);
  profile.ssh_checks = DecryptionProfile::bit(DecryptCheck::UnsupportedCipher);
  profile.disabled_algorithms = {"enc-algo-3des", "sha1"};
  policy.decryption_profiles = {profile};
  for (const auto& [name, decrypt, type] :
       {std::tuple("tls", true, DecryptType::SslForwardProxy),
        std::tuple("spare", false, DecryptType::SslForwardProxy),
        std::tuple("ssh", true, DecryptType::SshProxy)}) {
    DecryptionRule rule;
    rule.name = name;
    rule.decrypt = decrypt;
    rule.type = type;
    rule.profile = "strict";
    policy.decryption_rules.push_back(rule);
  }
  const auto terms = decryption_terms(policy);
  ASSERT_TRUE(terms.has_value());
  using inspect::cause_bit;
  using inspect::DecryptionCause;
  const auto blocks = [&](std::size_t rule, DecryptionCause cause) {
    return ((*terms)[rule].blocks & cause_bit(cause)) != 0;
  };
  EXPECT_EQ((*terms)[0].min_version, 0x0303);
  EXPECT_TRUE(blocks(0, DecryptionCause::CertificateExpired));
  EXPECT_TRUE(blocks(0, DecryptionCause::AlertOfError)) << "no proxy makes a session of that";
  EXPECT_FALSE(blocks(0, DecryptionCause::UntrustedIssuer));
  EXPECT_TRUE(blocks(1, DecryptionCause::UntrustedIssuer));
  EXPECT_FALSE(blocks(1, DecryptionCause::AlertOfError)) << "it is not decrypted";
  EXPECT_TRUE(blocks(2, DecryptionCause::SshAlgorithm));
  EXPECT_FALSE(blocks(2, DecryptionCause::SshVersion));
  policy.decryption_profiles[0].disabled_algorithms = {"enc-algo-des"};
  EXPECT_EQ(decryption_terms(policy).error().message,
            "decryption profile 'strict': nothing is known of the algorithm 'enc-algo-des'; they "
            "are called as in enc-algo-3des or 3des");
}

}  // namespace
}  // namespace endreason
