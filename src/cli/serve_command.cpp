// SPDX-License-Identifier: Apache-2.0
// `endreason serve`: receive logs, keep them, answer questions about them.
#include <csignal>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/capture_log.hpp"
#include "cli/captured_sessions.hpp"
#include "cli/commands.hpp"
#include "cli/record_run.hpp"
#include "cli/run_plan.hpp"
#include "cli/serve_folder.hpp"
#include "cli/terminal.hpp"
#include "cli/track_options.hpp"
#include "cli/version.hpp"
#include "server/server.hpp"

namespace endreason {
namespace {

struct ServeCommand {
  RunOptions run;  // of which the configuration, the zone and the rule set are used
  std::string folder, http{"127.0.0.1:8088"}, certificate, key, token_file, reader_token_file,
      syslog_certificate, syslog_key, syslog_client_ca, fsync{"second"};
  std::vector<std::string> listen, load, follow, watch;
  bool no_listen = false, keep_raw = false;
  std::uint32_t keep_days = 0;
  std::uint64_t keep_bytes = 0, spool_bytes = std::uint64_t{4} << 30,
                memory = std::uint64_t{1} << 30, capture_bytes = std::uint64_t{1} << 30;
  unsigned query_seconds = 30;
};

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A secret is the first line of a file, so that it stands on no command line.
Result<std::string> read_token(const char* option, const std::string& path) {
  std::string token;
  std::ifstream file(path);
  if (!std::getline(file, token))
    return fail(Error::Code::Usage,
                fmt::format("{}: {} has no first line that could be read", option, path));
  if (token.size() < 16)
    return fail(Error::Code::Usage,
                fmt::format("{}: the token in {} is shorter than 16 characters", option, path));
  return token;
}

Result<void> read_tokens(const ServeCommand& command, ApiOptions& api) {
  if (!command.token_file.empty()) {
    auto token = read_token("--token-file", command.token_file);
    if (!token) return tl::unexpected(token.error());
    api.token = *token;
  }
  if (!command.reader_token_file.empty()) {
    auto token = read_token("--reader-token-file", command.reader_token_file);
    if (!token) return tl::unexpected(token.error());
    api.reader_token = *token;
  }
  return {};
}

Result<void> read_addresses(const ServeCommand& command, ServeOptions& options) {
  auto http = parse_listen_address("tcp:" + command.http);
  if (!http)
    return fail(Error::Code::Usage,
                fmt::format("--http: expected an address such as 127.0.0.1:8088, found '{}'",
                            command.http));
  options.http.address = http->address;
  options.http.port = http->port;
  if (command.certificate.empty() != command.key.empty())
    return fail(Error::Code::Usage, "--certificate and --key: give both or none");
  options.http.certificate_file = command.certificate;
  options.http.key_file = command.key;
  options.syslog.certificate_file =
      command.syslog_certificate.empty() ? command.certificate : command.syslog_certificate;
  options.syslog.key_file = command.syslog_key.empty() ? command.key : command.syslog_key;
  options.syslog.client_ca_file = command.syslog_client_ca;
  if (command.no_listen) return {};
  std::vector<std::string> texts = command.listen;
  if (texts.empty()) texts = {"udp:127.0.0.1:5514", "tcp:127.0.0.1:5514"};
  for (const std::string& text : texts) {
    auto address = parse_listen_address(text);
    if (!address) return fail(Error::Code::Usage, "--listen: " + address.error().message);
    options.syslog.addresses.push_back(*address);
  }
  return {};
}

Result<ServeOptions> plan_serve(const ServeCommand& command) {
  const auto settings = load_settings(command.run.config);
  if (!settings) return tl::unexpected(settings.error());
  auto plan = plan_run(command.run, *settings);
  if (!plan) return tl::unexpected(plan.error());
  ServeOptions options;
  const std::string folder = serve_folder(command.folder);
  options.store.folder = folder;
  options.store.keep_raw = command.keep_raw;
  options.store.memory_bytes = command.memory;
  options.store.export_folder = folder + "/export";
  options.ingest.spool.folder = folder + "/spool";
  options.ingest.spool.bytes_max = command.spool_bytes;
  options.ingest.spool.sync = command.fsync == "never"   ? SpoolSync::Never
                              : command.fsync == "frame" ? SpoolSync::EveryFrame
                                                         : SpoolSync::EverySecond;
  options.ingest.reader = plan->explain.reader;
  options.ingest.reader.cells_wanted = kCellsMax;
  options.ingest.ruleset = plan->explain.ruleset;
  options.ingest.timers = plan->explain.timers;
  options.ingest.clock = plan->explain.clock;
  options.ingest.keep_days = command.keep_days;
  options.ingest.keep_bytes = command.keep_bytes;
  options.ingest.now_micros = wall_clock_micros;
  options.api.version = kVersion;
  options.api.folder = folder;
  options.api.reader = options.ingest.reader;
  options.api.ruleset = options.ingest.ruleset;
  options.api.timers = options.ingest.timers;
  options.api.clock = options.ingest.clock;
  options.api.now_micros = wall_clock_micros;
  options.api.query_time = std::chrono::seconds(command.query_seconds);
  auto track = plan_track(TrackOptions{}, *settings);
  if (!track) return tl::unexpected(track.error());
  options.api.read_capture = [engine = track->engine](std::string_view capture,
                                                      const TakeSession& take) {
    return read_captured_sessions(capture, engine, take);
  };
  options.api.read_ladder = [engine = track->engine](const std::string& path,
                                                     std::string_view serial, std::uint64_t seqno,
                                                     std::uint64_t session) {
    return read_session_ladder(path, engine,
                               {std::string(serial), seqno, static_cast<std::uint32_t>(session)});
  };
  options.files.load = command.load;
  options.files.follow = command.follow;
  options.files.watch = command.watch;
  options.files.capture_folder = folder + "/captures";
  options.files.capture_bytes = command.capture_bytes;
  options.files.open_capture = [engine = track->engine](std::unique_ptr<ByteSource> capture) {
    return open_capture_log(std::move(capture), engine);
  };
  options.files.keys = plan->explain.reader.keys;
  options.files.message = [](std::string_view text) { say(text); };
  options.message = [](std::string_view text) { say(text); };
  if (auto tokens = read_tokens(command, options.api); !tokens)
    return tl::unexpected(tokens.error());
  if (auto addresses = read_addresses(command, options); !addresses)
    return tl::unexpected(addresses.error());
  return options;
}

// Waits for the signal to end, or something else, and tells of every condition that lasts for two
// looks: the log of a server that takes nothing must say so, and not once a second.
class Operator {
 public:
  Operator(const Server& server, const sigset_t& signals) : server_(server), signals_(signals) {}

  // False: the signal to end came.
  bool wait_until(const std::function<bool()>& done) {
    auto looked = std::chrono::steady_clock::now();
    while (!done()) {
      const timespec moment{0, 100'000'000};
      const int signal = ::sigtimedwait(&signals_, nullptr, &moment);
      if (signal == SIGINT || signal == SIGTERM) return false;
      const auto now = std::chrono::steady_clock::now();
      if (now - looked < std::chrono::seconds(1)) continue;
      looked = now;
      look();
    }
    return true;
  }

 private:
  void look() {
    std::string now = server_.condition();
    if (now == before_ && now != told_) {
      told_ = now;
      say(told_.empty() ? "rows are taken again" : told_);
    }
    before_ = std::move(now);
  }

  const Server& server_;
  const sigset_t& signals_;
  std::string told_, before_;  // empty: rows are taken
};

int run_serve(const ServeCommand& command) {
  auto options = plan_serve(command);
  if (!options) return complain(options.error());
  // Before the first thread, so that all of them leave these to the one that waits below.
  sigset_t signals;
  ::sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) ::sigaddset(&signals, signal);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Server server(*std::move(options));
  if (auto started = server.start(); !started) return complain(started.error());
  for (const ListenAddress& address : server.listening())
    say(fmt::format("listening for syslog on {}", to_string(address)));
  Operator watching(server, signals);
  if (watching.wait_until([&] { return server.loaded(); })) {
    if (auto loaded = server.load_result(); !loaded) {
      server.stop();
      return complain(loaded.error());
    }
    say(fmt::format("the pages are at {}", server.address()));
    watching.wait_until([] { return false; });
  }
  say("stopping: what was received is being stored");
  server.stop();
  return kExitDone;
}

}  // namespace

std::string serve_folder(const std::string& given) {
  if (!given.empty()) return given;
  const char* state = std::getenv("XDG_STATE_HOME");
  if (state != nullptr && *state != '\0') return std::string(state) + "/endreason";
  const char* home = std::getenv("HOME");
  return home != nullptr && *home != '\0' ? std::string(home) + "/.local/state/endreason"
                                          : std::string("/var/lib/endreason");
}

RunCommand declare_serve(CLI::App& app) {
  auto command = std::make_shared<ServeCommand>();
  ServeCommand& c = *command;
  app.add_option("--folder", c.folder,
                 "Where database and spool are; none: $XDG_STATE_HOME/endreason or "
                 "~/.local/state/endreason")
      ->type_name("FOLDER");
  app.add_option("--http", c.http,
                 "Address and port of the pages and the API; 127.0.0.1:8088. Beyond this machine "
                 "--token-file and --certificate are required")
      ->type_name("ADDRESS:PORT");
  app.add_option(
         "--listen", c.listen,
         "Where syslog is received: udp:127.0.0.1:5514, tcp:[::]:5514, tls:0.0.0.0:6514; may be "
         "given several times. None: udp and tcp on 127.0.0.1:5514")
      ->type_name("KIND:ADDRESS:PORT");
  app.add_flag("--no-listen", c.no_listen, "Receive no syslog");
  app.add_option(
         "--load", c.load,
         "Files and folders whose rows are stored at the start; rows with a sequence number that "
         "is stored already are left out")
      ->type_name("PATH");
  app.add_option(
         "--follow", c.follow,
         "Logs that grow: their lines are stored as they are written; rotated and truncated "
         "files are followed on")
      ->type_name("FILE");
  app.add_option("--watch", c.watch,
                 "Folders: files that appear there are read once, also gzip and zstd; captures are "
                 "tracked and their sessions stored")
      ->type_name("FOLDER");
  app.add_option("--capture-bytes", c.capture_bytes,
                 "How much of the captures that are posted is kept, so that packets can be shown; "
                 "1 GiB")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--certificate", c.certificate, "Certificate chain for HTTPS, PEM")
      ->type_name("FILE");
  app.add_option("--key", c.key, "Its key, PEM")->type_name("FILE");
  app.add_option("--token-file", c.token_file,
                 "File with the administrators' token on its first line")
      ->type_name("FILE");
  app.add_option("--reader-token-file", c.reader_token_file,
                 "The same for readers: they may not send logs or ask in SQL")
      ->type_name("FILE");
  app.add_option("--syslog-certificate", c.syslog_certificate,
                 "Certificate chain for syslog over TLS; none: that of HTTPS")
      ->type_name("FILE");
  app.add_option("--syslog-key", c.syslog_key, "Its key")->type_name("FILE");
  app.add_option("--syslog-client-ca", c.syslog_client_ca,
                 "Senders over TLS must have a certificate of this authority")
      ->type_name("FILE");
  app.add_flag("--keep-raw", c.keep_raw, "Keep every line as it came, besides its columns");
  app.add_option("--keep-days", c.keep_days, "Remove rows that are older; 0: none")
      ->type_name("DAYS");
  app.add_option("--keep-bytes", c.keep_bytes,
                 "Remove the oldest rows when the database is larger (as 100GB); 0: none")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--spool-bytes", c.spool_bytes, "How large the spool may become; 4 GiB")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--spool-fsync", c.fsync,
                 "When the disk is asked to keep what was received: frame, second or never")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"frame", "second", "never"}));
  app.add_option("--memory", c.memory, "What the database may use; 1 GiB")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false));
  app.add_option("--query-seconds", c.query_seconds, "How long a question may take; 30")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, 3600));
  app.add_option("--config", c.run.config, "Configuration file")->type_name("FILE");
  app.add_option("--tz", c.run.tz, "Zone of times without one: Europe/Berlin, UTC, +02:00")
      ->type_name("ZONE");
  app.add_option("--ruleset", c.run.ruleset, "standard or vendor")->type_name("NAME");
  app.footer(
      "Examples:\n"
      "  endreason serve                                       on this machine only\n"
      "  endreason serve --listen tcp:0.0.0.0:5514 --keep-days 90\n"
      "  endreason serve --http 0.0.0.0:8443 --certificate fw.pem --key fw.key --token-file token\n"
      "docs/operating/serve.md has more.");
  return [command] { return run_serve(*command); };
}

}  // namespace endreason
