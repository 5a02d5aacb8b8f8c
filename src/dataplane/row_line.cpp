// SPDX-License-Identifier: Apache-2.0
#include "dataplane/row_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace endreason {
namespace {

constexpr auto kQuoted = [] {
  std::array<bool, 256> quoted{};
  for (const char c : {',', '"', '\r', '\n'}) quoted[static_cast<unsigned char>(c)] = true;
  return quoted;
}();

}  // namespace

char* RowLine::put_hex(char* to, std::uint32_t value) {
  to[0] = '0';
  to[1] = 'x';
  return std::to_chars(to + 2, to + kLongestCell, value, 16).ptr;
}

bool RowLine::needs_quotes(std::string_view text) {
  bool any = false;
  for (const char c : text) any |= kQuoted[static_cast<unsigned char>(c)];
  return any;
}

RowLine::Cells RowLine::begin(TrafficRecord& record, std::size_t text_bytes) {
  const std::size_t wanted = text_bytes + kFieldCount * kLongestCell;
  if (buffer_.size() < wanted) [[unlikely]]
    buffer_.resize(wanted * 2);
  record_ = &record;
  return Cells(*this, record);
}

std::string_view RowLine::finish(std::size_t last_column, bool plain, std::size_t columns) {
  char* const base = buffer_.data();
  const std::size_t rest = kFieldCount - 1 - last_column;
  std::memset(record_->begins() + last_column + 1, 0, rest * sizeof *record_->begins());
  std::memset(record_->ends() + last_column + 1, 0, rest * sizeof *record_->ends());
  record_->set_base(base, kFieldCount);
  if (!plain || columns == 0) return {};
  // Behind the last cell that is in the release's line there are only commas.
  std::size_t last = std::min(last_column, columns - 1);
  while (last > 0 && record_->ends()[last] == 0) --last;
  const std::size_t end = record_->ends()[last];
  const std::size_t commas = columns - 1 - last;
  if (last == last_column) std::memset(base + end, ',', commas);
  return {base, end + commas};
}

}  // namespace endreason
