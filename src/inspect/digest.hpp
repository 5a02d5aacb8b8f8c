// SPDX-License-Identifier: Apache-2.0
// Digest: MD5 and SHA-1 as rules name hosts and certificates by them (JA3, HASSH, fingerprints); no
// protection rests on them. Kept between calls, so that a digest allocates nothing. One a thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

struct evp_md_ctx_st;

namespace endreason::inspect {

class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  // Lower-case hexadecimal digits appended; nothing when the library refuses the digest.
  void append_md5(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out);
  // The same with colons between bytes.
  void append_sha1(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& out);

 private:
  evp_md_ctx_st* context_;
};

}  // namespace endreason::inspect
