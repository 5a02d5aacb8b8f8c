// SPDX-License-Identifier: Apache-2.0
#include "parse/line_reader.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/parse_number.hpp"
#include "base/timestamp.hpp"
#include "parse/cef.hpp"
#include "parse/json.hpp"
#include "parse/leef.hpp"
#include "parse/name_value.hpp"
#include "parse/xml.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kTypeCell = index_of(Field::Type);
// The type column is looked for in so many cells: text before the header may hold commas.
constexpr std::uint32_t kTypeSearchCells = 40;
// Raw lines wrapped in JSON that wraps JSON ...: further than this nobody nests.
constexpr int kWrapDepthMax = 2;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

std::string_view trimmed(std::string_view text) {
  if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Where the record's first cell starts inside the line's first cell: behind the envelope, which
// ends in a blank, in the ">" of a priority, or in a byte order mark.
std::uint32_t behind_envelope(std::string_view first_cell) {
  std::size_t i = first_cell.size();
  while (i > 0) {
    const auto c = static_cast<unsigned char>(first_cell[i - 1]);
    if (c == ' ' || c == '\t' || c == '>' || c >= 0x80) break;
    --i;
  }
  return static_cast<std::uint32_t>(i);
}

std::string_view cell(std::string_view line, const std::uint32_t* ends, std::uint32_t i) {
  const std::uint32_t begin = i == 0 ? 0 : ends[i - 1] + 1;
  return line.substr(begin, ends[i] - begin);
}

CellPlaces cells_of(TrafficRecord& record) {
  return {record.begins(), record.ends()};
}

bool is_traffic(std::string_view word) {
  if (word.size() != 7) return false;
  return word == "TRAFFIC" || word == "traffic" || word == "Traffic";
}

// "716 <14>1 ...": the length of the octet count with its blank, or 0.
std::size_t octet_header(std::string_view line, std::uint64_t& count) {
  std::size_t i = 0;
  while (i < line.size() && i < 7 && is_digit(line[i])) ++i;
  if (i == 0 || i + 2 >= line.size() || line[i] != ' ' || line[i + 1] != '<' ||
      !is_digit(line[i + 2]))
    return 0;
  return parse_decimal(line.substr(0, i), count) ? i + 1 : 0;
}

// The next place where "<digits> <digits>" and ">" begins a frame, from `from` on.
std::size_t find_frame(std::string_view line, std::size_t from) {
  for (std::size_t at = line.find(" <", from); at != std::string_view::npos;
       at = line.find(" <", at + 1)) {
    std::size_t begin = at;
    while (begin > from && is_digit(line[begin - 1])) --begin;
    std::size_t close = at + 2;
    while (close < line.size() && close < at + 5 && is_digit(line[close])) ++close;
    const bool priority = close > at + 2 && close < line.size() && line[close] == '>';
    if (priority && at - begin >= 2) return begin;
  }
  return std::string_view::npos;
}

ReadStatus not_a_log(std::string_view line) {
  Reject reject;
  reject.reason = RejectReason::NotALog;
  reject.expected = "a PAN-OS log as CSV, CEF, LEEF, JSON, XML or name=value pairs";
  reject.found = line.substr(0, 80);
  return {ReadKind::Rejected, {}, reject};
}

// "CEF:0|" or "LEEF:2.0|": where the record begins, or npos.
std::size_t find_marked(std::string_view line, std::string_view mark) {
  for (std::size_t at = line.find(mark); at != std::string_view::npos;
       at = line.find(mark, at + 1)) {
    std::size_t i = at + mark.size();
    const bool starts_word = at == 0 || is_blank(line[at - 1]) || line[at - 1] == '>' ||
                             line[at - 1] == ':' || line[at - 1] == '"';
    const std::size_t digits_from = i;
    while (i < line.size() && (is_digit(line[i]) || line[i] == '.')) ++i;
    if (starts_word && i > digits_from && i < line.size() && line[i] == '|') return at;
  }
  return std::string_view::npos;
}

}  // namespace

struct LineReader::Readers {
  explicit Readers(const KeyNames& names)
      : cef(names), leef(names), json(names), xml(names), pairs(names), rows(names) {}
  CefReader cef;
  LeefReader leef;
  JsonReader json;
  XmlReader xml;
  NameValueReader pairs;
  ExportRowReader rows;
};

std::uint32_t cells_wanted_for(const FieldSet& fields) {
  // The verdict reads up to action_source.
  std::uint32_t wanted = index_of(Field::ActionSource) + 1;
  for (std::uint32_t i = wanted; i < kFieldCount; ++i)
    if (fields[i]) wanted = i + 1;
  return wanted;
}

LineReader::LineReader(LineReaderOptions options)
    : options_(std::move(options)), csv_(options_.kernel.decode_common_columns) {
  if (!options_.keys) options_.keys = std::make_shared<const KeyNames>();
  readers_ = std::make_unique<Readers>(*options_.keys);
}

LineReader::~LineReader() = default;

void LineReader::start(PaddedView run, std::uint64_t first_line, std::uint32_t file,
                       std::shared_ptr<const ExportLayout> layout, bool lent) {
  run_ = run;
  cursor_ = run.begin();
  line_ = first_line;
  file_ = file;
  rest_ = {};
  lent_ = lent;
  wrapper_.reset();
  layout_ = std::move(layout);
}

bool LineReader::next(TrafficRecord& record, ReadStatus& status) {
  if (wrapper_) [[unlikely]] {
    if (next_wrapped(record, status)) return true;
    wrapper_.reset();
  }
  if (rest_.size() > 0) [[unlikely]] {
    // Another frame of the line that was read last, and copied where it was lent.
    const PaddedView part = std::exchange(rest_, {});
    const bool lent = std::exchange(lent_, false);
    const LineScan scan =
        options_.kernel.scan_line(part.begin(), part, cells_of(record), options_.cells_wanted);
    read_line(part, scan, record, status);
    lent_ = lent;
    record.line = line_ - 1;
    record.file = file_;
    return true;
  }
  if (cursor_ == run_.end()) return false;
  const LineScan scan =
      options_.kernel.scan_line(cursor_, run_, cells_of(record), options_.cells_wanted);
  const PaddedView line = run_.part(static_cast<std::size_t>(cursor_ - run_.begin()), scan.length);
  cursor_ += scan.length;
  if (cursor_ != run_.end()) ++cursor_;  // over the newline
  read_line(line, scan, record, status);
  record.line = line_++;
  record.file = file_;
  return true;
}

void LineReader::read_line(PaddedView line, const LineScan& scan, TrafficRecord& record,
                           ReadStatus& status) {
  const std::string_view text = line.text();
  const std::uint32_t* ends = record.ends();
  // A digit that is not the first column alone may be an octet count: those lines go the long way.
  const bool counted = text.size() > 1 && is_digit(text[0]) && text[1] != ',';
  if (scan.cells > kTypeCell && !counted && !layout_) [[likely]] {
    const std::string_view type = cell(text, ends, kTypeCell);
    if (is_traffic(type)) [[likely]]
      return csv_.read(text, behind_envelope(cell(text, ends, 0)), scan, options_.cells_wanted,
                       record, status);
    if (is_other_log_type(type)) {
      record.raw = text;
      status = {ReadKind::Other, type, {}};
      return;
    }
  }
  if (lent_) return read_copied(line, record, status);
  status = read_unusual(line, scan, record);
  if (wrapper_) return;  // the element is the raw record, not the line
  if (status.kind != ReadKind::Traffic || record.format != InputFormat::PanosCsv) {
    record.raw = text.ends_with('\r') ? text.substr(0, text.size() - 1) : text;
    if (status.kind != ReadKind::Traffic) record.partial = false;
  }
}

void LineReader::read_copied(PaddedView line, TrafficRecord& record, ReadStatus& status) {
  copied_.reserve(line.size());
  if (line.size() > 0) std::memcpy(copied_.data(), line.begin(), line.size());
  copied_.set_size(line.size());
  const PaddedView own = copied_.padded();
  const LineScan scan =
      options_.kernel.scan_line(own.begin(), own, cells_of(record), options_.cells_wanted);
  lent_ = false;
  read_line(own.part(0, scan.length), scan, record, status);
  lent_ = true;
}

ReadStatus LineReader::read_unusual(PaddedView line, const LineScan& scan, TrafficRecord& record) {
  const std::string_view text = line.text();
  if (trimmed(text).empty()) return {};
  std::uint64_t count = 0;
  if (const std::size_t header = octet_header(text, count); header != 0) {
    // The count says where the frame ends, unless something else stands there: then it is wrong,
    // and the next frame is where one begins.
    std::size_t end = header + count;
    std::uint64_t ignored = 0;
    if (end >= text.size() || octet_header(text.substr(end), ignored) == 0)
      end = std::min(find_frame(text, header + 4), text.size());
    const std::string_view after = trimmed(text.substr(end));
    if (!after.empty()) {
      const auto at = static_cast<std::size_t>(after.data() - text.data());
      rest_ = line.part(at, text.size() - at);
    }
    const PaddedView frame = line.part(header, end - header);
    const LineScan again =
        options_.kernel.scan_line(frame.begin(), frame, cells_of(record), options_.cells_wanted);
    bool found = false;
    ReadStatus status = read_csv_anywhere(frame.text(), again, record, found);
    return found ? status : read_text(frame.text(), record, 0);
  }
  if (layout_) {
    ReadStatus status = readers_->rows.read(text, *layout_, record);
    if (status.kind == ReadKind::Traffic || status.kind == ReadKind::Other) return status;
    // Not a row of that export: a line of its own, or else what the row's reader said. The cells
    // are scanned again, since that reader wrote over them.
    const LineScan again =
        options_.kernel.scan_line(line.begin(), line, cells_of(record), options_.cells_wanted);
    bool found = false;
    ReadStatus as_line = read_csv_anywhere(text, again, record, found);
    if (found && as_line.kind != ReadKind::Rejected) return as_line;
    return status;
  }
  bool found = false;
  ReadStatus status = read_csv_anywhere(text, scan, record, found);
  return found ? status : read_text(text, record, 0);
}

// The cells of a record that begins at line[begin], behind text that has commas of its own: scanned
// anew, so that as many of its columns are known as of any other. Offsets stay those of the line,
// which is part of padded input like all lines here.
LineScan LineReader::scan_from(std::string_view line, std::uint32_t begin, TrafficRecord& record) {
  const PaddedView rest = PaddedView::vouched(line.substr(begin));
  LineScan scan =
      options_.kernel.scan_line(rest.begin(), rest, cells_of(record), options_.cells_wanted);
  const std::uint32_t n = std::min(scan.cells, options_.cells_wanted);
  for (std::uint32_t i = 0; i < n; ++i) {
    record.begins()[i] += begin;
    record.ends()[i] += begin;
  }
  scan.length += begin;
  if (scan.first_quote != kNoQuote) scan.first_quote += begin;
  return scan;
}

ReadStatus LineReader::read_csv_anywhere(std::string_view line, const LineScan& scan,
                                         TrafficRecord& record, bool& found) {
  // By the type column, wherever text before the header has pushed it.
  std::uint32_t* ends = record.ends();
  const std::uint32_t n = std::min({scan.cells, options_.cells_wanted, kTypeSearchCells});
  for (std::uint32_t i = 2; i < n; ++i) {
    const std::string_view type = cell(line, ends, i);
    const bool traffic = is_traffic(type);
    if (!traffic && !is_other_log_type(type)) continue;
    found = true;
    if (!traffic) return {ReadKind::Other, type, {}};
    const std::string_view time_cell = cell(line, ends, i - 2);
    const bool time_alone = parse_time(time_cell).has_value() ||
                            time_cell.find_first_of(" \t>") == std::string_view::npos ||
                            (time_cell.size() < 16 && !time_cell.empty() && is_digit(time_cell[0]));
    if (i >= 3 && time_alone) {
      const std::string_view first = cell(line, ends, i - 3);
      const auto begin = static_cast<std::uint32_t>(first.data() - line.data());
      const std::uint32_t start = begin + behind_envelope(first);
      const LineScan own = i == 3 ? scan : scan_from(line, begin, record);
      ReadStatus status;
      csv_.read(line, start, own, options_.cells_wanted, record, status);
      return status;
    }
    // The first column is missing: the time is the tail of its cell, behind any envelope.
    const auto begin = static_cast<std::uint32_t>(time_cell.data() - line.data());
    std::uint32_t start = begin;
    if (!parse_time(time_cell)) {
      const bool device =
          time_cell.size() > 19 && parse_time(time_cell.substr(time_cell.size() - 19));
      start = device ? begin + static_cast<std::uint32_t>(time_cell.size()) - 19
                     : begin + behind_envelope(time_cell);
    }
    const LineScan own = i == 2 ? scan : scan_from(line, begin, record);
    return csv_.read_without_first(line, start, own, options_.cells_wanted, record);
  }
  found = false;
  return {};
}

ReadStatus LineReader::read_text(std::string_view line, TrafficRecord& record, int depth) {
  const std::string_view text = trimmed(line);
  if (text.empty()) return {};
  if (const std::size_t at = find_marked(text, "CEF:"); at != std::string_view::npos)
    return readers_->cef.read(text.substr(at), record);
  if (const std::size_t at = find_marked(text, "LEEF:"); at != std::string_view::npos)
    return readers_->leef.read(text.substr(at), record);
  const std::size_t brace = text.find('{');
  if (brace != std::string_view::npos &&
      text.substr(0, brace).find(',') == std::string_view::npos &&
      (brace == 0 || is_blank(text[brace - 1]) || text[brace - 1] == ':')) {
    const ReadStatus status = read_json(text.substr(brace), record, depth);
    const bool wrapper = depth == 0 && status.kind == ReadKind::Rejected &&
                         status.reject.reason == RejectReason::MissingColumn;
    return wrapper ? open_wrapper(text.substr(brace), status, record) : status;
  }
  if (text.find('=') != std::string_view::npos) {
    ReadStatus status = readers_->pairs.read(text, record);
    if (status.kind != ReadKind::Rejected || status.reject.reason != RejectReason::NotALog)
      return status;
  }
  return not_a_log(text);
}

ReadStatus LineReader::read_json(std::string_view text, TrafficRecord& record, int depth) {
  std::string_view inner;
  ReadStatus status = readers_->json.read(text, record, inner);
  if (inner.empty() || depth >= kWrapDepthMax) return status;
  // A raw line inside the object: read as a line of its own. Only its first line counts. The copy
  // is padded for the scanner; the one before stays, since texts of its record may still be looked
  // at.
  std::string& copy = inner_[static_cast<std::size_t>(depth)];
  inner = trimmed(inner);
  copy.assign(inner.substr(0, inner.find('\n')));
  const std::size_t size = copy.size();
  copy.append(kScanPadding, '\0');
  const PaddedView line = PaddedView::vouched(std::string_view(copy).substr(0, size));
  const LineScan scan =
      options_.kernel.scan_line(line.begin(), line, cells_of(record), options_.cells_wanted);
  bool found = false;
  status = read_csv_anywhere(line.text(), scan, record, found);
  return found ? status : read_text(line.text(), record, depth + 1);
}

// An object without addresses may hold records further inside, as the result of a query does when
// it is printed on one line. The first of them, and the others at the next calls; when there are
// none, what was said about the object as a record.
ReadStatus LineReader::open_wrapper(std::string_view text, const ReadStatus& as_one,
                                    TrafficRecord& record) {
  wrapper_ = std::make_unique<JsonSplitter>(line_);
  wrapper_->feed(text);
  wrapper_->finish();
  SplitRecord first;
  if (!wrapper_->next(first) || !first.complete() || first.text.size() == trimmed(text).size()) {
    wrapper_.reset();
    return as_one;
  }
  ReadStatus status;
  read_element(first.text, first.end, line_, file_, record, status);
  return status;
}

bool LineReader::next_wrapped(TrafficRecord& record, ReadStatus& status) {
  SplitRecord element;
  if (!wrapper_->next(element)) return false;
  read_element(element.text, element.end, line_ - 1, file_, record, status);
  return true;
}

void LineReader::read_element(std::string_view element, SplitEnd end, std::uint64_t line,
                              std::uint32_t file, TrafficRecord& record, ReadStatus& status) {
  const bool xml = !element.empty() && element.front() == '<';
  if (end == SplitEnd::TooLong) {
    Reject reject;
    reject.reason = RejectReason::TooLong;
    reject.expected = "a record of at most 4 MiB";
    reject.found = element.substr(0, 80);
    record.reset(element.data());
    status = {ReadKind::Rejected, {}, reject};
  } else {
    // An element that was cut keeps its whole members and is partial.
    status = xml ? readers_->xml.read(element, record) : read_json(element, record, 0);
  }
  record.raw = element;
  record.line = line;
  record.file = file;
}

}  // namespace endreason
