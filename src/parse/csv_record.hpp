// SPDX-License-Identifier: Apache-2.0
// CsvRecordReader: the scanned cells of one line -> a TrafficRecord, by the layout whose types fit.
#pragma once

#include <cstdint>
#include <string_view>

#include "model/key_columns.hpp"
#include "model/traffic_record.hpp"
#include "parse/csv_layout.hpp"
#include "parse/csv_scan.hpp"
#include "parse/read_status.hpp"

namespace endreason {

// True for the log types that a PAN-OS stream carries beside TRAFFIC: "THREAT", "SYSTEM", ...
bool is_other_log_type(std::string_view word);

class CsvRecordReader {
 public:
  explicit CsvRecordReader(DecodeCommonColumns decode_common) : decode_common_(decode_common) {}

  // `line` was scanned into the record (`wanted` cells at most); cell 0 of the record starts at
  // line[first], behind any envelope. Fills the record, or says why it does not fit.
  // The record's texts borrow from `line`. Of a `status` that is Traffic only the kind is written.
  void read(std::string_view line, std::uint32_t first, LineScan scan, std::uint32_t wanted,
            TrafficRecord& record, ReadStatus& status);
  // The same for a line that lacks the first column.
  ReadStatus read_without_first(std::string_view line, std::uint32_t first, LineScan scan,
                                std::uint32_t wanted, TrafficRecord& record);

 private:
  bool decode(TrafficRecord& record, Misfit& misfit) const;
  void try_layouts(std::string_view line, LineScan scan, std::uint32_t wanted,
                   TrafficRecord& record, ReadStatus& status);
  ReadStatus try_other_layouts(std::string_view line, LineScan scan, std::uint32_t wanted,
                               TrafficRecord& record, bool first_missing, bool saved);
  void save_cells(const TrafficRecord& record, std::uint32_t count);
  bool fits(std::string_view line, const CsvLayout& layout, std::uint32_t cells,
            TrafficRecord& record, Misfit& misfit);
  void note_version(TrafficRecord& record, std::uint32_t cells_of_line, const CsvLayout& layout);
  void keep_extras(std::string_view line, const LineScan& scan, std::uint32_t cells,
                   const CsvLayout& layout, TrafficRecord& record);
  ReadStatus reject(const TrafficRecord& record, const CsvLayout& layout,
                    const Misfit& misfit) const;

  DecodeCommonColumns decode_common_;  // may be null
  // The cells as scanned, kept while layouts are tried.
  std::array<std::uint32_t, kCellSlots> begins_{};
  std::array<std::uint32_t, kCellSlots> ends_{};
  std::string last_config_ver_;  // the version column hardly ever changes
  PanosVersion last_version_{kVersionUnknown};
  // Of the last whole line in PAN-OS order: its version column, its cells, and what they told.
  std::uint64_t last_plain_version_ = 0;
  std::uint32_t last_plain_cells_ = 0;
  PanosVersion last_plain_{kVersionUnknown};
  std::string extra_names_;
};

}  // namespace endreason
