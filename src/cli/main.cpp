// SPDX-License-Identifier: Apache-2.0
// endreason: the command line.
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/nearest_name.hpp"
#include "cli/commands.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"

namespace endreason {
namespace {

std::string exit_codes_text() {
  std::string text = "Exit codes:";
  for (const ExitCode& code : kExitCodes)
    text += "\n  " + std::to_string(code.value) + "  " + std::string(code.meaning);
  return text;
}

using Words = std::span<const char* const>;

struct Command {
  const char* name;
  const char* description;
  RunCommand (*declare)(CLI::App& app, Words words);
  bool shows_others = false;  // needs the options of all commands
};
// A command whose options do not depend on the words.
template <RunCommand (*declare)(CLI::App&)>
RunCommand of_any_words(CLI::App& app, Words) {
  return declare(app);
}
constexpr auto kCommands = std::to_array<Command>({
    {"explain", "Explain traffic logs: what happened to each session, and why", declare_explain},
    {"track", "Track the sessions of captures and write the log a firewall would",
     of_any_words<declare_track>},
    {"ladder", "Draw a session's packets between client and server", of_any_words<declare_ladder>},
    {"show", "Show the session table as of a moment, as the firewall's CLI does",
     of_any_words<declare_show>},
    {"policy", "What another rule base would change", of_any_words<declare_policy>},
    {"test", "Ask a rule base about one session, as the firewall's CLI does",
     of_any_words<declare_policy_test>},
    {"config", "Check, show or import a configuration", of_any_words<declare_config>},
    {"inspect", "Look for threats in captures with rules", of_any_words<declare_inspect>},
    {"matrix", "Which action and end reason is shown by which test case",
     of_any_words<declare_matrix>},
    {"serve", "Receive logs, keep them, and answer questions about them",
     of_any_words<declare_serve>},
    {"query", "Ask what a server keeps, with a filter", of_any_words<declare_query>},
    {"sql", "Ask what a server keeps, in SQL", of_any_words<declare_sql>},
    {"export", "Write what a server keeps to Parquet files", of_any_words<declare_export>},
    {"terms", "Explain a word: action, status, end reason, stage, state, column",
     of_any_words<declare_terms>},
    {"completion", "Print the completion script of a shell",
     [](CLI::App& app, Words) { return declare_completion(app, *app.get_parent()); }, true},
    {"man", "Print the manual page (roff)",
     [](CLI::App& app, Words) { return declare_man(app, *app.get_parent()); }, true},
});

struct Declared {
  CLI::App* app;
  RunCommand run;
};

// The command that the first word names and its options; where it names none, all commands, with
// their options if more words follow: there are some hundred, which takes longer than a small log.
std::vector<Declared> declare_commands(CLI::App& root, Words words) {
  const auto* const named = std::find_if(kCommands.begin(), kCommands.end(), [&](const Command& c) {
    return !words.empty() && std::string_view(words[0]) == c.name;
  });
  const bool none = named == kCommands.end();
  const bool all = none || named->shows_others;
  std::vector<Declared> declared;
  for (const Command& command : kCommands) {
    if (!all && &command != named) continue;
    CLI::App* app = root.add_subcommand(command.name, command.description);
    app->option_defaults()->always_capture_default(false);
    if (none && words.size() <= 1) continue;
    declared.push_back({app, command.declare(*app, all ? Words() : words.subspan(1))});
  }
  return declared;
}

// "Could not convert: --limit = x": every option that is converted is a number.
std::string conversion_complaint(std::string_view text) {
  constexpr std::string_view kLead = "Could not convert: ", kBetween = " = ";
  const std::size_t between = text.find(kBetween);
  if (!text.starts_with(kLead) || between == std::string_view::npos) return std::string(text);
  return fmt::format("{}: expected a number, found '{}'",
                     text.substr(kLead.size(), between - kLead.size()),
                     text.substr(between + kBetween.size()));
}

// The word that nobody knows, and the option that may be meant.
std::string unknown_word_complaint(const CLI::ParseError& e, const CLI::App& root,
                                   const std::vector<Declared>& commands) {
  for (const Declared& command : commands) {
    if (!command.app->parsed()) continue;
    std::vector<std::string> names;
    for (const CLI::Option* option : command.app->get_options())
      for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    const std::vector<std::string_view> known(names.begin(), names.end());
    for (const std::string& word : root.remaining(true)) {
      if (!word.starts_with("-")) continue;
      const auto near = nearest_names(word, known, 1);
      if (!near.empty()) return fmt::format("{} (did you mean {}?)", e.what(), near.front());
    }
  }
  return e.what();
}

int run(int argc, char** argv) {
  CLI::App app{
      "endreason tells what finally happened to every firewall session: Allowed or Blocked,\n"
      "decided by which column, who ended it, whether it worked, why, and what to check next.",
      "endreason"};
  app.set_version_flag("--version", std::string(kVersion));
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  endreason explain traffic.log            a card for one record, a table for many\n"
      "  endreason explain --summary /var/log/pa  totals, root causes, top rules\n"
      "  endreason track -r capture.pcap          the log a firewall would have written\n"
      "  endreason ladder -r capture.pcap         what went wrong, packet by packet\n"
      "  endreason show session all -r capture.pcap\n"
      "  endreason serve                          receive logs, keep them, show what happened\n"
      "  endreason terms incomplete               what a word of the log means\n"
      "  endreason policy replay -r traffic.log --config new.yaml   what a change would break\n"
      "`endreason COMMAND --help` has more.\n\n" +
      exit_codes_text());
  const std::vector<Declared> commands =
      declare_commands(app, Words(argv, static_cast<std::size_t>(argc)).subspan(argc > 0 ? 1 : 0));
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    const int code = app.exit(e);
    errno = 0;
    if (std::cout.flush() || errno == EPIPE) return code;  // whoever read has read enough
    say("cannot write to standard output");
    return kExitIo;
  } catch (const CLI::ConversionError& e) {
    say(conversion_complaint(e.what()));
    return kExitUsage;
  } catch (const CLI::ParseError& e) {
    say(unknown_word_complaint(e, app, commands));
    say("`endreason --help` and `endreason COMMAND --help` say what there is");
    return kExitUsage;
  }
  for (const Declared& command : commands)
    if (command.app->parsed()) return command.run();
  return kExitUsage;
}

// A closed standard descriptor would be given to the next file that is opened, and results would be
// written into that file. It is taken by something that refuses them, so that they fail as before.
void occupy_closed_descriptors() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (::fcntl(descriptor, F_GETFD) < 0)
      static_cast<void>(
          ::open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY));  // lowest is ours
}

}  // namespace
}  // namespace endreason

int main(int argc, char** argv) {
  // A reader that went away (head) is told by write(), not by a signal.
  std::signal(SIGPIPE, SIG_IGN);
  endreason::occupy_closed_descriptors();
  try {
    return endreason::run(argc, argv);
  } catch (const std::exception& e) {
    endreason::say(std::string("failed: ") + e.what());
    return endreason::kExitIo;
  }
}
