// SPDX-License-Identifier: Apache-2.0
// Lists what decoding came to, packet by packet, for decode_accuracy_test.py.
//
// usage: decode_listing outer|inner CAPTURE...
// "inner" looks into tunnels. For each capture a line "= its path", then a line a packet: number,
// status, protocol, packets it stands for, link type; tabs between them.
#include <array>
#include <cstdio>
#include <string_view>

#include "decode/decoder.hpp"
#include "sources/capture_source.hpp"
#include "sources/input_list.hpp"

namespace {

using namespace endreason;

const char* name(DecodeStatus status) {
  switch (status) {
    case DecodeStatus::Ok:
      return "ok";
    case DecodeStatus::FragmentHeld:
      return "fragment-held";
    case DecodeStatus::Truncated:
      return "truncated";
    case DecodeStatus::Malformed:
      return "malformed";
    case DecodeStatus::NotIp:
      return "not-ip";
    case DecodeStatus::FrameInFrame:
      return "frame-in-frame";
    case DecodeStatus::UnknownLinkType:
      return "unknown-link-type";
    case DecodeStatus::BadChecksum:
      return "bad-checksum";
    case DecodeStatus::TooDeep:
      return "too-deep";
    case DecodeStatus::FragmentLimit:
      return "fragment-limit";
  }
  return "?";
}

int list(const char* path, bool decap) {
  Input input;
  input.path = path;
  std::printf("= %s\n", path);
  auto bytes = open_input(input);
  if (!bytes) return std::fprintf(stderr, "%s\n", bytes.error().message.c_str()), 1;
  auto capture = CaptureSource::open(std::move(*bytes));
  if (!capture) return std::fprintf(stderr, "%s\n", capture.error().message.c_str()), 1;
  DecodeOptions options;
  options.decap = decap;
  Decoder decoder(options);
  std::array<RawPacket, 64> packets;
  std::array<PacketView, 64> views;
  unsigned long number = 0;
  while (const std::size_t n = (*capture)->read(packets)) {
    decoder.decode(std::span(packets).first(n), views);
    for (std::size_t i = 0; i < n; ++i)
      std::printf("%lu\t%s\t%u\t%u\t%u\n", ++number, name(views[i].status), views[i].protocol,
                  views[i].packets, packets[i].link_type);
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what = argc > 2 ? argv[1] : "";
  if (what != "outer" && what != "inner")
    return std::fprintf(stderr, "usage: decode_listing outer|inner CAPTURE...\n"), 2;
  for (int i = 2; i < argc; ++i)
    if (const int failed = list(argv[i], what == "inner"); failed != 0) return failed;
  return 0;
}
