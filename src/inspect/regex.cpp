// SPDX-License-Identifier: Apache-2.0
#include "inspect/regex.hpp"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "inspect/threat_rule.hpp"

namespace endreason::inspect {
namespace {

// What a match may cost: the limits that rule writers test their expressions with.
constexpr std::uint32_t kMatchLimit = 3500;
constexpr std::uint32_t kDepthLimit = 1500;

}  // namespace

RegexScratch::RegexScratch()
    : data_(pcre2_match_data_create(1, nullptr)), context_(pcre2_match_context_create(nullptr)) {
  pcre2_set_match_limit(context_, kMatchLimit);
  pcre2_set_depth_limit(context_, kDepthLimit);
}

RegexScratch::~RegexScratch() {
  pcre2_match_data_free(data_);
  pcre2_match_context_free(context_);
}

Regex::~Regex() {
  if (code_ != nullptr) pcre2_code_free(code_);
}

tl::expected<Regex, std::string> Regex::compile(const std::string& expression,
                                                std::uint32_t options) {
  struct Option {
    std::uint32_t ours, theirs;
  };
  static constexpr Option kOptions[] = {
      {kPcreCaseless, PCRE2_CASELESS}, {kPcreMultiline, PCRE2_MULTILINE},
      {kPcreDotAll, PCRE2_DOTALL},     {kPcreExtended, PCRE2_EXTENDED},
      {kPcreAnchored, PCRE2_ANCHORED}, {kPcreDollarEndOnly, PCRE2_DOLLAR_ENDONLY},
      {kPcreUngreedy, PCRE2_UNGREEDY},
  };
  std::uint32_t flags = 0;
  for (const Option& row : kOptions)
    if ((options & row.ours) != 0) flags |= row.theirs;
  int error = 0;
  PCRE2_SIZE offset = 0;
  pcre2_code* code = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(expression.data()),
                                   expression.size(), flags, &error, &offset, nullptr);
  if (code == nullptr) {
    char text[160] = {};
    pcre2_get_error_message(error, reinterpret_cast<PCRE2_UCHAR*>(text), sizeof text);
    return tl::unexpected(std::string(text) + " at character " + std::to_string(offset + 1));
  }
  // Without the just-in-time compiler it is interpreted, with the same answers.
  static_cast<void>(pcre2_jit_compile(code, PCRE2_JIT_COMPLETE));
  return Regex(code);
}

std::optional<std::pair<std::size_t, std::size_t>> Regex::find(Bytes bytes, std::size_t from,
                                                               bool at_begin,
                                                               RegexScratch& scratch) const {
  static constexpr std::uint8_t kNothing = 0;
  const std::uint8_t* data = bytes.empty() ? &kNothing : bytes.data();
  const int found = pcre2_match(code_, data, bytes.size(), from, at_begin ? 0 : PCRE2_NOTBOL,
                                scratch.data_, scratch.context_);
  if (found < 0) {
    if (found != PCRE2_ERROR_NOMATCH) ++scratch.limits_reached;
    return std::nullopt;
  }
  const PCRE2_SIZE* place = pcre2_get_ovector_pointer(scratch.data_);
  if (place[1] < place[0]) return std::nullopt;  // \K in a lookahead
  return std::pair<std::size_t, std::size_t>(place[0], place[1]);
}

}  // namespace endreason::inspect
