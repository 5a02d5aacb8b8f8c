// SPDX-License-Identifier: Apache-2.0
#include "cli/asking.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/run_plan.hpp"
#include "cli/serve_folder.hpp"
#include "cli/terminal.hpp"
#include "cli/version.hpp"
#include "server/api.hpp"
#include "server/server.hpp"
#include "transfer/http_client.hpp"

namespace endreason {
namespace {

constexpr std::string_view kCutShort =
    "{\"error\":{\"message\":\"the answer was cut short: the rows could not be read to their "
    "end\"}}";

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Where the database may write what is exported, while nobody else serves the folder.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::error_code failed;
    path_ = (std::filesystem::temp_directory_path(failed) / "endreason-export-XXXXXX").string();
    if (failed || ::mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// One question, and where its answer goes.
class Asking {
 public:
  Asking(const AskOptions& options, const TakeAnswer& take) : options_(options), take_(take) {}

  int ask(const Question& question) {
    const auto settings = load_settings(options_.run.config);
    if (!settings) return complain(settings.error());
    const std::string folder =
        serve_folder(options_.folder.empty() ? settings->serve.folder : options_.folder);
    std::string server = options_.server;
    if (server.empty()) {
      std::ifstream file(address_file(folder));
      std::getline(file, server);
    }
    if (server.empty()) return ask_folder(folder, *settings, question);
    auto status = ask_running(server, *settings, question);
    // A server that was killed leaves its address behind.
    if (!status && options_.server.empty() && !answered_)
      return ask_folder(folder, *settings, question, &status.error());
    if (!status) return complain(status.error());
    return settle(*status);
  }

 private:
  // Of the folder's own server the configuration knows the token, where one may read it.
  Result<std::string> token(const Settings& settings) const {
    std::string token;
    if (options_.token_file.empty()) {
      if (!options_.server.empty()) return token;
      for (const std::string& path : {settings.serve.token_file, settings.serve.reader_token_file})
        if (std::ifstream file(path); token.empty() && file) std::getline(file, token);
      return token;
    }
    std::ifstream file(options_.token_file);
    if (!std::getline(file, token))
      return fail(Error::Code::Usage,
                  fmt::format("--token-file: {} cannot be read", options_.token_file));
    return token;
  }

  Result<unsigned> ask_running(std::string server, const Settings& settings,
                               const Question& question) {
    auto bearer = token(settings);
    if (!bearer) return tl::unexpected(bearer.error());
    while (server.ends_with('/')) server.pop_back();
    HttpClientOptions client;
    client.whole_time = std::chrono::milliseconds(0);  // a download may take long
    client.ca_file = options_.ca_file;
    HttpCall call;
    call.method = question.method;
    call.url = server + question.target;
    call.token = *std::move(bearer);
    call.body = question.body;
    call.take = [this](std::string_view part) {
      answered_ = true;
      take(part);
      return !broken_;
    };
    const auto reply = HttpClient(client).send(call);
    if (!reply && broken_) return 200u;  // nobody reads any more
    if (!reply) return tl::unexpected(reply.error());
    return reply->status;
  }

  // `no_server`: why the one that may have the folder open was not asked.
  int ask_folder(const std::string& folder, const Settings& settings, const Question& question,
                 const Error* no_server = nullptr) {
    const auto plan = plan_run(options_.run, settings);
    if (!plan) return complain(plan.error());
    const TemporaryFolder exports;
    StoreOptions kept;
    kept.folder = folder;
    kept.read_only = true;
    kept.export_folder = exports.path();
    auto store = open_duckdb_store(kept);
    if (!store) return complain(no_server != nullptr ? *no_server : store.error());
    IngestOptions ingest;
    ingest.now_micros = wall_clock_micros;
    Ingestor nothing_received(**store, ingest);
    ApiOptions api;
    api.now_micros = wall_clock_micros;
    api.clock = plan->explain.clock;
    api.version = kVersion;
    api.export_folder = exports.path();
    api.query_time = std::chrono::hours(24);
    Api answers(**store, nothing_received, api);
    HttpRequest request;
    request.method = question.method;
    request.host = "localhost";
    request.body = question.body;
    split_target(question.target, request);
    const HttpResponse response = answers.handle(request);
    take(response.body);
    while (response.stream && !broken_) {
      std::string part;
      const auto state = response.stream->next(part);
      take(part);
      if (state == HttpStream::State::Failed) error_ = kCutShort;
      if (state == HttpStream::State::End || state == HttpStream::State::Failed) break;
    }
    return settle(response.status);
  }

  // An error's answer is short and is said at the end; everything else is written as it comes.
  void take(std::string_view part) {
    if (error_.empty() && (written_ || !part.starts_with("{\"error\""))) {
      written_ = written_ || !part.empty();
      if (!part.empty() && !take_(part)) broken_ = true;
      return;
    }
    error_ += part;
  }

  int settle(unsigned status) {
    if (broken_) return kExitIo;
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

  const AskOptions& options_;
  const TakeAnswer& take_;
  std::string error_;
  bool written_ = false, broken_ = false, answered_ = false;
};

}  // namespace

int ask(const AskOptions& options, const Question& question, const TakeAnswer& take) {
  return Asking(options, take).ask(question);
}

int ask_and_print(const AskOptions& options, const Question& question) {
  int error = 0;
  const int code = ask(options, question, [&](std::string_view part) {
    if (write_all(STDOUT_FILENO, part)) return true;
    error = errno;
    return false;
  });
  return error == EPIPE ? kExitDone : code;  // the reader has seen enough
}

std::string query_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    const bool plain = (u >= '0' && u <= '9') || (u >= 'a' && u <= 'z') || (u >= 'A' && u <= 'Z') ||
                       u == '-' || u == '_' || u == '.';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", u);
  }
  return out;
}

void declare_asking(CLI::App& app, AskOptions& o) {
  option(app, "--folder", o.folder, "The server's folder; as `serve` takes it").type_name("FOLDER");
  option(app, "--server", o.server,
         "A running server, as https://logs.example:8443/; none: the folder's")
      .type_name("URL");
  option(app, "--ca", o.ca_file,
         "Its certificate, or that of the authority that signed it, PEM; none: the system's "
         "authorities")
      .type_name("FILE");
  option(app, "--token-file", o.token_file, "File with the server's token on its first line")
      .type_name("FILE");
  option(app, "--config", o.run.config, "Configuration file, of which the section serve is used")
      .type_name("FILE");
}

}  // namespace endreason
