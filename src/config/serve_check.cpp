// SPDX-License-Identifier: Apache-2.0
#include "config/serve_check.hpp"

#include <algorithm>
#include <cstdint>
#include <filesystem>

#include <fmt/format.h>

#include "sources/syslog_listener.hpp"

namespace endreason {
namespace {

class Check {
 public:
  explicit Check(const ServeSettings& settings) : s_(settings) {}

  std::vector<PolicyProblem> run() {
    reach();
    certificates();
    files();
    if (s_.keep_days == 0 && s_.keep_bytes == 0 && !s_.lines.empty())
      problems_.note(first_line(),
                     "serve: nothing is ever removed; set keep-days or keep-bytes to keep the disk "
                     "from filling");
    return problems_.list();
  }

 private:
  LineNumber line(std::string_view name) const {
    const auto found = s_.lines.find(name);
    return found == s_.lines.end() ? LineNumber{} : static_cast<LineNumber>(found->second);
  }

  LineNumber first_line() const {
    std::size_t first = SIZE_MAX;
    for (const auto& [name, at] : s_.lines) first = std::min(first, at);
    return static_cast<LineNumber>(first);
  }

  void reach() {
    const auto http = parse_listen_address("tcp:" + s_.http);
    if (!http || http->address == "::1" || http->address.starts_with("127.")) return;
    if (s_.token_file.empty() && s_.reader_token_file.empty())
      problems_.error(
          line("http"),
          fmt::format("serve.http: {} is beyond this machine, where a token is required; "
                      "give token-file",
                      http->address));
    if (s_.certificate.empty())
      problems_.error(line("http"),
                      fmt::format("serve.http: {} is beyond this machine, where TLS is required; "
                                  "give certificate and key",
                                  http->address));
  }

  void certificates() {
    if (s_.certificate.empty() != s_.key.empty())
      problems_.error(line(s_.key.empty() ? "certificate" : "key"),
                      "serve: certificate and key belong together; give both or none");
    const bool tls = std::ranges::any_of(
        s_.listen, [](const std::string& text) { return text.starts_with("tls:"); });
    if (tls && s_.certificate.empty() && s_.syslog_certificate.empty())
      problems_.error(line("listen"),
                      "serve.listen: a listener for TLS needs a certificate; give "
                      "syslog-certificate and syslog-key");
  }

  void there(std::string_view name, const std::string& path) {
    std::error_code failed;
    if (path.empty() || std::filesystem::exists(path, failed) || failed) return;
    problems_.error(line(name), fmt::format("serve.{}: {} is not there", name, path));
  }

  void files() {
    there("certificate", s_.certificate);
    there("key", s_.key);
    there("token-file", s_.token_file);
    there("reader-token-file", s_.reader_token_file);
    there("syslog-certificate", s_.syslog_certificate);
    there("syslog-key", s_.syslog_key);
    there("syslog-client-ca", s_.syslog_client_ca);
    for (const std::string& path : s_.load) there("load", path);
    for (const std::string& path : s_.watch) there("watch", path);
    for (const AlertSettings& alert : s_.alerts) {
      there("alerts", alert.webhook_token_file);
      there("alerts", alert.webhook_ca);
    }
  }

  const ServeSettings& s_;
  Problems problems_;
};

}  // namespace

std::vector<PolicyProblem> check_serve(const ServeSettings& settings) {
  return Check(settings).run();
}

}  // namespace endreason
