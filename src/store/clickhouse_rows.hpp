// SPDX-License-Identifier: Apache-2.0
// Judged records -> blocks of columns as ClickHouse's format Native has them, and rows of its
// format RowBinary -> records. What a typed column cannot hold as it was goes into `odd`, so that a
// record comes back with the texts that it had. The same records give the same bytes. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/short_load.hpp"
#include "model/ip_address.hpp"
#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "store/clickhouse_columns.hpp"
#include "store/odd_column.hpp"
#include "store/store.hpp"

namespace endreason {

// Bytes that grow at their end, a few at a time.
class GrowingBytes {
 public:
  std::size_t size() const { return size_; }
  std::size_t capacity() const { return capacity_; }
  std::string_view view() const { return {bytes_.get(), size_}; }
  void clear() { size_ = 0; }
  void reserve(std::size_t capacity) {
    if (capacity_ < capacity) grow_to(capacity);
  }
  void append_byte(char byte) {
    make_room(1);
    bytes_[size_++] = byte;
  }
  // The low bytes of it; a whole word is written, the rest of which is written over.
  void append_number(std::uint64_t value, unsigned width) {
    make_room(width);
    std::memcpy(bytes_.get() + size_, &value, sizeof value);
    size_ += width;
  }
  void append_address(const IpAddress& address) {
    make_room(address.bytes.size());
    std::memcpy(bytes_.get() + size_, address.bytes.data(), address.bytes.size());
    size_ += address.bytes.size();
  }
  // Behind its length.
  void append_text(std::string_view text) {
    make_room(text.size() + kVarintMax);
    std::size_t rest = text.size();
    for (; rest >= 0x80; rest >>= 7) bytes_[size_++] = static_cast<char>(rest | 0x80);
    bytes_[size_++] = static_cast<char>(rest);
    text.copy(bytes_.get() + size_, text.size());  // an empty one may point nowhere
    size_ += text.size();
  }
  // The same of a text of ASCII that fits into four registers, as nearly all do; false: it does
  // not.
  bool append_short_text(std::string_view text) {
#if defined(__SSE2__)
    const std::size_t n = text.size();
    if (n > kShortMax) return false;
    make_room(1 + n);
    char* const at = bytes_.get() + size_;
    *at = static_cast<char>(n);
    size_ += 1;
    if (n == 0) return true;
    size_ += n;
    const char* const p = text.data();
    const auto load = [p](std::size_t i) {
      return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
    };
    const auto store = [at](std::size_t i, __m128i bytes) {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(at + 1 + i), bytes);
    };
    unsigned high_bits = 0;
    if (n <= 16) {
      const __m128i bytes = load_up_to_16(p, n);
      store(0, bytes);
      high_bits = static_cast<unsigned>(_mm_movemask_epi8(bytes)) & ((1u << n) - 1);
    } else {
      __m128i all = _mm_or_si128(load(0), load(n - 16));
      store(0, load(0));
      if (n > 32) {
        all = _mm_or_si128(all, _mm_or_si128(load(16), load(n - 32)));
        store(16, load(16));
        store(n - 32, load(n - 32));
      }
      store(n - 16, load(n - 16));
      high_bits = static_cast<unsigned>(_mm_movemask_epi8(all));
    }
    if (high_bits == 0) [[likely]]
      return true;
    size_ -= 1 + n;
    return false;
#else
    static_cast<void>(text);
    return false;
#endif
  }
  void append_zeros(std::size_t n) {
    fill(n, '\0');
  }
  void append_ones(std::size_t n) {
    fill(n, '\1');
  }

 private:
  static constexpr std::size_t kVarintMax = 10, kShortMax = 64, kAhead = 192;
  // So much may be written behind the end, to be written over.
  static constexpr std::size_t kSlack = 32;
  // Also asks for the memory where the next rows' bytes will be: so many columns grow side by side
  // that the processor does not see by itself where each goes on.
  void make_room(std::size_t n) {
    if (capacity_ - size_ < n + kSlack) [[unlikely]]
      grow(n);
    __builtin_prefetch(bytes_.get() + size_ + kAhead, 1);
  }
  void grow(std::size_t n) {
    grow_to(std::max(2 * capacity_, size_ + n + kFirst));
  }
  void grow_to(std::size_t capacity);
  void fill(std::size_t n, char with) {
    make_room(n);
    std::memset(bytes_.get() + size_, with, n);
    size_ += n;
  }
  static constexpr std::size_t kFirst = 64;
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(kFirst);
  std::size_t size_ = 0, capacity_ = kFirst;
};

// Rows of one shard.
class ClickhouseBlock {
 public:
  ClickhouseBlock();
  std::size_t rows() const { return ids_.size(); }
  const std::vector<std::uint64_t>& ids() const { return ids_; }
  void clear();
  // As much room as another block has.
  void reserve_as(const ClickhouseBlock& other);

  // Writing a row: each column once, by its number in clickhouse_columns().
  void begin_row(std::uint64_t id) { ids_.push_back(id); }
  void put(std::size_t column, std::uint64_t value) {  // of the column's width
    Column& c = columns_[column];
    if (!c.used) [[unlikely]] {
      if (value == 0 && !c.nullable) return;
      begin_using(c);
    }
    c.values.append_number(value, c.width);
    if (c.nulls_kept) c.nulls.append_byte('\0');
  }
  void put_address(std::size_t column, const IpAddress& address) {
    Column& c = columns_[column];
    if (!c.used) [[unlikely]]
      begin_using(c);
    c.values.append_address(address);
    if (c.nulls_kept) c.nulls.append_byte('\0');
  }
  void put_null(std::size_t column) {
    Column& c = columns_[column];
    if (!c.used) return;
    if (!c.nulls_kept) [[unlikely]]
      keep_nulls(c);
    c.values.append_zeros(c.width);
    c.nulls.append_byte('\1');
  }
  void put_text(std::size_t column, std::string_view text) {
    Column& c = columns_[column];
    if (!c.used) {
      if (text.empty()) return;
      begin_using(c);
    }
    if (!c.values.append_short_text(text)) put_long_text(c, text);
  }

  // The columns of which some row has a value, as INSERT lists them; others are left to the
  // server's defaults. `leave_out` says which rows are not wanted (empty: all are).
  std::string column_list() const;
  // The block in the format, in pieces: most are where the block keeps them, the others in `made`.
  struct Native {
    std::deque<std::string> made;
    std::vector<std::string_view> pieces;
  };
  Native native(const std::vector<bool>& leave_out) const;

 private:
  struct Column {
    GrowingBytes values;
    GrowingBytes nulls;  // a byte a row, once some row has none
    unsigned width;
    bool nullable;
    bool used;  // some row has a value; nothing is kept of the others
    bool nulls_kept;
  };
  void begin_using(Column& column);
  void keep_nulls(Column& column);
  static void put_long_text(Column& column, std::string_view text);
  std::string kept_of(const Column& column, const std::vector<bool>& leave_out) const;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> ids_;
};

// Encodes one record after another.
class ClickhouseEncoder {
 public:
  // Of the texts that all rows of one session have, whichever way they are told.
  static std::uint64_t session_key(const TrafficRecord& record);
  void add(ClickhouseBlock& block, std::uint64_t id, const TrafficRecord& record,
           const Verdict& verdict, const RowOrigin& origin, const RecordClock& clock, bool keep_raw,
           std::uint64_t session_key);

 private:
  struct Row;  // what is looked at, and what is known of it
  void put_times(ClickhouseBlock& block, const Row& row);
  void put_addresses(ClickhouseBlock& block, const TrafficRecord& record);
  void put_words(ClickhouseBlock& block, const TrafficRecord& record);
  void put_protocol(ClickhouseBlock& block, const TrafficRecord& record);
  template <StoredAs kAs>
  void put_numbers(ClickhouseBlock& block, const TrafficRecord& record);
  void note_odd(Field field, std::string_view text);
  void note_engine(const EngineFacts& facts);

  std::string odd_, scratch_;
  std::int32_t zone_minutes_ = 0;
  std::uint8_t high_res_digits_ = 0;
};

// Reads rows of clickhouse_columns() one after another; a row lives until the next is read.
class ClickhouseDecoder {
 public:
  static const std::string& select_list();
  explicit ClickhouseDecoder(std::string_view bytes) : rest_(bytes) {}
  // False at the end. An answer that is cut short gives an error.
  Result<bool> next(StoredRow& row);

 private:
  struct Row;
  bool take(std::size_t n, std::string_view& out);
  bool take_text(std::string_view& out);
  bool read_column(const ClickhouseColumn& column, Row& row, StoredRow& out);
  std::string_view rest_;
  OddColumn odd_;  // of the last row
};

}  // namespace endreason
