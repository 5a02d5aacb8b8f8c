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
constexpr std::size_t kPlainBytes = 1 << 20;  // as ClickHouse's own client has them
constexpr std::size_t kUsualRatio = 3;        // of plain bytes to compressed ones, of rows

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

class Blocks {
 public:
  explicit Blocks(std::size_t plain_bytes) { out_.reserve(plain_bytes / kUsualRatio); }

  void add(std::string_view piece) {
    // Larger ones are read where they are.
    if (piece.size() < kCopiedBytes) {
      if (gathered_.size() + piece.size() > kPlainBytes) end();
      gathered_ += piece;
      return;
    }
    end();
    for (; !piece.empty(); piece.remove_prefix(std::min(piece.size(), kPlainBytes)))
      compress(piece.substr(0, kPlainBytes));
  }
  std::string take() {
    end();
    return std::move(out_);
  }

 private:
  void end() {
    if (!gathered_.empty()) compress(gathered_);
    gathered_.clear();
  }
  void compress(std::string_view piece) {
    char* const head = room_.data() + kChecksumBytes;
    const int size =
        LZ4_compress_default(piece.data(), head + kHeadBytes, static_cast<int>(piece.size()),
                             LZ4_COMPRESSBOUND(static_cast<int>(piece.size())));
    *head = kMethodLz4;
    put_u32(head + 1, static_cast<std::size_t>(size) + kHeadBytes);
    put_u32(head + 5, piece.size());
    out_.append(room_.data(), kChecksumBytes + kHeadBytes + static_cast<std::size_t>(size));
  }

  static constexpr std::size_t kCopiedBytes = 64 << 10;
  std::string gathered_, out_;
  // Each block is made where it stays in the second-level cache: made in `out_`, its room would be
  // filled with zeros first, and moved whenever there is not enough.
  std::vector<char> room_ =
      std::vector<char>(kChecksumBytes + kHeadBytes + LZ4_COMPRESSBOUND(kPlainBytes));
};

}  // namespace

Result<std::string> lz4_blocks(std::span<const std::string_view> pieces) {
  if (auto loaded = load_lz4(); !loaded) return tl::unexpected(loaded.error());
  std::size_t bytes = 0;
  for (const std::string_view piece : pieces) bytes += piece.size();
  Blocks blocks(bytes);
  for (const std::string_view piece : pieces) blocks.add(piece);
  return blocks.take();
}

}  // namespace endreason
