// SPDX-License-Identifier: Apache-2.0
#include "inspect/rule_file.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

namespace endreason::inspect {
namespace {

constexpr std::size_t kShownMax = 60;

// A word of the file in a message: cut, and without what a terminal would obey.
std::string shown(std::string_view word) {
  std::string out;
  for (const char c : word.substr(0, kShownMax))
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  if (word.size() > kShownMax) out += "...";
  return out;
}

struct Place {
  std::size_t line, column;
};

// Of an offset in the whole text, counted from 1.
Place place_of(std::string_view text, std::size_t begin, std::size_t line, std::size_t offset) {
  Place place{line, 1};
  for (std::size_t i = begin; i < offset && i < text.size(); ++i) {
    ++place.column;
    if (text[i] == '\n') {
      ++place.line;
      place.column = 1;
    }
  }
  return place;
}

std::string cause_of(const RuleProblem& problem) {
  std::string cause(log_name(problem.kind));
  const bool named = problem.kind == RuleProblemKind::UnknownKeyword ||
                     problem.kind == RuleProblemKind::UnknownProtocol ||
                     problem.kind == RuleProblemKind::UnknownVariable ||
                     problem.kind == RuleProblemKind::UnknownAction;
  if (named) cause += " " + shown(problem.word);
  return cause;
}

void note(RuleLoad& load, const std::string& file, Place place, const RuleProblem& problem) {
  ++load.skipped;
  ++load.causes[cause_of(problem)];
  if (load.problems.size() >= kRuleProblemsKept) return;
  std::string message =
      file + ":" + std::to_string(place.line) + ":" + std::to_string(place.column) + ": ";
  if (!problem.word.empty()) message += "\"" + shown(problem.word) + "\": ";
  load.problems.push_back(message + problem.what);
}

void take(RuleLoad& load, const std::string& file, std::string_view text, std::size_t begin,
          std::size_t line, std::string_view statement, const RuleVariables& variables) {
  ++load.read;
  auto rule = parse_rule(statement, variables);
  if (!rule) {
    note(load, file, place_of(text, begin, line, begin + rule.error().offset), rule.error());
    return;
  }
  const std::uint64_t id = std::uint64_t{rule->gid} << 32 | rule->sid;
  const std::string here = file + ":" + std::to_string(line);
  const auto [at, fresh] = load.places.try_emplace(id, here);
  if (!fresh) {
    note(load, file, {line, 1},
         {RuleProblemKind::Conflict, 0, "sid:" + std::to_string(rule->sid),
          "the number was given to the rule at " + at->second + "; give this one another"});
    return;
  }
  rule->file = file;
  rule->line = static_cast<std::uint32_t>(line);
  load.rules.push_back(std::move(*rule));
}

}  // namespace

void read_rule_text(std::string_view text, const std::string& file, const RuleVariables& variables,
                    RuleLoad& load) {
  std::size_t line = 1;
  std::string statement;
  for (std::size_t begin = 0; begin < text.size();) {
    statement.clear();
    std::size_t lines = 0, at = begin;
    for (bool more = true; more && at < text.size();) {
      const std::size_t newline = std::min(text.find('\n', at), text.size());
      std::string_view part = text.substr(at, newline - at);
      std::size_t length = part.size();
      while (length > 0 && (part[length - 1] == '\r' || part[length - 1] == ' ')) --length;
      more = length > 0 && part[length - 1] == '\\';
      statement.append(part.substr(0, more ? length - 1 : length));
      // Blanks for what was left out and for the newline, so that offsets stay.
      statement.append(part.size() - (more ? length - 1 : length) + 1, ' ');
      at = newline + 1;
      ++lines;
    }
    const std::size_t first = statement.find_first_not_of(" \t");
    if (first != std::string::npos && statement[first] != '#')
      take(load, file, text, begin, line, statement, variables);
    begin = at;
    line += lines;
  }
}

Result<void> read_rule_file(const std::string& path, const RuleVariables& variables,
                            RuleLoad& load) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(Error::Code::Io, path + ": " + std::strerror(errno) + "; give a file with rules");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return fail(Error::Code::Io, path + ": cannot be read to its end");
  read_rule_text(text, path, variables, load);
  return {};
}

}  // namespace endreason::inspect
