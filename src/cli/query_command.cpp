// SPDX-License-Identifier: Apache-2.0
// `endreason query` and `endreason sql`: questions to what `serve` keeps, through the running
// server where there is one, else from its folder.
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "cli/commands.hpp"
#include "cli/record_run.hpp"
#include "cli/run_plan.hpp"
#include "cli/serve_folder.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "server/api.hpp"
#include "server/local_client.hpp"
#include "server/server.hpp"

namespace endreason {
namespace {

struct AskCommand {
  RunOptions run;
  std::string folder, server, token_file, text, group_by, output, columns;
  std::uint64_t top = 10, limit = 0;
  bool show_sql = false;
};

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
                       u == '-' || u == '_' || u == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", u);
  }
  return out;
}

// One question, and where its answer goes.
class Asking {
 public:
  explicit Asking(const AskCommand& command) : command_(command) {}

  int ask(const std::string& method, const std::string& target, const std::string& body) {
    const std::string folder = serve_folder(command_.folder);
    std::string server = command_.server;
    if (server.empty()) {
      std::ifstream file(address_file(folder));
      std::getline(file, server);
    }
    if (server.empty()) return ask_folder(folder, method, target, body);
    auto status = ask_running(server, method, target, body);
    // A server that was killed leaves its address behind.
    if (!status && command_.server.empty()) return ask_folder(folder, method, target, body);
    if (!status) return complain(status.error());
    return settle(*status);
  }

 private:
  Result<unsigned> ask_running(const std::string& server, const std::string& method,
                               const std::string& target, const std::string& body) {
    ClientRequest request{server, method, target, body, ""};
    if (!command_.token_file.empty()) {
      std::ifstream file(command_.token_file);
      if (!std::getline(file, request.token))
        return fail(Error::Code::Usage,
                    fmt::format("--token-file: {} cannot be read", command_.token_file));
    }
    return ask_server(request, [this](std::string_view part) { take(part); });
  }

  int ask_folder(const std::string& folder, const std::string& method, const std::string& target,
                 const std::string& body) {
    const auto settings = load_settings(command_.run.config);
    if (!settings) return complain(settings.error());
    const auto plan = plan_run(command_.run, *settings);
    if (!plan) return complain(plan.error());
    StoreOptions options;
    options.folder = folder;
    options.read_only = true;
    auto store = open_duckdb_store(options);
    if (!store) return complain(store.error());
    IngestOptions ingest;
    ingest.now_micros = wall_clock_micros;
    Ingestor nothing_received(**store, ingest);
    ApiOptions api;
    api.now_micros = wall_clock_micros;
    api.clock = plan->explain.clock;
    api.version = kVersion;
    api.query_time = std::chrono::hours(24);
    Api answers(**store, nothing_received, api);
    HttpRequest request;
    request.method = method;
    request.host = "localhost";
    request.body = body;
    split_target(target, request);
    const HttpResponse response = answers.handle(request);
    take(response.body);
    while (response.stream && !broken_) {
      std::string part;
      const auto state = response.stream->next(part);
      take(part);
      if (state == HttpStream::State::End) break;
    }
    return settle(response.status);
  }

  // An error's answer is short and is said at the end; everything else is written as it comes.
  void take(std::string_view part) {
    if (error_.empty() && (written_ || !part.starts_with("{\"error\""))) {
      written_ = written_ || !part.empty();
      if (!write_all(STDOUT_FILENO, part)) broken_ = true;
      return;
    }
    error_ += part;
  }

  int settle(unsigned status) {
    if (broken_) return errno == EPIPE ? kExitDone : kExitIo;
    if (error_.empty() && status == 200) return kExitDone;
    say(message_of(error_));
    return status == 400 || status == 401 || status == 403 ? kExitUsage : kExitIo;
  }

  // The texts of the members message and remedy.
  static std::string message_of(const std::string& json) {
    std::string text;
    for (const std::string_view name : {"\"message\":\"", "\"remedy\":\""}) {
      const std::size_t at = json.find(name);
      if (at == std::string::npos) continue;
      if (!text.empty()) text += "; ";
      for (std::size_t i = at + name.size(); i < json.size() && json[i] != '"'; ++i) {
        if (json[i] == '\\' && i + 1 < json.size()) ++i;
        text += json[i];
      }
    }
    return text.empty() ? "the server gave no answer" : text;
  }

  const AskCommand& command_;
  std::string error_;
  bool written_ = false, broken_ = false;
};

std::string parameters(const AskCommand& c) {
  std::string out = "?filter=" + escaped(c.text);
  if (!c.run.since.empty()) out += "&from=" + escaped(c.run.since);
  if (!c.run.until.empty()) out += "&to=" + escaped(c.run.until);
  return out;
}

int run_query(AskCommand c) {
  if (c.output.empty()) c.output = stdout_is_terminal() ? "table" : "ndjson";
  // A filter that is wrong is shown with its caret, as everywhere, before anybody is asked.
  if (!c.text.empty())
    if (const auto filter = Filter::parse(c.text, wall_clock_micros()); !filter)
      return complain(filter.error());
  if (c.group_by.empty()) {
    if (c.output == "table")
      return complain(
          {Error::Code::Usage,
           "-o: rows are written as ndjson, csv, panos, ecs or ocsf; a table is made of groups "
           "(--group-by)"});
    std::string target = "/api/v1/records" + parameters(c) + "&format=" + escaped(c.output);
    if (!c.columns.empty()) target += "&columns=" + escaped(c.columns);
    return Asking(c).ask("GET", target, "");
  }
  return Asking(c).ask("GET",
                       fmt::format("/api/v1/groups{}&by={}&top={}&format={}", parameters(c),
                                   escaped(c.group_by), c.top, escaped(c.output)),
                       "");
}

int run_sql(AskCommand c) {
  if (c.output.empty()) c.output = stdout_is_terminal() ? "table" : "ndjson";
  if (c.text == "-")
    c.text =
        std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  return Asking(c).ask(
      "POST",
      fmt::format("/api/v1/sql?limit={}&format={}", c.limit == 0 ? 100'000 : c.limit, c.output),
      c.text);
}

void declare_asking(CLI::App& app, AskCommand& c) {
  app.add_option("--folder", c.folder, "The server's folder; as `serve` takes it")
      ->type_name("FOLDER");
  app.add_option("--server", c.server,
                 "A running server, as http://127.0.0.1:8088/; none: the folder's")
      ->type_name("URL");
  app.add_option("--token-file", c.token_file, "File with the server's token on its first line")
      ->type_name("FILE");
  app.add_option("--config", c.run.config, "Configuration file, for a folder without a server")
      ->type_name("FILE");
}

}  // namespace

RunCommand declare_query(CLI::App& app) {
  auto command = std::make_shared<AskCommand>();
  AskCommand& c = *command;
  app.add_option("FILTER", c.text, "In the language of Monitor > Logs > Traffic; none: all rows");
  app.add_option("--group-by", c.group_by,
                 "Count by these columns instead of listing rows: rule,app")
      ->type_name("COLUMNS");
  app.add_option("--top", c.top, "So many groups; 10")->type_name("N")->check(CLI::Range(1, 1000));
  app.add_option("--since", c.run.since, "From this time on: 2026/03/10, now-24h")
      ->type_name("TIME");
  app.add_option("--until", c.run.until, "Up to this time, not included")->type_name("TIME");
  app.add_option("--fields", c.columns, "Columns of the rows, comma-separated")
      ->type_name("COLUMNS");
  app.add_option("-o,--output", c.output,
                 "Groups: table, csv or ndjson. Rows: ndjson, csv, panos, ecs or ocsf")
      ->type_name("FORMAT");
  declare_asking(app, c);
  app.footer(
      "Examples:\n"
      "  endreason query '( final_action eq blocked )' --group-by rule,reason_code\n"
      "  endreason query 'addr in 10.1.20.45' --since now-2h -o csv --fields "
      "_time,src,dst,app,why\n"
      "  endreason query --group-by app --top 20 --server http://127.0.0.1:8088/");
  return [command] { return run_query(*command); };
}

RunCommand declare_sql(CLI::App& app) {
  auto command = std::make_shared<AskCommand>();
  AskCommand& c = *command;
  app.add_option("STATEMENT", c.text, "One statement that reads; - for standard input")->required();
  app.add_option("--limit", c.limit, "So many rows at most; 100,000")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000));
  app.add_option("-o,--output", c.output, "table, csv or ndjson")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"table", "csv", "ndjson"}));
  declare_asking(app, c);
  app.footer(
      "Examples:\n"
      "  endreason sql \"SELECT app, sum(sessions) FROM traffic GROUP BY app ORDER BY 2 DESC LIMIT "
      "10\"\n"
      "docs/formats/database.md has the tables and views.");
  return [command] { return run_sql(*command); };
}

}  // namespace endreason
