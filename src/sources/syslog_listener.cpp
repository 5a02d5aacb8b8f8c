// SPDX-License-Identifier: Apache-2.0
#include "sources/syslog_listener.hpp"

#include <linux/sock_diag.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstring>
#include <map>
#include <optional>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>

namespace endreason {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using ErrorCode = boost::system::error_code;

constexpr std::size_t kReadBytes = 256 * 1024;
constexpr std::size_t kDatagramMax = 65'536;
constexpr std::size_t kBatchBytesMax = 1 << 20;
constexpr auto kRetry = std::chrono::milliseconds(20);
constexpr auto kHandshakeTime = std::chrono::seconds(10);
constexpr int kDatagramsAtOnce = 4096;  // then others are looked at, too

struct Shared {
  SyslogOptions options;
  LineSink lines;
  DropSink dropped;
  std::atomic<std::uint64_t> kernel_dropped{0}, cut{0}, refused{0};
  std::atomic<bool> stopping{false};
  unsigned connections = 0;  // of the one thread
  asio::io_context io{1};
  std::optional<asio::ssl::context> tls;
};

// A sender over TCP, or TLS over it. Reads no further while the sink takes nothing.
template <class Stream>
class Connection : public std::enable_shared_from_this<Connection<Stream>> {
 public:
  template <class... Arguments>
  Connection(Shared& shared, std::string sender, Arguments&&... arguments)
      : shared_(shared),
        sender_(std::move(sender)),
        stream_(std::forward<Arguments>(arguments)...),
        timer_(shared.io),
        cutter_(shared.options.line_max),
        buffer_(kReadBytes) {
    ++shared_.connections;
  }
  ~Connection() { --shared_.connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start() {
    if constexpr (std::is_same_v<Stream, tcp::socket>) {
      read();
    } else {
      timer_.expires_after(kHandshakeTime);
      timer_.async_wait([self = this->shared_from_this()](ErrorCode stopped) {
        if (!stopped) self->close();
      });
      stream_.async_handshake(asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](ErrorCode failed) {
                                self->timer_.cancel();
                                if (!failed) self->read();
                              });
    }
  }

 private:
  void read() {
    stream_.async_read_some(asio::buffer(buffer_),
                            [self = this->shared_from_this()](ErrorCode failed, std::size_t count) {
                              if (failed) return self->finish();
                              self->cutter_.add({self->buffer_.data(), count}, self->waiting_);
                              self->note_cut();
                              self->hand_over();
                            });
  }

  void hand_over() {
    if (waiting_.empty() || shared_.lines(sender_, waiting_)) {
      waiting_.clear();
      if (ended_) return;
      return read();
    }
    if (shared_.stopping) return;
    timer_.expires_after(kRetry);
    timer_.async_wait([self = this->shared_from_this()](ErrorCode stopped) {
      if (!stopped) self->hand_over();
    });
  }

  void note_cut() {
    shared_.cut += cutter_.cut() - cut_;
    cut_ = cutter_.cut();
  }

  void finish() {
    cutter_.finish(waiting_);
    note_cut();
    ended_ = true;
    close();
    hand_over();
  }

  void close() {
    ErrorCode ignored;
    if constexpr (std::is_same_v<Stream, tcp::socket>) {
      stream_.close(ignored);
    } else {
      stream_.next_layer().close(ignored);
    }
  }

  Shared& shared_;
  std::string sender_;
  Stream stream_;
  asio::steady_timer timer_;
  MessageCutter cutter_;
  std::vector<char> buffer_;
  std::string waiting_;
  std::uint64_t cut_ = 0;  // as far as it was told
  bool ended_ = false;
};

class TcpPort {
 public:
  TcpPort(Shared& shared, ListenKind kind)
      : shared_(shared), kind_(kind), acceptor_(shared.io), pause_(shared.io) {}

  Result<void> bind(ListenAddress& address) {
    ErrorCode failed;
    const tcp::endpoint endpoint(asio::ip::make_address(address.address, failed), address.port);
    const auto step = [&](auto&& action) {
      if (!failed) action();
    };
    step([&] { acceptor_.open(endpoint.protocol(), failed); });
    step([&] { acceptor_.set_option(asio::socket_base::reuse_address(true), failed); });
    step([&] { acceptor_.bind(endpoint, failed); });
    step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, failed); });
    if (failed)
      return fail(Error::Code::Io, fmt::format("{}: {}", to_string(address), failed.message()));
    address.port = acceptor_.local_endpoint().port();
    accept();
    return {};
  }

  void close() {
    ErrorCode ignored;
    acceptor_.close(ignored);
  }

 private:
  void accept() {
    acceptor_.async_accept([this](ErrorCode failed, tcp::socket socket) {
      if (shared_.stopping || failed == asio::error::operation_aborted) return;
      if (failed) {  // as when there are no descriptors left
        pause_.expires_after(kRetry);
        return pause_.async_wait([this](ErrorCode stopped) {
          if (!stopped) accept();
        });
      }
      if (shared_.connections < shared_.options.connections_max) {
        begin(std::move(socket));
      } else {
        ++shared_.refused;
      }
      accept();
    });
  }

  void begin(tcp::socket socket) {
    ErrorCode failed;
    const auto peer = socket.remote_endpoint(failed);
    if (failed) return;
    socket.set_option(asio::socket_base::keep_alive(true), failed);
    const std::string address = peer.address().to_string();
    if (kind_ == ListenKind::Tcp) {
      std::make_shared<Connection<tcp::socket>>(shared_, "tcp " + address, std::move(socket))
          ->start();
    } else {
      std::make_shared<Connection<asio::ssl::stream<tcp::socket>>>(shared_, "tls " + address,
                                                                   std::move(socket), *shared_.tls)
          ->start();
    }
  }

  Shared& shared_;
  ListenKind kind_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
};

class UdpPort {
 public:
  explicit UdpPort(Shared& shared) : shared_(shared), socket_(shared.io), datagram_(kDatagramMax) {}

  Result<void> bind(ListenAddress& address) {
    ErrorCode failed;
    const udp::endpoint endpoint(asio::ip::make_address(address.address, failed), address.port);
    const auto step = [&](auto&& action) {
      if (!failed) action();
    };
    step([&] { socket_.open(endpoint.protocol(), failed); });
    step([&] { socket_.bind(endpoint, failed); });
    step([&] { socket_.non_blocking(true, failed); });
    if (failed)
      return fail(Error::Code::Io, fmt::format("{}: {}", to_string(address), failed.message()));
    // As much as the system allows; what it drops is counted.
    socket_.set_option(
        asio::socket_base::receive_buffer_size(static_cast<int>(shared_.options.udp_buffer_bytes)),
        failed);
    address.port = socket_.local_endpoint().port();
    wait();
    return {};
  }

  void close() {
    ErrorCode ignored;
    read_all();
    note_kernel_drops();
    socket_.close(ignored);
  }

  void note_kernel_drops() {
    std::array<std::uint32_t, SK_MEMINFO_VARS> numbers{};
    socklen_t size = sizeof numbers;
    if (::getsockopt(socket_.native_handle(), SOL_SOCKET, SO_MEMINFO, numbers.data(), &size) != 0)
      return;
    const std::uint32_t total = numbers[SK_MEMINFO_DROPS];  // of this socket, since it was made
    shared_.kernel_dropped += total - kernel_total_;
    kernel_total_ = total;
  }

 private:
  void wait() {
    socket_.async_wait(udp::socket::wait_read, [this](ErrorCode failed) {
      if (failed || shared_.stopping) return;
      read_all();
      wait();
    });
  }

  // What has arrived, sorted by sender, so that each hands over once.
  void read_all() {
    for (int i = 0; i < kDatagramsAtOnce && read_one(); ++i) {
    }
    for (auto at = batches_.begin(); at != batches_.end(); ++at) hand_over(at);
    if (batches_.size() > 4096) batches_.clear();
  }

  struct Batch {
    std::string lines;
    std::uint64_t messages = 0;
  };
  using Batches = std::map<std::string, Batch>;

  bool read_one() {
    sockaddr_storage from{};
    iovec part{datagram_.data(), datagram_.size()};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    const ssize_t count = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
    if (count < 0) return false;
    udp::endpoint peer;
    if (message.msg_namelen > peer.capacity()) return true;
    std::memcpy(peer.data(), &from, message.msg_namelen);
    peer.resize(message.msg_namelen);
    Batch& batch = batches_["udp " + peer.address().to_string()];
    // A datagram is a message; one that holds several lines is several.
    std::string_view text(datagram_.data(), static_cast<std::size_t>(count));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == '\0'))
      text.remove_suffix(1);
    if (text.empty()) return true;
    batch.lines += text;
    batch.lines += '\n';
    ++batch.messages;
    if (batch.lines.size() >= kBatchBytesMax)
      hand_over(batches_.find("udp " + peer.address().to_string()));
    return true;
  }

  void hand_over(Batches::iterator at) {
    auto& [sender, batch] = *at;
    if (batch.messages == 0) return;
    if (!shared_.lines(sender, batch.lines)) shared_.dropped(sender, batch.messages);
    batch.lines.clear();
    batch.messages = 0;
  }

  Shared& shared_;
  udp::socket socket_;
  std::vector<char> datagram_;
  Batches batches_;
  std::uint32_t kernel_total_ = 0;
};

Result<asio::ssl::context> server_tls(const std::string& certificate_file,
                                      const std::string& key_file,
                                      const std::string& client_ca_file) {
  if (certificate_file.empty() || key_file.empty())
    return fail(Error::Code::Usage, "tls: a listener for TLS needs a certificate and its key");
  ErrorCode failed;
  asio::ssl::context tls(asio::ssl::context::tls_server);
  tls.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_tlsv1 |
                  asio::ssl::context::no_tlsv1_1);
  // Senders do not read. One that closes with tickets unread resets the connection, and what the
  // kernel still held of its messages would be gone.
  ::SSL_CTX_set_num_tickets(tls.native_handle(), 0);
  tls.use_certificate_chain_file(certificate_file, failed);
  if (failed)
    return fail(Error::Code::Usage, fmt::format("{}: no certificate could be read: {}",
                                                certificate_file, failed.message()));
  tls.use_private_key_file(key_file, asio::ssl::context::pem, failed);
  if (failed)
    return fail(Error::Code::Usage, fmt::format("{}: no key of that certificate could be read: {}",
                                                key_file, failed.message()));
  if (client_ca_file.empty()) return tls;
  tls.load_verify_file(client_ca_file, failed);
  if (failed)
    return fail(Error::Code::Usage, fmt::format("{}: no certificate could be read: {}",
                                                client_ca_file, failed.message()));
  tls.set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert);
  return tls;
}

}  // namespace

class SyslogListener::Impl {
 public:
  Impl(SyslogOptions options, LineSink lines, DropSink dropped) {
    shared_.options = std::move(options);
    shared_.lines = std::move(lines);
    shared_.dropped = std::move(dropped);
  }

  Result<void> start() {
    for (ListenAddress& address : shared_.options.addresses)
      if (auto bound = bind(address); !bound) return bound;
    if (shared_.options.addresses.empty()) return {};
    look_at_kernel();
    thread_ = std::thread([this] { shared_.io.run(); });
    return {};
  }

  void stop() {
    if (shared_.stopping.exchange(true)) return;
    if (!thread_.joinable()) return;
    asio::post(shared_.io, [this] {
      for (auto& port : tcp_ports_) port->close();
      for (auto& port : udp_ports_) port->close();
      shared_.io.stop();
    });
    thread_.join();
  }

  Result<std::function<void()>> prepare(const std::string& certificate_file,
                                        const std::string& key_file,
                                        const std::string& client_ca_file) {
    if (!shared_.tls) return std::function<void()>([] {});
    auto tls = server_tls(certificate_file, key_file, client_ca_file);
    if (!tls) return tl::unexpected(tls.error());
    // Connections keep what they began with: OpenSSL counts who uses a context.
    auto next = std::make_shared<asio::ssl::context>(*std::move(tls));
    return std::function<void()>([this, next] {
      asio::post(shared_.io, [this, next] { shared_.tls.emplace(std::move(*next)); });
    });
  }

  std::vector<ListenAddress> bound() const { return shared_.options.addresses; }
  const Shared& shared() const { return shared_; }

 private:
  Result<void> bind(ListenAddress& address) {
    if (address.kind == ListenKind::Udp) {
      udp_ports_.push_back(std::make_unique<UdpPort>(shared_));
      return udp_ports_.back()->bind(address);
    }
    if (address.kind == ListenKind::Tls)
      if (auto ready = ready_tls(); !ready) return ready;
    tcp_ports_.push_back(std::make_unique<TcpPort>(shared_, address.kind));
    return tcp_ports_.back()->bind(address);
  }

  Result<void> ready_tls() {
    if (shared_.tls) return {};
    const SyslogOptions& o = shared_.options;
    auto tls = server_tls(o.certificate_file, o.key_file, o.client_ca_file);
    if (!tls) return tl::unexpected(tls.error());
    shared_.tls.emplace(*std::move(tls));
    return {};
  }

  void look_at_kernel() {
    for (auto& port : udp_ports_) port->note_kernel_drops();
    look_.expires_after(std::chrono::seconds(1));
    look_.async_wait([this](ErrorCode stopped) {
      if (!stopped) look_at_kernel();
    });
  }

  Shared shared_;
  asio::steady_timer look_{shared_.io};
  std::vector<std::unique_ptr<TcpPort>> tcp_ports_;
  std::vector<std::unique_ptr<UdpPort>> udp_ports_;
  std::thread thread_;
};

SyslogListener::SyslogListener(SyslogOptions options, LineSink lines, DropSink dropped)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(lines), std::move(dropped))) {}
SyslogListener::~SyslogListener() {
  stop();
}
Result<void> SyslogListener::start() {
  return impl_->start();
}
Result<std::function<void()>> SyslogListener::prepare_certificates(
    const std::string& certificate_file, const std::string& key_file,
    const std::string& client_ca_file) {
  return impl_->prepare(certificate_file, key_file, client_ca_file);
}
std::vector<ListenAddress> SyslogListener::bound() const {
  return impl_->bound();
}
ListenerCounts SyslogListener::counts() const {
  const Shared& shared = impl_->shared();
  return {shared.kernel_dropped, shared.cut, shared.refused};
}
void SyslogListener::stop() {
  impl_->stop();
}

}  // namespace endreason
