// SPDX-License-Identifier: Apache-2.0
// Judged records -> blocks of columns as ClickHouse's format Native has them, and rows of its
// format RowBinary -> records. What a typed column cannot hold as it was goes into `odd`, so that a
// record comes back with the texts that it had. The same records give the same bytes. One thread.
#pragma once

#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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
  std::string_view view() const { return {bytes_.get(), size_}; }
  void clear() { size_ = 0; }
  void append(std::string_view bytes) {
    make_room(bytes.size());
    bytes.copy(bytes_.get() + size_, bytes.size());
    size_ += bytes.size();
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
  // Behind its length.
  void append_text(std::string_view text) {
    make_room(text.size() + kVarintMax);
    std::size_t rest = text.size();
    for (; rest >= 0x80; rest >>= 7) bytes_[size_++] = static_cast<char>(rest | 0x80);
    bytes_[size_++] = static_cast<char>(rest);
    text.copy(bytes_.get() + size_, text.size());  // an empty one may point nowhere
    size_ += text.size();
  }
  void append_zeros(std::size_t n) { fill(n, '\0'); }
  void append_ones(std::size_t n) { fill(n, '\1'); }

 private:
  static constexpr std::size_t kVarintMax = 10;
  void make_room(std::size_t n) {
    if (capacity_ - size_ < n + sizeof(std::uint64_t)) [[unlikely]]
      grow(n);
  }
  void grow(std::size_t n);
  void fill(std::size_t n, char with) {
    make_room(n);
    std::memset(bytes_.get() + size_, with, n);
    size_ += n;
  }
  std::unique_ptr<char[]> bytes_ = std::make_unique_for_overwrite<char[]>(kFirst);
  static constexpr std::size_t kFirst = 64;
  std::size_t size_ = 0, capacity_ = kFirst;
};

// Rows of one shard.
class ClickhouseBlock {
 public:
  ClickhouseBlock();
  std::size_t rows() const { return ids_.size(); }
  const std::vector<std::uint64_t>& ids() const { return ids_; }
  void clear();

  // Writing a row: each column once, in order.
  void begin_row(std::uint64_t id);
  void put(std::uint64_t value);  // of the column's width
  void put_bytes(std::string_view bytes);
  void put_null();
  void put_text(std::string_view text);

  // The columns of which some row has a value, as INSERT lists them; others are left to the
  // server's defaults. `leave_out` says which rows are not wanted (empty: all are).
  std::string column_list() const;
  std::string native(const std::vector<bool>& leave_out) const;

 private:
  struct Column {
    unsigned width;
    bool nullable;
    GrowingBytes values, nulls;
    bool used;  // some row has a value; nothing is kept of the others
  };
  void begin_using(Column& column);
  void append_kept(std::string& out, const Column& column,
                   const std::vector<bool>& leave_out) const;
  std::vector<Column> columns_;
  std::vector<std::uint64_t> ids_;
  std::size_t at_ = 0;
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
  struct Value {
    enum class Kind : std::uint8_t { Null, Number, Address } kind{};
    std::uint64_t number{};
    IpAddress address{};
  };
  Value value_of(Field field, const TrafficRecord& record, const RecordClock& clock,
                 const RecordClock::RecordZone& zone);
  Value time_of(Field field, const TrafficRecord& record, const RecordClock& clock,
                const RecordClock::RecordZone& zone, bool& plain);

  void note_engine(const EngineFacts& facts);

  std::vector<Value> values_;  // by field
  std::string odd_, scratch_;
  std::int32_t zone_minutes_ = 0;
  std::uint8_t high_res_digits_ = 0;
};

using SenderNumbers = std::map<std::string, std::uint16_t>;

// Reads rows of clickhouse_columns() one after another; a row lives until the next is read.
class ClickhouseDecoder {
 public:
  static const std::string& select_list();
  // `senders` gives the numbers of names; others than these have none.
  ClickhouseDecoder(std::string_view bytes, const SenderNumbers& senders)
      : rest_(bytes), senders_(senders) {}
  // False at the end. An answer that is cut short gives an error.
  Result<bool> next(StoredRow& row);

 private:
  struct Row;
  bool take(std::size_t n, std::string_view& out);
  bool take_text(std::string_view& out);
  bool read_column(const ClickhouseColumn& column, Row& row, StoredRow& out);
  std::string_view rest_;
  const SenderNumbers& senders_;
  OddColumn odd_;  // of the last row
};

}  // namespace endreason
