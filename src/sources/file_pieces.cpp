// SPDX-License-Identifier: Apache-2.0
#include "sources/file_pieces.hpp"

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include <fmt/format.h>

#include "base/chunk.hpp"

namespace endreason {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kHeadedPieceBytes = 16 << 20;  // the header row is counted with each
constexpr std::size_t kDocumentMax = 32u << 20;      // a document has to be whole
constexpr std::size_t kLineMax = 4u << 20;           // far more than a record may have
constexpr auto kRetry = std::chrono::milliseconds(20);

// JSON or XML, whose records are not lines.
bool begins_document(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (at == std::string_view::npos) return false;
  const char next = at + 1 < text.size() ? text[at + 1] : '\0';
  return text[at] == '[' || text[at] == '{' || (text[at] == '<' && (next < '0' || next > '9'));
}

// JSON one object a line is lines.
bool begins_whole_line_of_json(std::string_view text) {
  const std::size_t at = text.find_first_not_of(" \t\r\n\xef\xbb\xbf");
  if (at == std::string_view::npos || text[at] != '{') return false;
  std::string_view line = text.substr(at, text.find('\n', at) - at);
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) line.remove_suffix(1);
  return text.find('\n', at) != std::string_view::npos && line.ends_with('}');
}

class Pieces {
 public:
  Pieces(const PieceOptions& options, const FilePlace& place)
      : options_(options), place_(place), skip_(place.offset) {}

  // Takes bytes; false when it was stopped.
  bool add(std::string_view bytes, Result<void>& fault) {
    const auto known = static_cast<std::size_t>(std::min<std::uint64_t>(skip_, bytes.size()));
    tail_.add(bytes.substr(0, known));
    skip_ -= known;
    if (!begun_) look_at_begin(bytes);
    kept_ += bytes.substr(known);
    if (document_) {
      if (kept_.size() > kDocumentMax)
        fault = fail(Error::Code::Input, "a document of more than 32 MiB is not read");
      return true;
    }
    const std::size_t wanted = header_.empty() ? kPieceBytes : kHeadedPieceBytes;
    if (kept_.size() < wanted) return true;
    std::size_t end = kept_.rfind('\n');
    if (end == std::string::npos && kept_.size() < kLineMax) return true;
    end = end == std::string::npos ? kept_.size() : end + 1;
    std::string piece = kept_.substr(0, end);
    kept_.erase(0, end);
    return give(std::move(piece));
  }

  bool finish(std::uint64_t stamp) {
    if (!kept_.empty() && !give(std::move(kept_))) return false;
    place_.stamp = stamp;
    return waiting_.empty() || hand_over();
  }

 private:
  // What comes is told by its first line, once that is there.
  void look_at_begin(std::string_view bytes) {
    begin_.append(bytes.substr(0, kBeginBytes - begin_.size()));
    const std::size_t end = begin_.find('\n');
    begun_ = end != std::string::npos || begin_.size() == kBeginBytes;
    document_ = begins_document(begin_) && !begins_whole_line_of_json(begin_);
    if (begun_ && !document_ && options_.header && options_.header(begin_.substr(0, end)))
      header_ = begin_.substr(0, end + 1);
    if (begun_) begin_.clear();
  }

  // The last one waits for the next, so that the end is known with the last.
  bool give(std::string piece) {
    if (!waiting_.empty() && !hand_over()) return false;
    waiting_ = std::move(piece);
    return true;
  }

  bool hand_over() {
    tail_.add(waiting_);
    place_.offset += waiting_.size();
    place_.tail = tail_.digest();
    const bool headed = !header_.empty() && place_.offset > waiting_.size();
    const std::string text = headed ? header_ + waiting_ : std::move(waiting_);
    while (!options_.take(options_.sender, text, options_.key, place_)) {
      if (options_.stopped && options_.stopped()) return false;
      std::this_thread::sleep_for(kRetry);
    }
    waiting_.clear();
    return true;
  }

  static constexpr std::size_t kBeginBytes = 64 << 10;
  const PieceOptions& options_;
  FilePlace place_;
  FileTail tail_;
  std::uint64_t skip_;
  std::string kept_, waiting_, header_, begin_;
  bool begun_ = false, document_ = false;
};

}  // namespace

Result<bool> read_pieces(ByteSource& source, const FilePlace& place, std::uint64_t stamp,
                         const PieceOptions& options) {
  Pieces pieces(options, place);
  Chunk buffer(256 << 10);
  while (true) {
    const auto count = source.read(buffer.writable());
    if (count && *count > 0) {
      Result<void> fault;
      if (!pieces.add({buffer.data(), *count}, fault)) return false;
      if (!fault) return tl::unexpected(fault.error());
      continue;
    }
    if (!pieces.finish(stamp)) return false;
    if (!count) return tl::unexpected(count.error());
    return true;
  }
}

Result<bool> continues_at(ByteSource& source, const FilePlace& place) {
  FileTail tail;
  Chunk buffer(256 << 10);
  for (std::uint64_t left = place.offset; left > 0;) {
    const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.capacity()));
    const auto count = source.read(buffer.writable().first(room));
    if (!count) return tl::unexpected(count.error());
    if (*count == 0) return false;
    tail.add({buffer.data(), *count});
    left -= *count;
  }
  return tail.digest() == place.tail;
}

}  // namespace endreason
