// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.hpp"

#include <algorithm>
#include <cassert>

#include "base/byte_order.hpp"
#include "decode/internet_layer.hpp"
#include "decode/link_layer.hpp"
#include "decode/plain_packet.hpp"
#include "decode/tunnel.hpp"

namespace endreason {
namespace {

// Copied, because compilers make a slow loop of clearing as many bytes.
constexpr PacketView kBlankView{};

// An Ethernet header and IPv4 right behind it.
bool is_plain_ethernet(const RawPacket& packet) {
  return packet.link_type == 1 && packet.bytes.size() >= 14 &&
         load_big16(packet.bytes.data() + 12) == 0x0800;
}

Slice slice_of(const RawPacket& packet) {
  const auto captured = static_cast<std::uint32_t>(packet.bytes.size());
  return {packet.bytes.data(), captured, std::max(packet.wire_length, captured)};
}

// Whether what was found inside a tunnel takes the place of the tunnel's own packet. Where there is
// no session inside, the tunnel's own is what there is to see.
bool replaces_outer(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::Ok:
    case DecodeStatus::FragmentHeld:
    case DecodeStatus::FragmentLimit:
    case DecodeStatus::BadChecksum:
    case DecodeStatus::TooDeep:
      return true;
    case DecodeStatus::Truncated:
    case DecodeStatus::Malformed:
    case DecodeStatus::NotIp:
    case DecodeStatus::FrameInFrame:
    case DecodeStatus::UnknownLinkType:
      break;
  }
  return false;
}

// What belongs to the packet on the wire, however deep the session lies in it.
PacketView fresh_view(const PacketView& outer) {
  PacketView view = kBlankView;
  view.time_ns = outer.time_ns;
  view.vlan = outer.vlan;
  view.interface = outer.interface;
  view.wire_length = outer.wire_length;
  view.packets = outer.packets;
  view.fragment = outer.fragment;
  return view;
}

}  // namespace

bool decodes_link_type(std::uint16_t link_type) {
  Slice nothing{};
  Walk walk{};
  return find_ip(link_type, nothing, walk) != DecodeStatus::UnknownLinkType;
}

Decoder::Decoder(DecodeOptions options)
    : options_(options),
      shortcut_(options.shortcut && !options.decap && !options.check_checksums &&
                options.headers_max > 0),
      reassembler_(std::make_unique<Reassembler>(options.fragments)) {}
Decoder::~Decoder() = default;
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;

const FragmentCounters& Decoder::fragments() const {
  return reassembler_->counters();
}
void Decoder::expire_fragments(std::int64_t now_ns) {
  reassembler_->expire(now_ns);
}

// Fragments: when all are there, the view becomes that of the whole.
void Decoder::put_together(const Datagram& fragment, Walk& walk, PacketView& view) {
  Reassembler::Whole whole;
  view.fragment = true;
  view.status = reassembler_->add(view, fragment, whole);
  if (view.status != DecodeStatus::Ok) return;
  view.wire_length = whole.wire_length;
  view.packets = whole.packets;
  decode_ip(whole.packet, walk, view);
}

void Decoder::decode_ip(Slice bytes, Walk& walk, PacketView& view) {
  Datagram datagram;
  // A whole made of fragments has a header that no one summed.
  const InternetRules rules{options_.check_checksums && !view.fragment, options_.decap};
  view.status = read_internet_headers(bytes, rules, walk, view, datagram);
  if (view.status != DecodeStatus::Ok) [[unlikely]]
    return;
  if (datagram.is_fragment) [[unlikely]] {
    put_together(datagram, walk, view);
    return;
  }
  const bool check = options_.check_checksums && !view.fragment && datagram.plain_checksum;
  view.status = read_transport_header(datagram.payload, check, view);
}

void Decoder::look_into_tunnels(Walk& walk, PacketView& view) {
  while (view.status == DecodeStatus::Ok) {
    const auto inner = find_inner(view, walk);
    if (!inner) return;
    PacketView inside = fresh_view(view);
    inside.tunnel = inner->kind;
    Slice bytes = inner->bytes;
    inside.status = find_ip(inner->first, bytes, walk);
    if (inside.status == DecodeStatus::Ok) decode_ip(bytes, walk, inside);
    if (!replaces_outer(inside.status)) return;
    view = inside;
  }
}

void Decoder::decode_one(const RawPacket& packet, PacketView& view) {
  if (!shortcut_ || !read_plain(packet, view)) decode_any(packet, view);
}

void Decoder::decode_any(const RawPacket& packet, PacketView& view) {
  view = kBlankView;
  view.time_ns = packet.time_ns;
  view.interface = packet.interface;
  Slice bytes = slice_of(packet);
  view.wire_length = bytes.wire;
  Walk walk;
  walk.headers_max = options_.headers_max;
  walk.decap = options_.decap;
  if (is_plain_ethernet(packet)) [[likely]] {
    bytes.drop(14);
  } else {
    view.status = find_ip(packet.link_type, bytes, walk);
    view.vlan = walk.vlan;
    if (view.status != DecodeStatus::Ok) return;
  }
  decode_ip(bytes, walk, view);
  if (options_.decap) look_into_tunnels(walk, view);
}

void Decoder::decode(const RawPacket& packet, PacketView& view) {
  reassembler_->forget_wholes();
  decode_one(packet, view);
}

std::span<const std::uint8_t> Decoder::wholes() const {
  return reassembler_->wholes();
}

void Decoder::forget_wholes() {
  reassembler_->forget_wholes();
}

void Decoder::decode(std::span<const RawPacket> packets, std::span<PacketView> views) {
  assert(packets.size() <= views.size());
  reassembler_->forget_wholes();
  for (std::size_t i = 0; i < packets.size(); ++i)
    if (!shortcut_ || !read_plain(packets[i], views[i])) decode_any(packets[i], views[i]);
}

}  // namespace endreason
