// SPDX-License-Identifier: Apache-2.0
// DocumentSplitter: bytes of a JSON or XML document, fed in pieces -> the extents of its records.
// What is between records (brackets, wrappers) is skipped; a document without records is given
// whole, so that a reader can say what is wrong with it. Not thread-safe.
//
// Use: feed() a piece, call next() until it is false, and so on; finish() when there is no more,
// then next() until it is false. done() says that the document has ended: what rest() holds, and
// what would be fed next, belongs to somebody else. Memory is bounded by the limit and the size of
// a piece.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace endreason {

enum class SplitEnd : std::uint8_t {
  Complete,
  Cut,      // the document ended or broke off inside this record
  TooLong,  // the record is longer than the limit; text is its beginning
};

struct SplitRecord {
  std::string_view text;  // borrows from the splitter, until the next feed()
  std::uint64_t line{};   // where it starts, counted from 1
  SplitEnd end{SplitEnd::Complete};
  bool complete() const { return end == SplitEnd::Complete; }
};

class DocumentSplitter {
 public:
  static constexpr std::size_t kRecordBytesMax = 4u << 20;
  static constexpr std::size_t kTooLongShown = 1024;  // bytes of a TooLong record that are given

  explicit DocumentSplitter(std::uint64_t first_line = 1,
                            std::size_t record_bytes_max = kRecordBytesMax)
      : line_(first_line), limit_(record_bytes_max) {}
  virtual ~DocumentSplitter() = default;
  DocumentSplitter(const DocumentSplitter&) = delete;
  DocumentSplitter& operator=(const DocumentSplitter&) = delete;

  // REQUIRES: next() was called until it gave false, and finish() was not called.
  void feed(std::string_view bytes);
  void finish() { finished_ = true; }
  bool next(SplitRecord& record);
  bool done() const { return done_; }
  // Bytes that were fed but are not part of the document; only once done().
  std::string_view rest() const { return done_ ? since(pos_) : std::string_view{}; }
  // Bytes of all that was fed that the document took, blanks behind it included.
  std::uint64_t consumed() const { return pos_; }
  // The line that consumed() is in.
  std::uint64_t line() const { return line_; }

 protected:
  struct Extent {
    std::uint64_t begin{}, end{};  // bytes since the first feed()
    std::uint64_t line{};
    SplitEnd how{SplitEnd::Complete};
  };
  // Goes on from pos_ until a record is complete (true), or the bytes are used up or the document
  // is done (false).
  virtual bool scan(Extent& extent) = 0;
  // The earliest byte that is still needed.
  virtual std::uint64_t hold() const = 0;

  std::uint64_t fed() const { return base_ + buffer_.size(); }
  char at(std::uint64_t offset) const { return buffer_[static_cast<std::size_t>(offset - base_)]; }
  std::string_view between(std::uint64_t begin, std::uint64_t end) const {
    return std::string_view(buffer_).substr(static_cast<std::size_t>(begin - base_),
                                            static_cast<std::size_t>(end - begin));
  }
  std::string_view since(std::uint64_t offset) const { return between(offset, fed()); }
  // pos_ stands on a line break: steps over it.
  void step_line() {
    ++line_;
    ++pos_;
    line_start_ = pos_;
  }
  // After a break: goes to the end of the line, which is given as a record; false: not there yet.
  bool skip_line(Extent& extent);
  // `reported`: the record that the line is part of was given already.
  void start_skipping(std::uint64_t from, std::uint64_t line, bool reported = false) {
    skip_from_ = from;
    skip_line_ = line;
    skipping_ = true;
    skip_reported_ = reported;
  }
  std::uint64_t skip_hold() const { return skip_reported_ ? pos_ : skip_from_; }

  std::uint64_t pos_ = 0;         // the next byte to look at
  std::uint64_t line_start_ = 0;  // of the line that pos_ is in
  std::uint64_t line_;
  std::size_t limit_;
  bool finished_ = false;
  bool done_ = false;
  bool skipping_ = false;

 private:
  std::string buffer_;
  std::uint64_t base_ = 0;  // what buffer_[0] is, counted from the first feed()
  std::uint64_t skip_from_ = 0;
  std::uint64_t skip_line_ = 0;
  bool skip_reported_ = false;
};

}  // namespace endreason
