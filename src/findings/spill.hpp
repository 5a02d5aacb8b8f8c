// SPDX-License-Identifier: Apache-2.0
// Sorted runs of key counts on disk, and the merge that adds equal keys up.
//
// Runs live in unnamed temporary files: nothing is left behind, however the process ends. A run is
// read once, front to back, through a small buffer. Not thread-safe; runs may move between threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "findings/key_table.hpp"

namespace endreason {

// A temporary file without a name. `directory` empty: TMPDIR, else /var/tmp, else /tmp.
class SpillFile {
 public:
  static Result<std::shared_ptr<SpillFile>> create(const std::string& directory);
  ~SpillFile();
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  Result<void> append(const char* data, std::size_t size);
  // Fills the buffer from `offset`; fewer bytes than asked for are an error.
  Result<void> read(std::uint64_t offset, char* data, std::size_t size) const;
  std::uint64_t size() const { return size_; }

 private:
  SpillFile(int descriptor, std::string directory)
      : descriptor_(descriptor), directory_(std::move(directory)) {}
  int descriptor_;
  std::uint64_t size_ = 0;
  std::string directory_;
};

struct SpillRun {
  std::shared_ptr<SpillFile> file;
  std::uint64_t offset{};
  std::uint64_t size{};  // bytes
};

// Writes one run to the end of a file.
class RunWriter {
 public:
  explicit RunWriter(std::shared_ptr<SpillFile> file);
  Result<void> write(const KeyCount& entry);
  Result<SpillRun> finish();

 private:
  std::shared_ptr<SpillFile> file_;
  std::uint64_t begin_;
  std::string buffer_;
};

// Something that yields key counts in sorted order. next() gives nothing at the end; the key
// borrows from the source until the following next().
class SortedSource {
 public:
  virtual ~SortedSource() = default;
  virtual Result<std::optional<KeyCount>> next() = 0;
};
std::unique_ptr<SortedSource> source_of(SpillRun run);

// Merges sorted sources into one, equal keys added up.
class MergedSource final : public SortedSource {
 public:
  explicit MergedSource(std::vector<std::unique_ptr<SortedSource>> sources);
  Result<std::optional<KeyCount>> next() override;

 private:
  struct Head {
    KeyCount entry;
    SortedSource* source;
  };
  Result<void> start();
  Result<void> advance();  // moves the first head's source on
  static bool later(const Head& a, const Head& b) { return sorts_before(b.entry, a.entry); }

  std::vector<std::unique_ptr<SortedSource>> sources_;
  std::vector<Head> heads_;  // a heap, the head that sorts first in front
  bool started_ = false;
  std::string key_;  // of the entry given out last
};

// The most runs that are read at a time; with their buffers they stay below 2.5 MiB.
inline constexpr std::size_t kMergeRunsMax = 64;

// Merges runs in passes until at most kMergeRunsMax are left.
Result<void> reduce_runs(std::vector<SpillRun>& runs, const std::string& directory);

}  // namespace endreason
