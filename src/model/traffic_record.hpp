// SPDX-License-Identifier: Apache-2.0
// TrafficRecord: one row of a traffic log, from any format, with its key columns decoded.
//
// A record borrows: its texts point into the input chunk or into the scratch of the reader that
// filled it, and die with the next record of that reader. Copy what must stay. One record object is
// reused for all rows, so filling it allocates nothing once its scratch has grown.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/engine_facts.hpp"
#include "model/field.hpp"
#include "model/panos_version.hpp"
#include "model/vocabulary.hpp"

namespace endreason {

// The format a record arrived in; log_name is what `_format` and `--stats` print.
enum class InputFormat : std::uint8_t {
  PanosCsv,
  SlsCsv,
  Cef,
  CefSls,
  Leef,
  Json,
  Xml,
  CsvExport,
  NameValue,
  Engine
};
struct InputFormatInfo {
  InputFormat value;
  std::string_view log_name;
  std::string_view title;
};
inline constexpr auto kInputFormats = std::to_array<InputFormatInfo>({
    {InputFormat::PanosCsv, "panos-csv", "PAN-OS syslog CSV"},
    {InputFormat::SlsCsv, "sls-csv", "Strata Logging Service CSV"},
    {InputFormat::Cef, "cef", "CEF by the firewall's template"},
    {InputFormat::CefSls, "cef-sls", "CEF by the logging service"},
    {InputFormat::Leef, "leef", "LEEF"},
    {InputFormat::Json, "json", "JSON of the logging service or of the XML API"},
    {InputFormat::Xml, "xml", "XML API result"},
    {InputFormat::CsvExport, "csv-export", "CSV export of the web interface"},
    {InputFormat::NameValue, "name-value", "name=value pairs"},
    {InputFormat::Engine, "engine", "endreason's own session engine"},
});
static_assert(rows_in_enum_order(kInputFormats) && log_names_unique(kInputFormats));
constexpr const InputFormatInfo& info(InputFormat v) {
  return kInputFormats[static_cast<std::size_t>(v)];
}

// Key columns that are numbers; a bit set in TrafficRecord::known says that the value is there. In
// the order of the columns.
enum class Known : std::uint16_t {
  Sessionid = 1 << 0,
  Repeatcnt = 1 << 1,
  Sport = 1 << 2,
  Dport = 1 << 3,
  Flags = 1 << 4,
  Proto = 1 << 5,
  Bytes = 1 << 6,
  BytesSent = 1 << 7,
  BytesReceived = 1 << 8,
  Packets = 1 << 9,
  Elapsed = 1 << 10,
  PktsSent = 1 << 11,
  PktsReceived = 1 << 12,
};

class TrafficRecord {
 public:
  // --- texts -------------------------------------------------------------------------------
  // The column's text, unquoted and unescaped; empty when the record does not have it.
  std::string_view text(Field f) const {
    const std::size_t i = index_of(f);
    if (i >= cells_) return {};
    const std::uint32_t begin = begin_[i];
    const char* base = (begin & kScratchBit) != 0 ? scratch_.data() : base_;
    return {base + (begin & ~kScratchBit), end_[i] - begin};
  }
  bool has(Field f) const {
    const std::size_t i = index_of(f);
    return i < cells_ && end_[i] != begin_[i];
  }

  // --- key columns, decoded ----------------------------------------------------------------
  Action action{Action::Absent};
  AppStatus app_status{AppStatus::Absent};
  EndReason end_reason{EndReason::Absent};
  Subtype subtype{Subtype::Absent};
  ActionSource action_source{ActionSource::Absent};
  std::uint8_t proto{};  // IP protocol number
  std::uint16_t sport{}, dport{};
  std::uint16_t known{};       // bits of Known
  std::uint32_t flags{};       // bits of log_flag.hpp
  std::uint32_t repeatcnt{1};  // sessions that this row stands for; 1 when the column is not there
  std::uint64_t elapsed{};     // seconds
  std::uint64_t bytes{}, bytes_sent{}, bytes_received{};
  std::uint64_t packets{}, pkts_sent{}, pkts_received{};
  std::uint64_t sessionid{};
  bool knows(Known k) const { return (known & static_cast<std::uint16_t>(k)) != 0; }
  void set_known(Known k) {
    known = static_cast<std::uint16_t>(known | static_cast<std::uint16_t>(k));
  }
  // 0 is seen where the sender does not count; the row still stands for one session.
  void set_repeatcnt(std::uint64_t value) {
    repeatcnt = value == 0           ? 1
                : value > UINT32_MAX ? UINT32_MAX
                                     : static_cast<std::uint32_t>(value);
  }

  // --- where it came from ------------------------------------------------------------------
  InputFormat format{InputFormat::PanosCsv};
  PanosVersion version{kVersionUnknown};
  bool partial{};               // the line was cut short
  std::uint16_t columns{};      // CSV: columns of the whole line; otherwise 0
  std::uint64_t line{};         // counted from 1 within its file
  std::uint32_t file{};         // index into the run's list of inputs
  std::string_view raw;         // the whole input line or element, envelope included
  std::string_view payload;     // PAN-OS CSV without its envelope; empty for other formats
  const EngineFacts* engine{};  // of rows of the session engine; a log has none

  // Columns that have no Field: trailing CSV columns (name "column_131"), keys that no alias names.
  struct Extra {
    std::string_view name, value;
  };
  std::vector<Extra> extras;

  // --- filling -----------------------------------------------------------------------------
  // Forgets everything; texts set by offset will be relative to `base`.
  void reset(const char* base) {
    set_base(base, kFieldCount);
    std::memset(begin_.data(), 0, sizeof begin_);
    std::memset(end_.data(), 0, sizeof end_);
    reset_decoded();
  }
  // The decoded columns only; for readers that write all of begins() and ends() themselves.
  void reset_decoded() {
    action = Action::Absent;
    app_status = AppStatus::Absent;
    end_reason = EndReason::Absent;
    subtype = Subtype::Absent;
    action_source = ActionSource::Absent;
    proto = 0;
    sport = dport = 0;
    known = 0;
    flags = 0;
    repeatcnt = 1;
    elapsed = bytes = bytes_sent = bytes_received = packets = pkts_sent = pkts_received = 0;
    sessionid = 0;
    version = kVersionUnknown;
    partial = false;
    columns = 0;
    raw = {};  // not from the other: to be read as a whole right after it was written in halves
    payload = {};
    engine = nullptr;
    extras.clear();
  }
  // Borrowed text; it must lie within 2 GiB behind base and live as long as the record is used.
  void set(Field f, std::string_view value) {
    const std::size_t i = index_of(f);
    begin_[i] = static_cast<std::uint32_t>(value.data() - base_);
    end_[i] = begin_[i] + static_cast<std::uint32_t>(value.size());
  }
  void clear(Field f) { begin_[index_of(f)] = end_[index_of(f)] = 0; }
  // Text that is not in the input as it stands (unescaped, translated): copied into the record.
  void set_copy(Field f, std::string_view value) {
    const std::size_t i = index_of(f);
    begin_[i] = static_cast<std::uint32_t>(scratch_.size()) | kScratchBit;
    end_[i] = begin_[i] + static_cast<std::uint32_t>(value.size());
    scratch_.append(value);
  }
  const char* base() const { return base_; }
  // For readers that fill begins() and ends() themselves: columns from `cells` on are absent,
  // whatever the offsets say.
  void set_base(const char* base, std::size_t cells) {
    base_ = base;
    cells_ = cells;
    scratch_.clear();
  }
  // Offsets from base of every column, for the CSV reader; entry i is column i.
  std::uint32_t* begins() { return begin_.data(); }
  std::uint32_t* ends() { return end_.data(); }
  // The same to look at: column i is empty when both are equal, or i >= cells(). Readable to
  // kOffsetSlots.
  const std::uint32_t* begins() const { return begin_.data(); }
  const std::uint32_t* ends() const { return end_.data(); }
  std::size_t cells() const { return cells_; }
  // True when every column up to `last` stands in the input as it is, so that offsets are enough.
  bool plain_up_to(Field last) const { return cells_ > index_of(last) && scratch_.empty(); }

  // Room for kernels that store whole vectors behind the last column.
  static constexpr std::size_t kOffsetSlots = 256;
  static_assert(kOffsetSlots >= kFieldCount + 64);

 private:
  static constexpr std::uint32_t kScratchBit = 0x8000'0000;
  const char* base_ = nullptr;
  std::size_t cells_ = kFieldCount;
  std::string scratch_;
  alignas(64) std::array<std::uint32_t, kOffsetSlots> begin_{};
  alignas(64) std::array<std::uint32_t, kOffsetSlots> end_{};
};

// Decodes the key columns of a record whose texts are set, and checks their types.
// Returns the column that does not fit (addresses, ports, protocol, action, numbers), or nothing
// when all fit. An unknown but word-like action, subtype or end reason fits: it is Unrecognized.
struct Misfit {
  Field field;
  std::string_view expected;  // "an IPv4 or IPv6 address"
};
bool decode_key_columns(TrafficRecord& record, Misfit& misfit);

}  // namespace endreason
