// SPDX-License-Identifier: Apache-2.0
// ByteSource: where input bytes come from, batch by batch, already decompressed.
// Chosen once an input and called once a chunk, hence virtual. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.hpp"
#include "sources/coming_bytes.hpp"

namespace endreason {

class ByteSource {
 public:
  ByteSource() = default;
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;
  virtual ~ByteSource() = default;

  // Writes the next bytes to the front of `buffer` and returns how many; 0 means the end (or an
  // empty buffer). May give fewer than fit: a pipe gives what has arrived. Everything that could be
  // read is given before an error is; after an error each further call gives the same error.
  [[nodiscard]] virtual Result<std::size_t> read(std::span<char> buffer) = 0;

  // As the user named it; "-" for standard input. Lives as long as the source.
  [[nodiscard]] virtual std::string_view name() const = 0;

  // Bytes stored (compressed, where it is), as far as they are known beforehand.
  [[nodiscard]] virtual std::optional<std::uint64_t> size_hint() const = 0;

  // How many of those stored bytes have been taken so far; for showing progress.
  [[nodiscard]] virtual std::uint64_t position() const = 0;

  // Where position() counts in what read() gives, the file to prefetch from; else null.
  [[nodiscard]] virtual std::shared_ptr<const ComingBytes> coming() const { return nullptr; }

  // How many bytes from here on may be set apart; 0 where read() is the only way.
  [[nodiscard]] virtual std::uint64_t separable() const { return 0; }
  // Takes the next `count` bytes (separable() at most) out of what read() gives, to be read by
  // read_apart(). Returns where they begin.
  virtual std::uint64_t set_apart([[maybe_unused]] std::size_t count) { return 0; }
  // Reads bytes that were set apart, from `offset` on. Gives all of `buffer`, less only when the
  // input has become shorter. Thread-safe, beside read() too.
  [[nodiscard]] virtual Result<std::size_t> read_apart(
      [[maybe_unused]] std::uint64_t offset, [[maybe_unused]] std::span<char> buffer) const {
    return 0;
  }
};

inline constexpr std::size_t kPeekBytes = 6;  // the longest magic number that is looked for (xz)

// A source of bytes as they are stored, whose beginning can be looked at before it is read.
class RawSource : public ByteSource {
 public:
  // The first bytes of what read() will give. At most kPeekBytes; fewer when there are no more, or
  // when those that have arrived already rule out every magic number. Call before the first read.
  [[nodiscard]] virtual Result<std::string_view> peek() = 0;
};

}  // namespace endreason
