// SPDX-License-Identifier: Apache-2.0
// A source over bytes in memory that someone else owns and keeps alive: pasted text, tests,
// fuzzing. `step` limits how much one read gives, the way a slow pipe does.
#pragma once

#include <algorithm>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "sources/byte_source.hpp"

namespace endreason {

class MemorySource final : public RawSource {
 public:
  explicit MemorySource(std::string_view bytes, std::string name = "memory",
                        std::size_t step = std::numeric_limits<std::size_t>::max())
      : bytes_(bytes), name_(std::move(name)), step_(std::max<std::size_t>(step, 1)) {}

  Result<std::size_t> read(std::span<char> buffer) override {
    const std::size_t count = std::min({buffer.size(), step_, bytes_.size() - position_});
    if (count > 0) std::memcpy(buffer.data(), bytes_.data() + position_, count);
    position_ += count;
    return count;
  }
  Result<std::string_view> peek() override { return bytes_.substr(0, kPeekBytes); }
  std::string_view name() const override { return name_; }
  std::optional<std::uint64_t> size_hint() const override { return bytes_.size(); }
  std::uint64_t position() const override { return position_; }

 private:
  std::string_view bytes_;
  std::string name_;
  std::size_t step_;
  std::size_t position_ = 0;
};

}  // namespace endreason
