// SPDX-License-Identifier: Apache-2.0
// Judged records -> CSV as RFC 4180 has it: a header row of column names, then a row a record.
// Texts are the log's own, times included.
#include "format/csv_cell.hpp"
#include "format/output_columns.hpp"
#include "format/writers.hpp"

namespace endreason {
namespace {

class CsvWriter : public RecordWriter {
 public:
  explicit CsvWriter(const WriterOptions& options) : options_(options), times_(options.clock) {
    if (options_.columns.empty()) options_.columns = default_columns();
  }

  void begin(std::string& out) override {
    for (std::size_t i = 0; i < options_.columns.size(); ++i) {
      if (i > 0) out += ',';
      out += log_name(options_.columns[i]);
    }
    out += '\n';
  }

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    for (std::size_t i = 0; i < options_.columns.size(); ++i) {
      const OutputColumn& column = options_.columns[i];
      if (i > 0) out += ',';
      if (column.is_field) {
        append_csv_cell(out, record.text(column.field));
        continue;
      }
      text_.clear();
      append_verdict_text(text_, column.verdict, record, verdict, options_, times_);
      append_csv_cell(out, text_);
    }
    out += '\n';
  }

 private:
  WriterOptions options_;
  TimeText times_;
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_csv_writer(const WriterOptions& options) {
  return std::make_unique<CsvWriter>(options);
}

}  // namespace endreason
