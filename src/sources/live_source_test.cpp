// SPDX-License-Identifier: Apache-2.0
// Captures on the loopback interface of a network namespace of its own, where the system allows
// one; else it says so and skips.
#include "sources/live_source.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace endreason {
namespace {

// Whether this thread now stands alone in a namespace whose loopback is up.
bool enter_own_network() {
  if (unshare(CLONE_NEWNET) != 0) return false;
  const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  ifreq request{};
  std::string("lo").copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_flags = IFF_UP | IFF_LOOPBACK;
  const bool up = descriptor >= 0 && ioctl(descriptor, SIOCSIFFLAGS, &request) == 0;
  if (descriptor >= 0) close(descriptor);
  return up;
}

void send_datagrams(int count) {
  const int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9999);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < count; ++i)
    EXPECT_EQ(sendto(descriptor, "hello", 5, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              5);
  close(descriptor);
}

// The namespace is the thread's, so the other tests keep theirs.
void in_own_network(const std::function<void()>& body) {
  bool entered = false;
  std::thread([&] {
    entered = enter_own_network();
    if (entered) body();
  }).join();
  if (!entered) GTEST_SKIP() << "no network namespace may be made here";
}

TEST(LiveSource, GivesThePacketsThatTheFilterTakesAndEndsAfterSoMany) {
  in_own_network([] {
    auto live = LiveSource::open({.interface = "lo", .bpf = "udp port 9999", .packets = 5});
    ASSERT_TRUE(live) << live.error().message;
    std::array<RawPacket, 2> batch;
    std::size_t packets = 0;
    send_datagrams(4);
    for (int tries = 0; tries < 100 && !(*live)->ended(); ++tries) {
      const std::size_t n = (*live)->read(batch);
      for (const RawPacket& packet : std::span(batch).first(n)) {
        EXPECT_EQ(packet.wire_length, 14u + 20 + 8 + 5);
        EXPECT_EQ(std::string(packet.bytes.end() - 5, packet.bytes.end()), "hello");
        EXPECT_GT(packet.time_ns, 1'700'000'000'000'000'000);
      }
      packets += n;
      if (packets == 4) send_datagrams(3);
    }
    EXPECT_TRUE((*live)->ended());
    EXPECT_EQ(packets, 5u);
    EXPECT_EQ((*live)->counters().packets, 5u);
    EXPECT_EQ((*live)->drops().kernel, 0u);
  });
}

TEST(LiveSource, EndsWhenItIsStoppedThoughNothingComes) {
  in_own_network([] {
    auto live = LiveSource::open({.interface = "lo"});
    ASSERT_TRUE(live) << live.error().message;
    std::array<RawPacket, 2> batch;
    EXPECT_EQ((*live)->read(batch), 0u);
    EXPECT_FALSE((*live)->ended());
    (*live)->stop();
    EXPECT_EQ((*live)->read(batch), 0u);
    EXPECT_TRUE((*live)->ended());
  });
}

TEST(LiveSource, AnInterfaceThatIsNoneAndAFilterThatIsNoneAreErrors) {
  in_own_network([] {
    const auto none = LiveSource::open({.interface = "no-such0"});
    ASSERT_FALSE(none);
    EXPECT_NE(none.error().message.find("no-such0"), std::string::npos);
    const auto wrong = LiveSource::open({.interface = "lo", .bpf = "tcp prt 80"});
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().message.find("tcp prt 80"), std::string::npos);
  });
}

}  // namespace
}  // namespace endreason
