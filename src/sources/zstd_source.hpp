// SPDX-License-Identifier: Apache-2.0
// zstd (RFC 8878) -> plain bytes. Takes many frames, skippable frames, and windows up to 32 MiB.
// Damaged, cut or followed by something else: gives what could be read, then an error that says at
// which byte of the file.
#pragma once

#include <memory>

#include "sources/byte_source.hpp"

namespace endreason {

// The process promises to stay below 64 MiB, and a window is memory, all of it. `zstd --long` asks
// for 2^27 = 128 MiB, `--ultra -22` for as much; every level up to 19 stays below 2^23.
inline constexpr int kZstdWindowLogMax = 25;

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<ByteSource> stored);
  ~ZstdSource() override;

  Result<std::size_t> read(std::span<char> buffer) override;
  std::string_view name() const override { return stored_->name(); }
  std::optional<std::uint64_t> size_hint() const override { return stored_->size_hint(); }
  std::uint64_t position() const override { return stored_->position(); }

 private:
  struct Decoder;  // the library's context and the compressed bytes it works on

  bool decode();  // one step; false when it can do nothing without more compressed bytes
  void refill();  // gets more, or draws the conclusion from there being none
  void stop(std::string problem);  // sets failure_
  std::uint64_t stored_offset() const;
  std::string problem_of(std::size_t code) const;

  std::unique_ptr<ByteSource> stored_;
  std::unique_ptr<Decoder> decoder_;
  bool in_frame_ = true;  // a file must hold one frame at least
  bool finished_ = false;
  std::optional<Error> failure_;
};

}  // namespace endreason
