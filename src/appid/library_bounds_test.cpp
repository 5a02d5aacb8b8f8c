// SPDX-License-Identifier: Apache-2.0
// How far the inspection library looks behind the packet that it is given. Its dissectors trust
// lengths inside the payload at places; ip_packet puts IpPacket::kTail zero bytes behind each
// packet so that such a look finds nothing. Here a page that cannot be read stands behind that
// tail: a look beyond it ends the program. Payloads of real captures, whole and cut at many places.
//   ENDREASON_ALL_CAPTURES=1 appid_test --gtest_filter='LibraryBounds*'   takes all captures
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <vector>

#include <gtest/gtest.h>

#include "appid/dpi_engine.hpp"
#include "appid/ip_packet.hpp"
#include "base/source_folder_for_test.hpp"
#include "model/capture_for_test.hpp"

namespace endreason {
namespace {

const std::string kCaptures = source_folder() + "/../shared/data/pcaps/";
constexpr std::size_t kSample = 40;  // one capture in so many

// Bytes that end where a page begins that may not be read.
class GuardedBytes {
 public:
  GuardedBytes() {
    page_ = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    room_ = 8 * page_;
    void* const at =
        mmap(nullptr, room_ + page_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED || mprotect(static_cast<char*>(at) + room_, page_, PROT_NONE) != 0)
      std::abort();
    begin_ = static_cast<std::uint8_t*>(at);
  }
  ~GuardedBytes() { munmap(begin_, room_ + page_); }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;

  // The packet with `tail` zero bytes behind it, and then the page.
  std::span<const std::uint8_t> place(std::span<const std::uint8_t> packet, std::size_t tail) {
    std::uint8_t* const at = begin_ + room_ - tail - packet.size();
    std::memcpy(at, packet.data(), packet.size());
    std::memset(at + packet.size(), 0, tail);
    return {at, packet.size()};
  }

 private:
  std::uint8_t* begin_ = nullptr;
  std::size_t room_ = 0, page_ = 0;
};

class LibraryBounds : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kCaptures)) GTEST_SKIP() << "no captures at " << kCaptures;
    engine_ = std::move(*DpiEngine::make());
    memory_.resize(DpiEngine::flow_bytes() + DpiEngine::kFlowAlignment);
    void* at = memory_.data();
    std::size_t room = memory_.size();
    flow_ = static_cast<std::byte*>(
        std::align(DpiEngine::kFlowAlignment, DpiEngine::flow_bytes(), at, room));
  }

  // A fresh flow, and in it this payload cut to `length`.
  void show(PacketView packet, std::uint32_t length) {
    constexpr std::int64_t kNsPerMs = 1'000'000;
    packet.payload_captured = length;
    engine_->begin(flow_, packet.protocol == kProtoTcp);
    engine_->inspect(flow_, guarded_.place(ip_packet_.wrap(packet), IpPacket::kTail),
                     packet.time_ns / kNsPerMs);
    engine_->end(flow_);
    ++shown_;
  }

  std::unique_ptr<DpiEngine> engine_;
  std::vector<std::byte> memory_;
  std::byte* flow_ = nullptr;
  GuardedBytes guarded_;
  IpPacket ip_packet_;
  std::uint64_t shown_ = 0;
};

std::vector<std::string> captures() {
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kCaptures))
    if (entry.path().extension().string().starts_with(".pcap")) all.push_back(entry.path());
  std::ranges::sort(all);
  if (std::getenv("ENDREASON_ALL_CAPTURES") != nullptr) return all;
  std::vector<std::string> sample;
  for (std::size_t i = 0; i < all.size(); i += kSample) sample.push_back(all[i]);
  return sample;
}

TEST_F(LibraryBounds, TheLibraryDoesNotLookBeyondTheTailOfAPacketHoweverItIsCut) {
  for (const std::string& file : captures()) {
    const test::Capture capture(file);
    std::size_t of_capture = 0;
    for (const PacketView& packet : capture.packets()) {
      if (packet.payload_captured == 0) continue;
      if (++of_capture > 30) break;  // the beginnings of sessions are what dissectors look at
      const std::uint32_t whole = packet.payload_captured;
      show(packet, whole);
      for (std::uint32_t cut = 1; cut < std::min<std::uint32_t>(whole, 64); ++cut)
        show(packet, cut);
      for (std::uint32_t cut = 64; cut < whole; cut += 37) show(packet, cut);
    }
  }
  std::cout << shown_ << " packets shown to the library\n";
  EXPECT_GT(shown_, 1000U);
}

}  // namespace
}  // namespace endreason
