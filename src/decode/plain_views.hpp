// SPDX-License-Identifier: Apache-2.0
// Views of many plain packets at once, for who gets them from another thread. Most fields of a view
// are bytes of the headers in another order, which SSSE3 moves sixteen at a time; chosen at run
// time, and what view_of() makes of each: decoder_test.cpp holds the two together.
#pragma once

#include <cstddef>

#include "decode/plain_packet.hpp"
#include "model/packet_view.hpp"

namespace endreason {

// Plain packets that stand so many bytes apart. What is no plain packet among them, but bytes that
// may be read, gives a view of which nothing is meant.
struct PlainRow {
  const PlainPacket* first;
  std::size_t stride, count;
};

using MakeViews = void (*)(const PlainRow& row, PacketView* views);

// The fastest that this processor can do, and the one that any can.
MakeViews fastest_views();
void make_views(const PlainRow& row, PacketView* views);

}  // namespace endreason
