// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "format/display_text.hpp"
#include "format/judged_sample.hpp"

namespace endreason {
namespace {

Explanation told(const TrafficRecord&, const Verdict&) {
  Explanation e;
  e.headline = "Blocked by a security profile, though the rule allowed it";
  e.sentence =
      "The rule let the session through, and content inspection then found a threat in it and "
      "ended it.";
  e.causes = {"a signature with a block action matched", "a file was blocked"};
  e.checks = {
      {NextCheck::Kind::LogFilter, "find the threat",
       "( sessionid eq 421733 ) and ( addr.src in 10.1.1.1 ) and ( addr.dst in 203.0.113.9 )"
       " and ( port.dst eq 80 )"},
      {NextCheck::Kind::Cli, "see what the rule inspects", "show running security-policy"},
      {NextCheck::Kind::Elsewhere, "ask the user", "which page it was"}};
  e.notes = {"from 7.1 on"};
  e.sources = {"https://example.com/threat"};
  return e;
}

TEST(CardWriter, ACardReadsFromTheVerdictToTheNextChecks) {
  auto options = options_for(OutputFormat::Card);
  options.explain = told;
  options.terminal_width = 72;
  const auto record = record_of(threat_cells());
  EXPECT_EQ(written(options, {{&record, threat_verdict()}}),
            R"(BLOCKED  Blocked by a security profile, though the rule allowed it
  10.1.1.1:51515 (zone trust, user acme\jane) → 203.0.113.9:80 (zone
  untrust)
  tcp · application web-browsing · rule "Web, out" · session 421733
  outcome failed · ended by security · decided by session_end_reason ·
  confidence high

Why
  The rule let the session through, and content inspection then found a
  threat in it and ended it.
  reason code blocked-by-threat

Evidence
  session_end_reason = threat
  action             = allow

Columns that do not agree
  - the action says allow, the end reason says threat.

Usually
  1. a signature with a block action matched
  2. a file was blocked

Check next
  1. find the threat, in Monitor > Logs:
       ( sessionid eq 421733 ) and ( addr.src in 10.1.1.1 ) and ( addr.dst in 203.0.113.9 ) and ( port.dst eq 80 )
  2. see what the rule inspects, on the firewall's CLI:
       show running security-policy
  3. ask the user: which page it was

Notes
  - from 7.1 on

  source: https://example.com/threat
  from: fw.log:7, PAN-OS syslog CSV, PAN-OS 11.1,
        2026-03-10T10:00:05.128+01:00 (high_res_timestamp, zone:
        in-text)
)");
}

TEST(CardWriter, WithoutACatalogueTheCardStillSaysWhy) {
  const auto record =
      record_of({{Field::Src, "2001:db8::1"}, {Field::Dst, "2001:db8::2"}, {Field::Dport, "443"}});
  const std::string card =
      written(options_for(OutputFormat::Card),
              {{&record, allowed_verdict(Outcome::Failed, ReasonCode::SynNoAnswer)}});
  EXPECT_EQ(card.substr(0, card.find('\n')), "ALLOWED  syn-no-answer");
  EXPECT_NE(card.find("[2001:db8::1] \u2192 [2001:db8::2]:443"), std::string::npos) << card;
}

TEST(CardWriter, LogTextCannotCommandTheTerminal) {
  auto cells = threat_cells();
  for (Cell& cell : cells)
    if (cell.field == Field::Rule || cell.field == Field::Srcuser) cell.text = "\x1b[2J\x07evil";
  const auto record = record_of(cells);
  auto options = options_for(OutputFormat::Card);
  options.explain = [](const TrafficRecord& r, const Verdict&) {
    Explanation e;
    e.headline = std::string(r.text(Field::Rule));
    e.checks = {{NextCheck::Kind::Cli, std::string(r.text(Field::Rule)),
                 "show user ip-user-mapping " + std::string(r.text(Field::Srcuser))}};
    e.causes = {std::string(r.text(Field::Rule))};
    return e;
  };
  const std::string card = written(options, {{&record, threat_verdict()}});
  EXPECT_EQ(card.find('\x1b'), std::string::npos) << card;
  EXPECT_EQ(card.find('\x07'), std::string::npos) << card;
  options.colour = true;
  EXPECT_NE(written(options, {{&record, threat_verdict()}}).find("\x1b[31mBLOCKED\x1b[0m"),
            std::string::npos);
}

TEST(CardWriter, CardsArePartedByABlankLine) {
  const auto record = record_of(threat_cells());
  const std::string cards = written(options_for(OutputFormat::Card),
                                    {{&record, threat_verdict()}, {&record, threat_verdict()}});
  EXPECT_NE(cards.find("\n\nBLOCKED"), std::string::npos);
}

}  // namespace
}  // namespace endreason
