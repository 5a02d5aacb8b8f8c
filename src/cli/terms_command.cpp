// SPDX-License-Identifier: Apache-2.0
// `endreason terms [WORD]`: what the words of the log and of our verdicts mean.
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/terminal.hpp"
#include "verdict/terms.hpp"

namespace endreason {
namespace {

constexpr std::size_t kTextWidth = 96;

// Lines that are easy to read, and no wider than the terminal.
std::size_t text_width() {
  const unsigned terminal = terminal_width();
  return terminal == 0 ? kTextWidth : std::min<std::size_t>(kTextWidth, terminal);
}

struct TermsOptions {
  std::vector<std::string> words;  // of one term: titles have several
  std::string output, colour{"auto"};
};

void append_json_text(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  out.push_back('"');
}

void append_json(std::string& out, const Term& term) {
  out += "{\"kind\":";
  append_json_text(out, info(term.kind).log_name);
  const std::pair<const char*, const std::string*> members[] = {{"name", &term.name},
                                                                {"title", &term.title},
                                                                {"meaning", &term.meaning},
                                                                {"leads_to", &term.leads_to},
                                                                {"source", &term.source}};
  for (const auto& [key, value] : members) {
    if (value->empty()) continue;
    out += fmt::format(",\"{}\":", key);
    append_json_text(out, *value);
  }
  out += "}\n";
}

// Words filled into lines, each behind `indent`.
void append_wrapped(std::string& out, std::string_view text, std::string_view indent) {
  const std::size_t width = text_width();
  std::size_t column = 0;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column == 0) {
      out += indent;
      column = indent.size();
    } else if (column + 1 + word.size() > width) {
      out += '\n';
      out += indent;
      column = indent.size();
    } else {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  out += '\n';
}

void append_term(std::string& out, const Term& term, bool colour) {
  out += fmt::format("{}{}{}  {}{}\n", colour ? "\x1b[1m" : "", term.name, colour ? "\x1b[0m" : "",
                     info(term.kind).log_name,
                     term.title.empty() ? "" : fmt::format(", {}", term.title));
  append_wrapped(out, term.meaning, "  ");
  if (!term.leads_to.empty()) append_wrapped(out, "Verdict: " + term.leads_to, "  ");
  out += fmt::format("{}  Source: {}{}\n", colour ? "\x1b[2m" : "", term.source,
                     colour ? "\x1b[0m" : "");
}

void append_index(std::string& out, bool colour) {
  for (const TermKindInfo& kind : kTermKinds) {
    std::string names;
    for (const Term& term : all_terms())
      if (term.kind == kind.value) names += (names.empty() ? "" : ", ") + term.name;
    if (names.empty()) continue;
    out += fmt::format("{}{}{}\n", colour ? "\x1b[1m" : "", kind.log_name, colour ? "\x1b[0m" : "");
    append_wrapped(out, names, "  ");
  }
  out += "\n`endreason terms WORD` explains one of them.\n";
}

int unknown_term(const std::string& word) {
  std::string near;
  for (const std::string& name : nearest_terms(word)) near += (near.empty() ? "" : ", ") + name;
  say(fmt::format("no term is called '{}'{}; `endreason terms` lists them all", word,
                  near.empty() ? "" : "; the nearest are: " + near));
  return kExitUsage;
}

// A reader that went away (head) has seen enough.
int print(const std::string& text) {
  return write_all(STDOUT_FILENO, text) || errno == EPIPE ? kExitDone : kExitIo;
}

int run_terms(const TermsOptions& options) {
  const bool json = options.output == "ndjson" || options.output == "json";
  if (!json && !options.output.empty() && options.output != "text") {
    say(fmt::format("-o: terms are written as text or ndjson, not '{}'", options.output));
    return kExitUsage;
  }
  const bool colour = colour_wanted(options.colour);
  std::string out;
  if (options.words.empty()) {
    if (json) {
      for (const Term& term : all_terms()) append_json(out, term);
    } else {
      append_index(out, colour);
    }
    return print(out);
  }
  const std::string word = fmt::format("{}", fmt::join(options.words, " "));
  const std::vector<const Term*> found = find_terms(word);
  if (found.empty()) return unknown_term(word);
  for (const Term* term : found) {
    if (json) {
      append_json(out, *term);
    } else {
      if (!out.empty()) out += '\n';
      append_term(out, *term, colour);
    }
  }
  return print(out);
}

}  // namespace

RunCommand declare_terms(CLI::App& app) {
  auto options = std::make_shared<TermsOptions>();
  option(app, "WORD", options->words,
         "A word of the log or of a verdict, or the title of a column, in any case; none: "
         "the list of all");
  option(app, "-o,--output", options->output, "text or ndjson").type_name("FORMAT");
  option(app, "--color,--colour", options->colour, "auto, always or never (NO_COLOR is honoured)")
      .type_name("WHEN")
      .member({"auto", "always", "never"});
  footer(app,
         "Examples:\n"
         "  endreason terms incomplete\n"
         "  endreason terms decrypt-unsupport-param\n"
         "  endreason terms Session End Reason\n"
         "  endreason terms -o ndjson | jq -r .name");
  return [options] { return run_terms(*options); };
}

}  // namespace endreason
