// SPDX-License-Identifier: Apache-2.0
#include "sources/file_follower.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <optional>

#include <fmt/format.h>

#include "base/chunk.hpp"
#include "base/parse_number.hpp"
#include "sources/file_pieces.hpp"
#include "sources/input_list.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kReadBytes = 256 << 10;
constexpr std::size_t kLineMax = 4u << 20;              // far more than a record may have
constexpr std::uint64_t kBytesPerLook = 64u << 20;      // then the other files have a turn
constexpr auto kRetry = std::chrono::milliseconds(20);  // while nothing is taken
constexpr auto kPause = std::chrono::milliseconds(20);  // so that many small writes are one piece

// A key is "NUMBER:PATH"; each file that ever had the path has a number of its own.
std::string key_of(std::uint64_t number, std::string_view path) {
  return fmt::format("{}:{}", number, path);
}
std::optional<std::uint64_t> number_in(std::string_view key, std::string_view path) {
  const std::size_t colon = key.find(':');
  std::uint64_t number = 0;
  if (colon == std::string_view::npos || key.substr(colon + 1) != path ||
      !parse_decimal(key.substr(0, colon), number) || number == 0)
    return std::nullopt;
  return number;
}

// What rotation puts between a name and its end: traffic.log.1, traffic.log-20260310.gz,
// traffic-20260310.log.
bool is_rotated_name(std::string_view name, std::string_view base) {
  for (const std::string_view packed : {".gz", ".zst"})
    if (name.ends_with(packed)) name.remove_suffix(packed.size());
  const std::size_t dot = base.rfind('.');
  std::string_view middle;
  if (name.size() > base.size() && name.starts_with(base)) {
    middle = name.substr(base.size());
  } else if (dot != std::string_view::npos && dot > 0 && name.size() > base.size() &&
             name.starts_with(base.substr(0, dot)) && name.ends_with(base.substr(dot))) {
    middle = name.substr(dot, name.size() - base.size());
  } else {
    return false;
  }
  return middle == ".old" || middle.find_first_not_of("0123456789.-_T:") == std::string_view::npos;
}

class OpenFile {
 public:
  OpenFile() = default;
  explicit OpenFile(const std::string& path)
      : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
    if (file_ >= 0 && (::fstat(file_, &status_) != 0 || !S_ISREG(status_.st_mode))) close();
  }
  ~OpenFile() { close(); }
  OpenFile(OpenFile&& other) noexcept
      : file_(std::exchange(other.file_, -1)), status_(other.status_) {}
  OpenFile& operator=(OpenFile&& other) noexcept {
    std::swap(file_, other.file_);
    std::swap(status_, other.status_);
    return *this;
  }

  explicit operator bool() const { return file_ >= 0; }
  bool is(const struct stat& other) const {
    return status_.st_ino == other.st_ino && status_.st_dev == other.st_dev;
  }
  // Looks again. True when it has been written to since.
  bool look() {
    const struct stat before = status_;
    if (::fstat(file_, &status_) != 0) return false;
    return before.st_size != status_.st_size || before.st_mtim.tv_sec != status_.st_mtim.tv_sec ||
           before.st_mtim.tv_nsec != status_.st_mtim.tv_nsec;
  }
  std::uint64_t size() const { return static_cast<std::uint64_t>(status_.st_size); }
  // Gives how many bytes, 0 at the end.
  std::size_t read(std::uint64_t offset, std::span<char> buffer) const {
    ssize_t n = 0;
    do n = ::pread(file_, buffer.data(), buffer.size(), static_cast<off_t>(offset));
    while (n < 0 && errno == EINTR);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  // What stands in front of the offset.
  FileTail tail_at(std::uint64_t offset) const {
    std::string bytes(static_cast<std::size_t>(std::min<std::uint64_t>(offset, FileTail::kBytes)),
                      '\0');
    bytes.resize(read(offset - bytes.size(), bytes));
    FileTail tail;
    tail.add(bytes);
    return tail;
  }
  bool continues_at(const FilePlace& place) const {
    return size() >= place.offset && tail_at(place.offset).digest() == place.tail;
  }

 private:
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }
  int file_ = -1;
  struct stat status_ {};
};

}  // namespace

// One path, the file that has it now, and those that had it and may still grow.
class FileFollower::Followed {
 public:
  Followed(FileFollower& owner, std::string path, const FilePlaces& places)
      : options_(owner.options_),
        owner_(owner),
        path_(std::move(path)),
        folder_(fs::path(path_).has_parent_path() ? fs::path(path_).parent_path().string() : "."),
        sender_("file " + fs::path(path_).filename().string()) {
    for (const auto& [key, place] : places)
      if (const auto number = number_in(key, path_)) {
        known_[*number] = place;
        next_ = std::max(next_, *number + 1);
      }
  }

  // True when there may be more to read at once.
  bool look() {
    owner_.events_.watch(folder_);
    struct stat status {};
    const bool there = ::stat(path_.c_str(), &status) == 0 && S_ISREG(status.st_mode);
    if (current_ && (!there || !current_->file.is(status))) retire();
    if (there && !current_) open_current();
    // Places of the last time. While the path has no file, theirs may still come.
    if (!known_.empty() && (first_look_ || current_)) static_cast<void>(catch_up());
    first_look_ = false;
    bool more = false;
    if (current_) {
      if (written_anew(*current_)) begin_anew();
      if (current_) more = read_on(*current_);
    }
    for (auto& old : retired_) more = read_on(old) || more;
    give_up_quiet_ones();
    return more;
  }

  FollowedFile state() const {
    FollowedFile f{path_, current_.has_value(), 0, 0};
    if (current_) {
      f.size = current_->file.size();
      f.offset = current_->place.offset;
    }
    return f;
  }

 private:
  struct Reading {
    OpenFile file;
    std::uint64_t number{};
    FilePlace place{};
    FileTail tail{};
    std::string kept{};  // read behind the place: a line without its end
    Clock::time_point grew = Clock::now();
  };
  using Known = std::map<std::uint64_t, FilePlace>;

  void open_current() {
    OpenFile file(path_);
    if (!file) return;
    // The newest place that fits: a file is known by what stands in front of it.
    for (auto at = known_.rbegin(); at != known_.rend(); ++at) {
      if (!file.continues_at(at->second)) continue;
      current_ = begin(std::move(file), at->first, at->second);
      known_.erase(std::next(at).base());
      return;
    }
    current_ = begin(std::move(file), next_++, {});
  }

  static Reading begin(OpenFile file, std::uint64_t number, const FilePlace& place) {
    Reading reading;
    reading.tail = file.tail_at(place.offset);
    reading.file = std::move(file);
    reading.number = number;
    reading.place = place;
    return reading;
  }

  // The path has been given to another file, or to none.
  void retire() {
    retired_.push_back(std::move(*current_));
    retired_.back().grew = Clock::now();
    current_.reset();
  }

  static bool written_anew(Reading& reading) {
    if (!reading.file.look()) return false;
    return reading.file.size() < reading.place.offset ||
           reading.file.tail_at(reading.place.offset).digest() != reading.tail.digest();
  }

  // Truncated, or written from its beginning. What had not been read is in a copy, if in anything.
  void begin_anew() {
    known_[current_->number] = current_->place;
    if (current_->place.offset == 0) known_.erase(current_->number);
    Reading old = std::move(*current_);
    const FilePlace place = std::exchange(old.place, {});
    current_.reset();
    if (!catch_up()) {
      if (options_.message)
        options_.message(
            fmt::format("{}: it was truncated behind byte {}; it is read from its beginning", path_,
                        place.offset));
      // A line of which the rest is gone.
      if (!old.kept.empty()) static_cast<void>(hand_over(old, old.kept.size()));
      options_.forget(key_of(old.number, path_));
    }
    known_.clear();
    open_current();
  }

  struct Candidate {
    std::string path;
    fs::file_time_type written;
  };
  // Files that may have had this path, oldest first.
  std::vector<Candidate> candidates() const {
    std::vector<Candidate> found;
    std::error_code failed;
    const std::string base = fs::path(path_).filename();
    for (fs::directory_iterator at(folder_, failed), end; !failed && at != end;
         at.increment(failed)) {
      std::error_code ignored;
      if (at->is_regular_file(ignored) && is_rotated_name(at->path().filename().string(), base))
        found.push_back({at->path().string(), at->last_write_time(ignored)});
    }
    std::sort(found.begin(), found.end(), [](const Candidate& a, const Candidate& b) {
      return a.written != b.written ? a.written < b.written : a.path > b.path;
    });
    return found;
  }

  // Finds the files of places that the path's own file does not have, and reads them to their ends,
  // and those that were rotated after them. False: none was found.
  bool catch_up() {
    const std::vector<Candidate> all = candidates();
    std::size_t from = all.size();
    std::vector<std::pair<std::uint64_t, FilePlace>> places(all.size(), {0, {}});
    for (const auto& [number, place] : known_) {
      for (std::size_t i = all.size(); i-- > 0;) {
        if (places[i].first != 0 || !has_place(all[i].path, place)) continue;
        places[i] = {number, place};
        from = std::min(from, i);
        break;
      }
    }
    const std::uint64_t newest = known_.empty() ? 0 : known_.rbegin()->first;
    for (auto at = known_.begin(); at != known_.end();) {
      const bool found = std::any_of(places.begin(), places.end(),
                                     [&](const auto& p) { return p.first == at->first; });
      // The older ones had been renamed, and read to their ends, before.
      if (!found && current_) lost(at->first, at->second, at->first == newest);
      at = found || current_ ? known_.erase(at) : std::next(at);
    }
    for (std::size_t i = from; i < all.size() && !owner_.stopping_; ++i)
      read_rotated(all[i].path, places[i].first, places[i].second);
    return from < all.size();
  }

  void lost(std::uint64_t number, const FilePlace& place, bool say) {
    if (say && options_.message)
      options_.message(
          fmt::format("{}: the file that was read up to byte {} is not there any more, also not "
                      "under a rotated name; what was written behind that is not known",
                      path_, place.offset));
    options_.forget(key_of(number, path_));
  }

  static bool has_place(const std::string& path, const FilePlace& place) {
    auto source = open_input({path, std::nullopt});
    if (!source) return false;
    if (const OpenFile file(path); file && (*source)->separable() > 0)
      return file.continues_at(place);
    const auto continues = continues_at(**source, place);
    return continues && *continues;
  }

  // A plain one may still be written to; a packed one may not.
  void read_rotated(const std::string& path, std::uint64_t number, const FilePlace& place) {
    if (number == 0) number = next_++;
    auto source = open_input({path, std::nullopt});
    if (!source) {
      if (options_.message) options_.message(source.error().message);
      return;
    }
    if (OpenFile file(path); file && (*source)->separable() > 0) {
      retired_.push_back(begin(std::move(file), number, place));
      while (read_on(retired_.back())) {
      }
      return;
    }
    const std::string key = key_of(number, path_);
    PieceOptions pieces{
        sender_, key, options_.take, [this] { return owner_.stopping_.load(); }, {}};
    const auto read = read_pieces(**source, place, 0, pieces);
    if (!read && options_.message) options_.message(read.error().message);
    if (!read || *read) options_.forget(key);
  }

  // Reads what there is, and hands over whole lines. True when there is more.
  bool read_on(Reading& reading) {
    for (std::uint64_t read = 0; read < kBytesPerLook;) {
      const std::size_t count =
          reading.file.read(reading.place.offset + reading.kept.size(), buffer_.writable());
      if (count == 0 || owner_.stopping_) return false;
      read += count;
      reading.grew = Clock::now();
      reading.kept.append(buffer_.data(), count);
      std::size_t end = reading.kept.rfind('\n') + 1;
      if (end == 0 && reading.kept.size() >= kLineMax) end = reading.kept.size();
      if (end > 0 && !hand_over(reading, end)) return false;
    }
    return true;
  }

  bool hand_over(Reading& reading, std::size_t bytes) {
    const std::string_view text = std::string_view(reading.kept).substr(0, bytes);
    FileTail tail = reading.tail;
    tail.add(text);
    const FilePlace place{reading.place.offset + bytes, tail.digest(), 0};
    const std::string key = key_of(reading.number, path_);
    while (!options_.take(sender_, text, key, place)) {
      if (owner_.stopping_) {
        reading.kept.clear();  // read again from the place
        return false;
      }
      std::this_thread::sleep_for(kRetry);
    }
    reading.place = place;
    reading.tail = tail;
    reading.kept.erase(0, bytes);
    return true;
  }

  void give_up_quiet_ones() {
    while (!retired_.empty() && Clock::now() - retired_.front().grew >= options_.quiet) {
      Reading& old = retired_.front();
      if (!old.kept.empty() && !hand_over(old, old.kept.size())) return;
      options_.forget(key_of(old.number, path_));
      retired_.pop_front();
    }
  }

  const FollowOptions& options_;
  FileFollower& owner_;
  std::string path_, folder_, sender_;
  Known known_;  // places whose file has not been found yet
  std::uint64_t next_ = 1;
  bool first_look_ = true;
  std::optional<Reading> current_;
  std::deque<Reading> retired_;
  Chunk buffer_{kReadBytes};
};

FileFollower::FileFollower(FollowOptions options, const FilePlaces& places)
    : options_(std::move(options)) {
  for (const std::string& path : options_.files)
    followed_.push_back(std::make_unique<Followed>(*this, path, places));
}

FileFollower::~FileFollower() {
  stop();
}

void FileFollower::start() {
  if (!followed_.empty()) thread_ = std::thread([this] { work(); });
}

void FileFollower::stop() {
  stopping_ = true;
  events_.wake();
  if (thread_.joinable()) thread_.join();
}

void FileFollower::work() {
  while (!stopping_) {
    bool more = false;
    std::vector<FollowedFile> state;
    for (const auto& file : followed_) {
      more = file->look() || more;
      state.push_back(file->state());
    }
    {
      const std::scoped_lock lock(mutex_);
      state_ = std::move(state);
    }
    if (more || stopping_) continue;
    static_cast<void>(events_.wait(options_.look));
    if (!stopping_) std::this_thread::sleep_for(kPause);
  }
}

std::vector<FollowedFile> FileFollower::files() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}

}  // namespace endreason
