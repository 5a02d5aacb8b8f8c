// SPDX-License-Identifier: Apache-2.0
#include "sources/folder_watch.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "sources/file_pieces.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

// Unlike keys of files that are followed, which begin with a number above 0.
constexpr std::string_view kKeyBegin = "0:";

std::string key_of(std::string_view path) {
  return std::string(kKeyBegin) + std::string(path);
}

// What a file is like, as one number; 0 for what is no file.
std::uint64_t stamp_of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0 || !S_ISREG(s.st_mode)) return 0;
  FileTail tail;
  tail.add(fmt::format("{} {} {} {} {}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec,
                       s.st_mtim.tv_nsec));
  return std::max<std::uint64_t>(tail.digest(), 1);
}

// Whether somebody has it open for writing, where we may know: a lease for reading is refused then.
bool is_being_written(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return false;
  const bool refused = ::fcntl(file, F_SETLEASE, F_RDLCK) != 0 && errno == EAGAIN;
  ::close(file);  // and with it goes the lease
  return refused;
}

}  // namespace

FolderWatch::FolderWatch(WatchOptions options, const FilePlaces& places)
    : options_(std::move(options)) {
  for (const auto& [key, place] : places) {
    if (!key.starts_with(kKeyBegin) || !is_watched(key.substr(kKeyBegin.size()))) continue;
    places_[key] = place;
    if (place.stamp != 0) read_[place.stamp] = place;
  }
}

FolderWatch::~FolderWatch() {
  stop();
}

bool FolderWatch::is_watched(std::string_view path) const {
  return std::any_of(options_.folders.begin(), options_.folders.end(), [&](const auto& folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
  });
}

Result<void> FolderWatch::start() {
  for (const std::string& folder : options_.folders) {
    std::error_code failed;
    if (!fs::is_directory(folder, failed))
      return fail(
          Error::Code::Usage,
          fmt::format("{}: this is no folder that could be watched; make it first", folder));
  }
  if (!options_.folders.empty()) thread_ = std::thread([this] { work(); });
  return {};
}

void FolderWatch::stop() {
  stopping_ = true;
  events_.wake();
  if (thread_.joinable()) thread_.join();
}

void FolderWatch::work() {
  for (const std::string& folder : options_.folders) events_.watch(folder);
  std::vector<std::string> finished;
  while (!stopping_) {
    look(finished);
    finished = events_.wait(options_.look);
  }
}

// Files in the order of their paths' bytes; what begins with a dot is somebody's temporary file.
void FolderWatch::look(const std::vector<std::string>& finished) {
  std::vector<std::string> paths;
  for (const std::string& folder : options_.folders) {
    std::error_code failed;
    for (fs::recursive_directory_iterator
             at(folder, fs::directory_options::skip_permission_denied, failed),
         end;
         !failed && at != end; at.increment(failed)) {
      const bool hidden = at->path().filename().string().starts_with('.');
      std::error_code ignored;
      if (at->is_directory(ignored)) {
        if (hidden || at->is_symlink(ignored)) {
          at.disable_recursion_pending();
        } else {
          events_.watch(at->path().string());
        }
      } else if (!hidden && at->is_regular_file(ignored)) {
        paths.push_back(at->path().string());
      }
    }
  }
  std::sort(paths.begin(), paths.end());
  for (const std::string& path : paths) {
    if (stopping_) return;
    look_at(path, std::find(finished.begin(), finished.end(), path) != finished.end());
  }
  forget_what_is_gone();
}

void FolderWatch::look_at(const std::string& path, bool finished) {
  const std::uint64_t stamp = stamp_of(path);
  if (stamp == 0) return;
  const auto now = std::chrono::steady_clock::now();
  std::optional<FilePlace> renamed;
  {
    const std::scoped_lock lock(mutex_);
    Seen& seen = seen_[path];
    if (seen.stamp != stamp) seen = {stamp, now, false};
    if (seen.read) return;
    const auto known = read_.find(stamp);
    if (known == read_.end()) {
      if (!finished && (now - seen.since < options_.settle || is_being_written(path))) return;
    } else {
      seen.read = true;
      if (places_.contains(key_of(path))) return;
      renamed = known->second;
    }
  }
  if (renamed) {
    static_cast<void>(keep({}, {}, key_of(path), *renamed));
  } else {
    read(path, stamp);
  }
}

// Hands over, and knows the place then.
bool FolderWatch::keep(std::string_view sender, std::string_view text, std::string_view key,
                       const FilePlace& place) {
  if (stopping_ || !options_.take(sender, text, key, place)) return false;
  const std::scoped_lock lock(mutex_);
  places_.insert_or_assign(std::string(key), place);
  return true;
}

void FolderWatch::read(const std::string& path, std::uint64_t stamp) {
  const std::string key = key_of(path);
  FilePlace place;
  if (const auto known = places_.find(key); known != places_.end()) place = known->second;
  std::string sender;
  const auto attempt = [&]() -> Result<bool> {
    if (place.offset > 0) {
      auto source = options_.open(path, sender);
      if (!source) return tl::unexpected(source.error());
      const auto continues = continues_at(**source, place);
      if (!continues || !*continues) place = {};
    }
    auto source = options_.open(path, sender);
    if (!source) return tl::unexpected(source.error());
    PieceOptions pieces;
    pieces.sender = sender;
    pieces.key = key;
    pieces.stopped = [this] { return stopping_.load(); };
    pieces.header = options_.header;
    pieces.take = [this](auto&&... piece) { return keep(piece...); };
    return read_pieces(**source, place, stamp, pieces);
  };
  const Result<bool> well = attempt();
  if (well && !*well) return;  // stopped
  if (!well && options_.message) options_.message(well.error().message);
  {
    const std::scoped_lock lock(mutex_);
    if (const auto known = places_.find(key); known != places_.end()) place = known->second;
  }
  // A file without a single line, or nothing new in it, has been read too.
  place.stamp = stamp;
  static_cast<void>(keep(sender, {}, key, place));
  const std::scoped_lock lock(mutex_);
  ++counts_.read;
  counts_.failed += !well;
  read_[stamp] = place;
  seen_[path].read = seen_[path].stamp == stamp;
}

void FolderWatch::forget_what_is_gone() {
  std::vector<std::string> gone;
  {
    const std::scoped_lock lock(mutex_);
    std::error_code ignored;
    for (const auto& [key, place] : places_)
      if (!fs::exists(key.substr(kKeyBegin.size()), ignored)) gone.push_back(key);
    for (const std::string& key : gone) {
      places_.erase(key);
      seen_.erase(key.substr(kKeyBegin.size()));
    }
  }
  for (const std::string& key : gone) options_.forget(key);
}

WatchCounts FolderWatch::counts() const {
  const std::scoped_lock lock(mutex_);
  return counts_;
}

bool FolderWatch::has_read(const std::string& path) const {
  const std::uint64_t stamp = stamp_of(path);
  const std::scoped_lock lock(mutex_);
  return stamp != 0 && read_.contains(stamp);
}

}  // namespace endreason
