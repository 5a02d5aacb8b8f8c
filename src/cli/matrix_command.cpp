// SPDX-License-Identifier: Apache-2.0
// `endreason matrix`: cases -> which action, status, end reason, stage and subtype is shown by
// which of them, from packets.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/matrix_case.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "model/session_terms.hpp"
#include "model/vocabulary.hpp"

namespace endreason {
namespace {

constexpr std::size_t kNamed = 4;  // cases that are named for a value

struct MatrixCommand {
  std::string cases{"tests/matrix"}, output{"table"};
  bool accept = false;
};

// Places of columns in kMatrixFields.
enum Column : std::size_t { kSubtype = 0, kApp = 6, kAction = 8, kReason = 10, kStage = 11 };

struct Value {
  std::string name;
  std::vector<std::string> shown_by;
};
struct Dimension {
  std::string_view title;
  Column column;
  std::vector<Value> values;
};

template <class Table, class Keep>
Dimension dimension(std::string_view title, Column column, const Table& table, const Keep& keep) {
  Dimension made{title, column, {}};
  for (const auto& row : table)
    if (!row.log_name.empty() && keep(row)) made.values.push_back({std::string(row.log_name), {}});
  return made;
}

std::vector<Dimension> dimensions() {
  const auto all = [](const auto&) { return true; };
  return {dimension("action", kAction, kActions, all),
          dimension("status of the application", kApp, kAppStatuses, all),
          dimension("session end reason", kReason, kEndReasons,
                    [](const EndReasonInfo& row) { return row.priority != 0; }),
          dimension("tracker stage", kStage, kTrackerStages, all),
          dimension("subtype", kSubtype, kSubtypes, all)};
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

// Values in the rows of a case that came out as expected.
void note(const MatrixCase& one, std::vector<Dimension>& all) {
  std::istringstream lines(one.rows);
  std::string line;
  std::getline(lines, line);  // names of columns
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = cells_of(line);
    for (Dimension& d : all)
      for (Value& value : d.values)
        if (d.column < cells.size() && cells[d.column] == value.name &&
            (value.shown_by.empty() || value.shown_by.back() != one.name))
          value.shown_by.push_back(one.name);
  }
}

std::string shown_text(const Value& value, bool links) {
  if (value.shown_by.empty()) return "no case shows it";
  std::string text;
  const std::size_t named = std::min(value.shown_by.size(), kNamed);
  for (std::size_t i = 0; i < named; ++i) {
    const std::string& name = value.shown_by[i];
    if (!text.empty()) text += ", ";
    text += links ? fmt::format("[{}](../tests/matrix/{})", name, name) : name;
  }
  if (named < value.shown_by.size())
    text += fmt::format(" and {} more", value.shown_by.size() - named);
  return text;
}

std::string as_table(const std::vector<Dimension>& all) {
  std::string out;
  for (const Dimension& d : all) {
    out += fmt::format("{}{}\n", out.empty() ? "" : "\n", d.title);
    for (const Value& value : d.values)
      out += fmt::format("  {:<25} {}\n", value.name, shown_text(value, false));
  }
  return out;
}

std::string as_markdown(const std::vector<Dimension>& all, const std::vector<MatrixCase>& cases) {
  std::string out =
      "# The matrix: what is shown from packets\n\n"
      "Written by `endreason matrix -o markdown`, which runs the cases of [tests/matrix]"
      "(../tests/matrix/README.md) and compares rows, verdicts and the\n"
      "packets that the firewall sends with what each expects. A test holds this page to it.\n";
  for (const Dimension& d : all) {
    out += fmt::format("\n## By {}\n\n| {} | shown by |\n|---|---|\n", d.title, d.title);
    for (const Value& value : d.values)
      out += fmt::format("| {} | {} |\n", value.name, shown_text(value, true));
  }
  out += "\n## The cases\n\n| case | what it shows |\n|---|---|\n";
  for (const MatrixCase& one : cases)
    out += fmt::format("| [{}](../tests/matrix/{}) | {} |\n", one.name, one.name, one.title);
  return out;
}

// Lines that are in one text only, with - and +; cases are short.
std::string difference(const std::string& expected, const std::string& found) {
  const auto lines_of = [](const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  };
  const auto before = lines_of(expected), after = lines_of(found);
  std::string out;
  const auto only = [&out](const auto& these, const auto& others, char sign) {
    for (const std::string& line : these)
      if (std::find(others.begin(), others.end(), line) == others.end())
        out += fmt::format("\n  {}{}", sign, line);
  };
  only(before, after, '-');
  only(after, before, '+');
  return out.empty() ? "\n  the same lines in another order or number" : out;
}

int run_command(const MatrixCommand& command) {
  const auto names = list_matrix_cases(command.cases);
  if (!names) return complain(names.error());
  std::vector<MatrixCase> cases;
  std::vector<Dimension> all = dimensions();
  std::size_t failed = 0;
  for (const std::string& name : *names) {
    auto one = run_matrix_case(command.cases, name);
    if (!one) return complain(one.error());
    if (command.accept) {
      if (auto done = accept_matrix_case(command.cases, *one); !done) return complain(done.error());
      one->expected_rows = one->rows;
      one->expected_replies = one->replies;
    }
    if (one->passed()) {
      note(*one, all);
    } else {
      ++failed;
      say(fmt::format(
          "{} is not as expected (- expected, + found):{}", name,
          difference(one->expected_rows + one->expected_replies, one->rows + one->replies)));
    }
    cases.push_back(std::move(*one));
  }
  const std::string text = command.output == "markdown" ? as_markdown(all, cases) : as_table(all);
  if (!write_all(STDOUT_FILENO, text)) return kExitIo;
  if (command.output == "table")
    say(fmt::format("{} cases, {} not as expected", cases.size(), failed));
  return failed == 0 ? kExitDone : kExitMismatch;
}

}  // namespace

RunCommand declare_matrix(CLI::App& app) {
  auto command = std::make_shared<MatrixCommand>();
  option(app, "--cases", command->cases,
         "The folder of cases (default tests/matrix, as in the source)")
      .type_name("FOLDER");
  option(app, "-o,--output", command->output, "table (default) or markdown")
      .type_name("FORMAT")
      .member({"table", "markdown"});
  flag(app, "--accept", command->accept, "Write what comes out as what is expected");
  footer(app,
         "Examples:\n"
         "  endreason matrix\n"
         "  endreason matrix --cases /usr/share/endreason/matrix");
  return [command] { return run_command(*command); };
}

}  // namespace endreason
