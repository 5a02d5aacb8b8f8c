// SPDX-License-Identifier: Apache-2.0
// KeyedRecord: fills a TrafficRecord from key/value pairs in any order and says what came of it.
// Every keyed reader owns one. Texts that lie in the input are borrowed; others are copied into the
// record (columns) or into this object (extras), where they live until the next begin().
// Not thread-safe: one a reader, one reader a thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/traffic_record.hpp"
#include "parse/key_names.hpp"
#include "parse/read_status.hpp"

namespace endreason {

// Texts with stable addresses, all forgotten at once; its memory is kept for the next record.
class TextArena {
 public:
  std::string_view keep(std::string_view text);
  void clear();

 private:
  static constexpr std::size_t kBlockBytes = 16 * 1024;
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size;
  };
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the block in use
  std::size_t used_ = 0;   // bytes of it
};

class KeyedRecord {
 public:
  explicit KeyedRecord(const KeyNames& names) : names_(&names) {}

  // `text` is the whole record; values that lie in it are borrowed.
  void begin(std::string_view text, TrafficRecord& record, InputFormat format);
  // One pair. The first value of a column counts; another one is kept as an extra.
  void put(Dialect dialect, std::string_view key, std::string_view value);
  void put_column(Field field, std::string_view key, std::string_view value, bool weak = false);
  void put_extra(std::string_view key, std::string_view value);
  // The release, where the format's header names one ("10.1.6-h3"); the config_ver column wins.
  void set_release(std::string_view release) { release_ = release; }
  // Times of this record are UTC though they do not say so (CEF's dtz=UTC).
  void mark_times_utc();
  // Decodes and judges what was put.
  ReadStatus finish();

  const KeyNames& names() const { return *names_; }
  // How many different columns have a value by now.
  unsigned columns() const { return columns_; }
  std::string_view keep(std::string_view text) { return borrowed(text) ? text : arena_.keep(text); }
  // Rejects at a place of the text (0 when `found` is not in it).
  ReadStatus reject(RejectReason reason, std::string_view column_name, std::string_view expected,
                    std::string_view found);

 private:
  bool borrowed(std::string_view value) const;
  void set_text(Field field, std::string_view value);
  void settle_type();
  bool other_type(ReadStatus& status);

  const KeyNames* names_;
  TextArena arena_;
  TrafficRecord* record_ = nullptr;
  std::string_view text_;
  std::string time_text_;
  std::string_view release_;
  std::array<std::string_view, kFieldCount> key_of_{};  // valid where the record has the column
  FieldSet weak_;
  std::uint32_t flag_bits_ = 0;
  bool flags_seen_ = false;
  unsigned columns_ = 0;
};

}  // namespace endreason
