// SPDX-License-Identifier: Apache-2.0
// RowLine: the line of a traffic log as PAN-OS writes it, made cell by cell in the order of the
// columns, straight into one buffer. A TrafficRecord's texts then are places in that line, and the
// line itself is what a log in PAN-OS's own format has: nothing is copied or formatted twice.
//
// Cells is the line in hand. Its functions are inlined by order: where the columns are constants,
// as they nearly always are, the compiler then counts the commas and knows the places of most texts
// itself, and a row of some sixty cells costs little more than its numbers.
//
// Reused for every row; allocates only when it meets longer texts than before. One thread.
#pragma once

#include <cassert>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "dataplane/cell_text.hpp"
#include "model/field.hpp"
#include "model/traffic_record.hpp"

namespace endreason {

class RowLine {
 public:
  class Cells;

  // Begins a line; `record`'s texts will be those set in it. `text_bytes`: of all that set_text()
  // will be given, together.
  Cells begin(TrafficRecord& record, std::size_t text_bytes);

 private:
  // Writes to `to` and returns its end.
  static char* put_hex(char* to, std::uint32_t value);
  std::string_view finish(std::size_t last_column, bool plain, std::size_t columns);
  static bool needs_quotes(std::string_view text);

  std::vector<char> buffer_;
  TrafficRecord* record_ = nullptr;
  TimeText generated_, started_;
};

class RowLine::Cells {
 public:
  // In the order of the columns; those that are passed over are empty. A word of ours, of at most
  // kLongestCell bytes, that needs no quotes:
  template <std::size_t N>
  [[gnu::always_inline]] void set(Field field, const char (&text)[N]) {
    static_assert(N - 1 <= kLongestCell);
    go_to(field);
    std::memcpy(to_, text, N - 1);
    to_ += N - 1;
    end_cell();
  }
  // The same word in several columns.
  template <std::size_t N, class... Fields>
  [[gnu::always_inline]] void set_each(const char (&text)[N], Fields... fields) {
    (set(fields, text), ...);
  }
  [[gnu::always_inline]] void set(Field field, std::string_view text) {
    go_to(field);
    to_ = copy_text(to_, text);
    end_cell();
  }
  // A text that may hold anything: a name that somebody gave.
  [[gnu::always_inline]] void set_text(Field field, std::string_view text) {
    plain_ = plain_ && !needs_quotes(text);
    set(field, text);
  }
  [[gnu::always_inline]] void set_number(Field field, std::uint64_t value) {
    go_to(field);
    to_ = put_number(to_, value);
    end_cell();
  }
  [[gnu::always_inline]] void set_hex(Field field, std::uint32_t value) {
    go_to(field);
    to_ = put_hex(to_, value);
    end_cell();
  }
  [[gnu::always_inline]] void set_address(Field field, const IpAddress& address) {
    go_to(field);
    to_ = put_address(to_, address);
    end_cell();
  }
  // "2026/03/10 10:00:00", UTC: the engine's device clock.
  [[gnu::always_inline]] void set_time(Field field, std::int64_t ns) {
    go_to(field);
    to_ = (field == Field::Start ? line_->started_ : line_->generated_).put(to_, ns);
    end_cell();
  }
  // "2026-03-10T10:00:00.000+00:00"
  [[gnu::always_inline]] void set_high_resolution_time(Field field, std::int64_t ns) {
    go_to(field);
    to_ = line_->generated_.put_high_resolution(to_, ns);
    end_cell();
  }
  // What an earlier cell of this line has.
  [[gnu::always_inline]] void set_as(Field field, Field earlier) {
    const std::size_t from = index_of(earlier);
    go_to(field);
    to_ = copy_text(to_, {base_ + begins_[from], ends_[from] - begins_[from]});
    end_cell();
  }
  // The line up to the release's last column, of so many. Empty when a text would have to be
  // quoted.
  [[gnu::always_inline]] std::string_view finish(std::size_t columns) const {
    return line_->finish(column_, plain_, columns);
  }

 private:
  friend class RowLine;
  explicit Cells(RowLine& line, TrafficRecord& record)
      : line_(&line),
        begins_(record.begins()),
        ends_(record.ends()),
        base_(line.buffer_.data()),
        to_(base_) {}

  // Commas up to a column.
  [[gnu::always_inline]] void go_to(Field field) {
    const std::size_t column = index_of(field);
    assert((column > column_ || to_ == base_) && "cells are set in the order of the columns");
    const std::size_t commas = column - column_;
    std::memset(to_, ',', commas);
    to_ += commas;
    if (commas > 1) {
      std::memset(begins_ + column_ + 1, 0, (commas - 1) * sizeof *begins_);
      std::memset(ends_ + column_ + 1, 0, (commas - 1) * sizeof *ends_);
    }
    column_ = column;
    begins_[column] = static_cast<std::uint32_t>(to_ - base_);
  }
  [[gnu::always_inline]] void end_cell() {
    ends_[column_] = static_cast<std::uint32_t>(to_ - base_);
  }

  RowLine* line_;
  std::uint32_t* begins_;
  std::uint32_t* ends_;
  char* base_;
  char* to_;
  std::size_t column_ = 0;  // in hand
  bool plain_ = true;       // nothing has to be quoted
};

}  // namespace endreason
