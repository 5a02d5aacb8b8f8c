// SPDX-License-Identifier: Apache-2.0
// Decoder: packet bytes -> PacketView. Every byte is bounds-checked, any bytes are allowed.
// No allocation and no exception after construction. One thread at a time; one decoder a thread.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "decode/layer.hpp"
#include "decode/plain_packet.hpp"
#include "decode/reassembler.hpp"
#include "decode/transport_layer.hpp"
#include "model/packet_view.hpp"
#include "model/raw_packet.hpp"

namespace endreason {

struct DecodeOptions {
  bool decap = false;  // the session inside a tunnel, not the tunnel's own; frames in frames
  bool check_checksums = false;  // IPv4 header, TCP, UDP, ICMP; not of snapped packets or fragments
  std::uint8_t headers_max = 32;  // before TCP, UDP, ...; more is TooDeep
  FragmentLimits fragments;
  bool shortcut = true;  // plain packets take a shorter way to the same view; false: to compare
};

// Whether packets of captures of this kind are decoded; else they are UnknownLinkType.
bool decodes_link_type(std::uint16_t link_type);

class Decoder {
 public:
  explicit Decoder(DecodeOptions options);
  ~Decoder();
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;

  // Decodes one packet. The view points into the packet, or, when fragments were put together, into
  // this decoder, until the next call. Every field is set, whatever the status; those that were not
  // reached keep their defaults.
  void decode(const RawPacket& packet, PacketView& view);

  // The same for a batch: views[i] is of packets[i], and all of them stay until the next call.
  // Batches of up to 256 packets never lack room for the wholes that their fragments make.
  void decode(std::span<const RawPacket> packets, std::span<PacketView> views);

  // The short part of decode(): false, and nothing is made, for packets that are not what most are,
  // or when checksums are checked or tunnels looked into. Any thread may call.
  bool decode_plain(const RawPacket& packet, PlainPacket& plain) const {
    return shortcut_ && read_plain(packet, plain);
  }
  // The other part: as decode(), but wholes that were made since forget_wholes() stay. wholes():
  // where they lie.
  void decode_rest(const RawPacket& packet, PacketView& view) { decode_any(packet, view); }
  std::span<const std::uint8_t> wholes() const;
  void forget_wholes();

  // A fragment is counted by the status of its own view first: FragmentHeld. When the whole comes,
  // its view stands for `packets` of them. Those that never become whole are counted here.
  const FragmentCounters& fragments() const;
  // Gives up fragments that have waited too long at this time (packet time).
  void expire_fragments(std::int64_t now_ns);

 private:
  void decode_one(const RawPacket& packet, PacketView& view);
  void decode_any(const RawPacket& packet, PacketView& view);
  void decode_ip(Slice bytes, Walk& walk, PacketView& view);
  void look_into_tunnels(Walk& walk, PacketView& view);
  void put_together(const Datagram& fragment, Walk& walk, PacketView& view);

  DecodeOptions options_;
  bool shortcut_;
  std::unique_ptr<Reassembler> reassembler_;
};

}  // namespace endreason
