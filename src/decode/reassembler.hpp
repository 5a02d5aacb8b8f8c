// SPDX-License-Identifier: Apache-2.0
// Reassembler: fragments of IPv4 and IPv6 packets -> whole packets, in the memory that it takes
// when it is made. Packet time only. Where fragments overlap, the one that came first stands. One
// thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/untouched_array.hpp"
#include "decode/internet_layer.hpp"
#include "decode/layer.hpp"
#include "model/packet_view.hpp"

namespace endreason {

struct FragmentLimits {
  std::uint32_t packets = 1'024;       // being put together at a time
  std::uint32_t fragments_each = 256;  // 64 KiB in pieces of 256 bytes
  std::uint32_t bytes = 16 << 20;      // held, in blocks of kFragmentBlockBytes
  // Room for the wholes of one batch: of 256 packets, which make 128 wholes at most, as each takes
  // two fragments. Only what is used takes memory.
  std::uint32_t wholes_bytes = 128 * (64 << 10);
  std::chrono::nanoseconds age = std::chrono::seconds{30};  // since the first fragment
};

inline constexpr std::uint32_t kFragmentBlockBytes = 1'536;  // a fragment of an Ethernet frame

// In wire packets, but for `whole`.
struct FragmentCounters {
  std::uint64_t fragments{};  // seen
  std::uint64_t whole{};      // packets put together
  std::uint64_t joined{};     // fragments that became part of one
  std::uint64_t expired{};    // given up after the time limit
  std::uint64_t malformed{};  // contradict each other, with all that were held of the same packet
  std::uint64_t limited{};    // no room for them
  std::uint64_t held{};       // wait now; fragments = joined + expired + malformed + limited + held
};

class Reassembler {
 public:
  explicit Reassembler(FragmentLimits limits);
  Reassembler(const Reassembler&) = delete;
  Reassembler& operator=(const Reassembler&) = delete;
  ~Reassembler();

  struct Whole {
    Slice packet;                 // with a header that is no fragment's any more
    std::uint32_t wire_length{};  // of all its fragments
    std::uint16_t packets{};
  };

  // Ok: the fragment was the last one missing, and `whole` is filled. Its bytes stay until
  // forget_wholes(). FragmentHeld, Malformed, FragmentLimit: what became of this fragment.
  //   view: src, dst, ipv6, time and wire length of the fragment.
  DecodeStatus add(const PacketView& view, const Datagram& fragment, Whole& whole);
  void forget_wholes() { arena_used_ = 0; }
  // Those that stay.
  std::span<const std::uint8_t> wholes() const { return {arena_.data(), arena_used_}; }
  // Gives up what has waited too long at this time.
  void expire(std::int64_t now_ns);
  const FragmentCounters& counters() const { return counters_; }

 private:
  using Index = std::uint32_t;
  struct Piece;   // one fragment held
  struct Packet;  // what is held of one packet
  struct Key {
    IpAddress src, dst;
    std::uint32_t identification{};
    std::uint32_t kind{};  // protocol (IPv4 only: RFC 8200 leaves it out), and the version
    friend bool operator==(const Key&, const Key&) = default;
  };

  static Key key_of(const PacketView& view, const Datagram& fragment);
  std::size_t bucket_of(const Key& key) const;
  Index find(const Key& key) const;
  Index take_packet();
  Index take_piece();
  Index take_block();
  Index start(const Key& key, std::int64_t now_ns);
  void release(Index packet);
  void drop_pieces(Packet& packet);
  DecodeStatus judge(const Packet& packet, const Datagram& fragment, bool& copy) const;
  bool store_header(Packet& packet, const Datagram& fragment);
  bool hold(Packet& packet, const Datagram& fragment);
  Index store_bytes(const std::uint8_t* from, std::uint32_t count);
  void free_blocks(Index first);
  void load_bytes(Index block, std::uint8_t* to, std::uint32_t count) const;
  bool complete(const Packet& packet) const;
  bool assemble(const Packet& packet, Whole& whole);
  std::uint32_t captured_from_start(const Packet& packet) const;

  FragmentLimits limits_;
  FragmentCounters counters_;
  // Those of each that were never used lie behind the others, and their memory is untouched.
  UntouchedArray<Packet> packets_;
  UntouchedArray<Piece> pieces_;
  std::vector<Index> buckets_;        // first packet of each; chained through Packet::chain
  UntouchedArray<Index> block_next_;  // blocks of a fragment, or free ones
  UntouchedArray<std::uint8_t> blocks_;
  UntouchedArray<std::uint8_t> arena_;  // wholes
  std::size_t arena_used_ = 0;
  Index free_packet_, free_piece_, free_block_;  // given back
  Index packets_used_ = 0, pieces_used_ = 0, blocks_used_ = 0;
  std::uint32_t blocks_free_ = 0;
  Index oldest_, newest_;
  std::int64_t latest_ns_;
};

}  // namespace endreason
