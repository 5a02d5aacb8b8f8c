// SPDX-License-Identifier: Apache-2.0
#include "parse/json_splitter.hpp"

#include "parse/json_members.hpp"

namespace endreason {
namespace {

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}
constexpr bool is_scalar_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '+' || c == '.';
}
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

}  // namespace

std::uint64_t JsonSplitter::hold() const {
  if (skipping_) return skip_hold();
  if (spent_ < frames_.size()) return frames_[spent_].begin;
  return pos_;
}

// A record ends where its object does; all objects around it are then known to be wrappers.
bool JsonSplitter::close(char c, Extent& extent) {
  const bool is_object = c == '}';
  if (frames_.empty() || frames_.back().is_object != is_object || last_ == Last::Comma ||
      last_ == Last::Colon || last_ == Last::Key)
    return broken(extent);
  const Frame frame = frames_.back();
  frames_.pop_back();
  if (frames_.size() < over_long_) over_long_ = 0;
  const bool was_spent = spent_ > frames_.size();
  if (was_spent) spent_ = frames_.size();
  if (is_object) --objects_;
  if (frame.marked) --marked_;
  last_ = Last::Value;
  ++pos_;
  // Unmarked: an object in nothing but arrays, or a whole document in which no record was found.
  const bool alone = is_object ? objects_ == 0 : frames_.empty();
  if (was_spent || (frame.marked ? marked_ > 0 : !alone)) return false;
  if (!is_object && frames_.empty() &&
      between(frame.begin + 1, pos_ - 1).find_first_not_of(" \t\r\n") == std::string_view::npos)
    return false;  // "[]": no record, and nothing wrong
  spent_ = frames_.size();
  extent = {frame.begin, pos_, frame.line, SplitEnd::Complete};
  return true;
}

bool JsonSplitter::value_fits() const {
  if (frames_.empty()) return true;
  if (frames_.back().is_object) return last_ == Last::Colon;
  return last_ == Last::Open || last_ == Last::Comma;
}

bool JsonSplitter::open(char c, Extent& extent) {
  // An object that begins in the first column is no member's value: the line before was cut.
  const bool new_line = c == '{' && pos_ == line_start_ && last_ == Last::Colon;
  if (!value_fits() || new_line || frames_.size() >= kDepthMax) return broken(extent);
  frames_.push_back({pos_, line_, c == '{', false});
  if (c == '{') ++objects_;
  last_ = Last::Open;
  opened_ = true;
  ++pos_;
  return false;
}

// A scalar that is a member's value: does it name a log?
void JsonSplitter::take_value(std::uint64_t begin, std::uint64_t end) {
  const bool is_member = frames_.back().is_object;
  last_ = Last::Value;
  if (!is_member || marked_ > 0 || spent_ == frames_.size()) return;
  const std::string_view value = between(begin, end);
  if (value == "null" || !names_a_log(between(key_.begin, key_.end), value)) return;
  frames_.back().marked = true;
  ++marked_;
}

bool JsonSplitter::end_string(Extent& extent) {
  in_string_ = false;
  const Span inside{token_ + 1, pos_};
  const bool is_key =
      !frames_.empty() && frames_.back().is_object && (last_ == Last::Open || last_ == Last::Comma);
  if (!is_key && !value_fits()) return broken(extent);
  ++pos_;
  if (is_key) {
    key_ = inside;
    last_ = Last::Key;
  } else {
    take_value(inside.begin, inside.end);
  }
  return false;
}

bool JsonSplitter::step_string(Extent& extent) {
  while (pos_ < fed()) {
    const std::string_view rest = since(pos_);
    std::size_t plain = 0;
    while (plain < rest.size() && rest[plain] != '"' && rest[plain] != '\\' && rest[plain] != '\n')
      ++plain;
    pos_ += plain;
    if (plain == rest.size()) return false;
    const char c = at(pos_);
    if (c == '"') return end_string(extent);
    if (c == '\n') return broken(extent);  // no line break stands in a JSON string
    if (c == '\\') {
      if (pos_ + 1 >= fed() && !finished_) return false;
      if (pos_ + 1 < fed() && at(pos_ + 1) != '\n') ++pos_;
    }
    ++pos_;
  }
  return false;
}

bool JsonSplitter::step_scalar(Extent& extent) {
  while (pos_ < fed() && is_scalar_char(at(pos_))) ++pos_;
  if (pos_ == fed() && !finished_) return false;
  in_scalar_ = false;
  if (frames_.empty() || !value_fits()) return broken(extent);
  take_value(token_, pos_);
  return false;
}

// Outside of every document. True when this byte begins something that is not ours.
bool JsonSplitter::between_documents(char c) {
  if (!began_) {
    const std::string_view head = since(pos_);
    if (head.size() < kByteOrderMark.size() && kByteOrderMark.starts_with(head) && !finished_)
      return false;
    began_ = true;
    if (head.starts_with(kByteOrderMark)) {
      pos_ += kByteOrderMark.size();
      return false;
    }
  }
  if (c == ',' && opened_) {
    ++pos_;
    return false;
  }
  if (c == '{' || c == '[') return false;
  return done_ = true;
}

// The open record ends at the last line that belongs to it, or else with this line.
bool JsonSplitter::broken(Extent& extent) {
  const bool open = spent_ < frames_.size();
  const std::uint64_t begin = open ? frames_[spent_].begin : pos_;
  const std::uint64_t line = open ? frames_[spent_].line : line_;
  const bool reported = over_long_ > 0;
  frames_.clear();
  spent_ = objects_ = marked_ = over_long_ = 0;
  in_string_ = in_scalar_ = false;
  last_ = Last::Nothing;
  if (line_start_ > begin) {
    extent = {begin, line_start_ - 1, line, SplitEnd::Cut};
    pos_ = line_start_;
    return true;
  }
  // Only wrappers were open, and the line begins an object: nothing to report, read on.
  if (!open && pos_ < fed() && at(pos_) == '{' && pos_ == line_start_) return false;
  start_skipping(begin, line, reported);
  return false;
}

bool JsonSplitter::too_long(Extent& extent) {
  std::size_t first = spent_;
  while (first + 1 < frames_.size() && !frames_[first].is_object) ++first;  // the list is not it
  extent = {frames_[first].begin, pos_, frames_[first].line, SplitEnd::TooLong};
  spent_ = frames_.size();
  over_long_ = first + 1;
  return true;
}

bool JsonSplitter::at_end(Extent& extent) {
  if (pos_ < fed() || frames_.empty()) return false;
  const bool open = spent_ < frames_.size();
  if (open) extent = {frames_[spent_].begin, pos_, frames_[spent_].line, SplitEnd::Cut};
  frames_.clear();
  spent_ = objects_ = marked_ = over_long_ = 0;
  in_string_ = in_scalar_ = false;
  return open;
}

// One token, blank or part of one. True when a record is complete.
bool JsonSplitter::step(Extent& extent) {
  if (in_string_) return step_string(extent);
  if (in_scalar_) return step_scalar(extent);
  const char c = at(pos_);
  if (c == '\n') {
    step_line();
    return false;
  }
  if (is_blank(c)) {
    ++pos_;
    return false;
  }
  if (frames_.empty()) {
    const std::uint64_t before = pos_;
    if (between_documents(c) || pos_ != before || (c != '{' && c != '[')) return false;
  }
  if (c == '{' || c == '[') return open(c, extent);
  if (c == '}' || c == ']') return close(c, extent);
  if (c == '"' || is_scalar_char(c)) {
    token_ = pos_;
    in_string_ = c == '"';
    in_scalar_ = !in_string_;
    ++pos_;
    return false;
  }
  const bool colon = c == ':' && last_ == Last::Key;
  const bool comma = c == ',' && last_ == Last::Value;
  if (!colon && !comma) return broken(extent);
  last_ = colon ? Last::Colon : Last::Comma;
  ++pos_;
  return false;
}

bool JsonSplitter::scan(Extent& extent) {
  while (!done_) {
    if (skipping_) {
      if (skip_line(extent)) return true;
      if (skipping_) return false;
      continue;
    }
    if (pos_ >= fed()) return finished_ && at_end(extent);
    const std::uint64_t before = pos_;
    if (step(extent)) return true;
    if (spent_ < frames_.size() && pos_ - frames_[spent_].begin > limit_) return too_long(extent);
    // No progress: an escape or a byte order mark that goes on in the next piece.
    if (pos_ == before && !finished_ && (in_string_ || !began_)) return false;
  }
  return false;
}

}  // namespace endreason
