// SPDX-License-Identifier: Apache-2.0
// `endreason man`: the manual page in roff, made from the declared commands and options.
#include <unistd.h>

#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

namespace endreason {
namespace {

// Dashes that are typed, backslashes, and dots or quotes at the start of a line mean something in
// roff.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out.push_back(c);
    }
    line_start = c == '\n';
  }
  return out;
}

void append_option(std::string& out, const CLI::Option& option) {
  if (option.get_group().empty()) return;
  std::string head;
  if (option.get_positional() && option.get_snames().empty() && option.get_lnames().empty()) {
    head = fmt::format("\\fI{}\\fR", roff(option.get_single_name()));
  } else {
    for (const std::string& name : option.get_snames())
      head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff("-" + name));
    for (const std::string& name : option.get_lnames())
      head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff("--" + name));
    if (option.get_items_expected_max() > 0)
      head += fmt::format(" \\fI{}\\fR", roff(option.get_type_name()));
  }
  out += fmt::format(".TP\n{}\n{}\n", head, roff(option.get_description()));
}

void append_examples(std::string& out, const CLI::App& app) {
  const std::string footer = app.get_footer();
  const std::size_t newline = footer.find('\n');
  if (newline == std::string::npos) return;
  const std::string_view all = std::string_view(footer).substr(newline + 1);
  out += fmt::format(".PP\nExamples:\n.nf\n{}\n.fi\n", roff(all.substr(0, all.find("\n`"))));
}

std::string manual(const CLI::App& root) {
  std::string out =
      fmt::format(".TH ENDREASON 1 \"\" \"endreason {}\" \"User Commands\"\n", kVersion);
  out += ".SH NAME\nendreason \\- what finally happened to every firewall session, and why\n";
  out += ".SH SYNOPSIS\n.B endreason\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIPATH\\fR...]\n";
  out += fmt::format(".SH DESCRIPTION\n{}\n", roff(root.get_description()));
  append_examples(out, root);
  for (const CLI::App* sub : root.get_subcommands({})) {
    out += fmt::format(".SH COMMAND {}\n{}\n", roff(sub->get_name()), roff(sub->get_description()));
    for (const CLI::Option* option : sub->get_options()) append_option(out, *option);
    append_examples(out, *sub);
  }
  out += ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes)
    out += fmt::format(".TP\n{}\n{}\n", code.value, roff(code.meaning));
  out +=
      ".SH FILES\n.TP\n~/.config/endreason/endreason.yaml, /etc/endreason/endreason.yaml\n"
      "Settings: tz, time\\-zones, ruleset, timers, aliases. \\fB$ENDREASON_CONFIG\\fR or "
      "\\fB\\-\\-config\\fR names another.\n";
  out +=
      ".SH ENVIRONMENT\n.TP\nNO_COLOR\nNo colour, whatever the terminal.\n.TP\nTMPDIR\nWhere "
      "\\-\\-summary keeps what does not fit in its memory.\n";
  return out;
}

}  // namespace

RunCommand declare_man(CLI::App& app, const CLI::App& root) {
  app.footer("Example:\n  endreason man | man -l -");
  return [&root] { return write_all(STDOUT_FILENO, manual(root)) ? kExitDone : kExitIo; };
}

}  // namespace endreason
