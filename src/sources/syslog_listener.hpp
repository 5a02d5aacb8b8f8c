// SPDX-License-Identifier: Apache-2.0
// SyslogListener: messages over UDP, TCP and TLS, any number of addresses, to whole lines for a
// sink. Framing is told by content: a message that begins with its length ("1234 <14>...") is
// octet-counted, every other ends with its line. One thread of its own reads all of them. When the
// sink takes nothing, TCP is not read, so the sender waits; UDP is dropped and counted.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

enum class ListenKind : std::uint8_t { Udp, Tcp, Tls };
struct ListenKindInfo {
  ListenKind value;
  std::string_view log_name;
};
inline constexpr ListenKindInfo kListenKinds[] = {
    {ListenKind::Udp, "udp"}, {ListenKind::Tcp, "tcp"}, {ListenKind::Tls, "tls"}};

struct ListenAddress {
  ListenKind kind{ListenKind::Udp};
  std::string address = "127.0.0.1";
  std::uint16_t port{};  // 0: any that is free
};
// "udp:127.0.0.1:5514", "tcp:[::1]:5514", "tls:0.0.0.0:6514".
Result<ListenAddress> parse_listen_address(std::string_view text);
std::string to_string(const ListenAddress& address);

struct SyslogOptions {
  std::vector<ListenAddress> addresses;
  std::string certificate_file, key_file;  // for TLS, PEM
  std::string client_ca_file;        // senders must have a certificate of it; empty: they need none
  std::size_t line_max = 64 * 1024;  // what is longer is cut
  unsigned connections_max = 1024;
  std::uint32_t udp_buffer_bytes = 8u << 20;
};

// Whole lines of one sender ("tcp 192.0.2.1"). False: nothing was taken.
using LineSink = std::function<bool(std::string_view sender, std::string_view lines)>;
using DropSink = std::function<void(std::string_view sender, std::uint64_t messages)>;

// Cuts a stream of bytes into whole lines. Not thread-safe.
class MessageCutter {
 public:
  explicit MessageCutter(std::size_t line_max) : line_max_(line_max) {}
  // Takes bytes; appends the messages that are whole to `lines`, each with one line end.
  void add(std::string_view bytes, std::string& lines);
  // The stream ends: what is there of the last message.
  void finish(std::string& lines);
  std::uint64_t cut() const { return cut_; }  // messages that were too long

 private:
  enum class At : std::uint8_t { Begin, Length, Counted, Line, Skip };
  void begin_with(char c, std::string& lines);
  void take_line(std::string_view& bytes, std::string& lines);
  void end_message(std::string& lines);
  std::size_t line_max_;
  At at_ = At::Begin;
  std::string message_;
  std::uint64_t length_ = 0;  // octets that are still to come
  std::uint64_t cut_ = 0;
  bool too_long_ = false;
};

struct ListenerCounts {
  // Datagrams that the kernel dropped because they were not read in time. A second old at most.
  std::uint64_t kernel_dropped{};
  std::uint64_t cut{};      // messages that were longer than they may be
  std::uint64_t refused{};  // connections that were closed at once because there were too many
};

class SyslogListener {
 public:
  SyslogListener(SyslogOptions options, LineSink lines, DropSink dropped);
  ~SyslogListener();
  SyslogListener(const SyslogListener&) = delete;
  SyslogListener& operator=(const SyslogListener&) = delete;

  // Binds all addresses, then starts to read.
  [[nodiscard]] Result<void> start();
  // Reads certificates again, of other files or the same; the function makes them act for senders
  // that connect from then on. Nothing happens where there is no listener for TLS.
  Result<std::function<void()>> prepare_certificates(const std::string& certificate_file,
                                                     const std::string& key_file,
                                                     const std::string& client_ca_file);
  // As bound, with the ports that were given.
  std::vector<ListenAddress> bound() const;
  ListenerCounts counts() const;
  // Reads no more; what whole messages there are have been handed over.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace endreason
