// SPDX-License-Identifier: Apache-2.0
// LineReader: a run of whole lines -> traffic records, one at a time. Each line is recognised by
// its content alone: CSV behind any envelope, CEF, LEEF, JSON, name=value, or a row of an export
// whose header was seen. Not thread-safe; one a thread. Records borrow from the run and from the
// reader.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/chunk.hpp"
#include "model/traffic_record.hpp"
#include "parse/csv_record.hpp"
#include "parse/csv_scan.hpp"
#include "parse/document_splitter.hpp"
#include "parse/export_csv.hpp"
#include "parse/json_splitter.hpp"
#include "parse/key_names.hpp"
#include "parse/read_status.hpp"

namespace endreason {

// Longest record that is read; a longer one is rejected, so that memory stays bounded.
inline constexpr std::size_t kRecordBytesMax = std::size_t{1} << 20;

struct LineReaderOptions {
  ScanKernel kernel = scan_kernel();
  // Columns that somebody will look at; cells behind the last of them are counted, not cut out.
  std::uint32_t cells_wanted = kCellsMax;
  std::shared_ptr<const KeyNames> keys;
};
// cells_wanted for a set of fields; never fewer than the verdict needs.
std::uint32_t cells_wanted_for(const FieldSet& fields);

class LineReader {
 public:
  explicit LineReader(LineReaderOptions options);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Starts on a run that begins at line `first_line` (from 1) of input `file`. `layout`: the header
  // of the export that the run is part of, or null. The run must outlive the records. `lent`: its
  // bytes may change any time; lines that are not plain CSV are read from a copy then, for only
  // that reader never believes a byte twice.
  void start(PaddedView run, std::uint64_t first_line, std::uint32_t file,
             std::shared_ptr<const ExportLayout> layout, bool lent = false);
  // The next record; false at the end of the run. A line may hold several records (octet-counted
  // frames without newlines between them; a whole JSON document). record.raw, line and file are set
  // whatever the status.
  bool next(TrafficRecord& record, ReadStatus& status);
  // How much of the run has been read, and the number of the line there.
  std::size_t position() const { return static_cast<std::size_t>(cursor_ - run_.begin()); }
  std::uint64_t line() const { return line_; }
  // Whether the next record begins a line that is not of the plain kind (see Survey).
  bool at_odd_line() const {
    return cursor_ != run_.end() && rest_.size() == 0 && !starts_plain(cursor_);
  }
  // One element of a JSON or XML document, as a splitter cut it out.
  void read_element(std::string_view element, SplitEnd end, std::uint64_t line, std::uint32_t file,
                    TrafficRecord& record, ReadStatus& status);

 private:
  struct Readers;
  void read_line(PaddedView line, const LineScan& scan, TrafficRecord& record, ReadStatus& status);
  void read_copied(PaddedView line, TrafficRecord& record, ReadStatus& status);
  ReadStatus read_unusual(PaddedView line, const LineScan& scan, TrafficRecord& record);
  LineScan scan_from(std::string_view line, std::uint32_t begin, TrafficRecord& record);
  ReadStatus read_csv_anywhere(std::string_view line, const LineScan& scan, TrafficRecord& record,
                               bool& found);
  bool next_wrapped(TrafficRecord& record, ReadStatus& status);
  ReadStatus open_wrapper(std::string_view text, const ReadStatus& as_one, TrafficRecord& record);
  ReadStatus read_text(std::string_view line, TrafficRecord& record, int depth);
  ReadStatus read_json(std::string_view text, TrafficRecord& record, int depth);

  LineReaderOptions options_;
  std::unique_ptr<Readers> readers_;
  CsvRecordReader csv_;
  PaddedView run_;
  const char* cursor_ = nullptr;
  std::uint64_t line_ = 0;  // number of the line at the cursor
  std::uint32_t file_ = 0;
  PaddedView rest_;  // further frames of the current line
  bool lent_ = false;
  Chunk copied_;                           // the line that was read last, where it was copied
  std::unique_ptr<JsonSplitter> wrapper_;  // a document on one line, whose records are given next
  std::shared_ptr<const ExportLayout> layout_;
  std::array<std::string, 2> inner_;  // raw lines that were wrapped in JSON, by depth, padded
};

}  // namespace endreason
