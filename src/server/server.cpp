// SPDX-License-Identifier: Apache-2.0
#include "server/server.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "server/parquet_download.hpp"

namespace endreason {
namespace {

constexpr auto kDrainTime = std::chrono::seconds(30);

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

}  // namespace

std::string address_file(const std::string& folder) {
  return folder + "/server.address";
}

Server::Server(ServeOptions options) : options_(std::move(options)) {}

Server::~Server() {
  stop();
}

// Beyond this machine nobody is served without a token, and no token travels in the clear.
Result<void> Server::check_reach(ServeOptions& options) {
  const HttpServerOptions& http = options.http;
  options.api.loopback_only = is_loopback(http.address);
  if (options.api.loopback_only) return {};
  if (options.api.token.empty() && options.api.reader_token.empty())
    return fail(Error::Code::Usage,
                fmt::format("http: {} is beyond this machine, where a token is required; give "
                            "token-file, as an option or in the section serve",
                            http.address));
  if (http.certificate_file.empty())
    return fail(Error::Code::Usage,
                fmt::format("http: {} is beyond this machine, where TLS is required; give "
                            "certificate and key, as options or in the section serve",
                            http.address));
  return {};
}

Result<void> Server::start() {
  if (auto reach = check_reach(options_); !reach) return reach;
  auto store = options_.store.clickhouse.empty() ? open_duckdb_store(options_.store)
                                                 : open_clickhouse_store(options_.store);
  if (!store) return tl::unexpected(store.error());
  store_ = *std::move(store);
  ingestor_ = std::make_unique<Ingestor>(*store_, options_.ingest);
  // Before rows come out of the spool.
  alerts_ = std::make_unique<AlertService>(*ingestor_, options_.store.folder + "/alerts.state",
                                           options_.api.now_micros, options_.log);
  if (auto started = alerts_->start(options_.alerts, options_.ingest.clock, store_->next_id() > 1);
      !started)
    return started;
  if (auto started = ingestor_->start(); !started) return started;
  running_ = true;
  remove_left_downloads(options_.api.export_folder);
  listener_ = std::make_unique<SyslogListener>(
      options_.syslog,
      [this](std::string_view sender, std::string_view lines) {
        return ingestor_->take(sender, lines) == SpoolAppend::Taken;
      },
      [this](std::string_view sender, std::uint64_t messages) {
        ingestor_->count_dropped(sender, messages);
      });
  if (auto started = listener_->start(); !started) return started;
  files_ = std::make_unique<FileIntake>(*ingestor_, options_.files);
  if (auto started = files_->start(); !started) return started;
  options_.api.alerts = [this] { return alerts_->view(); };
  options_.api.listener = [this] { return listener_->counts(); };
  options_.api.files = files_.get();
  api_ = std::make_unique<Api>(*store_, *ingestor_, options_.api);
  http_ = std::make_unique<HttpServer>(
      options_.http, [this](const HttpRequest& request) { return api_->handle(request); });
  if (auto started = http_->start(); !started) return started;
  write_address();
  return {};
}

Result<std::vector<std::string>> Server::reload(ServeOptions next) {
  std::vector<std::string> later;
  // These stay as they are, so the rest is judged with them.
  next.http.address = options_.http.address;
  next.http.port = options_.http.port;
  next.api.folder = options_.api.folder;
  next.api.export_folder = options_.api.export_folder;
  next.api.listener = options_.api.listener;
  next.api.alerts = options_.api.alerts;
  next.api.files = options_.api.files;
  if (next.http.certificate_file.empty() != options_.http.certificate_file.empty()) {
    later.emplace_back("certificate");  // HTTP to HTTPS, or back
    next.http.certificate_file = options_.http.certificate_file;
    next.http.key_file = options_.http.key_file;
  }
  if (auto reach = check_reach(next); !reach) return tl::unexpected(reach.error());
  const auto http = http_->prepare(next.http);
  if (!http) return tl::unexpected(http.error());
  const auto syslog = listener_->prepare_certificates(
      next.syslog.certificate_file, next.syslog.key_file, next.syslog.client_ca_file);
  if (!syslog) return tl::unexpected(syslog.error());
  if (auto set = alerts_->change(next.alerts, next.ingest.clock); !set)
    return tl::unexpected(set.error());
  (*http)();
  (*syslog)();
  ingestor_->change({next.ingest.ruleset, next.ingest.timers, next.ingest.clock,
                     next.ingest.keep_days, next.ingest.keep_bytes});
  api_->change(next.api);
  options_.api = std::move(next.api);
  options_.http = std::move(next.http);
  return later;
}

// For who asks on this machine: an address that stands for all of them is none to connect to.
void Server::write_address() const {
  const std::string& own = options_.http.address;
  std::ofstream file(address_file(options_.store.folder));
  file << url_of(own == "0.0.0.0" ? "127.0.0.1" : own == "::" ? "::1" : own) << "\n";
}

std::string Server::url_of(std::string_view address) const {
  const bool v6 = address.find(':') != std::string_view::npos;
  return fmt::format("{}://{}{}{}:{}/", options_.http.certificate_file.empty() ? "http" : "https",
                     v6 ? "[" : "", address, v6 ? "]" : "", http_->port());
}

std::vector<ListenAddress> Server::listening() const {
  return listener_->bound();
}

std::string Server::condition() const {
  const IngestSnapshot now = ingestor_->snapshot();
  switch (now.state) {
    case IngestState::DiskFull:
      return fmt::format("nothing is taken until there is room: {}", now.problem);
    case IngestState::StoreAway:
      return fmt::format("no rows are stored, what is received waits in the spool: {}",
                         now.problem);
    case IngestState::SpoolFull:
      return "the spool is full: senders over TCP wait, what comes over UDP is dropped and counted";
    case IngestState::Running:
    case IngestState::Draining:
      break;
  }
  return {};
}

void Server::stop() {
  if (!running_) return;
  running_ = false;
  if (listener_) listener_->stop();
  if (files_) files_->stop();
  if (!ingestor_->drain(kDrainTime))
    options_.log->warning(
        "not-drained",
        "not everything received is stored yet; it stays in the spool for the next start");
  if (http_) http_->stop();
  api_.reset();
  alerts_->stop();
  ingestor_->stop();
  std::error_code ignored;
  std::filesystem::remove(address_file(options_.store.folder), ignored);
}

}  // namespace endreason
