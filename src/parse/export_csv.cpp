// SPDX-License-Identifier: Apache-2.0
#include "parse/export_csv.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace endreason {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kColumnsMax = 400;
constexpr std::string_view kAddressColumnsExpected = "cells up to the source address";

// Walks the cells of one row; a quoted cell may hold commas, line breaks and doubled quotes.
class CellWalker {
 public:
  CellWalker(std::string_view row, std::string& scratch) : row_(row), scratch_(scratch) {}

  // The next cell: borrowed, or in the scratch when a doubled quote had to be undone.
  bool next(std::string_view& cell) {
    if (pos_ > row_.size()) return false;
    while (pos_ < row_.size() && row_[pos_] == ' ') ++pos_;
    if (pos_ < row_.size() && row_[pos_] == '"' && quoted(cell)) return true;
    const std::size_t comma = std::min(row_.find(',', pos_), row_.size());
    cell = row_.substr(pos_, comma - pos_);
    while (!cell.empty() && cell.back() == ' ') cell.remove_suffix(1);
    pos_ = comma + 1;
    return true;
  }

 private:
  bool quoted(std::string_view& cell) {
    const std::size_t begin = pos_ + 1;
    bool doubled = false;
    std::size_t q = row_.find('"', begin);
    while (q != std::string_view::npos && q + 1 < row_.size() && row_[q + 1] == '"') {
      doubled = true;
      q = row_.find('"', q + 2);
    }
    if (q == std::string_view::npos) return false;  // never closed: an ordinary character
    cell = row_.substr(begin, q - begin);
    if (doubled) cell = undouble(cell);
    pos_ = std::min(row_.find(',', q), row_.size()) + 1;
    return true;
  }

  std::string_view undouble(std::string_view cell) {
    scratch_.clear();
    for (std::size_t i = 0; i < cell.size(); ++i) {
      scratch_ += cell[i];
      if (cell[i] == '"') ++i;
    }
    return scratch_;
  }

  std::string_view row_;
  std::string& scratch_;
  std::size_t pos_ = 0;
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// A second column of the same title: the export repeats "Serial Number" for the endpoint's own.
std::optional<Field> second_of(Field field) {
  if (field == Field::Serial) return Field::Serialnumber;
  return std::nullopt;
}

bool looks_like_data(std::string_view first_cell) {
  return first_cell.empty() || (first_cell[0] >= '0' && first_cell[0] <= '9') ||
         first_cell[0] == '<' || first_cell.find('=') != std::string_view::npos;
}

ExportLayout::Column column_of(std::string_view title, const KeyNames& names, FieldSet& taken) {
  ExportLayout::Column column{std::string(title), find_field_by_title(title), false};
  if (!column.field) {
    const KeyMeaning meaning = names.find(Dialect::Object, title);
    if (meaning.kind == KeyMeaning::Kind::Column) column.field = meaning.field;
  }
  const std::string word = lower(title);
  column.type_by_value = word == "type" || word == "log type";
  if (!column.field || column.type_by_value) return column;
  if (taken[index_of(*column.field)]) column.field = second_of(*column.field);
  if (column.field) taken.set(index_of(*column.field));
  return column;
}

}  // namespace

std::optional<ExportLayout> export_layout(std::string_view header_line, const KeyNames& names) {
  if (header_line.starts_with(kByteOrderMark)) header_line.remove_prefix(kByteOrderMark.size());
  while (!header_line.empty() && (header_line.back() == '\r' || header_line.back() == '\n'))
    header_line.remove_suffix(1);
  ExportLayout layout;
  FieldSet taken;
  std::string scratch;
  CellWalker cells(header_line, scratch);
  bool typed = false;
  for (std::string_view cell; cells.next(cell);) {
    if (layout.columns.empty() && looks_like_data(cell)) return std::nullopt;
    if (layout.columns.size() == kColumnsMax) return std::nullopt;
    layout.columns.push_back(column_of(cell, names, taken));
    typed = typed || layout.columns.back().type_by_value;
  }
  const bool addressed = taken[index_of(Field::Src)] && taken[index_of(Field::Dst)];
  typed = typed || taken[index_of(Field::Action)] || taken[index_of(Field::Subtype)];
  if (!addressed || !typed) return std::nullopt;
  return layout;
}

void ExportRowReader::put(const ExportLayout::Column& column, std::string_view value,
                          TrafficRecord& record) {
  if (!column.field) {
    keyed_.put_extra(column.title, value);
    return;
  }
  Field field = *column.field;
  if (column.type_by_value && !value.empty()) {
    const bool is_subtype = subtype_from(value) < Subtype::Absent;
    field = is_subtype || record.has(Field::Type) ? Field::Subtype : Field::Type;
  }
  keyed_.put_column(field, column.title, value);
}

ReadStatus ExportRowReader::read(std::string_view row, const ExportLayout& layout,
                                 TrafficRecord& record) {
  if (row.ends_with('\r')) row.remove_suffix(1);  // a table that went through Windows
  keyed_.begin(row, record, InputFormat::CsvExport);
  std::size_t count = 0;
  CellWalker cells(row, cell_);
  for (std::string_view cell; cells.next(cell); ++count) {
    if (count < layout.columns.size()) {
      put(layout.columns[count], cell, record);
    } else if (count < kColumnsMax) {
      std::array<char, 16> name{'c', 'o', 'l', 'u', 'm', 'n', '_'};
      const auto end = std::to_chars(name.data() + 7, name.data() + name.size(), count + 1).ptr;
      keyed_.put_extra({name.data(), static_cast<std::size_t>(end - name.data())}, cell);
    }
  }
  record.columns = static_cast<std::uint16_t>(std::min<std::size_t>(count, UINT16_MAX));
  record.partial = count < layout.columns.size();
  if (record.partial && !record.has(Field::Src) && !record.has(Field::Dst))
    return keyed_.reject(RejectReason::TooFewColumns, {}, kAddressColumnsExpected,
                         row.substr(0, 64));
  ReadStatus status = keyed_.finish();
  if (status.kind != ReadKind::Rejected) return status;
  // In a table, a place is a column.
  status.reject.column = 0;
  for (std::size_t i = 0; i < layout.columns.size(); ++i)
    if (layout.columns[i].title == status.reject.column_name)
      status.reject.column = static_cast<std::uint32_t>(i + 1);
  return status;
}

}  // namespace endreason
