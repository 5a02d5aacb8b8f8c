// SPDX-License-Identifier: Apache-2.0
#include "store/lz4_blocks.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include <lz4.h>

#include "base/loaded_library.hpp"

namespace endreason {
namespace {

// block = checksum:u128 method:u8 compressed:u32 plain:u32 bytes
// Numbers are little-endian; `compressed` counts itself, the method and what follows.
constexpr std::size_t kChecksumBytes = 16, kHeadBytes = 9;
constexpr char kMethodLz4 = '\x82';
constexpr int kPlainBytes = 1 << 20;    // as ClickHouse's own client has them
constexpr std::size_t kUsualRatio = 3;  // of plain bytes to compressed ones, of rows

#define ENDREASON_LZ4_CALLS(CALL) CALL(LZ4_compress_default)
ENDREASON_LZ4_CALLS(ENDREASON_DECLARE_CALL)

// Loaded when it is needed, as others (base/loaded_library.hpp).
Result<void> load_lz4() {
  static const Result<void> loaded =
      load_functions({"liblz4.so.1"}, "liblz4", {ENDREASON_LZ4_CALLS(ENDREASON_FIND_CALL)});
  return loaded;
}

void put_u32(char* at, std::size_t value) {
  const auto number = static_cast<std::uint32_t>(value);
  std::memcpy(at, &number, sizeof number);
}

}  // namespace

Result<std::string> lz4_blocks(std::string_view bytes) {
  if (auto loaded = load_lz4(); !loaded) return tl::unexpected(loaded.error());
  // Each block is made where it stays in the second-level cache: made in `out`, its room would be
  // filled with zeros first, and moved whenever there is not enough.
  std::vector<char> room(kChecksumBytes + kHeadBytes + LZ4_COMPRESSBOUND(kPlainBytes));
  char* const head = room.data() + kChecksumBytes;
  std::string out;
  out.reserve(bytes.size() / kUsualRatio);
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, kPlainBytes);
    bytes.remove_prefix(piece.size());
    const int size =
        LZ4_compress_default(piece.data(), head + kHeadBytes, static_cast<int>(piece.size()),
                             LZ4_COMPRESSBOUND(static_cast<int>(piece.size())));
    *head = kMethodLz4;
    put_u32(head + 1, static_cast<std::size_t>(size) + kHeadBytes);
    put_u32(head + 5, piece.size());
    out.append(room.data(), kChecksumBytes + kHeadBytes + static_cast<std::size_t>(size));
  }
  return out;
}

}  // namespace endreason
