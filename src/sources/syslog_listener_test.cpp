// SPDX-License-Identifier: Apache-2.0
#include "sources/syslog_listener.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <thread>

namespace endreason {
namespace {

struct CutCase {
  std::string_view behaviour, stream, lines;
};
constexpr CutCase kCutCases[] = {
    {"a line is a message", "<14>a\n<14>b\n", "<14>a\n<14>b\n"},
    {"line ends of all kinds", "<14>a\r\n<14>b\n\n\0\n", "<14>a\n<14>b\n"},
    {"octet counting", "6 <14>ab5 <14>c", "<14>ab\n<14>c\n"},
    {"octet counting with a line end inside each message", "7 <14>ab\n6 <14>c\n",
     "<14>ab\n<14>c\n"},
    {"both in one stream", "<14>a\n6 <14>bc<14>d\n", "<14>a\n<14>bc\n<14>d\n"},
    {"a line that begins with a number is no length", "1,2026/03/10 10:00:05,x\n12 monkeys\n",
     "1,2026/03/10 10:00:05,x\n12 monkeys\n"},
    {"a number that is too long is no length", "123456789 <14>a\n", "123456789 <14>a\n"},
    {"what has no end yet when the stream ends", "<14>a\n<14>b", "<14>a\n<14>b\n"},
    {"a counted message that is cut off", "100 <14>abc", "<14>abc\n"},
};

TEST(MessageCutter, FindsMessagesHoweverTheStreamIsCut) {
  for (const CutCase& c : kCutCases) {
    const std::string_view stream = c.stream.data() == kCutCases[1].stream.data()
                                        ? std::string_view("<14>a\r\n<14>b\n\n\0\n", 16)
                                        : c.stream;
    for (std::size_t step = 1; step <= stream.size(); ++step) {
      MessageCutter cutter(1000);
      std::string lines;
      for (std::size_t at = 0; at < stream.size(); at += step)
        cutter.add(stream.substr(at, step), lines);
      cutter.finish(lines);
      EXPECT_EQ(lines, c.lines) << c.behaviour << ", " << step << " at once";
    }
  }
}

TEST(MessageCutter, WhatIsTooLongIsCutAndCountedAndTheNextIsWhole) {
  MessageCutter cutter(10);
  std::string lines;
  cutter.add("<14>" + std::string(100'000, 'x'), lines);
  cutter.add("x\n<14>b\n15 <14>0123456789a<14>c\n", lines);
  EXPECT_EQ(lines, "<14>xxxxxx\n<14>b\n<14>012345\n<14>c\n");
  EXPECT_EQ(cutter.cut(), 2u);
}

TEST(ListenAddress, IsReadAndWritten) {
  for (const std::string_view text : {"udp:127.0.0.1:5514", "tcp:[::1]:0", "tls:0.0.0.0:6514"})
    EXPECT_EQ(to_string(*parse_listen_address(text)), text);
  for (const std::string_view text : {"", "udp", "udp:5514", "sctp:1.1.1.1:2", "tcp:1.1.1.1:70000"})
    EXPECT_FALSE(parse_listen_address(text)) << text;
}

class Received {
 public:
  bool take(std::string_view sender, std::string_view lines) {
    const std::scoped_lock lock(mutex_);
    if (full_) return false;
    by_sender_[std::string(sender)] += lines;
    return true;
  }
  void set_full(bool full) {
    const std::scoped_lock lock(mutex_);
    full_ = full;
  }
  std::string of(const std::string& sender) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_sender_.find(sender);
    return found == by_sender_.end() ? "" : found->second;
  }
  bool has(const std::string& sender, const std::string& lines) const {
    for (int i = 0; i < 500; ++i) {
      if (of(sender) == lines) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, std::string> by_sender_;
  bool full_ = false;
};

int connected(int type, std::uint16_t port) {
  const int socket = ::socket(AF_INET, type, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  return socket;
}

void send_text(int socket, std::string_view text) {
  EXPECT_EQ(::send(socket, text.data(), text.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(text.size()));
}

TEST(SyslogListener, HandsOverWhatComesByTcpAndUdp) {
  Received received;
  std::atomic<std::uint64_t> dropped{0};
  SyslogOptions options;
  options.addresses = {{ListenKind::Tcp, "127.0.0.1", 0}, {ListenKind::Udp, "127.0.0.1", 0}};
  SyslogListener listener(
      options, [&](auto sender, auto lines) { return received.take(sender, lines); },
      [&](auto, std::uint64_t messages) { dropped += messages; });
  const auto started = listener.start();
  ASSERT_TRUE(started) << started.error().message;
  const auto bound = listener.bound();
  const int stream = connected(SOCK_STREAM, bound[0].port);
  send_text(stream, "<14>one\n7 <14>two");
  EXPECT_TRUE(received.has("tcp 127.0.0.1", "<14>one\n<14>two\n"));
  const int datagrams = connected(SOCK_DGRAM, bound[1].port);
  send_text(datagrams, "<14>three");
  send_text(datagrams, "<14>four\n");
  EXPECT_TRUE(received.has("udp 127.0.0.1", "<14>three\n<14>four\n"));

  // Full: TCP waits and loses nothing, UDP is dropped and counted.
  received.set_full(true);
  send_text(stream, "<14>five\n");
  send_text(datagrams, "<14>six");
  for (int i = 0; i < 500 && dropped == 0; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(dropped, 1u);
  received.set_full(false);
  EXPECT_TRUE(received.has("tcp 127.0.0.1", "<14>one\n<14>two\n<14>five\n"));
  ::close(stream);
  ::close(datagrams);
  listener.stop();
}

TEST(SyslogListener, AnAddressThatIsTakenIsNamed) {
  SyslogOptions options;
  options.addresses = {{ListenKind::Tcp, "127.0.0.1", 0}};
  const auto take = [](auto, auto) { return true; };
  SyslogListener first(options, take, {});
  ASSERT_TRUE(first.start());
  options.addresses = first.bound();
  SyslogListener second(options, take, {});
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message.rfind(to_string(options.addresses[0]), 0), 0u);
}

}  // namespace
}  // namespace endreason
