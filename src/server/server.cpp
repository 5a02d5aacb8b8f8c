// SPDX-License-Identifier: Apache-2.0
#include "server/server.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

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
Result<void> Server::check_reach() {
  const HttpServerOptions& http = options_.http;
  options_.api.loopback_only = is_loopback(http.address);
  if (options_.api.loopback_only) return {};
  if (options_.api.token.empty() && options_.api.reader_token.empty())
    return fail(Error::Code::Usage,
                fmt::format("--http {}: beyond this machine a token is required; give --token-file",
                            http.address));
  if (http.certificate_file.empty())
    return fail(Error::Code::Usage,
                fmt::format("--http {}: beyond this machine TLS is required; give "
                            "--certificate and --key",
                            http.address));
  return {};
}

Result<void> Server::start() {
  if (auto reach = check_reach(); !reach) return reach;
  auto store = open_duckdb_store(options_.store);
  if (!store) return tl::unexpected(store.error());
  store_ = *std::move(store);
  ingestor_ = std::make_unique<Ingestor>(*store_, options_.ingest);
  if (auto started = ingestor_->start(); !started) return started;
  running_ = true;
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
  options_.api.dropped_by_kernel = [this] { return listener_->dropped_by_kernel(); };
  options_.api.files = files_.get();
  api_ = std::make_unique<Api>(*store_, *ingestor_, options_.api);
  http_ = std::make_unique<HttpServer>(
      options_.http, [this](const HttpRequest& request) { return api_->handle(request); });
  if (auto started = http_->start(); !started) return started;
  write_address();
  return {};
}

void Server::write_address() const {
  std::ofstream file(address_file(options_.store.folder));
  file << address() << "\n";
}

std::string Server::address() const {
  const bool v6 = options_.http.address.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}:{}/", options_.http.certificate_file.empty() ? "http" : "https",
                     v6 ? "[" : "", options_.http.address, v6 ? "]" : "", http_->port());
}

std::vector<ListenAddress> Server::listening() const {
  return listener_->bound();
}

std::string Server::condition() const {
  const IngestSnapshot now = ingestor_->snapshot();
  switch (now.state) {
    case IngestState::DiskFull:
      return fmt::format("nothing is taken until there is room: {}", now.problem);
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
  if (!ingestor_->drain(kDrainTime) && options_.message)
    options_.message(
        "not everything received is stored yet; it stays in the spool for the next start");
  if (http_) http_->stop();
  api_.reset();
  ingestor_->stop();
  std::error_code ignored;
  std::filesystem::remove(address_file(options_.store.folder), ignored);
}

}  // namespace endreason
