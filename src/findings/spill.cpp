// SPDX-License-Identifier: Apache-2.0
#include "findings/spill.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "findings/count.hpp"

namespace endreason {
namespace {

constexpr std::size_t kWriteBufferBytes = 256 * 1024;
constexpr std::size_t kReadBufferBytes = 32 * 1024;
static_assert(kReadBufferBytes * kMergeRunsMax <= 5 * 1024 * 1024 / 2);

// What stands before each key of a run. Written and read by one process only.
struct RunHead {
  std::uint64_t sessions, bytes;
  std::uint32_t order;
  std::uint16_t key_size, prefix_size;
};
static_assert(sizeof(RunHead) == 24 && std::has_unique_object_representations_v<RunHead>);
static_assert(kReadBufferBytes >= sizeof(RunHead) + KeyBuilder::kBytesMax);

tl::unexpected<Error> io_error(const std::string& directory, std::string_view what, int number) {
  return fail(Error::Code::Io,
              fmt::format("summary: {} a temporary file in {} failed: {}; the counters of this "
                          "input outgrow memory: set TMPDIR to a directory with more room",
                          what, directory, std::strerror(number)));
}

bool is_directory(const char* path) {
  struct stat status {};
  return path != nullptr && *path != '\0' && stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

std::string spill_directory(const std::string& wanted) {
  if (!wanted.empty()) return wanted;
  const char* tmpdir = std::getenv("TMPDIR");
  if (tmpdir != nullptr && *tmpdir != '\0') return tmpdir;
  // /tmp is often a file system in memory, which would defeat the purpose.
  return is_directory("/var/tmp") ? "/var/tmp" : "/tmp";
}

int open_unnamed(const std::string& directory) {
  const int descriptor = open(directory.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0) return descriptor;
  // Not every file system knows O_TMPFILE.
  std::string path = directory + "/endreason-" + std::string(6, 'X');  // mkostemp's placeholder
  const int named = mkostemp(path.data(), O_CLOEXEC);
  if (named >= 0) unlink(path.c_str());
  return named;
}

class RunReader final : public SortedSource {
 public:
  explicit RunReader(SpillRun run) : run_(std::move(run)), buffer_(kReadBufferBytes, '\0') {}

  Result<std::optional<KeyCount>> next() override {
    if (at_ == filled_ && left() == 0) return std::nullopt;
    if (auto filled = need(sizeof(RunHead)); !filled) return tl::unexpected(filled.error());
    RunHead head;
    std::memcpy(&head, buffer_.data() + at_, sizeof head);
    if (auto filled = need(sizeof head + head.key_size); !filled)
      return tl::unexpected(filled.error());
    const std::string_view key(buffer_.data() + at_ + sizeof head, head.key_size);
    at_ += sizeof head + head.key_size;
    return KeyCount{head.order, head.prefix_size, key, head.sessions, head.bytes};
  }

 private:
  std::uint64_t left() const { return run_.size - taken_; }
  // Makes `size` bytes at at_ available.
  Result<void> need(std::size_t size) {
    if (filled_ - at_ >= size) return {};
    std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
    filled_ -= std::exchange(at_, 0);
    const std::size_t more =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer_.size() - filled_, left()));
    if (filled_ + more < size)
      return fail(Error::Code::Io, "summary: a temporary file does not hold what was written");
    auto done = run_.file->read(run_.offset + taken_, buffer_.data() + filled_, more);
    taken_ += more;
    filled_ += more;
    return done;
  }

  SpillRun run_;
  std::string buffer_;
  std::uint64_t taken_ = 0;  // bytes of the run that were read into the buffer
  std::size_t at_ = 0, filled_ = 0;
};

}  // namespace

Result<std::shared_ptr<SpillFile>> SpillFile::create(const std::string& directory) {
  const std::string where = spill_directory(directory);
  const int descriptor = open_unnamed(where);
  if (descriptor < 0) return io_error(where, "creating", errno);
  return std::shared_ptr<SpillFile>(new SpillFile(descriptor, where));
}

SpillFile::~SpillFile() {
  close(descriptor_);
}

Result<void> SpillFile::append(const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = pwrite(descriptor_, data, size, static_cast<off_t>(size_));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return io_error(directory_, "writing", n < 0 ? errno : ENOSPC);
    data += n;
    size -= static_cast<std::size_t>(n);
    size_ += static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<void> SpillFile::read(std::uint64_t offset, char* data, std::size_t size) const {
  while (size > 0) {
    const ssize_t n = pread(descriptor_, data, size, static_cast<off_t>(offset));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return io_error(directory_, "reading", n < 0 ? errno : EIO);
    data += n;
    offset += static_cast<std::uint64_t>(n);
    size -= static_cast<std::size_t>(n);
  }
  return {};
}

RunWriter::RunWriter(std::shared_ptr<SpillFile> file)
    : file_(std::move(file)), begin_(file_->size()) {
  buffer_.reserve(kWriteBufferBytes);
}

Result<void> RunWriter::write(const KeyCount& entry) {
  const RunHead head{entry.sessions, entry.bytes, entry.order,
                     static_cast<std::uint16_t>(entry.key.size()), entry.prefix_size};
  Result<void> done{};
  if (buffer_.size() + sizeof head + entry.key.size() > kWriteBufferBytes) {
    done = file_->append(buffer_.data(), buffer_.size());
    buffer_.clear();
  }
  buffer_.append(reinterpret_cast<const char*>(&head), sizeof head);
  buffer_.append(entry.key);
  return done;
}

Result<SpillRun> RunWriter::finish() {
  if (auto done = file_->append(buffer_.data(), buffer_.size()); !done)
    return tl::unexpected(done.error());
  return SpillRun{file_, begin_, file_->size() - begin_};
}

std::unique_ptr<SortedSource> source_of(SpillRun run) {
  return std::make_unique<RunReader>(std::move(run));
}

MergedSource::MergedSource(std::vector<std::unique_ptr<SortedSource>> sources)
    : sources_(std::move(sources)) {}

Result<void> MergedSource::start() {
  started_ = true;
  for (const auto& source : sources_) {
    auto entry = source->next();
    if (!entry) return tl::unexpected(entry.error());
    if (*entry) heads_.push_back({**entry, source.get()});
  }
  std::make_heap(heads_.begin(), heads_.end(), later);
  return {};
}

Result<void> MergedSource::advance() {
  std::pop_heap(heads_.begin(), heads_.end(), later);
  auto entry = heads_.back().source->next();
  if (!entry) return tl::unexpected(entry.error());
  if (*entry) {
    heads_.back().entry = **entry;
    std::push_heap(heads_.begin(), heads_.end(), later);
  } else {
    heads_.pop_back();
  }
  return {};
}

Result<std::optional<KeyCount>> MergedSource::next() {
  if (!started_) {
    if (auto done = start(); !done) return tl::unexpected(done.error());
  }
  if (heads_.empty()) return std::nullopt;
  KeyCount sum = heads_.front().entry;
  key_.assign(sum.key);  // the source reuses its buffer
  sum.key = key_;
  sum.sessions = sum.bytes = 0;
  while (!heads_.empty() && heads_.front().entry.order == sum.order &&
         heads_.front().entry.key == sum.key) {
    sum.sessions = saturating_sum(sum.sessions, heads_.front().entry.sessions);
    sum.bytes = saturating_sum(sum.bytes, heads_.front().entry.bytes);
    if (auto done = advance(); !done) return tl::unexpected(done.error());
  }
  return sum;
}

namespace {

Result<SpillRun> merge_runs(std::vector<SpillRun> runs, const std::shared_ptr<SpillFile>& file) {
  std::vector<std::unique_ptr<SortedSource>> sources;
  for (SpillRun& run : runs) sources.push_back(source_of(std::move(run)));
  MergedSource merged(std::move(sources));
  RunWriter writer(file);
  while (true) {
    auto entry = merged.next();
    if (!entry) return tl::unexpected(entry.error());
    if (!*entry) return writer.finish();
    if (auto done = writer.write(**entry); !done) return tl::unexpected(done.error());
  }
}

}  // namespace

Result<void> reduce_runs(std::vector<SpillRun>& runs, const std::string& directory) {
  while (runs.size() > kMergeRunsMax) {
    auto file = SpillFile::create(directory);
    if (!file) return tl::unexpected(file.error());
    std::vector<SpillRun> fewer;
    for (std::size_t i = 0; i < runs.size(); i += kMergeRunsMax) {
      const std::size_t end = std::min(runs.size(), i + kMergeRunsMax);
      std::vector<SpillRun> part(std::make_move_iterator(runs.begin() + i),
                                 std::make_move_iterator(runs.begin() + end));
      auto run = merge_runs(std::move(part), *file);
      if (!run) return tl::unexpected(run.error());
      fewer.push_back(std::move(*run));
    }
    runs = std::move(fewer);
  }
  return {};
}

}  // namespace endreason
