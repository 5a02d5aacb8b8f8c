// SPDX-License-Identifier: Apache-2.0
// Which compression a file has, by its first bytes and never by its name, and the source that
// undoes it.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/enum_table.hpp"
#include "base/result.hpp"
#include "sources/byte_source.hpp"

namespace endreason {

enum class Compression : std::uint8_t { None, Gzip, Zstd, Xz, Bzip2, Zip, Lz4 };

struct CompressionInfo {
  Compression value;
  std::string_view log_name;
  bool readable;            // by us; the others are named so that the message can help
  std::string_view remedy;  // a command that writes the plain bytes to standard output
};
inline constexpr auto kCompressions = std::to_array<CompressionInfo>({
    {Compression::None, "plain", true, "cat"},
    {Compression::Gzip, "gzip", true, "gzip -dc"},
    {Compression::Zstd, "zstd", true, "zstd -dc --long=31"},
    {Compression::Xz, "xz", false, "xz -dc"},
    {Compression::Bzip2, "bzip2", false, "bzip2 -dc"},
    {Compression::Zip, "zip", false, "unzip -p"},
    {Compression::Lz4, "lz4", false, "lz4 -dc"},
});
static_assert(rows_in_enum_order(kCompressions) && log_names_unique(kCompressions));

// What the first bytes say. Fewer bytes than a magic number has are never that compression.
Compression recognise_compression(std::string_view first_bytes);

// True when `first_bytes` is the beginning of some magic number but not yet the whole of it, so
// that a pipe must be waited for.
bool may_become_magic(std::string_view first_bytes);

// The source of the plain bytes behind `stored`: itself, or a decompressor around it.
// Fails for a compression that is recognised but not readable, naming the command that helps.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<RawSource> stored);

// How messages name an input: its path, or "standard input".
std::string_view shown_name(std::string_view name);

}  // namespace endreason
