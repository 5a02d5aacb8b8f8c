// SPDX-License-Identifier: Apache-2.0
// JsonBuffer: raw room that one JSON line is composed in, so that the hot writer stores whole
// vectors and asks for room once a value. Grows, never shrinks. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "format/json_text.hpp"

namespace endreason {

// A few bytes of JSON that are known beforehand, such as `,"src":"`, stored as whole vectors.
class JsonLiteral {
 public:
  static constexpr std::size_t kCapacity = 48;
  constexpr JsonLiteral() = default;
  constexpr JsonLiteral(std::string_view before, std::string_view name, std::string_view after) {
    add(before);
    add(name);
    add(after);
  }
  constexpr std::size_t size() const { return size_; }
  // Stores all kCapacity bytes, returns the end of those that count.
  char* write(char* out) const {
    std::memcpy(out, text_.data(), kCapacity);
    return out + size_;
  }
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  constexpr void add(std::string_view part) {
    for (const char c : part) text_[size_++] = c;
  }
  std::array<char, kCapacity> text_{};
  std::size_t size_ = 0;
};

class JsonBuffer {
 public:
  JsonBuffer() { grow(0, kFirstCapacity); }

  char* begin() { return bytes_.get(); }
  // `out` points into the buffer; the result does too, and has `room` bytes behind it.
  char* with_room(char* out, std::size_t room) {
    const auto used = static_cast<std::size_t>(out - bytes_.get());
    if (room <= capacity_ - used) [[likely]]
      return out;
    grow(used, used + room);
    return bytes_.get() + used;
  }
  std::string_view text_to(const char* end) const {
    return {bytes_.get(), static_cast<std::size_t>(end - bytes_.get())};
  }

  // The pieces that lines are made of; each makes its own room, and a little for a mark behind it.
  char* literal(char* out, const JsonLiteral& literal) {
    return literal.write(with_room(out, JsonLiteral::kCapacity));
  }
  char* plain(char* out, std::string_view text) {
    out = with_room(out, text.size() + kMarks);
    std::memcpy(out, text.data(), text.size());
    return out + text.size();
  }

 private:
  static constexpr std::size_t kMarks = 16;
  static constexpr std::size_t kFirstCapacity = 64 * 1024;  // a long record of 130 columns

  void grow(std::size_t used, std::size_t needed) {
    const std::size_t capacity = needed + needed / 2;
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (used > 0) std::memcpy(bytes.get(), bytes_.get(), used);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_ = 0;
};

}  // namespace endreason
