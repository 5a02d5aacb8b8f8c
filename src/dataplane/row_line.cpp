// SPDX-License-Identifier: Apache-2.0
#include "dataplane/row_line.hpp"

#include <cassert>
#include <charconv>
#include <cstring>
#include <string>

#include "base/timestamp.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;
constexpr std::int64_t kNanosPerMilli = 1'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

// Divides towards the past, so that the rest is never negative.
std::int64_t floor_divide(std::int64_t a, std::int64_t b) {
  return a / b - (a % b < 0);
}

char* put_two(char* to, std::int64_t value) {
  to[0] = static_cast<char>('0' + value / 10);
  to[1] = static_cast<char>('0' + value % 10);
  return to + 2;
}

// "10:00:00"
char* put_clock(char* to, std::int64_t second_of_day) {
  to = put_two(to, second_of_day / 3600);
  *to++ = ':';
  to = put_two(to, second_of_day / 60 % 60);
  *to++ = ':';
  return put_two(to, second_of_day % 60);
}

// Most texts are shorter than a call of memcpy is worth.
char* copy_short(char* to, std::string_view text) {
  const char* const from = text.data();
  const std::size_t n = text.size();
  if (n > 16) {
    std::memcpy(to, from, n);
  } else if (n >= 8) {
    std::memcpy(to, from, 8);
    std::memcpy(to + n - 8, from + n - 8, 8);
  } else if (n >= 4) {
    std::memcpy(to, from, 4);
    std::memcpy(to + n - 4, from + n - 4, 4);
  } else {
    for (std::size_t i = 0; i < n; ++i) to[i] = from[i];
  }
  return to + n;
}

char* put_octet(char* to, unsigned value) {
  if (value >= 100) *to++ = static_cast<char>('0' + value / 100);
  if (value >= 10) *to++ = static_cast<char>('0' + value / 10 % 10);
  *to++ = static_cast<char>('0' + value % 10);
  return to;
}

}  // namespace

void RowLine::begin(TrafficRecord& record, std::size_t columns) {
  record_ = &record;
  used_ = line_end_ = 0;
  need(0);
  columns_ = columns;
  column_ = 0;
  plain_ = true;
}

// Room for a text of so many bytes, beside all cells that are of bounded length.
void RowLine::need(std::size_t bytes) {
  const std::size_t wanted = used_ + bytes + kFieldCount * kCellBytes;
  if (buffer_.size() < wanted) [[unlikely]]
    buffer_.resize(wanted * 2);
}

// Commas up to a column, of which there are few as a rule.
inline void RowLine::pass_to(std::size_t column) {
  char* to = buffer_.data() + used_;
  for (std::size_t i = column_; i < column; ++i) *to++ = ',';
  used_ += static_cast<std::uint32_t>(column - column_);
  column_ = column;
}

// Room for the cell's bytes is there. Returns where they go.
inline char* RowLine::go_to(Field field) {
  const std::size_t column = index_of(field);
  assert((column > column_ || used_ == 0) && "cells are set in the order of the columns");
  if (column_ < columns_ && column >= columns_) [[unlikely]] {
    pass_to(columns_ - 1);
    line_end_ = used_;
  }
  pass_to(column);
  return buffer_.data() + used_;
}

inline void RowLine::end_cell(char* end) {
  record_->begins()[column_] = used_;
  used_ = static_cast<std::uint32_t>(end - buffer_.data());
  record_->ends()[column_] = used_;
}

void RowLine::set(Field field, std::string_view text) {
  end_cell(copy_short(go_to(field), text));
}

void RowLine::set_text(Field field, std::string_view text) {
  if (text.find_first_of(",\"\r\n") != std::string_view::npos) plain_ = false;
  need(text.size());
  set(field, text);
}

void RowLine::set_number(Field field, std::uint64_t value) {
  char* const to = go_to(field);
  end_cell(std::to_chars(to, to + kCellBytes, value).ptr);
}

void RowLine::set_hex(Field field, std::uint32_t value) {
  char* const to = go_to(field);
  to[0] = '0';
  to[1] = 'x';
  end_cell(std::to_chars(to + 2, to + kCellBytes, value, 16).ptr);
}

void RowLine::set_address(Field field, const IpAddress& address) {
  if (!address.is_v4()) return set(field, to_string(address));
  char* to = go_to(field);
  for (std::size_t i = 12; i < 16; ++i) {
    if (i > 12) *to++ = '.';
    to = put_octet(to, address.bytes[i]);
  }
  end_cell(to);
}

// The date as RFC 3339 has it; rows of one day share it.
void RowLine::find_date(std::int64_t day) {
  if (day == day_) return;
  std::string text;
  append_rfc3339(text, {day * kSecondsPerDay * 1'000'000, 0, 0});
  text.copy(date_, sizeof date_);
  day_ = day;
}

void RowLine::set_time(Field field, std::int64_t ns) {
  const std::int64_t second = floor_divide(ns, kNanosPerSecond);
  const std::int64_t day = floor_divide(second, kSecondsPerDay);
  find_date(day);
  char* const to = go_to(field);
  std::memcpy(to, date_, sizeof date_);
  to[4] = to[7] = '/';
  to[10] = ' ';
  end_cell(put_clock(to + sizeof date_, second - day * kSecondsPerDay));
}

void RowLine::set_high_resolution_time(Field field, std::int64_t ns) {
  const std::int64_t second = floor_divide(ns, kNanosPerSecond);
  const std::int64_t day = floor_divide(second, kSecondsPerDay);
  const std::int64_t milli = (ns - second * kNanosPerSecond) / kNanosPerMilli;
  find_date(day);
  char* const to = go_to(field);
  std::memcpy(to, date_, sizeof date_);
  char* at = put_clock(to + sizeof date_, second - day * kSecondsPerDay);
  *at++ = '.';
  *at++ = static_cast<char>('0' + milli / 100);
  at = put_two(at, milli % 100);
  std::memcpy(at, "+00:00", 6);
  end_cell(at + 6);
}

std::string_view RowLine::finish() {
  if (column_ + 1 <= columns_) {
    std::memset(buffer_.data() + used_, ',', columns_ - 1 - column_);
    line_end_ = used_ + static_cast<std::uint32_t>(columns_ - 1 - column_);
  }
  record_->set_base(buffer_.data(), kFieldCount);
  if (!plain_ || columns_ == 0) return {};
  return {buffer_.data(), line_end_};
}

}  // namespace endreason
