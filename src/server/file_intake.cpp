// SPDX-License-Identifier: Apache-2.0
#include "server/file_intake.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "parse/export_csv.hpp"
#include "sources/capture_source.hpp"
#include "sources/file_pieces.hpp"
#include "sources/input_list.hpp"
#include "sources/peeked_source.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

constexpr auto kDrainLook = std::chrono::milliseconds(200);
constexpr std::size_t kFirstBytes = 16;  // tell a capture

// Paths are kept with places, so they have to mean the same at the next start.
std::vector<std::string> absolute(const std::vector<std::string>& paths) {
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    std::error_code failed;
    const fs::path whole = fs::absolute(path, failed).lexically_normal();
    const std::string text = failed ? path : whole.string();
    all.push_back(text.size() > 1 && text.ends_with('/') ? text.substr(0, text.size() - 1) : text);
  }
  return all;
}

// The whole of it, and asked of the disk, or nothing under that name.
Result<void> write_whole(const std::string& path, std::string_view bytes) {
  const std::string part =
      fs::path(path).parent_path() / ("." + fs::path(path).filename().string());
  const int file = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
  bool well = file >= 0;
  while (well && !bytes.empty()) {
    const ssize_t n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    well = n > 0;
    if (well) bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  well = well && ::fsync(file) == 0;
  const int why = errno;
  if (file >= 0) ::close(file);
  if (well && ::rename(part.c_str(), path.c_str()) == 0) return {};
  const std::string reason = std::strerror(well ? errno : why);
  ::unlink(part.c_str());
  return fail(Error::Code::Io, fmt::format("{}: {}", path, reason));
}

// "-edge.pcap" of "../edge pcap"; names come from anywhere.
std::string plain_name(std::string_view name) {
  std::string plain = name.empty() ? "" : "-";
  for (const char c : name.substr(name.find_last_of("/\\") + 1).substr(0, 100)) {
    const bool fine = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    plain += fine || c == '.' || c == '_' ? c : '-';
  }
  return plain;
}

}  // namespace

FileIntake::FileIntake(Ingestor& ingestor, FileIntakeOptions options)
    : ingestor_(ingestor), options_(std::move(options)) {
  options_.follow = absolute(options_.follow);
  options_.watch = absolute(options_.watch);
  if (!options_.keys) options_.keys = std::make_shared<const KeyNames>();
}

FileIntake::~FileIntake() {
  stop();
}

Result<void> FileIntake::start() {
  const FilePlaces places = ingestor_.places();
  const auto take = [this](std::string_view sender, std::string_view text, std::string_view key,
                           const FilePlace& place) {
    return ingestor_.take_part(sender, text, key, place) == SpoolAppend::Taken;
  };
  const auto forget = [this](std::string_view key) { ingestor_.forget_place(key); };

  WatchOptions watch;
  watch.folders = options_.watch;
  if (!options_.capture_folder.empty()) {
    options_.capture_folder = absolute({options_.capture_folder}).front();
    std::error_code failed;
    fs::create_directories(options_.capture_folder, failed);
    if (failed)
      return fail(Error::Code::Io, fmt::format("{}: the folder cannot be made: {}",
                                               options_.capture_folder, failed.message()));
    watch.folders.push_back(options_.capture_folder);
  }
  watch.open = [this](const std::string& path, std::string& sender) { return open(path, sender); };
  watch.header = [this](std::string_view line) { return is_header(line); };
  watch.take = take;
  watch.forget = forget;
  watch.message = options_.message;
  watch_ = std::make_unique<FolderWatch>(std::move(watch), places);

  FollowOptions follow;
  follow.files = options_.follow;
  follow.take = take;
  follow.forget = forget;
  follow.message = options_.message;
  follower_ = std::make_unique<FileFollower>(std::move(follow), places);

  if (auto started = watch_->start(); !started) return started;
  follower_->start();
  if (options_.load.empty()) {
    loaded_ = true;
    return {};
  }
  loading_ = std::thread([this] {
    auto result = load_all();
    {
      const std::scoped_lock lock(mutex_);
      load_result_ = std::move(result);
    }
    loaded_ = true;
  });
  return {};
}

void FileIntake::stop() {
  stopping_ = true;
  if (follower_) follower_->stop();
  if (watch_) watch_->stop();
  if (loading_.joinable()) loading_.join();
}

Result<void> FileIntake::load_result() const {
  const std::scoped_lock lock(mutex_);
  return load_result_;
}

// Undoes its compression, and tracks it when it is a capture.
Result<std::unique_ptr<ByteSource>> FileIntake::open(const std::string& path,
                                                     std::string& sender) const {
  auto source = open_input({path, std::nullopt});
  if (!source) return source;
  auto peeked = std::make_unique<PeekedSource>(*std::move(source));
  if (!looks_like_capture(peeked->peek(kFirstBytes))) {
    sender = "file " + fs::path(path).filename().string();
    return std::unique_ptr<ByteSource>(std::move(peeked));
  }
  if (!options_.open_capture)
    return fail(Error::Code::Input, path + ": this is a capture, which is not taken here");
  sender = std::string(kCaptureSender) + absolute({path}).front();
  return options_.open_capture(std::move(peeked));
}

bool FileIntake::is_header(std::string_view line) const {
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
  return line.find(',') != std::string_view::npos && export_layout(line, *options_.keys);
}

Result<void> FileIntake::load_all() {
  auto list = list_inputs(options_.load);
  if (!list) return tl::unexpected(list.error());
  for (const Input& input : list->inputs) {
    std::string sender;
    auto source = open(input.path, sender);
    if (!source) return tl::unexpected(source.error());
    PieceOptions pieces;
    pieces.sender = sender;
    pieces.stopped = [this] { return stopping_.load(); };
    pieces.header = [this](std::string_view line) { return is_header(line); };
    // It is loaded again at the next start, and what is stored by then is left out.
    pieces.take = [this](std::string_view from, std::string_view text, std::string_view,
                         const FilePlace&) {
      return ingestor_.take(from, text) == SpoolAppend::Taken;
    };
    const auto read = read_pieces(**source, {}, 0, pieces);
    if (!read) return tl::unexpected(read.error());
    if (!*read) return {};
  }
  while (!stopping_ && !ingestor_.drain(kDrainLook)) {
  }
  return {};
}

// --- captures that are posted
// ---------------------------------------------------------------------

// The oldest go, as many as it takes.
Result<void> FileIntake::make_room_for(std::uint64_t bytes) const {
  if (bytes > options_.capture_bytes)
    return fail(
        Error::Code::Input,
        fmt::format("a capture of {} bytes is more than --capture-bytes allows to keep", bytes));
  struct Kept {
    std::string path;
    std::uint64_t bytes;
  };
  std::vector<Kept> kept;
  std::uint64_t sum = bytes;
  std::error_code failed;
  for (fs::directory_iterator at(options_.capture_folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    std::error_code ignored;
    kept.push_back({at->path().string(), at->file_size(ignored)});
    sum += ignored ? 0 : kept.back().bytes;
  }
  std::sort(kept.begin(), kept.end(), [](const Kept& a, const Kept& b) { return a.path < b.path; });
  for (auto oldest = kept.begin(); sum > options_.capture_bytes && oldest != kept.end(); ++oldest) {
    sum -= std::min(sum, oldest->bytes);
    fs::remove(oldest->path, failed);
  }
  return {};
}

Result<std::string> FileIntake::keep_capture(std::string_view bytes, std::string_view name) {
  if (options_.capture_folder.empty() || !options_.open_capture)
    return fail(Error::Code::Usage, "captures are not taken here");
  const std::scoped_lock lock(mutex_);
  if (auto room = make_room_for(bytes.size()); !room) return tl::unexpected(room.error());
  // Names in the order of their coming, also behind those of earlier starts.
  std::string path;
  const std::string end = plain_name(name);
  do path = fmt::format("{}/posted-{:08}{}", options_.capture_folder, ++captures_kept_, end);
  while (fs::exists(path));
  if (auto written = write_whole(path, bytes); !written) return tl::unexpected(written.error());
  return path;
}

bool FileIntake::has_read(const std::string& path) const {
  return watch_ && watch_->has_read(path);
}

std::vector<FollowedFile> FileIntake::followed() const {
  return follower_ ? follower_->files() : std::vector<FollowedFile>{};
}

WatchCounts FileIntake::watched() const {
  return watch_ ? watch_->counts() : WatchCounts{};
}

}  // namespace endreason
