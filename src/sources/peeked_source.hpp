// SPDX-License-Identifier: Apache-2.0
// A source whose first bytes, as they are after any compression, can be looked at before it is
// read: for pipes, which cannot be opened twice. One thread at a time.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "sources/byte_source.hpp"

namespace endreason {

class PeekedSource final : public ByteSource {
 public:
  explicit PeekedSource(std::unique_ptr<ByteSource> source) : source_(std::move(source)) {}

  // The first `count` bytes, fewer when the source ends before, or fails: read() tells then.
  std::string_view peek(std::size_t count) {
    std::size_t held = kept_.size();
    kept_.resize(std::max(count, held));
    while (held < count) {
      const auto got = source_->read(std::span(kept_).subspan(held));
      if (!got || *got == 0) break;
      held += *got;
    }
    kept_.resize(held);
    return kept_;
  }

  Result<std::size_t> read(std::span<char> buffer) override {
    if (given_ == kept_.size()) return source_->read(buffer);
    const std::size_t count = std::min(buffer.size(), kept_.size() - given_);
    std::memcpy(buffer.data(), kept_.data() + given_, count);
    given_ += count;
    return count;
  }
  std::string_view name() const override { return source_->name(); }
  std::optional<std::uint64_t> size_hint() const override { return source_->size_hint(); }
  std::uint64_t position() const override { return source_->position(); }

 private:
  std::unique_ptr<ByteSource> source_;
  std::string kept_;
  std::size_t given_ = 0;
};

}  // namespace endreason
