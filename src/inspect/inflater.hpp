// SPDX-License-Identifier: Apache-2.0
// Inflaters: decompressors of HTTP bodies, gzip, zlib and bare deflate, told apart by their first
// bytes. A fixed number of them, made when they are first needed and used again. One a thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace endreason::inspect {

enum class InflateStatus : std::uint8_t { More, Ended, Failed };
struct InflateStep {
  std::size_t used{}, made{};
  InflateStatus status{};
};

class Inflaters {
 public:
  static constexpr std::uint16_t kNone = 0xffff;

  explicit Inflaters(std::size_t most);
  ~Inflaters();

  // kNone when all are in use. bare: deflate without any header is possible.
  std::uint16_t take(bool bare);
  void give_back(std::uint16_t index);
  // `in` continues what was used before; the first call should have at least two bytes.
  InflateStep step(std::uint16_t index, std::span<const std::uint8_t> in,
                   std::span<std::uint8_t> out);
  std::size_t used() const { return all_.size() - free_.size(); }

 private:
  struct Stream;
  std::size_t most_;
  std::vector<std::unique_ptr<Stream>> all_;
  std::vector<std::uint16_t> free_;
};

}  // namespace endreason::inspect
