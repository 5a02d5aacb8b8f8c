// SPDX-License-Identifier: Apache-2.0
// endreason: the command line.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include <fcntl.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

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
  struct Command {
    CLI::App* app;
    RunCommand run;
  };
  std::vector<Command> commands;
  const auto add = [&](const char* name, const char* description) {
    CLI::App* sub = app.add_subcommand(name, description);
    sub->option_defaults()->always_capture_default(false);
    return sub;
  };
  CLI::App* explain =
      add("explain", "Explain traffic logs: what happened to each session, and why");
  commands.push_back({explain, declare_explain(*explain)});
  CLI::App* track =
      add("track", "Track the sessions of captures and write the log a firewall would");
  commands.push_back({track, declare_track(*track)});
  CLI::App* ladder = add("ladder", "Draw a session's packets between client and server");
  commands.push_back({ladder, declare_ladder(*ladder)});
  CLI::App* show = add("show", "Show the session table as of a moment, as the firewall's CLI does");
  commands.push_back({show, declare_show(*show)});
  CLI::App* policy = add("policy", "What another rule base would change");
  commands.push_back({policy, declare_policy(*policy)});
  CLI::App* test = add("test", "Ask a rule base about one session, as the firewall's CLI does");
  commands.push_back({test, declare_policy_test(*test)});
  CLI::App* config = add("config", "Check, show or import a configuration");
  commands.push_back({config, declare_config(*config)});
  CLI::App* inspect = add("inspect", "Look for threats in captures with rules");
  commands.push_back({inspect, declare_inspect(*inspect)});
  CLI::App* matrix = add("matrix", "Which action and end reason is shown by which test case");
  commands.push_back({matrix, declare_matrix(*matrix)});
  CLI::App* serve = add("serve", "Receive logs, keep them, and answer questions about them");
  commands.push_back({serve, declare_serve(*serve)});
  CLI::App* query = add("query", "Ask what a server keeps, with a filter");
  commands.push_back({query, declare_query(*query)});
  CLI::App* sql = add("sql", "Ask what a server keeps, in SQL");
  commands.push_back({sql, declare_sql(*sql)});
  CLI::App* to_files = add("export", "Write what a server keeps to Parquet files");
  commands.push_back({to_files, declare_export(*to_files)});
  CLI::App* terms =
      add("terms", "Explain a word: action, status, end reason, stage, state, column");
  commands.push_back({terms, declare_terms(*terms)});
  CLI::App* completion = add("completion", "Print the completion script of a shell");
  commands.push_back({completion, declare_completion(*completion, app)});
  CLI::App* man = add("man", "Print the manual page (roff)");
  commands.push_back({man, declare_man(*man, app)});
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& e) {  // --help, --version
    const int code = app.exit(e);
    errno = 0;
    if (std::cout.flush() || errno == EPIPE) return code;  // whoever read has read enough
    say("cannot write to standard output");
    return kExitIo;
  } catch (const CLI::ParseError& e) {
    say(e.what());
    say("`endreason --help` and `endreason COMMAND --help` say what there is");
    return kExitUsage;
  }
  for (const Command& command : commands)
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
