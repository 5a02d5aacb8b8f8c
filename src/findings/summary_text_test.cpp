// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "findings/summary.hpp"

namespace endreason {
namespace {

std::string_view phrase(ReasonCode reason) {
  return reason == ReasonCode::SynNoAnswer ? "SYN never answered" : log_name(reason);
}

void add(Summary& summary, std::string_view src, std::string_view rule, const Verdict& verdict,
         std::uint32_t repeatcnt = 1) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, src);
  record.set_copy(Field::Dst, "10.1.1.1");
  record.set_copy(Field::App, "incomplete");
  record.set_copy(Field::Rule, rule);
  record.action = Action::Allow;
  record.subtype = Subtype::End;
  record.repeatcnt = repeatcnt;
  record.bytes = 78;
  record.set_known(Known::Bytes);
  record.dport = 443;
  record.set_known(Known::Dport);
  record.proto = 6;
  record.set_known(Known::Proto);
  summary.add(record, verdict);
}

Verdict unanswered() {
  Verdict v;
  v.final_action = FinalAction::Allowed;
  v.outcome = Outcome::Failed;
  v.reason_code = ReasonCode::SynNoAnswer;
  v.ended_by = EndedBy::Timer;
  v.add(Contradiction::EndWithNothingReceived);
  return v;
}

Verdict threat() {
  Verdict v;
  v.final_action = FinalAction::Blocked;
  v.decided_by = DecidedBy::SessionEndReason;
  v.reason_code = ReasonCode::BlockedByThreat;
  v.ended_by = EndedBy::Security;
  v.add(Contradiction::AllowWithThreat);
  return v;
}

std::string text_of(Summary& summary, bool colour = false) {
  std::string out;
  append_text(*summary.report(), {.why = phrase, .colour = colour}, out);
  return out;
}

TEST(SummaryText, ARootCauseIsASentenceWithAFilterToPaste) {
  Summary summary;
  add(summary, "10.0.0.1", "web", unanswered(), 1200);
  add(summary, "10.0.0.2", "web", unanswered(), 3);
  const std::string text = text_of(summary);
  EXPECT_NE(text.find("dst 10.1.1.1 port 443/tcp: 1,203 sessions from 2 sources, "
                      "SYN never answered\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("( addr.dst in 10.1.1.1 ) and ( port.dst eq 443 )"), std::string::npos);
}

TEST(SummaryText, SaysWhatTheActionColumnAloneWouldHaveHidden) {
  Summary summary;
  add(summary, "10.0.0.1", "web", threat());
  const std::string text = text_of(summary);
  EXPECT_NE(text.find("Counted as allowed by action alone, blocked in fact"), std::string::npos);
  EXPECT_NE(text.find("decided by session_end_reason"), std::string::npos);
  EXPECT_NE(text.find("allow-with-threat"), std::string::npos);
}

TEST(SummaryText, NothingReadIsSaid) {
  Summary summary;
  EXPECT_EQ(text_of(summary), "No traffic rows were read.\n");
}

TEST(SummaryText, NoNameFromTheInputSteersTheTerminal) {
  Summary summary;
  add(summary, "10.0.0.1\x1b]0;owned\x07", "evil\x1b[2J\r\nAllowed: all", threat());
  add(summary,
      "\xc2\x9b"
      "31m",
      "\xe2\x80\xaegnihton", unanswered());
  const std::string text = text_of(summary);
  for (const char c : text)
    EXPECT_TRUE(c == '\n' || static_cast<unsigned char>(c) >= 0x20) << static_cast<int>(c);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
  EXPECT_NE(text.find("\\x1b[2J"), std::string::npos);
}

TEST(SummaryText, ColourIsOnlyThereWhenAskedFor) {
  Summary plain, coloured;
  add(plain, "10.0.0.1", "web", threat());
  add(coloured, "10.0.0.1", "web", threat());
  EXPECT_EQ(text_of(plain).find('\x1b'), std::string::npos);
  EXPECT_NE(text_of(coloured, true).find("\x1b[1m"), std::string::npos);
}

TEST(SummaryText, LinesThatAreNotFiltersFitIntoOneHundredColumns) {
  Summary summary;
  add(summary, "2001:db8:1111:2222:3333:4444:5555:6666", std::string(300, 'r'), threat(),
      UINT32_MAX);
  add(summary, "10.0.0.1", "web", unanswered(), UINT32_MAX);
  const std::string text = text_of(summary);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    std::size_t cells = 0;
    for (const char c : line) cells += (c & 0xc0) != 0x80;
    if (line.find("( ") == std::string::npos || line.find(" eq ") == std::string::npos) {
      EXPECT_LE(cells, 100u) << line;
    }
    at = end + 1;
  }
}

TEST(SummaryText, ContradictionsAloneCanBeAskedFor) {
  Summary summary;
  add(summary, "10.0.0.1", "web", threat());
  std::string out;
  append_contradictions(*summary.report(), {}, out);
  EXPECT_NE(out.find("( action eq allow ) and ( session_end_reason eq threat )"),
            std::string::npos);
  EXPECT_EQ(out.find("end-with-nothing-received"), std::string::npos);
}

TEST(SummaryJson, IsOneLineWithExactNumbers) {
  Summary summary;
  add(summary, "10.0.0.1", "web", threat(), 7);
  std::string out;
  append_json(*summary.report(), out);
  EXPECT_EQ(out.find('\n'), out.size() - 1);
  EXPECT_EQ(
      out.substr(0, 83),
      R"({"schema":"endreason.summary/1","rows":1,"sessions":7,"bytes":78,"start_rows":0,"pr)");
  EXPECT_NE(out.find(R"({"final_action":"blocked","decided_by":"session_end_reason","rows":1,)"
                     R"("sessions":7,"bytes":78})"),
            std::string::npos)
      << out;
}

}  // namespace
}  // namespace endreason
