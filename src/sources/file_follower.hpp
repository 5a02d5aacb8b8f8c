// SPDX-License-Identifier: Apache-2.0
// FileFollower: logs that grow -> whole lines for a sink, each piece with the place behind it.
// Files may be rotated by renaming or by copying and truncating, truncated, or appear later; after
// a start, what was rotated away meanwhile is found again by its content and read to its end first.
// A thread of its own reads all of them; when the sink takes nothing, it waits.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "sources/file_place.hpp"
#include "sources/folder_events.hpp"

namespace endreason {

struct FollowOptions {
  std::vector<std::string> files;
  PieceSink take;
  std::function<void(std::string_view key)> forget;  // a place that nobody will ask for again
  std::function<void(std::string_view)> message;
  std::chrono::milliseconds look{1000};     // where no event tells that there is something
  std::chrono::milliseconds quiet{10'000};  // a renamed file is still written to for a while
};

struct FollowedFile {
  std::string path;
  bool there{};
  std::uint64_t size{}, offset{};
};

class FileFollower {
 public:
  // `places`: all that are known; those of other readers are left alone.
  FileFollower(FollowOptions options, const FilePlaces& places);
  ~FileFollower();
  FileFollower(const FileFollower&) = delete;
  FileFollower& operator=(const FileFollower&) = delete;

  void start();
  void stop();
  std::vector<FollowedFile> files() const;

 private:
  class Followed;
  void work();

  FollowOptions options_;
  FolderEvents events_;
  std::vector<std::unique_ptr<Followed>> followed_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;  // guards state_
  std::vector<FollowedFile> state_;
  std::thread thread_;
};

}  // namespace endreason
