// SPDX-License-Identifier: Apache-2.0
// Server: `endreason serve` as a whole: the store, the ingestor, the listeners, the files and the
// HTTP server, started in this order and stopped in the other.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingestor.hpp"
#include "server/alert_service.hpp"
#include "server/api.hpp"
#include "server/file_intake.hpp"
#include "server/http_server.hpp"
#include "server/operator_log.hpp"
#include "sources/syslog_listener.hpp"
#include "store/store.hpp"

namespace endreason {

struct ServeOptions {
  StoreOptions store;
  IngestOptions ingest;
  ApiOptions api;
  HttpServerOptions http;
  SyslogOptions syslog;
  FileIntakeOptions files;
  std::vector<AlertOptions> alerts;
  std::shared_ptr<OperatorLog> log;
};

class Server {
 public:
  explicit Server(ServeOptions options);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] Result<void> start();
  // "http://127.0.0.1:8088/"
  std::string address() const { return url_of(options_.http.address); }
  std::vector<ListenAddress> listening() const;
  // Whether the files that are loaded at the start have been stored; an error is that of one of
  // them.
  bool loaded() const { return files_->loaded(); }
  Result<void> load_result() const { return files_->load_result(); }
  // Takes over what may change while it runs: certificates, tokens, retention, limits, zones, rule
  // set and timers. An error says what is wrong, and then nothing has changed. The answer names
  // what only a restart could change.
  Result<std::vector<std::string>> reload(ServeOptions next);
  // Why no rows are taken, in a sentence for the operator's log; empty while they are.
  std::string condition() const;
  // Takes no more, stores what was received, and ends.
  void stop();

 private:
  static Result<void> check_reach(ServeOptions& options);
  void write_address() const;
  std::string url_of(std::string_view address) const;

  ServeOptions options_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Ingestor> ingestor_;
  std::unique_ptr<AlertService> alerts_;
  std::unique_ptr<SyslogListener> listener_;
  std::unique_ptr<FileIntake> files_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> http_;
  bool running_ = false;
};

// Where a folder's server answers, while there is one: for commands that ask it.
std::string address_file(const std::string& folder);

}  // namespace endreason
