// SPDX-License-Identifier: Apache-2.0
// A setting straight into a member: text, list of texts, yes or no, seconds, a row of a table.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "config/setting_node.hpp"

namespace endreason {

inline Result<void> read_text(const SettingNode& node, std::string& into) {
  auto text = node.text();
  if (!text) return tl::unexpected(text.error());
  into = std::move(*text);
  return {};
}

// At least one.
inline Result<void> read_texts(const SettingNode& node, std::vector<std::string>& into) {
  auto texts = node.texts();
  if (!texts) return tl::unexpected(texts.error());
  if (texts->empty()) return node.wrong("expected at least one; leave the setting out for none");
  into = std::move(*texts);
  return {};
}

inline Result<void> read_flag(const SettingNode& node, bool& into) {
  const auto flag = node.yes_or_no();
  if (!flag) return tl::unexpected(flag.error());
  into = *flag;
  return {};
}

inline Result<void> read_seconds(const SettingNode& node, std::uint32_t& into) {
  const auto seconds = node.number(1, 15'999'999, "seconds");
  if (!seconds) return tl::unexpected(seconds.error());
  into = static_cast<std::uint32_t>(*seconds);
  return {};
}

// The value of the row whose log_name stands there.
template <class Row, std::size_t N, class Value>
Result<void> read_row(const SettingNode& node, const std::array<Row, N>& rows, Value& into) {
  std::array<std::string_view, N> words;
  for (std::size_t i = 0; i < N; ++i) words[i] = rows[i].log_name;
  const auto at = node.one_of(words);
  if (!at) return tl::unexpected(at.error());
  into = rows[*at].value;
  return {};
}

}  // namespace endreason
