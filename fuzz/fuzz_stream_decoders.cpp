// SPDX-License-Identifier: Apache-2.0
// The decoders that read whole streams: whatever the bytes, and however they are cut into segments,
// repeated and swapped, they end, stay within their bounds, and tell the same.
#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "appid/ftp_control.hpp"
#include "appid/http_proxy.hpp"
#include "appid/stream_order.hpp"

using namespace endreason;

namespace {

using Bytes = std::span<const std::uint8_t>;

void require(bool fine) {
  if (!fine) std::abort();
}

struct Turn {
  bool from_client;
  Bytes bytes;
};

// A byte 0xff ends a side's turn.
std::vector<Turn> turns_of(Bytes input) {
  std::vector<Turn> turns;
  bool from_client = true;
  while (!input.empty()) {
    const auto end = std::find(input.begin(), input.end(), 0xff);
    const auto length = static_cast<std::size_t>(end - input.begin());
    if (length > 0) turns.push_back({from_client, input.first(length)});
    input = input.subspan(std::min(length + 1, input.size()));
    from_client = !from_client;
  }
  return turns;
}

std::string ftp(const std::vector<Turn>& turns, std::size_t piece) {
  FtpControl control;
  std::string seen;
  for (const Turn& turn : turns)
    for (std::size_t at = 0; at < turn.bytes.size(); at += piece)
      control.see(turn.from_client, turn.bytes.subspan(at, std::min(piece, turn.bytes.size() - at)),
                  false, [&](const FtpAnnouncement& a) {
                    require(a.port != 0);
                    require(a.passive || a.address.has_value());
                    seen += fmt::format("{}{}{} ", a.passive, a.port,
                                        a.address ? to_string(*a.address) : "");
                  });
  return seen + (control.encrypted() ? "." : "");
}

// Only the client's side: whether the server's answer is seen before or after its next bytes is
// what the cutting decides.
std::string proxy(const std::vector<Turn>& turns, std::size_t piece) {
  HttpProxy decoder;
  std::string last;
  for (const Turn& turn : turns) {
    if (!turn.from_client) continue;
    for (std::size_t at = 0; at < turn.bytes.size(); at += piece)
      decoder.see(true, turn.bytes.subspan(at, std::min(piece, turn.bytes.size() - at)), false);
    last = decoder.authority();
  }
  return last;
}

std::string in_order(Bytes input, std::size_t piece, bool swapped) {
  StreamOrder order;
  std::string read;
  const auto add = [&](std::size_t at) {
    const Bytes bytes = input.subspan(at, std::min(piece, input.size() - at));
    order.add(static_cast<std::uint32_t>(0xffff'fff0u + at), bytes, bytes.size(),
              [&](Bytes b, bool gap) {
                require(!gap);
                read.append(b.begin(), b.end());
              });
  };
  for (std::size_t at = 0; at < input.size(); at += piece) {
    const bool pair = swapped && at > 0 && at + piece < input.size();
    if (pair) add(at + piece);
    add(at);
    if (pair) at += piece;
  }
  return read;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const Bytes input(data + 1, size - 1);
  const std::vector<Turn> turns = turns_of(input);
  require(ftp(turns, piece) == ftp(turns, 1 << 20));
  static_cast<void>(HttpProxy::may_begin(input));
  HttpProxy both;
  for (const Turn& turn : turns) both.see(turn.from_client, turn.bytes, false);
  static_cast<void>(proxy(turns, piece));
  static_cast<void>(proxy(turns, 1 << 20));
  const std::string whole(input.begin(), input.end());
  require(in_order(input, piece, false) == whole);
  require(in_order(input, piece, true) == whole);
  return 0;
}
