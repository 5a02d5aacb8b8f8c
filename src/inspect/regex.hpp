// SPDX-License-Identifier: Apache-2.0
// Regex: one Perl expression, compiled with PCRE2 and its just-in-time compiler, matched within a
// limit of work. The expression is constant and shared; RegexScratch belongs to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <tl/expected.hpp>

struct pcre2_real_code_8;
struct pcre2_real_match_data_8;
struct pcre2_real_match_context_8;

namespace endreason::inspect {

class RegexScratch {
 public:
  RegexScratch();
  ~RegexScratch();
  RegexScratch(const RegexScratch&) = delete;
  RegexScratch& operator=(const RegexScratch&) = delete;

  std::uint64_t limits_reached{};  // matches given up for their cost

 private:
  friend class Regex;
  pcre2_real_match_data_8* data_;
  pcre2_real_match_context_8* context_;
};

class Regex {
 public:
  using Bytes = std::span<const std::uint8_t>;

  // options: PcreOption. Fails with what is wrong with the expression.
  static tl::expected<Regex, std::string> compile(const std::string& expression,
                                                  std::uint32_t options);
  ~Regex();
  Regex(Regex&& other) noexcept : code_(std::exchange(other.code_, nullptr)) {}
  Regex& operator=(Regex&& other) noexcept {
    std::swap(code_, other.code_);
    return *this;
  }

  // Begin and end of the first match at or behind `from`. `at_begin`: bytes[0] is where ^ matches.
  std::optional<std::pair<std::size_t, std::size_t>> find(Bytes bytes, std::size_t from,
                                                          bool at_begin,
                                                          RegexScratch& scratch) const;

 private:
  explicit Regex(pcre2_real_code_8* code) : code_(code) {}
  pcre2_real_code_8* code_;
};

}  // namespace endreason::inspect
