// SPDX-License-Identifier: Apache-2.0
// Sha1: the digest that some identifiers are defined by (not for secrets). Reuses its state, which
// it makes for the first digest; one thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace endreason {

class Sha1 {
 public:
  using Digest = std::array<std::uint8_t, 20>;
  Sha1();
  ~Sha1();
  Sha1(Sha1&&) noexcept;
  Sha1& operator=(Sha1&&) noexcept;

  Digest of(std::span<const std::uint8_t> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Base64 with padding (RFC 4648 section 4), appended.
void append_base64(std::string& out, std::span<const std::uint8_t> bytes);

}  // namespace endreason
