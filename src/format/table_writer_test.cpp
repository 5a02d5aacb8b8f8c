// SPDX-License-Identifier: Apache-2.0
#include "format/table_layout.hpp"

#include <algorithm>

#include "format/display_text.hpp"
#include "format/judged_sample.hpp"

namespace endreason {
namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string_view why_threat(const Verdict&) {
  return "a threat was found in the session";
}

TEST(TableWriter, ColumnsStandInTheOrderOfTheTrafficLogWithTheVerdictAtTheRight) {
  auto options = options_for(OutputFormat::Table);
  options.why = why_threat;
  const auto record = record_of(threat_cells());
  EXPECT_EQ(
      written(options, {{&record, threat_verdict()}}),
      "Receive Time         Type  From Zone  To Zone  Source    Source User  Destination  To Port"
      "  Application   Action  Rule      Session End Reason  Bytes  Final Action  Outcome  Why\n"
      "2026/03/10 10:00:05  end   trust      untrust  10.1.1.1  acme\\jane    203.0.113.9       80"
      "  web-browsing  allow   Web, out  threat               1532  blocked       failed   "
      "a threat was found in the session\n");
}

TEST(TableWriter, ColumnsThatAreEmptyInEveryRowDropOut) {
  const auto record = record_of({{Field::Src, "10.0.0.1"}, {Field::Dst, "10.0.0.2"}});
  const auto verdict = allowed_verdict(Outcome::Succeeded, ReasonCode::ClosedNormally);
  EXPECT_EQ(written(options_for(OutputFormat::Table), {{&record, verdict}}),
            "Source    Destination  Final Action  Outcome    Why\n"
            "10.0.0.1  10.0.0.2     allowed       succeeded  closed-normally\n");
}

TEST(TableWriter, EveryWidthIsKeptAndTheVerdictIsNeverDropped) {
  auto cells = threat_cells();
  for (Cell& cell : cells)
    if (cell.field == Field::Rule) cell.text = "a rule with a very long name that nobody can read";
  const auto record = record_of(cells);
  for (unsigned width = 60; width <= 220; ++width) {
    auto options = options_for(OutputFormat::Table);
    options.terminal_width = width;
    options.why = why_threat;
    const auto lines = lines_of(written(options, {{&record, threat_verdict()}}));
    for (const std::string& line : lines) ASSERT_LE(display_width(line), width) << line;
    ASSERT_NE(lines[0].find("Final"), std::string::npos);
    ASSERT_NE(lines[0].find("Outcome"), std::string::npos);
    ASSERT_NE(lines[1].find("blocked"), std::string::npos);
    ASSERT_NE(lines[1].find("a threat was"), std::string::npos) << lines[1];
  }
}

TEST(TableWriter, ALaterRowThatIsWiderIsCutWithAnEllipsis) {
  auto options = options_for(OutputFormat::Table);
  options.terminal_width = 80;
  options.columns = columns_of("src,rule");
  const auto first = record_of({{Field::Src, "10.0.0.1"}, {Field::Rule, "short"}});
  const auto later = record_of({{Field::Src, "10.0.0.1"}, {Field::Rule, "much longer than that"}});
  std::vector<Judged> rows(200, {&first, {}});
  rows.push_back({&later, {}});
  const auto lines = lines_of(written(options, rows));
  ASSERT_EQ(lines.size(), 202u);
  EXPECT_EQ(lines[0], "Source    Rule");
  EXPECT_EQ(lines[1], "10.0.0.1  short");
  EXPECT_EQ(lines[201], "10.0.0.1  much\u2026");
}

TEST(TableWriter, LogTextCannotCommandTheTerminal) {
  auto options = options_for(OutputFormat::Table);
  options.columns = columns_of("src,rule");
  const auto record = record_of({{Field::Src, "10.0.0.1"},
                                 {Field::Rule,
                                  "\x1b]0;owned\x07\x1b[2J\r\nnext \xC2\x9B"
                                  "1m \u202E\x7f \xff"}});
  const std::string out = written(options, {{&record, {}}});
  EXPECT_EQ(lines_of(out)[1],
            "10.0.0.1  \\x1b]0;owned\\x07\\x1b[2J\\r\\nnext \\x9b1m \\u202e\\x7f \uFFFD");
  EXPECT_EQ(out.find('\x1b'), std::string::npos);
}

struct InkCase {
  std::string_view behaviour;
  FinalAction final_action;
  Outcome outcome;
  std::string_view ink;
};

TEST(TableWriter, ColourFollowsTheVerdictAndTheWordsStayThere) {
  const InkCase cases[] = {
      {"blocked is red", FinalAction::Blocked, Outcome::Failed, "\x1b[31mblocked\x1b[0m"},
      {"failed is yellow", FinalAction::Allowed, Outcome::Failed, "\x1b[33mallowed\x1b[0m"},
      {"succeeded is green", FinalAction::Allowed, Outcome::Succeeded, "\x1b[32mallowed\x1b[0m"},
      {"in progress is dim", FinalAction::Allowed, Outcome::InProgress, "\x1b[2mallowed\x1b[0m"},
      {"undetermined has none", FinalAction::Undetermined, Outcome::Unknown, "undetermined"},
  };
  const auto record = record_of(threat_cells());
  for (const auto& c : cases) {
    auto options = options_for(OutputFormat::Table);
    options.colour = true;
    options.columns = columns_of("src,final_action");
    Verdict verdict = allowed_verdict(c.outcome, ReasonCode::ClosedNormally);
    verdict.final_action = c.final_action;
    EXPECT_EQ(lines_of(written(options, {{&record, verdict}}))[1],
              "10.1.1.1  " + std::string(c.ink))
        << c.behaviour;
  }
}

struct WidthCase {
  std::string_view behaviour, text;
  std::size_t width;
};

TEST(DisplayText, WidthIsCountedInColumns) {
  const WidthCase cases[] = {
      {"ASCII", "rule", 4},
      {"an umlaut is one", "Büro", 4},
      {"a combining mark is none", "e\u0301", 1},
      {"Chinese is two each", "防火墙", 6},
      {"an emoji is two", "🔥", 2},
      {"a byte that is no UTF-8 is one", "\xff", 1},
  };
  for (const auto& c : cases) EXPECT_EQ(display_width(c.text), c.width) << c.behaviour;
  EXPECT_EQ(cut_to_width("防火墙", 4), "防\u2026") << "half a character is not shown";
}

TEST(FitColumns, StepsAreTakenInOrderAndNoFurtherThanNeeded) {
  const std::vector<std::size_t> natural = {20, 20, 12};
  const std::vector<LayoutStep> steps = {{0, 5}, {1, 10}, {0, 0}};
  using Widths = std::vector<std::size_t>;
  EXPECT_EQ(fit_columns(natural, steps, 0), natural) << "no terminal, no limit";
  EXPECT_EQ(fit_columns(natural, steps, 56), natural) << "all fits";
  EXPECT_EQ(fit_columns(natural, steps, 50), (Widths{14, 20, 12})) << "the first is cut a little";
  EXPECT_EQ(fit_columns(natural, steps, 35), (Widths{5, 14, 12})) << "then the second";
  EXPECT_EQ(fit_columns(natural, steps, 30), (Widths{0, 16, 12}))
      << "then the first goes, and what that freed is used";
  EXPECT_EQ(fit_columns(natural, steps, 3), (Widths{0, 10, 12})) << "what has no step stays";
}

}  // namespace
}  // namespace endreason
