// SPDX-License-Identifier: Apache-2.0
// FolderWatch: folders into which files are dropped -> what is in the files, once. A file is read
// when whoever writes it has closed it, or it has not changed for a while; one that grows later is
// read on from where it ended. A thread of its own; when the sink takes nothing, it waits.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "sources/byte_source.hpp"
#include "sources/file_place.hpp"
#include "sources/folder_events.hpp"

namespace endreason {

struct WatchOptions {
  std::vector<std::string> folders;
  // A file as lines or a document, and how its sender is called.
  std::function<Result<std::unique_ptr<ByteSource>>(const std::string& path, std::string& sender)>
      open;
  std::function<bool(std::string_view line)> header;  // whether it is a header row of an export
  PieceSink take;
  std::function<void(std::string_view key)> forget;
  std::function<void(std::string_view)> message;
  std::chrono::milliseconds look{1000};
  std::chrono::milliseconds settle{2000};  // a file that has not changed for so long is whole
};

struct WatchCounts {
  std::uint64_t read{};    // files, to their ends
  std::uint64_t failed{};  // of these, that could not be read, or not all of them
};

class FolderWatch {
 public:
  FolderWatch(WatchOptions options, const FilePlaces& places);
  ~FolderWatch();
  FolderWatch(const FolderWatch&) = delete;
  FolderWatch& operator=(const FolderWatch&) = delete;

  // Fails for a folder that is none.
  [[nodiscard]] Result<void> start();
  void stop();
  WatchCounts counts() const;
  // Whether this file, as it is now, has been read to its end.
  bool has_read(const std::string& path) const;

 private:
  struct Seen {
    std::uint64_t stamp{};
    std::chrono::steady_clock::time_point since;
    bool read = false;
  };
  void work();
  void look(const std::vector<std::string>& finished);
  void look_at(const std::string& path, bool finished);
  void read(const std::string& path, std::uint64_t stamp);
  bool keep(std::string_view sender, std::string_view text, std::string_view key,
            const FilePlace& place);
  void forget_what_is_gone();
  bool is_watched(std::string_view path) const;

  WatchOptions options_;
  FolderEvents events_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards what is below
  FilePlaces places_;         // by key
  std::map<std::string, Seen> seen_;
  std::map<std::uint64_t, FilePlace> read_;  // by stamp: a file that is renamed is the same
  WatchCounts counts_;
  std::thread thread_;
};

}  // namespace endreason
