// SPDX-License-Identifier: Apache-2.0
#include "appid/content_mark.hpp"

#include <algorithm>
#include <array>

#include "model/protocol.hpp"

namespace endreason {

namespace {

using namespace std::string_view_literals;

constexpr auto kContentMarks = std::to_array<ContentMark>({
    // Valve Developer Community, "Server queries", A2S_INFO.
    {"source-engine", kProtoUdp, "\xff\xff\xff\xffTSource Engine Query"sv, 0},
    // Bitcoin developer reference, "Message headers": main network's start string.
    {"bitcoin", kProtoTcp, "\xf9\xbe\xb4\xd9version\0"sv, 0},
    {"bitcoin", kProtoTcp, "\xf9\xbe\xb4\xd9verack\0"sv, 0},
    // DMTF DSP0136 (ASF 2.0), 3.2.2: version 6, reserved, sequence 255 = no acknowledgement, class.
    {"rmcp", kProtoUdp, "\x06\x00\xff\x06"sv, 0},
    {"rmcp", kProtoUdp, "\x06\x00\xff\x07"sv, 0},
    // Financial Information eXchange: BeginString is the first field of every message.
    {"fix", kProtoTcp, "8=FIX."sv, 0},
    // The PROXY protocol, versions 1 and 2.
    {"haproxy", kProtoTcp, "PROXY TCP"sv, 0},
    {"haproxy", kProtoTcp, "\r\n\r\n\0\r\nQUIT\n"sv, 0},
    // RFC 9113, 3.4: the preface of a client that knows that the server speaks HTTP/2.
    {"http2-base", kProtoTcp, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"sv, 0},
    // OPC UA Part 6, 7.1.2: Hello and Reverse Hello, one chunk.
    {"opc-ua", kProtoTcp, "HELF"sv, 0},
    {"opc-ua", kProtoTcp, "RHEF"sv, 0},
    // Elasticsearch's transport: every message begins with these two, then a four byte length.
    {"elasticsearch-base", kProtoTcp, "ES\0\0"sv, 0},
    // Discord developer documentation, "Voice connections", IP discovery: type, then length 70.
    {"discord-base", kProtoUdp, "\x00\x01\x00\x46"sv, 74},
    {"discord-base", kProtoUdp, "\x00\x02\x00\x46"sv, 74},
    // Tuya's protocol of the local network as its open clients document it: the prefix.
    {"tuya-local", kProtoUdp, "\x00\x00\x55\xaa\x00\x00\x00\x00\x00\x00\x00"sv, 0},
});

// A mark shorter than this would be chance, unless the length is given as well.
constexpr std::size_t kShortestMark = 4;
static_assert(std::ranges::all_of(kContentMarks, [](const ContentMark& m) {
  return m.start.size() >= kShortestMark && (m.length == 0 || m.length >= m.start.size());
}));

}  // namespace

std::span<const ContentMark> content_marks() {
  return kContentMarks;
}

std::size_t find_content_mark(std::uint8_t protocol, std::span<const std::uint8_t> payload) {
  const std::string_view text(reinterpret_cast<const char*>(payload.data()), payload.size());
  const auto mark = std::ranges::find_if(kContentMarks, [&](const ContentMark& m) {
    return m.protocol == protocol && text.starts_with(m.start) &&
           (m.length == 0 || m.length == text.size());
  });
  return static_cast<std::size_t>(mark - kContentMarks.begin());
}

}  // namespace endreason
