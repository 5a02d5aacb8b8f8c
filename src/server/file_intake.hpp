// SPDX-License-Identifier: Apache-2.0
// FileIntake: everything that a server reads from files, into the ingestor: what is loaded at the
// start, logs that are followed, folders that are watched, and captures that were posted, which it
// keeps in a folder of their own so that the ladders of their sessions can be shown later.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"
#include "ingest/ingestor.hpp"
#include "sources/file_follower.hpp"
#include "sources/folder_watch.hpp"

namespace endreason {

// The plain bytes of a capture -> the log of its sessions. Whoever has a session engine gives the
// function; the server has none.
using OpenCaptureLog =
    std::function<Result<std::unique_ptr<ByteSource>>(std::unique_ptr<ByteSource> capture)>;

struct FileIntakeOptions {
  std::vector<std::string> load;    // files and folders, read at the start
  std::vector<std::string> follow;  // files
  std::vector<std::string> watch;   // folders
  std::string capture_folder;       // of captures that are posted; empty: none are taken
  std::uint64_t capture_bytes = std::uint64_t{1} << 30;  // of that folder; the oldest go first
  OpenCaptureLog open_capture;                           // nothing: captures are refused
  std::shared_ptr<const KeyNames> keys;                  // by which a header row is known
  std::function<void(std::string_view)> message;
};

class FileIntake {
 public:
  // The ingestor has started, and lives longer.
  FileIntake(Ingestor& ingestor, FileIntakeOptions options);
  ~FileIntake();
  FileIntake(const FileIntake&) = delete;
  FileIntake& operator=(const FileIntake&) = delete;

  // Begins to load, to follow and to watch.
  [[nodiscard]] Result<void> start();
  // Whether everything that was to be loaded has been stored, or has failed.
  bool loaded() const { return loaded_; }
  Result<void> load_result() const;
  void stop();

  // Keeps a capture under a name of its own, which ends with the given one, and has it read. Gives
  // its path.
  Result<std::string> keep_capture(std::string_view bytes, std::string_view name);
  bool has_read(const std::string& path) const;
  std::vector<FollowedFile> followed() const;
  WatchCounts watched() const;

 private:
  Result<std::unique_ptr<ByteSource>> open(const std::string& path, std::string& sender) const;
  bool is_header(std::string_view line) const;
  Result<void> load_all();
  Result<void> make_room_for(std::uint64_t bytes) const;

  Ingestor& ingestor_;
  FileIntakeOptions options_;
  std::unique_ptr<FileFollower> follower_;
  std::unique_ptr<FolderWatch> watch_;
  std::atomic<bool> stopping_{false}, loaded_{false};
  mutable std::mutex mutex_;  // guards what is below
  Result<void> load_result_;
  std::uint64_t captures_kept_ = 0;
  std::thread loading_;
};

}  // namespace endreason
