// SPDX-License-Identifier: Apache-2.0
// `endreason man`: the manual page in roff, made from the declared commands and options.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

namespace endreason {
namespace {

struct RoffEscape {
  char byte;
  std::string_view escape;
};
// What is typed must come out as it is typed, so that it can be copied: roff would turn these into
// typographic quotes, accents and hyphens.
constexpr auto kRoffEscapes = std::to_array<RoffEscape>({
    {'\\', "\\e"},
    {'-', "\\-"},
    {'\'', "\\(aq"},
    {'`', "\\(ga"},
    {'^', "\\(ha"},
    {'~', "\\(ti"},
});

// A dot at the start of a line would be a command.
std::string roff(std::string_view text) {
  std::string out;
  bool line_start = true;
  for (const char c : text) {
    if (line_start && c == '.') out += "\\&";
    const auto row = std::find_if(kRoffEscapes.begin(), kRoffEscapes.end(),
                                  [c](const RoffEscape& r) { return r.byte == c; });
    if (row == kRoffEscapes.end()) {
      out.push_back(c);
    } else {
      out += row->escape;
    }
    line_start = c == '\n';
  }
  return out;
}

bool is_positional(const CLI::Option& option) {
  return option.get_positional() && option.get_snames().empty() && option.get_lnames().empty();
}

bool is_help(const CLI::Option& option) {
  return std::find(option.get_lnames().begin(), option.get_lnames().end(), "help") !=
         option.get_lnames().end();
}

// The library appends what it checks to the name of a value: "N:INT in [1 - 1000]".
std::string value_name(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  return name.substr(0, name.find(':'));
}

// "[PATH...]": what may follow the options.
std::string positionals(const CLI::App& app) {
  std::string out;
  for (const CLI::Option* option : app.get_options()) {
    if (!is_positional(*option)) continue;
    const std::string name = fmt::format("\\fI{}\\fR{}", roff(option->get_single_name()),
                                         option->get_items_expected_max() > 1 ? "..." : "");
    out += option->get_required() ? " " + name : " [" + name + "]";
  }
  return out;
}

void append_option(std::string& out, const CLI::Option& option) {
  if (option.get_group().empty() || is_help(option)) return;
  std::string head;
  if (is_positional(option)) {
    head = fmt::format("\\fI{}\\fR", roff(option.get_single_name()));
  } else {
    for (const std::string& name : option.get_snames())
      head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff("-" + name));
    for (const std::string& name : option.get_lnames())
      head += fmt::format("{}\\fB{}\\fR", head.empty() ? "" : ", ", roff("--" + name));
    if (option.get_items_expected_max() > 0)
      head += fmt::format(" \\fI{}\\fR", roff(value_name(option)));
  }
  out += fmt::format(".TP\n{}\n{}\n", head, roff(option.get_description()));
}

// The footers of the commands are "Examples:" and a line each, up to a blank or a closing remark.
void append_examples(std::string& out, const CLI::App& app) {
  const std::string footer = app.get_footer();
  const std::size_t newline = footer.find('\n');
  if (newline == std::string::npos) return;
  const std::string_view all = std::string_view(footer).substr(newline + 1);
  out += fmt::format(".PP\nExamples:\n.PP\n.nf\n{}\n.fi\n", roff(all.substr(0, all.find("\n`"))));
}

void append_commands(std::string& out, const CLI::App& root) {
  out +=
      ".SH COMMANDS\nEach command takes \\fB\\-h\\fR or \\fB\\-\\-help\\fR, which prints what "
      "stands here.\n";
  for (const auto& [name, sub] : leaf_commands(root)) {
    const auto all = sub->get_options();
    const bool has_options = std::any_of(all.begin(), all.end(), [](const CLI::Option* option) {
      return !is_positional(*option) && !is_help(*option);
    });
    out += fmt::format(".SS \"endreason {}{}{}\"\n{}.\n", roff(name),
                       has_options ? " [\\fIOPTION\\fR...]" : "", positionals(*sub),
                       roff(sub->get_description()));
    for (const CLI::Option* option : all) append_option(out, *option);
    append_examples(out, *sub);
  }
}

constexpr std::string_view kClosing = R"(.SH FILES
.TP
\fI$XDG_CONFIG_HOME/endreason/endreason.yaml\fR, \fI\(ti/.config/endreason/endreason.yaml\fR, \fI/etc/endreason/endreason.yaml\fR
The settings tz, time\-zones, ruleset, timers, aliases, profile, zones, sessions, applications and
user\-applications. The first file that exists is read, unless \fB$ENDREASON_CONFIG\fR or
\fB\-\-config\fR names another.
.SH ENVIRONMENT
.TP
.B ENDREASON_CONFIG
The configuration file to read.
.TP
.B ENDREASON_KERNEL
The line scanner to use: auto, avx512, avx2 or scalar. The result is the same with each.
.TP
.B NO_COLOR
Not empty: no colour, whatever the terminal.
.TP
.B TMPDIR
Where \fB\-\-summary\fR keeps what does not fit into its memory.
.SH NOTES
Works with PAN\-OS traffic logs. Not affiliated with Palo Alto Networks, whose trademark PAN\-OS is.
)";

std::string manual(const CLI::App& root) {
  std::string out =
      fmt::format(".TH ENDREASON 1 \"\" \"endreason {}\" \"User Commands\"\n", kVersion);
  out += ".SH NAME\nendreason \\- what finally happened to every firewall session, and why\n";
  out += ".SH SYNOPSIS\n.B endreason\n.I COMMAND\n[\\fIOPTION\\fR...] [\\fIARGUMENT\\fR...]\n.br\n";
  out += ".B endreason \\-\\-version\n";
  out += fmt::format(".SH DESCRIPTION\n{}\n", roff(root.get_description()));
  append_examples(out, root);
  append_commands(out, root);
  out += ".SH EXIT STATUS\n";
  for (const ExitCode& code : kExitCodes)
    out += fmt::format(".TP\n{}\n{}\n", code.value, roff(code.meaning));
  out += kClosing;
  return out;
}

void add_leaves(const std::string& before, const CLI::App& app,
                std::vector<std::pair<std::string, const CLI::App*>>& into) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    const std::string name = before.empty() ? sub->get_name() : before + " " + sub->get_name();
    if (sub->get_subcommands({}).empty())
      into.emplace_back(name, sub);
    else
      add_leaves(name, *sub, into);
  }
}

}  // namespace

std::vector<std::pair<std::string, const CLI::App*>> leaf_commands(const CLI::App& root) {
  std::vector<std::pair<std::string, const CLI::App*>> leaves;
  add_leaves("", root, leaves);
  return leaves;
}

RunCommand declare_man(CLI::App& app, const CLI::App& root) {
  app.footer("Examples:\n  endreason man | man -l -");
  return [&root] { return write_all(STDOUT_FILENO, manual(root)) ? kExitDone : kExitIo; };
}

}  // namespace endreason
