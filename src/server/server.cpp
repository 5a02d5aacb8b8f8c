// SPDX-License-Identifier: Apache-2.0
#include "server/server.hpp"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fmt/format.h>

#include "base/chunk.hpp"
#include "sources/input_list.hpp"

namespace endreason {
namespace {

constexpr std::size_t kLoadBytes = 1 << 20;      // handed over at once, up to a line's end
constexpr std::size_t kDocumentMax = 32u << 20;  // a document has to be whole
constexpr auto kDrainTime = std::chrono::seconds(30);

bool is_loopback(std::string_view address) {
  return address == "::1" || address.starts_with("127.");
}

// JSON or XML, whose records are not lines.
bool begins_document(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (at == std::string_view::npos) return false;
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  return text[at] == '[' || text[at] == '{' || (text[at] == '<' && (next < '0' || next > '9'));
}

// Hands a file over in pieces that end with a line.
class FileLoader {
 public:
  FileLoader(Ingestor& ingestor, std::string sender)
      : ingestor_(ingestor), sender_(std::move(sender)) {}

  Result<void> load(ByteSource& source) {
    Chunk buffer(kLoadBytes);
    while (true) {
      const auto count = source.read(buffer.writable());
      if (!count) return tl::unexpected(count.error());
      if (*count == 0) break;
      kept_.append(buffer.data(), *count);
      if (begins_document(kept_)) {
        if (kept_.size() > kDocumentMax)
          return fail(
              Error::Code::Input,
              fmt::format("{}: a document of more than 32 MiB is not loaded", source.name()));
        continue;
      }
      const std::size_t end = kept_.rfind('\n');
      if (kept_.size() < kLoadBytes || end == std::string::npos) continue;
      hand_over(std::string_view(kept_).substr(0, end + 1));
      kept_.erase(0, end + 1);
    }
    hand_over(kept_);
    return {};
  }

 private:
  void hand_over(std::string_view text) {
    while (ingestor_.take(sender_, text) != SpoolAppend::Taken)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  Ingestor& ingestor_;
  std::string sender_;
  std::string kept_;
};

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
  options_.api.dropped_by_kernel = [this] { return listener_->dropped_by_kernel(); };
  api_ = std::make_unique<Api>(*store_, *ingestor_, options_.api);
  http_ = std::make_unique<HttpServer>(
      options_.http, [this](const HttpRequest& request) { return api_->handle(request); });
  if (auto started = http_->start(); !started) return started;
  write_address();
  return load_files();
}

Result<void> Server::load_files() {
  if (options_.load.empty()) return {};
  auto list = list_inputs(options_.load);
  if (!list) return tl::unexpected(list.error());
  for (const Input& input : list->inputs) {
    auto source = open_input(input);
    if (!source) return tl::unexpected(source.error());
    const std::string name = std::filesystem::path(input.path).filename();
    if (auto loaded = FileLoader(*ingestor_, "file " + name).load(**source); !loaded) return loaded;
  }
  static_cast<void>(ingestor_->drain(kDrainTime));
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
