// SPDX-License-Identifier: Apache-2.0
// `endreason serve`: receive logs, keep them, answer questions about them.
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/serve_folder.hpp"
#include "cli/serve_plan.hpp"
#include "cli/service_notify.hpp"
#include "cli/terminal.hpp"

namespace endreason {
namespace {

// What the command line said, by the place of the setting in serve_settings().
struct ServeCommand {
  RunOptions run;
  std::vector<std::vector<std::string>> lists;
  std::vector<std::string> texts;
  bool no_listen = false;

  ServeCommand() : lists(serve_settings().size()), texts(serve_settings().size()) {}
  ServeOrder order() const {
    ServeOrder order{run, {}};
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const ServeSettingInfo& row = serve_settings()[i];
      if (!lists[i].empty()) order.given.push_back({&row, lists[i]});
      if (!texts[i].empty()) order.given.push_back({&row, {texts[i]}});
      if (no_listen && row.name == "listen")
        order.given.push_back({&row, {std::string(kNoListeners)}});
    }
    return order;
  }
};

// The server as it runs, and what it was ordered to be.
class Serving {
 public:
  Serving(const ServeCommand& command, std::shared_ptr<OperatorLog> log)
      : command_(command), log_(std::move(log)) {}

  int run() {
    auto plan = plan_serve(command_.order(), log_);
    if (!plan) return complain(plan.error());
    log_->set(plan->log_format, plan->log_level);
    plan_ = *std::move(plan);
    // Before the first thread, so that all of them leave these to the one that waits below.
    ::sigemptyset(&signals_);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals_, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    server_.emplace(plan_.options);
    if (auto started = server_->start(); !started) {
      log_->error("not-started", started.error().message);
      return started.error().code == Error::Code::Io ? kExitIo : kExitUsage;
    }
    for (const ListenAddress& address : server_->listening())
      log_->info("listening", fmt::format("listening for syslog on {}", to_string(address)),
                 {{"address", to_string(address)}});
    // It answers from now on, and says so to whoever waits; rows of files may take their time.
    notify_service_manager("READY=1\nSTATUS=The pages are at " + server_->address());
    if (wait_until([this] { return server_->loaded(); })) {
      if (auto loaded = server_->load_result(); !loaded) {
        server_->stop();
        log_->error("not-loaded", loaded.error().message);
        return loaded.error().code == Error::Code::Io ? kExitIo : kExitUsage;
      }
      log_->info("ready", fmt::format("the pages are at {}", server_->address()),
                 {{"address", server_->address()}});
      wait_until([] { return false; });
    }
    notify_service_manager("STOPPING=1\nSTATUS=What was received is being stored");
    log_->info("stopping", "stopping: what was received is being stored");
    server_->stop();
    log_->info("stopped", "stopped");
    return kExitDone;
  }

 private:
  // False: the signal to end came. Tells of every condition that lasts for two looks: the log of a
  // server that takes nothing must say so, and not once a second.
  bool wait_until(const std::function<bool()>& done) {
    auto looked = std::chrono::steady_clock::now();
    while (!done()) {
      const timespec moment{0, 100'000'000};
      const int signal = ::sigtimedwait(&signals_, nullptr, &moment);
      if (signal == SIGINT || signal == SIGTERM) return false;
      if (signal == SIGHUP) reload();
      const auto now = std::chrono::steady_clock::now();
      if (now - looked < std::chrono::seconds(1)) continue;
      looked = now;
      look();
    }
    return true;
  }

  void look() {
    std::string now = server_->condition();
    if (now == before_ && now != told_) {
      told_ = now;
      tell_condition(told_);
    }
    before_ = std::move(now);
  }

  void tell_condition(const std::string& condition) {
    if (condition.empty())
      log_->info("taking", "rows are taken again");
    else
      log_->warning("not-taking", condition);
    notify_service_manager("STATUS=" + (condition.empty() ? "Rows are taken" : condition));
  }

  // All of the new configuration, or nothing.
  void reload() {
    notify_service_manager(reloading_message());
    auto next = plan_serve(command_.order(), log_);
    Result<std::vector<std::string>> later;
    if (!next)
      later = tl::unexpected(next.error());
    else
      later = server_->reload(next->options);
    if (later) {
      const auto more = waiting_for_restart(plan_, *next);
      later->insert(later->end(), more.begin(), more.end());
      log_->set(next->log_format, next->log_level);
      log_->info("reloaded", "the configuration was read again and acts");
      if (!later->empty())
        log_->warning("restart-needed",
                      fmt::format("these act after a restart: {}", fmt::join(*later, ", ")),
                      {{"settings", fmt::format("{}", fmt::join(*later, ","))}});
    } else {
      log_->error("not-reloaded",
                  fmt::format("the configuration was not taken, what was set before "
                              "still acts: {}",
                              later.error().message));
    }
    notify_service_manager("READY=1");
  }

  const ServeCommand& command_;
  std::shared_ptr<OperatorLog> log_;
  ServePlan plan_;
  sigset_t signals_{};
  std::optional<Server> server_;
  std::string told_, before_;  // empty: rows are taken
};

std::shared_ptr<OperatorLog> make_log() {
  return std::make_shared<OperatorLog>(
      [](std::string_view line) { static_cast<void>(write_all(STDERR_FILENO, line)); },
      [] {
        using std::chrono::microseconds;
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return std::chrono::duration_cast<microseconds>(now).count();
      });
}

int run_serve(const ServeCommand& command) {
  return Serving(command, make_log()).run();
}

void declare_setting(CLI::App& app, const ServeSettingInfo& row, std::vector<std::string>& list,
                     std::string& text) {
  const std::string name = "--" + std::string(row.name);
  if (row.kind == ServeKind::YesNo) {
    flag_that_calls(
        app, name, [&text] { text = "yes"; }, std::string(row.meaning));
    return;
  }
  std::string help(row.meaning);
  if (row.kind == ServeKind::Word) help += fmt::format(": {}", fmt::join(row.words, " or "));
  const auto usual = value_texts(row, ServeSettings{});
  if (!usual.empty() && !usual[0].empty())
    help += fmt::format(" (default {})", fmt::join(usual, " "));
  if (row.kind == ServeKind::Texts) {
    option(app, name, list, help).type_name(std::string(row.type_name));
    return;
  }
  auto made = option(app, name, text, help).type_name(std::string(row.type_name));
  if (row.kind == ServeKind::Word)
    made.member(std::vector<std::string>(row.words.begin(), row.words.end()));
}

}  // namespace

std::string serve_folder(const std::string& given) {
  if (!given.empty()) return given;
  const auto from = [](const char* variable) {
    const char* value = std::getenv(variable);
    return std::string(value == nullptr ? "" : value);
  };
  // Of systemd: the folder of the unit.
  if (std::string state = from("STATE_DIRECTORY"); !state.empty()) return state;
  if (const std::string state = from("XDG_STATE_HOME"); !state.empty()) return state + "/endreason";
  const std::string home = from("HOME");
  return home.empty() ? "/var/lib/endreason" : home + "/.local/state/endreason";
}

RunCommand declare_serve(CLI::App& app) {
  auto command = std::make_shared<ServeCommand>();
  ServeCommand& c = *command;
  for (std::size_t i = 0; i < c.texts.size(); ++i)
    declare_setting(app, serve_settings()[i], c.lists[i], c.texts[i]);
  flag(app, "--no-listen", c.no_listen, "Receive no syslog; as --listen none");
  option(app, "--config", c.run.config, "Configuration file").type_name("FILE");
  option(app, "--tz", c.run.tz, "Zone of times without one: Europe/Berlin, UTC, +02:00")
      .type_name("ZONE");
  option(app, "--ruleset", c.run.ruleset, "standard or vendor").type_name("NAME");
  footer(
      app,
      "Examples:\n"
      "  endreason serve                                       on this machine only\n"
      "  endreason serve --listen tcp:0.0.0.0:5514 --keep-days 90\n"
      "  endreason serve --http 0.0.0.0:8443 --certificate fw.pem --key fw.key --token-file token\n"
      "  endreason serve --config endreason.yaml               all of it in a file\n"
      "docs/operating/serve.md has more.");
  return [command] { return run_serve(*command); };
}

}  // namespace endreason
