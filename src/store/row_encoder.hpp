// SPDX-License-Identifier: Apache-2.0
// RowEncoder: judged records -> chunks of columns, ready for the database. Hot: every stored row
// passes here. What a typed column cannot hold as it was goes into the column `odd`, so that a row
// can be given back as it came. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/record_clock.hpp"
#include "model/traffic_record.hpp"
#include "model/verdict.hpp"
#include "store/duckdb_handle.hpp"
#include "store/row_columns.hpp"
#include "store/store.hpp"

namespace endreason {

// The combinations of one group's texts, and their numbers. Which are known is forgotten when there
// are too many: one that comes again then gets a second number, which every query allows for.
class GroupNumbers {
 public:
  static constexpr std::size_t kKnownMax = 200'000;
  // The number of a combination; `fresh` says that it has to be written.
  std::uint32_t number_of(std::string_view key, bool& fresh) {
    if (const auto found = known_.find(key); found != known_.end()) return found->second;
    if (known_.size() >= kKnownMax) known_.clear();
    fresh = true;
    known_.emplace(std::string(key), next_);
    return next_++;
  }
  void learn(std::string key, std::uint32_t number) {
    if (known_.size() < kKnownMax) known_.emplace(std::move(key), number);
  }
  void set_next(std::uint32_t next) { next_ = next; }
  std::uint32_t next() const { return next_; }
  void forget() { known_.clear(); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>{}(text);
    }
  };
  std::unordered_map<std::string, std::uint32_t, TextHash, std::equal_to<>> known_;
  std::uint32_t next_ = 1;
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
  void put_verdict(const TrafficRecord& record, const Verdict& verdict);
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
  struct LastKey {
    std::string key;
    std::uint32_t number = 0;
  };
  std::array<LastKey, kStoredGroups.size()> last_;
  std::vector<FreshGroup> fresh_;
  std::string odd_, scratch_;
  std::vector<char> key_;
  std::int32_t zone_minutes_ = 0;
  std::uint8_t high_res_digits_ = 0;
};

}  // namespace endreason
