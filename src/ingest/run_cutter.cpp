// SPDX-License-Identifier: Apache-2.0
#include "ingest/run_cutter.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "parse/json_splitter.hpp"
#include "parse/xml_splitter.hpp"
#include "sources/lent_bytes.hpp"

namespace endreason {
namespace {

constexpr std::size_t kElementsMax = 4096;
// Of a line that is over the limit, so much is kept to be shown.
constexpr std::size_t kTooLongKept = 1024;
// What is lent need not stay near the processor, and fewer runs have fewer ends, which are far away
// when they are looked for. Towards the end they become smaller, so that all workers end together.
constexpr std::size_t kLentRunsMax = 16;
constexpr std::size_t kLentRunsToGo = 32;
// A document is fed a little at first: most end soon, and what is behind them stays where it is.
constexpr std::size_t kFirstPieceBytes = 2048;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

std::string_view trimmed(std::string_view line) {
  while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && is_blank(line.back())) line.remove_suffix(1);
  return line;
}

// As rfind() says it, many bytes at a time: the end of a run is far from the processor, mostly.
std::size_t last_newline(std::string_view text) {
  const void* found = text.empty() ? nullptr : ::memrchr(text.data(), '\n', text.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool opens_xml(std::string_view line) {
  constexpr auto kTags = std::to_array<std::string_view>(
      {"<?xml", "<!--", "<response", "<result", "<entry", "<logs", "<log", "<report"});
  return std::any_of(kTags.begin(), kTags.end(), [&](std::string_view tag) {
    if (line.substr(0, tag.size()) != tag) return false;
    if (tag[1] == '?' || tag[1] == '!') return true;
    const char behind = line.size() > tag.size() ? line[tag.size()] : ' ';
    return behind == ' ' || behind == '>' || behind == '/' || behind == '\t';
  });
}

}  // namespace

RunCutter::RunCutter(std::vector<Input> inputs, const LineReaderOptions& reader,
                     std::size_t run_bytes, InputOpener open)
    : inputs_(std::move(inputs)),
      open_(std::move(open)),
      kernel_(reader.kernel),
      keys_(reader.keys ? reader.keys : std::make_shared<const KeyNames>()),
      run_bytes_(std::max<std::size_t>(run_bytes, 64)) {}

RunCutter::~RunCutter() = default;

bool RunCutter::next(Run& run) {
  for (;;) {
    if (!source_ && !open_next()) return false;
    run.elements.clear();
    run.begin = 0;
    run.lent = {};
    run.layout = layout_;
    run.unsurveyed = false;
    const bool got = splitter_      ? next_elements(run)
                     : lines_kept() ? next_kept_lines(run)
                                    : next_lines(run);
    if (got) {
      run.sequence = sequence_++;
      run.coming = source_->coming();
      run.coming_from = source_->position();
      run.file = static_cast<std::uint32_t>(begun_ - 1);
      return true;
    }
    if (at_end_ && kept().empty() && !splitter_) close_input();
  }
}

std::uint64_t RunCutter::position() const {
  return finished_bytes_ + (source_ ? source_->position() : 0);
}

bool RunCutter::open_next() {
  while (begun_ < inputs_.size()) {
    auto opened = open_(inputs_[begun_++]);
    if (opened) {
      source_ = std::move(*opened);
      at_end_ = false;
      line_ = 1;
      return true;
    }
    errors_.push_back(opened.error());
  }
  return false;
}

void RunCutter::close_input() {
  finished_bytes_ += source_->position();
  source_.reset();
  layout_.reset();
}

// One read behind what the chunk holds; false at the end of the input.
bool RunCutter::read_more(Chunk& chunk) {
  const auto room = chunk.writable().subspan(chunk.size());
  const auto got = source_->read(room);
  if (!got) {
    errors_.push_back(got.error());
    at_end_ = true;
    return false;
  }
  if (*got == 0) {
    at_end_ = true;
    return false;
  }
  chunk.set_size(chunk.size() + *got);
  return true;
}

// Keeps bytes for the runs to come. At the end of the input its last line is whole as it is.
void RunCutter::keep(std::string_view bytes) {
  kept_.set_size(0);
  kept_.reserve(bytes.size());
  if (!bytes.empty()) std::memcpy(kept_.data(), bytes.data(), bytes.size());
  kept_.set_size(bytes.size());
  kept_from_ = 0;
  kept_lines_end_ = at_end_ ? bytes.size() : last_newline(bytes) + 1;  // npos + 1 is 0
}

// Lines where they are in the mapped file. The end of the file is read, for it may move.
bool RunCutter::lend_lines(Run& run) {
  if (!lending_ || !survey_left_ || refused_ || at_end_ || !kept().empty()) return false;
  const auto file = source_->coming();
  const std::uint64_t offset = source_->position();
  if (!file || offset > file->size()) return false;
  const std::uint64_t left = std::min(source_->separable(), file->size() - offset);
  if (left < run_bytes_ + kScanPadding) return false;
  const std::uint64_t count =
      std::clamp<std::uint64_t>(left / kLentRunsToGo, run_bytes_, run_bytes_ * kLentRunsMax);
  const auto bytes = PaddedView::vouched({file->bytes() + offset, count});
  const LentBytes lent(bytes.text());
  const std::size_t newline = last_newline(bytes.text());
  if (newline == std::string_view::npos || lent.broken()) return false;
  source_->set_apart(newline + 1);
  run.lent = bytes.part(0, newline + 1);
  run.unsurveyed = true;
  return true;
}

void RunCutter::broke_off(std::uint32_t file, std::uint64_t line) {
  if (std::exchange(broken_, file) == file) return;
  errors_.push_back({Error::Code::Io,
                     fmt::format("{}: became shorter while it was read; from line {} on it is not "
                                 "counted; count it again when it is whole",
                                 inputs_[file].path, line)});
}

bool RunCutter::next_lines(Run& run) {
  run.kind = Run::Kind::Lines;
  run.first_line = line_;
  if (lend_lines(run)) return true;
  run.bytes.set_size(0);
  const std::string_view begun = kept();
  run.bytes.reserve(std::max(run_bytes_, begun.size() + run_bytes_ / 2));
  if (!begun.empty()) std::memcpy(run.bytes.data(), begun.data(), begun.size());
  run.bytes.set_size(begun.size());
  keep({});
  const bool live =
      !source_->size_hint();  // a pipe: do not hold lines back until the chunk is full
  std::size_t cut = 0;
  for (;;) {
    const std::size_t before = run.bytes.size();
    if (!at_end_ && run.bytes.size() < run.bytes.capacity()) read_more(run.bytes);
    const std::string_view text = run.bytes.text();
    if (at_end_) {
      cut = text.size();
      break;
    }
    const bool full = text.size() == run.bytes.capacity();
    if (!full && !live) continue;
    const std::size_t newline = last_newline(text);
    if (newline != std::string_view::npos && (full || newline >= before)) {
      cut = newline + 1;
      break;
    }
    if (!full) continue;
    if (text.size() >= kRecordBytesMax) {
      OddLine kind = OddLine::Plain;
      if (!begins_document(text, kind)) return cut_over_long_line(run);
      keep(text);
      return open_document(kind, run);
    }
    run.bytes.reserve(std::min(kRecordBytesMax, text.size() * 2));
  }
  if (cut == 0) return false;
  if (survey_left_ && !refused_) {
    keep(run.bytes.text().substr(cut));
    run.bytes.set_size(cut);
    run.unsurveyed = true;
    return true;
  }
  OddLine odd = OddLine::Plain;
  std::uint64_t newlines = 0;
  const std::size_t end = survey(run.bytes.padded().part(0, cut), odd, newlines);
  keep(run.bytes.text().substr(end));
  if (end == 0) return odd == OddLine::Header ? take_header(run) : open_document(odd, run);
  line_ += newlines;
  run.bytes.set_size(end);
  return true;
}

void RunCutter::read_up_to(const Run& run, std::size_t offset, std::uint64_t line) {
  line_ = line;
  const std::string_view left = run.text().substr(offset);
  if (left.empty()) return;
  std::string bytes(left);
  bytes += kept();
  keep(bytes);
}

// The next run out of the lines that are kept.
bool RunCutter::next_kept_lines(Run& run) {
  OddLine odd = OddLine::Plain;
  std::uint64_t newlines = 0;
  const PaddedView lines = kept_.padded().part(kept_from_, kept_lines_end_ - kept_from_);
  const std::size_t end = survey(lines, odd, newlines);
  if (end == 0) return odd == OddLine::Header ? take_header(run) : open_document(odd, run);
  run.kind = Run::Kind::Lines;
  run.first_line = line_;
  run.bytes.set_size(0);
  run.bytes.reserve(end);
  std::memcpy(run.bytes.data(), lines.begin(), end);
  run.bytes.set_size(end);
  kept_from_ += end;
  line_ += newlines;
  return true;
}

// The chunk holds the beginning of a line that is over the limit and no end of it.
bool RunCutter::cut_over_long_line(Run& run) {
  run.kind = Run::Kind::TooLong;
  Chunk rest(run_bytes_);
  for (;;) {
    rest.set_size(0);
    if (!read_more(rest)) break;
    const std::size_t newline = rest.text().find('\n');
    if (newline == std::string_view::npos) continue;
    keep(rest.text().substr(newline + 1));
    break;
  }
  ++line_;
  run.bytes.set_size(kTooLongKept);
  return true;
}

std::size_t RunCutter::survey(PaddedView lines, OddLine& odd, std::uint64_t& newlines) {
  if (!std::exchange(refused_, false)) return survey_from(0, lines, odd, newlines);
  const std::size_t first = std::min(lines.text().find('\n'), lines.size());
  if (first == lines.size()) return first;
  ++newlines;
  return survey_from(first + 1, lines, odd, newlines);
}

std::size_t RunCutter::survey_from(std::size_t offset, PaddedView lines, OddLine& odd,
                                   std::uint64_t& newlines) const {
  const std::size_t cut = lines.size();
  while (offset < cut) {
    const Survey plain = kernel_.survey_lines(lines.part(offset, cut - offset));
    newlines += plain.newlines;
    offset += plain.odd_line;
    if (offset == cut) break;
    const std::size_t newline = std::min(lines.text().find('\n', offset), cut);
    odd = classify(lines.text().substr(offset, newline - offset));
    if (odd != OddLine::Plain) return offset;
    if (newline < cut) ++newlines;
    offset = std::min(newline + 1, cut);
  }
  return cut;
}

PieceSurvey RunCutter::survey(const Piece& piece) const {
  PieceSurvey found;
  const PaddedView bytes = piece.padded();
  found.first_newline = bytes.text().find('\n');
  if (found.first_newline == std::string_view::npos) return found;
  found.last_newline = last_newline(bytes.text());
  found.newlines = 1;
  OddLine odd = OddLine::Plain;
  const std::size_t end = found.last_newline + 1;
  found.plain =
      survey_from(found.first_newline + 1, bytes.part(0, end), odd, found.newlines) == end;
  return found;
}

bool RunCutter::take_whole(Piece& piece, const PieceSurvey& survey, Run& run) {
  const std::string_view before = kept();
  if (piece.ends || !survey.plain || before.size() > kPieceRoom) return false;
  const std::size_t begin = kPieceRoom - before.size();
  if (!before.empty()) std::memcpy(piece.bytes.data() + begin, before.data(), before.size());
  const std::string_view lines = piece.bytes.text().substr(begin);
  if (!starts_plain(lines.data()) &&
      classify(lines.substr(0, before.size() + survey.first_newline)) != OddLine::Plain)
    return false;
  const std::size_t end = kPieceRoom + survey.last_newline + 1;
  keep(piece.bytes.text().substr(end));
  std::swap(run.bytes, piece.bytes);
  run.bytes.set_size(end);
  run.begin = begin;
  run.lent = {};
  hand_out(piece, survey, run);
  return true;
}

void RunCutter::hand_out(Piece& piece, const PieceSurvey& survey, Run& run) {
  run.kind = Run::Kind::Lines;
  run.elements.clear();
  run.layout = layout_;
  run.unsurveyed = false;
  run.first_line = line_;
  run.coming = piece.source->coming();
  run.coming_from = piece.end_offset;
  run.sequence = sequence_++;
  run.file = static_cast<std::uint32_t>(begun_ - 1);
  line_ += survey.newlines;
}

// Of a line whose end is far: a document may be printed on one line, and its records need not be
// longer than others.
bool RunCutter::begins_document(std::string_view beginning, OddLine& kind) {
  if (std::exchange(refused_, false)) return false;
  if (beginning.starts_with("\xEF\xBB\xBF")) beginning.remove_prefix(3);
  kind = classify(beginning.substr(0, kTooLongKept));
  if (kind == OddLine::Plain && trimmed(beginning).starts_with('{')) kind = OddLine::Json;
  return kind == OddLine::Json || kind == OddLine::Xml;
}

RunCutter::OddLine RunCutter::classify(std::string_view line) const {
  if (line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
  const std::string_view text = trimmed(line);
  if (text.empty()) return OddLine::Plain;
  switch (text.front()) {
    case '{':
      return text.back() == '}' ? OddLine::Plain : OddLine::Json;
    case '[': {
      // "[" also begins lines of other kinds: an array of records goes on with an object or ends
      // here.
      const std::string_view behind = trimmed(text.substr(1));
      return behind.empty() || behind.front() == '{' || behind.front() == '[' ? OddLine::Json
                                                                              : OddLine::Plain;
    }
    case '<':
      return opens_xml(text) ? OddLine::Xml : OddLine::Plain;
    default:
      break;
  }
  // Cheap signs first, since syslog without a priority begins with a letter on every line.
  const bool names_source =
      text.find("ource") != std::string_view::npos || text.find("src") != std::string_view::npos;
  if (!names_source || text.find(',') == std::string_view::npos ||
      text.find_first_of("=|<") != std::string_view::npos)
    return OddLine::Plain;
  return export_layout(text, *keys_) ? OddLine::Header : OddLine::Plain;
}

// The kept bytes begin with a header row.
bool RunCutter::take_header(Run& run) {
  const std::string_view lines = kept_.text().substr(kept_from_, kept_lines_end_ - kept_from_);
  const std::string_view whole = lines.substr(0, lines.find('\n'));
  std::string_view line = whole;
  if (line.substr(0, 3) == "\xEF\xBB\xBF") line.remove_prefix(3);
  if (auto layout = export_layout(trimmed(line), *keys_))
    layout_ = std::make_shared<const ExportLayout>(std::move(*layout));
  run.kind = Run::Kind::Header;
  run.first_line = line_;
  run.layout = layout_;
  run.bytes.set_size(0);
  run.bytes.reserve(whole.size());
  if (!whole.empty()) std::memcpy(run.bytes.data(), whole.data(), whole.size());
  run.bytes.set_size(whole.size());
  kept_from_ += std::min(whole.size() + 1, lines.size());
  ++line_;
  return true;
}

// The kept bytes begin with a document.
bool RunCutter::open_document(OddLine kind, Run& run) {
  if (kind == OddLine::Xml) {
    splitter_ = std::make_unique<XmlSplitter>(line_);
  } else {
    splitter_ = std::make_unique<JsonSplitter>(line_);
  }
  piece_bytes_ = kFirstPieceBytes;
  return next_elements(run);
}

// The next bytes to the splitter, of those kept or else of the input; false: there are none.
bool RunCutter::feed_splitter(Chunk& piece) {
  if (const std::string_view bytes = kept().substr(0, piece_bytes_); !bytes.empty()) {
    splitter_->feed(bytes);
    kept_from_ += bytes.size();
    piece_bytes_ = std::min(piece_bytes_ * 2, run_bytes_);
    return true;
  }
  if (at_end_) return false;
  keep({});
  if (piece.capacity() == 0) piece = Chunk(run_bytes_);
  piece.set_size(0);
  if (!read_more(piece)) return false;
  splitter_->feed(piece.text());
  return true;
}

// What the splitter has not taken is kept again: it stands there still, unless it was read since.
void RunCutter::close_document() {
  const std::string_view rest = splitter_->rest();
  if (rest.size() <= kept_from_) {
    kept_from_ -= rest.size();
  } else {
    keep(rest);
  }
  line_ = splitter_->line();
  refused_ = splitter_->consumed() == 0;
  splitter_.reset();
}

bool RunCutter::next_elements(Run& run) {
  run.kind = Run::Kind::Elements;
  run.first_line = splitter_->line();
  Chunk piece;
  std::string texts;
  const auto hand_out = [&] {
    run.bytes.reserve(texts.size());
    if (!texts.empty()) std::memcpy(run.bytes.data(), texts.data(), texts.size());
    run.bytes.set_size(texts.size());
    return !run.elements.empty();
  };
  bool finished = false;
  for (;;) {
    SplitRecord record;
    while (splitter_->next(record)) {
      run.elements.push_back({static_cast<std::uint32_t>(texts.size()),
                              static_cast<std::uint32_t>(record.text.size()), record.line,
                              record.end});
      texts += record.text;
      if (texts.size() >= run_bytes_ || run.elements.size() >= kElementsMax) return hand_out();
    }
    if (splitter_->done() || finished) {
      close_document();
      return hand_out();
    }
    if (!feed_splitter(piece)) {
      splitter_->finish();
      finished = true;
    }
  }
}

}  // namespace endreason
