// SPDX-License-Identifier: Apache-2.0
#include "decode/reassembler.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>
#include <limits>
#include <utility>

#include "base/byte_order.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

constexpr std::uint32_t kPacketBytesMax = 65'535;  // the length field of IPv4
constexpr std::uint32_t kHeaderBytesMax = 512;     // before the fragment header; more is no packet
constexpr std::uint32_t kFragmentUnit = 8;         // offsets count eights of bytes
constexpr std::uint32_t kIpv6FragmentHeader = 8;
static_assert(kHeaderBytesMax <= kFragmentBlockBytes, "a header is kept in one block");

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t product = (a ^ 0x9e3779b97f4a7c15ull) * (b | 1);
  return product ^ (product >> 32);
}

}  // namespace

// `length` counts by the IP header; `captured` of it are in the blocks.
struct Reassembler::Piece {
  std::uint32_t offset, length, captured;
  Index first_block, next;
};

struct Reassembler::Packet {
  Key key;
  std::int64_t since_ns;
  Index newest_piece;  // pieces in the order of arrival, backwards
  Index header_block;  // of the first fragment's header; kNone: it is missing
  Index chain, older, newer;
  std::uint32_t header_bytes, next_header_at;
  std::uint32_t total;     // bytes of payload; kNone: the last fragment is missing
  std::uint32_t received;  // bytes, overlaps counted twice
  std::uint32_t wire_length;
  std::uint16_t pieces;
  std::uint16_t packets;  // wire packets: copies count
  std::uint8_t next_header;
};

Reassembler::Reassembler(FragmentLimits limits)
    : limits_(limits),
      packets_(std::max(limits.packets, 1u)),
      buckets_(std::size_t{2} << (32 - __builtin_clz(std::max(limits.packets, 1u))), kNone),
      free_packet_(kNone),
      free_piece_(kNone),
      free_block_(kNone),
      blocks_free_(std::max(limits.bytes / kFragmentBlockBytes, 2u)),
      oldest_(kNone),
      newest_(kNone),
      latest_ns_(std::numeric_limits<std::int64_t>::min()) {
  block_next_ = UntouchedArray<Index>(blocks_free_);
  pieces_ = UntouchedArray<Piece>(blocks_free_);
  blocks_ = UntouchedArray<std::uint8_t>(std::size_t{blocks_free_} * kFragmentBlockBytes);
  arena_ = UntouchedArray<std::uint8_t>(limits.wholes_bytes);
}

Reassembler::~Reassembler() = default;

Reassembler::Key Reassembler::key_of(const PacketView& view, const Datagram& fragment) {
  return {view.src, view.dst, fragment.identification,
          view.ipv6 ? 0x100u : std::uint32_t{fragment.protocol}};
}

std::size_t Reassembler::bucket_of(const Key& key) const {
  std::uint64_t hash = mix(key.identification, key.kind);
  for (const IpAddress* address : {&key.src, &key.dst}) {
    hash = mix(hash, load_native<std::uint64_t>(address->bytes.data()));
    hash = mix(hash, load_native<std::uint64_t>(address->bytes.data() + 8));
  }
  return hash & (buckets_.size() - 1);
}

Reassembler::Index Reassembler::find(const Key& key) const {
  Index index = buckets_[bucket_of(key)];
  while (index != kNone && packets_[index].key != key) index = packets_[index].chain;
  return index;
}

// What was given back last, else what was never used; kNone when there is neither.
Reassembler::Index Reassembler::take_packet() {
  if (free_packet_ == kNone) return packets_used_ < packets_.size() ? packets_used_++ : kNone;
  return std::exchange(free_packet_, packets_[free_packet_].chain);
}

Reassembler::Index Reassembler::take_piece() {
  if (free_piece_ == kNone) return pieces_used_ < pieces_.size() ? pieces_used_++ : kNone;
  return std::exchange(free_piece_, pieces_[free_piece_].next);
}

// There must be one.
Reassembler::Index Reassembler::take_block() {
  if (free_block_ == kNone) return blocks_used_++;
  return std::exchange(free_block_, block_next_[free_block_]);
}

// A new packet, the youngest of all; kNone when there is no room for one more.
Reassembler::Index Reassembler::start(const Key& key, std::int64_t now_ns) {
  const Index index = take_packet();
  if (index == kNone) return kNone;
  Packet& packet = packets_[index];
  packet = {};
  packet.key = key;
  packet.since_ns = now_ns;
  packet.newest_piece = packet.header_block = packet.total = packet.newer = kNone;
  Index& bucket = buckets_[bucket_of(key)];
  packet.chain = bucket;
  bucket = index;
  packet.older = newest_;
  (newest_ == kNone ? oldest_ : packets_[newest_].newer) = index;
  newest_ = index;
  return index;
}

void Reassembler::drop_pieces(Packet& packet) {
  if (packet.header_block != kNone) free_blocks(packet.header_block);
  for (Index i = packet.newest_piece; i != kNone;) {
    const Index next = pieces_[i].next;
    if (pieces_[i].first_block != kNone) free_blocks(pieces_[i].first_block);
    pieces_[i].next = free_piece_;
    free_piece_ = i;
    i = next;
  }
}

void Reassembler::release(Index index) {
  Packet& packet = packets_[index];
  drop_pieces(packet);
  Index* link = &buckets_[bucket_of(packet.key)];
  while (*link != index) link = &packets_[*link].chain;
  *link = packet.chain;
  (packet.older == kNone ? oldest_ : packets_[packet.older].newer) = packet.newer;
  (packet.newer == kNone ? newest_ : packets_[packet.newer].older) = packet.older;
  packet.chain = free_packet_;
  free_packet_ = index;
}

// Time may go back between packets of a capture; waiting is measured by the latest seen.
void Reassembler::expire(std::int64_t now_ns) {
  latest_ns_ = std::max(latest_ns_, now_ns);
  while (oldest_ != kNone && static_cast<std::uint64_t>(latest_ns_) -
                                     static_cast<std::uint64_t>(packets_[oldest_].since_ns) >
                                 static_cast<std::uint64_t>(limits_.age.count())) {
    counters_.expired += packets_[oldest_].packets;
    counters_.held -= packets_[oldest_].packets;
    release(oldest_);
  }
}

Reassembler::Index Reassembler::store_bytes(const std::uint8_t* from, std::uint32_t count) {
  const std::uint32_t wanted = (count + kFragmentBlockBytes - 1) / kFragmentBlockBytes;
  if (wanted > blocks_free_ || wanted == 0) return kNone;
  const Index first = take_block();
  Index last = first;
  for (;;) {
    const std::uint32_t part = std::min(count, kFragmentBlockBytes);
    std::memcpy(blocks_.data() + std::size_t{last} * kFragmentBlockBytes, from, part);
    from += part;
    count -= part;
    if (count == 0) break;
    const Index next = take_block();
    block_next_[last] = next;
    last = next;
  }
  blocks_free_ -= wanted;
  block_next_[last] = kNone;
  return first;
}

void Reassembler::free_blocks(Index first) {
  Index last = first;
  ++blocks_free_;
  while (block_next_[last] != kNone) {
    last = block_next_[last];
    ++blocks_free_;
  }
  block_next_[last] = free_block_;
  free_block_ = first;
}

void Reassembler::load_bytes(Index block, std::uint8_t* to, std::uint32_t count) const {
  while (count > 0) {
    const std::uint32_t part = std::min(count, kFragmentBlockBytes);
    std::memcpy(to, blocks_.data() + std::size_t{block} * kFragmentBlockBytes, part);
    to += part;
    count -= part;
    block = block_next_[block];
  }
}

// Whether the fragment contradicts those held. `copy`: it is one of them again.
DecodeStatus Reassembler::judge(const Packet& packet, const Datagram& fragment, bool& copy) const {
  const std::uint32_t begin = fragment.offset;
  const std::uint32_t end = begin + fragment.payload.wire;
  copy = false;
  if (fragment.more && (fragment.payload.wire % kFragmentUnit != 0 || fragment.payload.wire == 0))
    return DecodeStatus::Malformed;
  const std::uint32_t header = fragment.packet.wire - fragment.payload.wire;
  if (end + header > kPacketBytesMax) return DecodeStatus::Malformed;
  if (packet.total != kNone && (end > packet.total || (!fragment.more && end != packet.total)))
    return DecodeStatus::Malformed;
  for (Index i = packet.newest_piece; i != kNone; i = pieces_[i].next) {
    const Piece& piece = pieces_[i];
    const std::uint32_t piece_end = piece.offset + piece.length;
    if (piece.offset == begin && piece_end == end) {
      copy = true;
    } else if (!fragment.more && piece_end > end) {
      return DecodeStatus::Malformed;  // the last one ends before another does
    } else if (begin >= piece.offset && end <= piece_end) {
      return DecodeStatus::Malformed;  // within another: the teardrop attack
    }
  }
  return DecodeStatus::Ok;
}

// Keeps the header of the first fragment, for the whole packet. IPv6's fragment header is left out.
bool Reassembler::store_header(Packet& packet, const Datagram& fragment) {
  std::uint32_t bytes = fragment.packet.wire - fragment.payload.wire;
  if (packet.key.kind == 0x100u) bytes -= kIpv6FragmentHeader;
  if (bytes > kHeaderBytesMax) return false;
  packet.header_block = store_bytes(fragment.packet.at, bytes);
  packet.header_bytes = bytes;
  packet.next_header_at = fragment.next_header_at;
  packet.next_header = fragment.protocol;
  return packet.header_block != kNone;
}

bool Reassembler::hold(Packet& packet, const Datagram& fragment) {
  const Slice& payload = fragment.payload;
  const bool no_piece = free_piece_ == kNone && pieces_used_ == pieces_.size();
  if (packet.pieces >= limits_.fragments_each || no_piece) return false;
  if (fragment.offset == 0 && packet.header_block == kNone && !store_header(packet, fragment))
    return false;
  const Index block = payload.captured > 0 ? store_bytes(payload.at, payload.captured) : kNone;
  if (payload.captured > 0 && block == kNone) return false;
  const Index index = take_piece();
  pieces_[index] = {fragment.offset, payload.wire, payload.captured, block, packet.newest_piece};
  packet.newest_piece = index;
  ++packet.pieces;
  packet.received += payload.wire;
  if (!fragment.more) packet.total = fragment.offset + payload.wire;
  return true;
}

// All bytes are there: bits of 8 bytes each, as every fragment begins at a multiple of them.
bool Reassembler::complete(const Packet& packet) const {
  if (packet.total == kNone || packet.header_block == kNone || packet.received < packet.total)
    return false;
  std::bitset<kPacketBytesMax / kFragmentUnit + 1> seen;
  for (Index i = packet.newest_piece; i != kNone; i = pieces_[i].next) {
    const std::uint32_t end = pieces_[i].offset + pieces_[i].length;
    for (std::uint32_t at = pieces_[i].offset; at < end; at += kFragmentUnit)
      seen.set(at / kFragmentUnit);
  }
  return seen.count() == (packet.total + kFragmentUnit - 1) / kFragmentUnit;
}

// How many bytes are there from the beginning on, before the first that was not captured.
std::uint32_t Reassembler::captured_from_start(const Packet& packet) const {
  std::uint32_t captured = packet.total;
  for (Index i = packet.newest_piece; i != kNone; i = pieces_[i].next)
    if (pieces_[i].captured < pieces_[i].length)
      captured = std::min(captured, pieces_[i].offset + pieces_[i].captured);
  return captured;
}

// Writes the whole packet behind the wholes before. False when there is no room.
bool Reassembler::assemble(const Packet& packet, Whole& whole) {
  const std::size_t size = std::size_t{packet.header_bytes} + packet.total;
  if (size > limits_.wholes_bytes - arena_used_) return false;
  std::uint8_t* const at = arena_.data() + arena_used_;
  arena_used_ += size;
  load_bytes(packet.header_block, at, packet.header_bytes);
  // From the newest to the oldest: what came first is written last, and stands.
  for (Index i = packet.newest_piece; i != kNone; i = pieces_[i].next)
    load_bytes(pieces_[i].first_block, at + packet.header_bytes + pieces_[i].offset,
               pieces_[i].captured);
  const auto put16 = [at](std::size_t where, std::size_t value) {
    at[where] = static_cast<std::uint8_t>(value >> 8);
    at[where + 1] = static_cast<std::uint8_t>(value);
  };
  if (packet.key.kind == 0x100u) {
    put16(4, size - 40);
    at[packet.next_header_at] = packet.next_header;
  } else {
    put16(2, size);
    put16(6, 0);
  }
  const auto length = static_cast<std::uint32_t>(size);
  whole = {{at, packet.header_bytes + captured_from_start(packet), length},
           packet.wire_length,
           packet.packets};
  return true;
}

DecodeStatus Reassembler::add(const PacketView& view, const Datagram& fragment, Whole& whole) {
  const std::uint32_t weight = view.packets;  // more than one where fragments lie in fragments
  counters_.fragments += weight;
  expire(view.time_ns);
  const Key key = key_of(view, fragment);
  Index index = find(key);
  if (index == kNone) index = start(key, latest_ns_);
  if (index == kNone) {
    counters_.limited += weight;
    return DecodeStatus::FragmentLimit;
  }
  Packet& packet = packets_[index];
  const auto give_up = [&](std::uint64_t& counter, DecodeStatus status) {
    counter += packet.packets + weight;
    counters_.held -= packet.packets;
    release(index);
    return status;
  };
  bool copy = false;
  if (judge(packet, fragment, copy) != DecodeStatus::Ok)
    return give_up(counters_.malformed, DecodeStatus::Malformed);
  if (packet.packets + weight > std::numeric_limits<std::uint16_t>::max() ||
      (!copy && !hold(packet, fragment)))
    return give_up(counters_.limited, DecodeStatus::FragmentLimit);
  packet.packets = static_cast<std::uint16_t>(packet.packets + weight);
  counters_.held += weight;
  packet.wire_length += view.wire_length;
  if (!complete(packet)) return DecodeStatus::FragmentHeld;
  if (!assemble(packet, whole)) {
    packet.packets = static_cast<std::uint16_t>(packet.packets - weight);
    counters_.held -= weight;
    return give_up(counters_.limited, DecodeStatus::FragmentLimit);
  }
  ++counters_.whole;
  counters_.joined += packet.packets;
  counters_.held -= packet.packets;
  release(index);
  return DecodeStatus::Ok;
}

}  // namespace endreason
