// SPDX-License-Identifier: Apache-2.0
// RowEncoder: judged records -> chunks of columns, ready for the database. Hot: every stored row
// passes here. What a typed column cannot hold as it was goes into the column `odd`, so that a row
// can be given back as it came. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "store/duckdb_handle.hpp"
#include "store/row_columns.hpp"
#include "store/store.hpp"
#include "store/texts_hash.hpp"

namespace endreason {

// The combinations of one group's texts, and their numbers. Which are known is forgotten when there
// are too many: one that comes again then gets a second number, which every query allows for.
class GroupNumbers {
 public:
  static constexpr std::size_t kKnownMax = 200'000;
  // The number of a combination; `fresh` says that it has to be written.
  std::uint32_t number_of(const TextsHash& key, bool& fresh) {
    if (last_number_ != 0 && key == last_) return last_number_;
    last_ = key;
    Slot& slot = find(key);
    if (slot.number == 0) {
      fresh = true;
      last_number_ = next_++;
      add(key, last_number_);
    } else {
      last_number_ = slot.number;
    }
    return last_number_;
  }
  void learn(const TextsHash& key, std::uint32_t number) {
    if (known_ < kKnownMax && find(key).number == 0) add(key, number);
  }
  void set_next(std::uint32_t next) { next_ = next; }
  std::uint32_t next() const { return next_; }
  void forget() {
    slots_.assign(kSlotsMin, {});
    known_ = 0;
    last_number_ = 0;
  }

 private:
  struct Slot {
    TextsHash key;
    std::uint32_t number{};  // 0: free
  };
  static constexpr std::size_t kSlotsMin = 1024;
  Slot& find(const TextsHash& key) {
    std::size_t at = key.first & (slots_.size() - 1);
    while (slots_[at].number != 0 && slots_[at].key != key) at = (at + 1) & (slots_.size() - 1);
    return slots_[at];
  }
  void add(const TextsHash& key, std::uint32_t number);

  std::vector<Slot> slots_ = std::vector<Slot>(kSlotsMin);
  std::size_t known_ = 0;
  std::uint32_t next_ = 1;
  TextsHash last_;
  std::uint32_t last_number_ = 0;
};

class RowEncoder {
 public:
  RowEncoder();
  // Makes the chunk of the appender's own types.
  void bind(duckdb_appender appender);

  struct FreshGroup {
    StoredGroup group;
    std::uint32_t number;
    AppStatus app_status;
    std::vector<std::string> texts;
  };
  // Adds one row to the chunk; full() says when it has to be taken away.
  void add(std::uint64_t id, const TrafficRecord& record, const Verdict& verdict,
           const RowOrigin& origin, const RecordClock& clock, bool keep_raw);
  bool full() const { return rows_ == capacity_; }
  std::size_t rows() const { return rows_; }
  // What was added since the last call, ready to be appended; the encoder begins anew.
  struct Part {
    DuckChunk chunk;
    std::vector<FreshGroup> fresh;  // to be written before rows can be read
  };
  Part take_part();
  // What is known from before: its texts, each with a mark behind it.
  void learn(StoredGroup group, std::string_view marked_texts, std::uint32_t number);
  GroupNumbers& numbers(StoredGroup g) { return numbers_[static_cast<std::size_t>(g)]; }

 private:
  template <class T>
  void put(std::size_t column, T value) {
    static_cast<T*>(data_[column])[rows_] = value;
  }
  void put_null(std::size_t column);
  void put_text(std::size_t column, std::string_view text);
  void put_origin(std::uint64_t id, const TrafficRecord& record, const RowOrigin& origin,
                  const RecordClock& clock, const RecordClock::RecordZone& zone);
  void put_verdict(const Verdict& verdict);
  void put_group(StoredGroup group, const TrafficRecord& record);
  void put_field(std::size_t column, Field field, const TrafficRecord& record,
                 const RecordClock& clock, const RecordClock::RecordZone& zone);
  bool put_number(std::size_t column, std::string_view text, StoredAs as);
  bool put_address(std::size_t column, std::string_view text);
  bool put_time(std::size_t column, Field field, const TrafficRecord& record,
                const RecordClock& clock, const RecordClock::RecordZone& zone);
  bool put_word(std::size_t column, Field field, const TrafficRecord& record);
  void note_odd(std::string_view name, std::string_view text);
  void note_engine(const EngineFacts& facts);

  void begin_chunk();

  std::vector<DuckType> types_;
  DuckChunk chunk_;
  std::size_t capacity_ = 0;
  std::size_t rows_ = 0;
  std::array<void*, kTableColumnCount> data_{};
  std::array<duckdb_vector, kTableColumnCount> vectors_{};
  std::array<std::uint64_t*, kTableColumnCount> validity_{};
  std::array<GroupNumbers, kStoredGroups.size()> numbers_;
  TextsHasher hasher_;
  std::vector<FreshGroup> fresh_;
  std::string odd_, scratch_;
  std::int32_t zone_minutes_ = 0;
  std::uint8_t high_res_digits_ = 0;
};

}  // namespace endreason
