// SPDX-License-Identifier: Apache-2.0
// What content inspection says of a packet is done: to the session, its row, the counters, the
// wire.

#include <gtest/gtest.h>

#include "dataplane/content_inspection.hpp"
#include "dataplane/made_conversation.hpp"

namespace endreason {
namespace {

// Says the same of every packet whose payload holds a word.
class WordInspection final : public ContentInspection {
 public:
  WordInspection(std::string word, ContentVerdict verdict)
      : word_(std::move(word)), verdict_(verdict) {}
  Result<std::unique_ptr<ContentInspector>> make_inspector(const InspectorPlace&) override {
    return std::make_unique<Inspector>(*this);
  }
  bool may_block_addresses() const override { return verdict_.action == ContentAction::BlockIp; }
  int inspected = 0;

 private:
  class Inspector final : public ContentInspector {
   public:
    explicit Inspector(WordInspection& whole) : whole_(whole) {}
    ContentVerdict inspect(const ContentPacket& seen) override {
      ++whole_.inspected;
      const std::string_view payload(reinterpret_cast<const char*>(seen.packet.payload),
                                     seen.packet.payload_captured);
      const bool found = payload.find(whole_.word_) != std::string_view::npos;
      return found ? whole_.verdict_ : ContentVerdict{};
    }
    void forget(const Session&, SessionIndex, Moment) override {}

   private:
    WordInspection& whole_;
  };
  std::string word_;
  ContentVerdict verdict_;
};

const std::string kRequest = "GET /evil HTTP/1.1\r\nHost: example.com\r\n\r\n";

EngineOptions inspected_by(WordInspection& inspection) {
  EngineOptions options;
  options.inspection = &inspection;
  return options;
}

TEST(ContentGate, ASessionThatIsBlockedGoesOnInDiscardAndEndsAsThreat) {
  WordInspection inspection("evil", {.action = ContentAction::ResetBoth});
  Conversation talk;
  talk.handshake();
  const std::uint32_t client_before = talk.next_of_client();
  talk.tcp(true, kTcpAck | kTcpPsh, kRequest).tcp(false, kTcpAck).tcp(true, kTcpFin | kTcpAck);
  const GateRun run = run_gate(talk.frames(), inspected_by(inspection));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].subtype, "end");
  EXPECT_EQ(run.rows[0].action, "allow") << "policy allowed it";
  EXPECT_EQ(run.rows[0].reason, "threat");
  EXPECT_EQ(run.rows[0].stage, "mitigation tdb");
  EXPECT_EQ(inspection.inspected, 4) << "not what is discarded";
  EXPECT_EQ(run.counters[SessionCounter::ContentBlocked], 1u);
  EXPECT_EQ(run.counters[SessionCounter::Discarded], 2u);
  EXPECT_EQ(run.counters.packets(), talk.frames().size());
  EXPECT_EQ(run.rows[0].generated, "2026/03/10 10:01:30") << "90 s, timeout-discard-tcp";
  ASSERT_EQ(run.sent.size(), 2u) << "a reset to each side";
  const made::Bytes& to_client = run.sent[0].bytes;
  EXPECT_EQ(to_client[33], kTcpRst | kTcpAck);
  const auto word = [](const made::Bytes& b, std::size_t at) {
    return static_cast<std::uint32_t>(b[at] << 24 | b[at + 1] << 16 | b[at + 2] << 8 | b[at + 3]);
  };
  EXPECT_EQ(word(to_client, 24), talk.next_of_server());
  const made::Bytes& to_server = run.sent[1].bytes;
  EXPECT_EQ(word(to_server, 24), client_before) << "the request has not reached the server";
  EXPECT_EQ(word(to_server, 28), talk.next_of_server());
}

TEST(ContentGate, AnAlertChangesNothing) {
  WordInspection inspection("evil", {.action = ContentAction::Alert});
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest).tcp(true, kTcpFin | kTcpAck);
  const GateRun run = run_gate(talk.frames(), inspected_by(inspection));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].reason, "tcp-fin");
  EXPECT_TRUE(run.sent.empty());
}

TEST(ContentGate, ABlockedAddressGetsNothingThroughUntilItsTimeIsOver) {
  WordInspection inspection("evil", {.action = ContentAction::BlockIp, .block_s = 60});
  Conversation bad, other({"10.0.0.1", "192.0.2.99"}, 443), late({"10.0.0.1", "192.0.2.98"}, 443);
  bad.handshake().tcp(true, kTcpAck, kRequest);
  other.wait(10).tcp(true, kTcpSyn);
  late.wait(61).tcp(true, kTcpSyn);
  std::vector<TimedFrame> frames = bad.frames();
  frames.insert(frames.end(), other.frames().begin(), other.frames().end());
  frames.insert(frames.end(), late.frames().begin(), late.frames().end());
  const GateRun run = run_gate(frames, inspected_by(inspection));
  EXPECT_EQ(run.counters[SessionCounter::AddressBlocked], 1u);
  EXPECT_EQ(run.counters[SessionCounter::Created], 2u);
  ASSERT_EQ(run.rows.size(), 2u);
}

TEST(ContentGate, AReasonWithoutStageHasNone) {
  WordInspection inspection("evil", {.action = ContentAction::Drop,
                                     .reason = EndReason::DecryptCertValidation,
                                     .stage = std::nullopt});
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest);
  const GateRun run = run_gate(talk.frames(), inspected_by(inspection));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].reason, "decrypt-cert-validation");
  EXPECT_EQ(run.rows[0].stage, "");
}

TEST(ContentGate, NoRoomForInspectionIsAResourceLimit) {
  WordInspection inspection("evil", ContentVerdict::no_room());
  Conversation talk;
  talk.handshake().tcp(true, kTcpAck | kTcpPsh, kRequest);
  const GateRun run = run_gate(talk.frames(), inspected_by(inspection));
  ASSERT_EQ(run.rows.size(), 1u);
  EXPECT_EQ(run.rows[0].reason, "resources-unavailable");
  EXPECT_EQ(run.rows[0].stage, "resource limit");
  EXPECT_EQ(run.counters[SessionCounter::ContentLimit], 1u);
}

}  // namespace
}  // namespace endreason
