// SPDX-License-Identifier: Apache-2.0
// FilePlace: how far a file has been read, so that a reader that starts again goes on there and
// nowhere else. A file is known by what stands in front of the place, not by its name: files are
// renamed, copied, compressed and written anew. Plain values; no thread owns them.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace endreason {

struct FilePlace {
  std::uint64_t offset{};  // plain bytes that have been received
  std::uint64_t tail{};    // digest of what stands in front of it
  std::uint64_t stamp{};   // of a file that was read to its end: what it was like; else 0
  friend bool operator==(const FilePlace&, const FilePlace&) = default;
};
// By a key that the reader of the file chose.
using FilePlaces = std::map<std::string, FilePlace, std::less<>>;

// As bytes that travel with the text, and back. False: these bytes are no place.
std::string place_bytes(std::string_view key, const FilePlace& place);
bool read_place(std::string_view bytes, std::string_view& key, FilePlace& place);

// The last bytes of what has been read.
class FileTail {
 public:
  static constexpr std::size_t kBytes = 256;
  void add(std::string_view bytes);
  void clear() { bytes_.clear(); }
  std::string_view bytes() const { return bytes_; }
  std::uint64_t digest() const;

 private:
  std::string bytes_;
};

// Whole lines of a file, or a document, with the place behind them. False: nothing was taken.
using PieceSink = std::function<bool(std::string_view sender, std::string_view text,
                                     std::string_view key, const FilePlace& place)>;

}  // namespace endreason
