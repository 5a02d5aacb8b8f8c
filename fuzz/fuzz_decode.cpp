// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as packets of an arbitrary link type, several in a row so that fragments meet.
// What a view points to must lie in the packet or, where fragments were put together, be readable
// (AddressSanitizer sees when it is not), fragments must be accounted for, and the short way to a
// view must lead to the same one.
//
// The first two bytes are the link type, the third the options; then packets, each behind two bytes
// of length.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>

#include "decode/decoder.hpp"
#include "decode/plain_views.hpp"

namespace {

using endreason::PacketView;

void require(bool holds) {
  if (!holds) std::abort();
}

// Reads every byte, so that a sanitizer judges each.
unsigned touch(const std::uint8_t* at, std::size_t count) {
  unsigned sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += at[i];
  return sum;
}

void judge(const PacketView& view, std::span<const std::uint8_t> packet) {
  require(view.payload_captured <= view.payload_length);
  require(view.payload != nullptr || view.payload_captured == 0);
  require(view.l3_captured <= view.ip_length);
  require(view.packets >= 1);
  const auto lies_within = [&](const std::uint8_t* at, std::size_t count) {
    return count == 0 || (at >= packet.data() && at + count <= packet.data() + packet.size());
  };
  if (!view.fragment) {
    require(lies_within(view.payload, view.payload_captured));
    require(lies_within(view.quoted, view.quoted_length));
    require(lies_within(view.l3, view.l3_captured));
  }
  volatile unsigned sum = touch(view.payload, view.payload_captured);
  sum = touch(view.quoted, view.quoted_length);
  sum = touch(view.l3, view.l3_captured);
  static_cast<void>(sum);
  static_cast<void>(endreason::decode_quoted(view.quoted, view.quoted_length));
}

// Views that are made by another thread, of what the first one copied.
void judge_plain(const endreason::Decoder& decoder, const endreason::RawPacket& packet,
                 const PacketView& view) {
  endreason::PlainPacket plain[2];
  if (!decoder.decode_plain(packet, plain[0])) return;
  plain[1] = plain[0];
  for (const endreason::MakeViews make : {endreason::make_views, endreason::fastest_views()}) {
    PacketView made[2];
    made[1].seq = made[1].quoted_length = 77;  // left from an earlier packet
    make({plain, sizeof plain[0], 2}, made);
    require(made[0] == view && made[1] == view);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  endreason::DecodeOptions options;
  options.decap = (data[2] & 1) != 0;
  options.check_checksums = (data[2] & 2) != 0;
  options.fragments.packets = 4;
  options.fragments.fragments_each = 8;
  options.fragments.wholes_bytes = 128 << 10;
  options.fragments.bytes = 32 * endreason::kFragmentBlockBytes;
  endreason::Decoder decoder(options);
  options.shortcut = false;
  endreason::Decoder long_way(options);
  endreason::RawPacket packet;
  packet.link_type = static_cast<std::uint16_t>(data[0] | data[1] << 8);
  std::span<const std::uint8_t> rest(data + 3, size - 3);
  while (rest.size() > 2) {
    const std::size_t length = std::min<std::size_t>(rest[0] | rest[1] << 8, rest.size() - 2);
    // A copy of exact size, so that a byte read too many is seen.
    const auto copy = std::make_unique<std::uint8_t[]>(length);
    std::memcpy(copy.get(), rest.data() + 2, length);
    packet.bytes = {copy.get(), length};
    packet.wire_length = static_cast<std::uint32_t>(length + (data[2] & 4) * 100u);
    packet.time_ns += 3'000'000'000;
    PacketView view;
    decoder.decode(packet, view);
    PacketView same;
    long_way.decode(packet, same);
    require(view.fragment || view == same);
    judge(view, packet.bytes);
    judge_plain(decoder, packet, view);
    rest = rest.subspan(2 + length);
  }
  const endreason::FragmentCounters& c = decoder.fragments();
  require(c.fragments == c.joined + c.expired + c.malformed + c.limited + c.held);
  return 0;
}
