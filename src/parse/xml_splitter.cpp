// SPDX-License-Identifier: Apache-2.0
#include "parse/xml_splitter.hpp"

#include <algorithm>

namespace endreason {
namespace {

constexpr std::uint64_t kNowhere = UINT64_MAX;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r';
}
constexpr bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
constexpr bool is_name_char(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':';
}

}  // namespace

std::uint64_t XmlSplitter::hold() const {
  if (skipping_) return skip_hold();
  return entry_open_ || answer_kept_ ? std::min(begin_, pos_) : pos_;
}

void XmlSplitter::forget_document() {
  depth_ = meta_depth_ = 0;
  entry_open_ = answer_kept_ = has_logs_ = false;
}

// What is open (an entry, or an answer without entries) as a record that ends here.
bool XmlSplitter::take_open(std::uint64_t end, SplitEnd how, Extent& extent) {
  if (!entry_open_ && !answer_kept_) return false;
  extent = {begin_, end, begin_line_, how};
  return true;
}

// Steps over text. False: it is no text of this document.
bool XmlSplitter::step_text() {
  while (pos_ < fed()) {
    const char c = at(pos_);
    if (c == '<') return true;
    if (c == '\n') {
      step_line();
      continue;
    }
    // Text in the first column of a line is a log line, not the rest of a value.
    if (!is_blank(c) && (depth_ == 0 || pos_ == line_start_)) return false;
    ++pos_;
  }
  return true;
}

std::uint64_t XmlSplitter::find_end(std::string_view mark) {
  const std::uint64_t overlap = mark.size() - 1;
  const std::uint64_t from = std::max(pos_, searched_ > overlap ? searched_ - overlap : 0);
  const std::size_t found = since(from).find(mark);
  if (found != std::string_view::npos) return from + found + mark.size();
  searched_ = fed();
  return kNowhere;
}

// The end of a tag; '>' inside an attribute's quotes is none.
std::uint64_t XmlSplitter::find_tag_end() const {
  char quote = '\0';
  for (std::uint64_t i = pos_ + 1; i < fed(); ++i) {
    const char c = at(i);
    if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '>') {
      return i + 1;
    }
  }
  return kNowhere;
}

// The markup at pos_ ('<'): its kind, its name, and where it ends.
XmlSplitter::Markup XmlSplitter::read_markup(std::string_view& name, std::uint64_t& end) {
  constexpr std::string_view kCdata = "<![CDATA[";
  const std::string_view head = since(pos_);
  if (head.size() < kCdata.size() && !finished_ && head.find('>') == std::string_view::npos)
    return Markup::Unfinished;
  if (head.starts_with("<!--") || head.starts_with(kCdata) || head.starts_with("<?")) {
    end = find_end(head[1] == '?' ? "?>" : head[2] == '-' ? "-->" : "]]>");
    return end == kNowhere ? Markup::Unfinished : Markup::Other;
  }
  const bool closing = head.starts_with("</");
  const std::size_t first = closing ? 2 : 1;
  const bool declaration = head.starts_with("<!");
  if (!declaration && (head.size() <= first || !is_name_start(head[first]))) return Markup::Bad;
  end = find_tag_end();
  if (end == kNowhere) return head.size() > kTagBytesMax ? Markup::Bad : Markup::Unfinished;
  if (declaration) return Markup::Other;
  std::size_t last = first;
  while (last < head.size() && is_name_char(head[last])) ++last;
  name = head.substr(first, last - first);
  if (closing) return Markup::Close;
  return at(end - 2) == '/' ? Markup::SelfClosing : Markup::Open;
}

// Goes to `end`, counting the lines on the way.
void XmlSplitter::pass(std::uint64_t end) {
  const std::string_view passed = between(pos_, end);
  const std::size_t last = passed.rfind('\n');
  if (last != std::string_view::npos) {
    line_ += static_cast<std::uint64_t>(std::count(passed.begin(), passed.end(), '\n'));
    line_start_ = pos_ + last + 1;
  }
  pos_ = end;
}

bool XmlSplitter::open_tag(std::string_view name, bool self_closing, std::uint64_t end,
                           Extent& extent) {
  bool given = false;
  if (depth_ == 0 && !entry_open_) {
    forget_document();
    answer_kept_ = true;
    begin_ = pos_;
    begin_line_ = line_;
  }
  if (name == "logs") {
    has_logs_ = true;
    answer_kept_ = false;
  }
  if (name == "meta" && meta_depth_ == 0 && !self_closing) meta_depth_ = depth_ + 1;
  if (name == "entry" && meta_depth_ == 0) {
    // An entry inside an entry: the outer one lost its end.
    if (entry_open_) {
      given = take_open(pos_, SplitEnd::Cut, extent);
      depth_ = entry_depth_;
    }
    answer_kept_ = false;
    entry_open_ = !self_closing;
    has_logs_ = true;
    entry_depth_ = depth_;
    begin_ = pos_;
    begin_line_ = line_;
  }
  if (!self_closing) ++depth_;
  pass(end);
  return given;
}

bool XmlSplitter::end_root(Extent& extent) {
  const bool given = take_open(pos_, SplitEnd::Complete, extent);
  forget_document();
  return given;
}

bool XmlSplitter::close_tag(std::string_view name, std::uint64_t end, Extent& extent) {
  if (depth_ == 0) return broken(extent);
  if (entry_open_ && depth_ == entry_depth_ + 1 && name != "entry") return broken(extent);
  pass(end);
  if (name == "entry" && entry_open_) {
    const bool given = take_open(end, SplitEnd::Complete, extent);
    entry_open_ = false;
    depth_ = entry_depth_;
    if (depth_ == 0) forget_document();
    return given;
  }
  if (meta_depth_ == depth_) meta_depth_ = 0;
  if (--depth_ == 0) return end_root(extent);
  return false;
}

// What is open ends at the last whole line of it; what follows is not ours.
bool XmlSplitter::broken(Extent& extent) {
  const bool open = entry_open_ || answer_kept_;
  const std::uint64_t from = open ? begin_ : pos_;
  const std::uint64_t from_line = open ? begin_line_ : line_;
  const bool at_new_line = open ? line_start_ > begin_ : line_start_ == pos_ && depth_ > 0;
  if (at_new_line) {
    const bool given = take_open(line_start_ - 1, SplitEnd::Cut, extent);
    forget_document();
    pos_ = line_start_;
    done_ = true;
    return given;
  }
  forget_document();
  start_skipping(from, from_line);
  return false;
}

bool XmlSplitter::step(Extent& extent) {
  if (!step_text()) {
    if (depth_ > 0) return broken(extent);
    done_ = true;
    return false;
  }
  if (pos_ >= fed()) return false;
  std::string_view name;
  std::uint64_t end = 0;
  switch (read_markup(name, end)) {
    case Markup::Unfinished:
      if (finished_) pos_ = fed();
      return false;
    case Markup::Bad:
      return broken(extent);
    case Markup::Other:
      pass(end);
      searched_ = 0;
      return false;
    case Markup::Close:
      return close_tag(name, end, extent);
    case Markup::Open:
    case Markup::SelfClosing:
      break;
  }
  const bool self_closing = at(end - 2) == '/';
  if (open_tag(name, self_closing, end, extent)) return true;
  if (!self_closing) return false;
  if (name == "entry" && meta_depth_ == 0) {
    extent = {begin_, pos_, begin_line_, SplitEnd::Complete};
    return true;
  }
  return depth_ == 0 && end_root(extent);
}

bool XmlSplitter::scan(Extent& extent) {
  if (pos_ == 0 && depth_ == 0 && since(0).starts_with(kByteOrderMark))
    pos_ = kByteOrderMark.size();
  while (!done_) {
    if (skipping_) {
      if (skip_line(extent)) return true;
      if (skipping_) return false;
      continue;
    }
    if (pos_ >= fed()) {
      const bool given = finished_ && take_open(pos_, SplitEnd::Cut, extent);
      if (finished_) forget_document();
      return given;
    }
    const std::uint64_t before = pos_;
    if (step(extent)) return true;
    if (entry_open_ && pos_ - begin_ > limit_) {
      const bool given = take_open(pos_, SplitEnd::TooLong, extent);
      entry_open_ = false;
      return given;
    }
    if (answer_kept_ && pos_ - begin_ > kAnswerBytesMax) answer_kept_ = false;
    if (pos_ == before && !skipping_ && !done_) return false;
  }
  return false;
}

}  // namespace endreason
