// SPDX-License-Identifier: Apache-2.0
#include "sources/compression.hpp"

#include <utility>

#include <fmt/format.h>

#include "sources/gzip_source.hpp"
#include "sources/zstd_source.hpp"

namespace endreason {
namespace {

using namespace std::string_view_literals;

struct Magic {
  std::string_view bytes;
  Compression compression;
};
// gzip: RFC 1952 section 2.3 (the third byte is the method, always deflate). zstd: RFC 8878 section
// 3.1. xz: its format description, section 2.1.1.1. zip: a local file header. lz4: its frame
// format.
constexpr auto kMagics = std::to_array<Magic>({
    {"\x1f\x8b\x08"sv, Compression::Gzip},
    {"\x28\xb5\x2f\xfd"sv, Compression::Zstd},
    {"\xfd\x37\x7a\x58\x5a\x00"sv, Compression::Xz},
    {"BZh1"sv, Compression::Bzip2},
    {"BZh2"sv, Compression::Bzip2},
    {"BZh3"sv, Compression::Bzip2},
    {"BZh4"sv, Compression::Bzip2},
    {"BZh5"sv, Compression::Bzip2},
    {"BZh6"sv, Compression::Bzip2},
    {"BZh7"sv, Compression::Bzip2},
    {"BZh8"sv, Compression::Bzip2},
    {"BZh9"sv, Compression::Bzip2},
    {"PK\x03\x04"sv, Compression::Zip},
    {"\x04\x22\x4d\x18"sv, Compression::Lz4},
});

consteval bool magics_fit() {
  for (const Magic& magic : kMagics)
    if (magic.bytes.size() > kPeekBytes) return false;
  return true;
}
static_assert(magics_fit(), "peek() must show enough bytes to tell every magic number");

// A zstd file may begin with a skippable frame: 0x184D2A50 to 0x184D2A5F, little endian.
constexpr std::string_view kSkippableTail = "\x2a\x4d\x18";

bool looks_skippable(std::string_view bytes) {
  if (bytes.empty() || (static_cast<unsigned char>(bytes[0]) & 0xf0) != 0x50) return false;
  const std::string_view tail = bytes.substr(1, kSkippableTail.size());
  return kSkippableTail.starts_with(tail);
}

}  // namespace

Compression recognise_compression(std::string_view first_bytes) {
  for (const Magic& magic : kMagics)
    if (first_bytes.starts_with(magic.bytes)) return magic.compression;
  if (first_bytes.size() > kSkippableTail.size() && looks_skippable(first_bytes))
    return Compression::Zstd;
  return Compression::None;
}

bool may_become_magic(std::string_view first_bytes) {
  if (first_bytes.empty()) return true;
  for (const Magic& magic : kMagics)
    if (magic.bytes.size() > first_bytes.size() && magic.bytes.starts_with(first_bytes))
      return true;
  return first_bytes.size() <= kSkippableTail.size() && looks_skippable(first_bytes);
}

Result<std::unique_ptr<ByteSource>> decompressed(std::unique_ptr<RawSource> stored) {
  const Result<std::string_view> first_bytes = stored->peek();
  if (!first_bytes) return tl::unexpected(first_bytes.error());
  const Compression compression = recognise_compression(*first_bytes);
  const CompressionInfo& info = kCompressions[static_cast<std::size_t>(compression)];
  if (!info.readable)
    return fail(Error::Code::Io,
                fmt::format("{}: this is {} data, which is not read here: pipe its content in, as "
                            "in `{} FILE | endreason explain -`",
                            shown_name(stored->name()), info.log_name, info.remedy));
  if (compression == Compression::Gzip) return std::make_unique<GzipSource>(std::move(stored));
  if (compression == Compression::Zstd) return std::make_unique<ZstdSource>(std::move(stored));
  return stored;
}

std::string_view shown_name(std::string_view name) {
  return name == "-" ? std::string_view("standard input") : name;
}

}  // namespace endreason
