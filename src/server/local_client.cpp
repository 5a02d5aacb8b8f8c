// SPDX-License-Identifier: Apache-2.0
#include "server/local_client.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

constexpr std::size_t kHeaderMax = 64 * 1024;

class Socket {
 public:
  Socket() = default;
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  Result<void> connect(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (failed != 0)
      return fail(Error::Code::Io, fmt::format("{}:{}: {}", host, port, ::gai_strerror(failed)));
    for (const addrinfo* a = found; a != nullptr && fd_ < 0; a = a->ai_next) {
      fd_ = ::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
      if (fd_ >= 0 && ::connect(fd_, a->ai_addr, a->ai_addrlen) != 0) {
        ::close(fd_);
        fd_ = -1;
      }
    }
    ::freeaddrinfo(found);
    if (fd_ >= 0) return {};
    return fail(Error::Code::Io,
                fmt::format("no server answers at {}:{} ({}); is `endreason serve` running?", host,
                            port, std::strerror(errno)));
  }
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }
  // False at the end.
  bool receive(std::string& out) const {
    std::array<char, 65536> buffer;
    const ssize_t n = ::recv(fd_, buffer.data(), buffer.size(), 0);
    if (n <= 0) return false;
    out.append(buffer.data(), static_cast<std::size_t>(n));
    return true;
  }

 private:
  int fd_ = -1;
};

bool header_has(std::string header, std::string_view wanted) {
  std::transform(header.begin(), header.end(), header.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return header.find(wanted) != std::string::npos;
}

// True when the answer came to its end.
bool pass_chunks(const Socket& socket, std::string kept,
                 const std::function<void(std::string_view)>& take) {
  while (true) {
    const std::size_t end = kept.find("\r\n");
    if (end == std::string::npos) {
      if (kept.size() > kHeaderMax || !socket.receive(kept)) return false;
      continue;
    }
    std::uint64_t size = 0;
    if (!parse_hex_or_decimal("0x" + kept.substr(0, end), size)) return false;
    if (size == 0) return true;
    while (kept.size() < end + 2 + size + 2)
      if (!socket.receive(kept)) return false;
    take(std::string_view(kept).substr(end + 2, size));
    kept.erase(0, end + 2 + size + 2);
  }
}

}  // namespace

Result<unsigned> ask_server(const ClientRequest& request,
                            const std::function<void(std::string_view)>& take) {
  constexpr std::string_view kScheme = "http://";
  if (!request.address.starts_with(kScheme))
    return fail(
        Error::Code::Usage,
        fmt::format("{}: only plain HTTP is asked from here; use curl for a server with TLS",
                    request.address));
  std::string place = request.address.substr(kScheme.size());
  place = place.substr(0, place.find('/'));
  const std::size_t colon = place.rfind(':');
  std::string host = place.substr(0, colon);
  const std::string port = colon == std::string::npos ? "80" : place.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  Socket socket;
  if (auto connected = socket.connect(host, port); !connected)
    return tl::unexpected(connected.error());
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n",
                  request.method, request.target, place, request.body.size());
  if (!request.token.empty()) text += "Authorization: Bearer " + request.token + "\r\n";
  socket.send(text + "\r\n" + request.body);
  std::string kept;
  std::size_t end = std::string::npos;
  while ((end = kept.find("\r\n\r\n")) == std::string::npos)
    if (kept.size() > kHeaderMax || !socket.receive(kept))
      return fail(Error::Code::Io, request.address + ": the server gave no answer");
  const std::string header = kept.substr(0, end);
  std::uint64_t status = 0;
  if (header.size() < 12 || !parse_decimal(std::string_view(header).substr(9, 3), status))
    return fail(Error::Code::Io, request.address + ": this is no HTTP server");
  kept.erase(0, end + 4);
  if (header_has(header, "transfer-encoding: chunked")) {
    if (!pass_chunks(socket, std::move(kept), take))
      return fail(Error::Code::Io, request.address + ": the answer ended early");
    return static_cast<unsigned>(status);
  }
  do {
    take(kept);
    kept.clear();
  } while (socket.receive(kept));
  return static_cast<unsigned>(status);
}

}  // namespace endreason
