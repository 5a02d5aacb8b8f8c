// SPDX-License-Identifier: Apache-2.0
#include "parse/csv_record.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "model/panos_version.hpp"

namespace endreason {
namespace {

// Log types of a PAN-OS stream, by the Type column. Source: "Syslog Field Descriptions".
constexpr auto kOtherTypes = std::to_array<std::string_view>({
    "THREAT",         "SYSTEM",      "CONFIG",   "URL",       "WILDFIRE",      "DATA",
    "FILE",           "USERID",      "HIPMATCH", "HIP-MATCH", "GLOBALPROTECT", "DECRYPTION",
    "AUTHENTICATION", "CORRELATION", "TUNNEL",   "SCTP",      "GTP",           "IPTAG",
    "AUDIT",          "ALARM",       "EXTPCAP",  "TRSUM",     "THSUM",
});

// A line of a default format that stops before this column has lost something whatever its release.
constexpr std::uint32_t kFewestColumns = 46;
// Cells up to and with both addresses: with fewer, nothing is known of any session.
constexpr std::uint32_t kAddressCells = 9;

// Trailing blanks and carriage returns belong to the transport, not to the last cell.
std::uint32_t trimmed_length(std::string_view line) {
  std::size_t n = line.size();
  while (n > 0 &&
         (line[n - 1] == '\r' || line[n - 1] == ' ' || line[n - 1] == '\t' || line[n - 1] == '\0'))
    --n;
  return static_cast<std::uint32_t>(n);
}

// The line as it stood, but for the carriage return of a line end.
std::string_view without_return(std::string_view line) {
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

// A text of up to eight bytes, which others can be read behind, as a number; 0 for longer ones.
std::uint64_t short_word(std::string_view text) {
  if (text.empty() || text.size() > 8) return 0;
  std::uint64_t word = 0;
  static_assert(std::endian::native == std::endian::little);
  std::memcpy(&word, text.data(), 8);
  return word << (64 - 8 * text.size());
}

bool is_quoted(std::string_view line, std::uint32_t begin, std::uint32_t end) {
  return end > begin + 1 && line[begin] == '"' && line[end - 1] == '"';
}

std::string unquoted(std::string_view inner) {
  std::string out;
  out.reserve(inner.size());
  for (std::size_t i = 0; i < inner.size(); ++i) {
    out.push_back(inner[i]);
    if (inner[i] == '"' && i + 1 < inner.size() && inner[i + 1] == '"') ++i;
  }
  return out;
}

// Takes the quotes off the cells behind `first_quote`, in place; doubled quotes need a copy.
void unquote_cells(std::string_view line, std::uint32_t first_quote, std::uint32_t n,
                   TrafficRecord& record) {
  std::uint32_t* begins = record.begins();
  std::uint32_t* ends = record.ends();
  n = std::min<std::uint32_t>(n, kFieldCount);
  const auto at = static_cast<std::uint32_t>(std::upper_bound(ends, ends + n, first_quote) - ends);
  for (std::uint32_t i = at; i < n; ++i) {
    if (line[begins[i]] != '"' || !is_quoted(line, begins[i], ends[i])) continue;
    const std::string_view inner = line.substr(begins[i] + 1, ends[i] - begins[i] - 2);
    if (inner.find('"') == std::string_view::npos) {
      ++begins[i];
      --ends[i];
    } else {
      record.set_copy(Field{static_cast<std::uint8_t>(i)}, unquoted(inner));
    }
  }
}

bool has_text_version(const TrafficRecord& record) {
  return record.text(Field::ConfigVer).find('.') != std::string_view::npos;
}

}  // namespace

bool is_other_log_type(std::string_view word) {
  // Asked of every cell of lines that are no CSV: most are told apart by length and first letter.
  if (word.size() < 3 || word.size() > 14 || word[0] < 'A' || word[0] > 'Z') return false;
  return std::find(kOtherTypes.begin(), kOtherTypes.end(), word) != kOtherTypes.end();
}

// Of a whole record in PAN-OS order.
bool CsvRecordReader::decode(TrafficRecord& record, Misfit& misfit) const {
  const bool quick = decode_common_ != nullptr && record.plain_up_to(Field::ActionSource);
  return (quick && decode_common_(record)) || decode_key_columns(record, misfit);
}

void CsvRecordReader::read(std::string_view line, std::uint32_t first, LineScan scan,
                           std::uint32_t wanted, TrafficRecord& record, ReadStatus& status) {
  std::uint32_t* begins = record.begins();
  std::uint32_t* ends = record.ends();
  const std::uint32_t length = trimmed_length(line);
  if (scan.quote_open || scan.quote_misplaced ||
      (scan.cells > index_of(Field::LinkSwitches) && wanted > index_of(Field::LinkSwitches) &&
       line[ends[index_of(Field::LinkSwitches) - 1] + 1] == '{')) {
    // Quotes that do not pair, or that open in mid-cell, may be ordinary characters (a user
    // o"neil), and braces protect commas. The strict reading wins unless only the other gives a
    // line of known length.
    // It begins at the record: cells before it were dropped from `ends` too.
    const std::uint32_t start = std::min(first, length);
    LineScan strict =
        scan_line_strict(line.substr(start, length - start), begins_.data(), wanted, true);
    const bool keep = scan.quote_misplaced && !scan.quote_open && is_known_line_end(scan.cells) &&
                      !is_known_line_end(strict.cells);
    if (!keep) {
      const std::uint32_t cells = std::min(strict.cells, wanted);
      for (std::uint32_t i = 0; i < cells; ++i) {
        ends[i] = begins_[i] + start;
        begins[i + 1] = ends[i] + 1;
      }
      if (strict.first_quote != kNoQuote) strict.first_quote += start;
      scan = strict;
    }
  }
  const std::uint32_t n = std::min(scan.cells, wanted);
  if (scan.cells <= wanted) ends[n - 1] = std::max(length, n > 1 ? ends[n - 2] + 1 : first);
  begins[0] = first;
  record.set_base(line.data(), n);
  record.reset_decoded();
  record.columns = static_cast<std::uint16_t>(std::min<std::uint32_t>(scan.cells, UINT16_MAX));
  record.raw = without_return(line);
  record.payload = record.raw.substr(std::min<std::size_t>(first, record.raw.size()));
  try_layouts(line, scan, wanted, record, status);
}

ReadStatus CsvRecordReader::read_without_first(std::string_view line, std::uint32_t first,
                                               LineScan scan, std::uint32_t wanted,
                                               TrafficRecord& record) {
  // Read as it stands, then every layout that has no first column is tried.
  std::uint32_t* begins = record.begins();
  std::uint32_t* ends = record.ends();
  const std::uint32_t length = trimmed_length(line);
  const std::uint32_t n = std::min(scan.cells, wanted);
  if (scan.cells <= wanted) ends[n - 1] = std::max(length, n > 1 ? ends[n - 2] + 1 : first);
  begins[0] = first;
  record.set_base(line.data(), n);
  record.reset_decoded();
  record.columns = static_cast<std::uint16_t>(std::min<std::uint32_t>(scan.cells + 1, UINT16_MAX));
  record.raw = without_return(line);
  record.payload = record.raw.substr(std::min<std::size_t>(first, record.raw.size()));
  return try_other_layouts(line, scan, wanted, record, true, false);
}

bool CsvRecordReader::fits(std::string_view line, const CsvLayout& layout, std::uint32_t cells,
                           TrafficRecord& record, Misfit& misfit) {
  std::uint32_t* begins = record.begins();
  std::uint32_t* ends = record.ends();
  std::memset(begins, 0, sizeof(std::uint32_t) * TrafficRecord::kOffsetSlots);
  std::memset(ends, 0, sizeof(std::uint32_t) * TrafficRecord::kOffsetSlots);
  record.set_base(line.data(), kFieldCount);
  const std::uint32_t n = std::min<std::uint32_t>(cells, layout.cells);
  for (std::uint32_t i = 0; i < n; ++i) {
    const std::uint8_t f = layout.fields[i];
    begins[f] = begins_[i];
    ends[f] = ends_[i];
    if (!is_quoted(line, begins_[i], ends_[i])) continue;
    const std::string_view inner = line.substr(begins_[i] + 1, ends_[i] - begins_[i] - 2);
    if (inner.find('"') == std::string_view::npos) {
      ++begins[f];
      --ends[f];
    } else {
      record.set_copy(Field{f}, unquoted(inner));
    }
  }
  return decode_key_columns(record, misfit);
}

void CsvRecordReader::save_cells(const TrafficRecord& record, std::uint32_t count) {
  std::memcpy(begins_.data(), record.begins(), count * sizeof begins_[0]);
  std::memcpy(ends_.data(), record.ends(), count * sizeof ends_[0]);
}

void CsvRecordReader::try_layouts(std::string_view line, LineScan scan, std::uint32_t wanted,
                                  TrafficRecord& record, ReadStatus& status) {
  const std::uint32_t n = std::min(scan.cells, wanted);
  const std::uint64_t version_word = short_word(record.text(Field::ConfigVer));
  const bool as_last =
      version_word != 0 && version_word == last_plain_version_ && scan.cells == last_plain_cells_;
  bool saved = false;
  if (as_last || !has_text_version(record)) {
    // By far the most lines: PAN-OS order, read where it stands.
    record.format = InputFormat::PanosCsv;
    if (as_last) [[likely]] {
      record.version = last_plain_;
    } else {
      note_version(record, scan.cells, kPanosLayout);
    }
    if (!record.partial) [[likely]] {
      last_plain_version_ = version_word;
      last_plain_cells_ = scan.cells;
      last_plain_ = record.version;
      if (scan.first_quote < record.ends()[n - 1] || scan.cells > kFieldCount) {
        save_cells(record, n);
        saved = true;
        unquote_cells(line, scan.first_quote, n, record);
      }
      Misfit misfit{};
      if (decode(record, misfit)) [[likely]] {
        if (scan.cells > kFieldCount) keep_extras(line, scan, n, kPanosLayout, record);
        status.kind = ReadKind::Traffic;
        return;
      }
    }
  }
  status = try_other_layouts(line, scan, wanted, record, false, saved);
}

// `saved`: whether the cells as scanned were, for the record may have others by now.
ReadStatus CsvRecordReader::try_other_layouts(std::string_view line, LineScan scan,
                                              std::uint32_t wanted, TrafficRecord& record,
                                              bool first_missing, bool saved) {
  const std::uint32_t n = std::min(scan.cells, wanted);
  const bool text_version = has_text_version(record);
  Misfit misfit{};
  if (!saved) save_cells(record, n);
  const auto attempt = [&](const CsvLayout& layout, Misfit& why) {
    record.reset_decoded();
    record.raw = without_return(line);
    record.payload = record.raw.substr(std::min<std::size_t>(begins_[0], record.raw.size()));
    record.columns = static_cast<std::uint16_t>(
        std::min<std::uint32_t>(scan.cells + (first_missing ? 1 : 0), UINT16_MAX));
    record.format = layout.format;
    // The version decides whether the line was cut, and a cut line may lack addresses.
    record.set_base(line.data(), kFieldCount);
    const std::size_t cell = layout.cell_of(Field::ConfigVer);
    record.begins()[index_of(Field::ConfigVer)] = cell < n ? begins_[cell] : 0;
    record.ends()[index_of(Field::ConfigVer)] = cell < n ? ends_[cell] : 0;
    note_version(record, scan.cells, layout);
    record.partial = record.partial || scan.quote_open;
    bool fit = fits(line, layout, n, record, why);
    if (record.partial && scan.cells <= wanted) {
      // The cut may have gone through the last cell: half a number or half a word is worse than
      // none.
      const auto last = Field{layout.fields[std::min<std::uint32_t>(n, layout.cells) - 1]};
      const FieldKind kind = info(last).kind;
      const bool half = kind == FieldKind::Number || kind == FieldKind::Port ||
                        kind == FieldKind::Address || kind == FieldKind::Flags ||
                        (kind == FieldKind::Word && (record.action == Action::Unrecognized ||
                                                     record.end_reason == EndReason::Unrecognized ||
                                                     record.subtype == Subtype::Unrecognized));
      if (half || (!fit && why.field == last)) {
        ends_[n - 1] = begins_[n - 1];
        const bool was_partial = record.partial;
        const PanosVersion version = record.version;
        const auto columns = record.columns;
        const std::string_view raw = record.raw, payload = record.payload;
        record.reset_decoded();
        record.partial = was_partial;
        record.version = version;
        record.columns = columns;
        record.raw = raw;
        record.payload = payload;
        fit = fits(line, layout, n, record, why);
      }
    }
    if (fit && scan.cells > layout.cells) keep_extras(line, scan, n, layout, record);
    return fit;
  };
  if (n < kAddressCells - (first_missing ? 1 : 0)) {
    Reject reject;
    reject.reason = RejectReason::TooFewColumns;
    reject.column = scan.cells;
    reject.expected = "at least 9 columns, up to the destination address";
    reject.found = record.raw.substr(std::min<std::size_t>(begins_[n - 1], record.raw.size()));
    return {ReadKind::Rejected, {}, reject};
  }
  const CsvLayout& first_choice = first_missing  ? kPanosNoFirstLayout
                                  : text_version ? kSlsLayouts[0]
                                                 : kPanosLayout;
  if (attempt(first_choice, misfit)) return {ReadKind::Traffic, {}, {}};
  const Misfit first_misfit = misfit;
  for (const CsvLayout& layout : kSlsLayouts) {
    const bool lacks_first = layout.fields[0] != 0;
    if (&layout != &first_choice && lacks_first == first_missing && attempt(layout, misfit))
      return {ReadKind::Traffic, {}, {}};
  }
  if (text_version && !first_missing && attempt(kPanosLayout, misfit))
    return {ReadKind::Traffic, {}, {}};
  static_cast<void>(attempt(first_choice, misfit));  // its texts are what the message quotes
  return reject(record, first_choice, first_misfit);
}

void CsvRecordReader::note_version(TrafficRecord& record, std::uint32_t cells_of_line,
                                   const CsvLayout& layout) {
  const std::string_view config_ver = record.text(Field::ConfigVer);
  if (config_ver != last_config_ver_) {
    last_config_ver_.assign(config_ver);
    last_version_ = version_from_config(config_ver);
  }
  record.version = last_version_;
  if (layout.format == InputFormat::PanosCsv) {
    const std::uint32_t columns = cells_of_line + (layout.fields[0] != 0 ? 1 : 0);
    record.version = refine_by_columns(record.version, columns);
    const PanosVersionInfo* row = info(record.version);
    const std::uint32_t expected =
        row != nullptr && row->config_version != 0 ? row->columns : kFewestColumns;
    record.partial = columns < expected;
    return;
  }
  // The logging service's order was frozen at 10.0: whatever release, it ends at the slice columns.
  const std::uint32_t left_out = static_cast<std::uint32_t>(kFieldCount) - layout.cells;
  record.partial = cells_of_line + left_out < kFewestColumns;
}

void CsvRecordReader::keep_extras(std::string_view line, const LineScan& scan, std::uint32_t cells,
                                  const CsvLayout& layout, TrafficRecord& record) {
  // Names are made once for all cells that a scan reports.
  if (extra_names_.empty()) {
    for (std::uint32_t i = 0; i <= kCellsMax; ++i) {
      std::string name = "column_" + std::to_string(i + 1);
      name.resize(16, '\0');
      extra_names_ += name;
    }
  }
  for (std::uint32_t i = layout.cells; i < cells; ++i) {
    const std::uint32_t begin = begins_[i];
    const bool rest = i + 1 == kCellsMax && scan.cells > kCellsMax;
    const std::uint32_t end = rest ? static_cast<std::uint32_t>(record.raw.size()) : ends_[i];
    if (end <= begin) continue;
    std::string_view value = line.substr(begin, end - begin);
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    record.extras.push_back({extra_names_.data() + std::size_t{i} * 16, value});
  }
}

ReadStatus CsvRecordReader::reject(const TrafficRecord& record, const CsvLayout& layout,
                                   const Misfit& misfit) const {
  Reject reject;
  reject.reason = RejectReason::WrongType;
  reject.column = static_cast<std::uint32_t>(layout.cell_of(misfit.field)) + 1;
  reject.column_name = info(misfit.field).log_name;
  reject.expected = misfit.expected;
  reject.found = record.text(misfit.field);
  return {ReadKind::Rejected, {}, reject};
}

}  // namespace endreason
