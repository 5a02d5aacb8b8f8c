// SPDX-License-Identifier: Apache-2.0
#include "sources/file_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/compression.hpp"

namespace endreason {
namespace {

// read(2) takes at most 2^31 - 4096 bytes at a time; less is plenty.
constexpr std::size_t kReadBytesMax = std::size_t{1} << 30;

std::string why(int error) {
  return std::strerror(error);
}

// Descriptor 0 may have been made non-blocking by whoever shares it: wait until it has something.
void wait_until_readable(int descriptor) {
  pollfd waiting{descriptor, POLLIN, 0};
  ::poll(&waiting, 1, -1);
}

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::open(const std::string& path) {
  int descriptor = -1;
  do {
    descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  } while (descriptor < 0 && errno == EINTR);
  if (descriptor < 0)
    return fail(Error::Code::Io, fmt::format("{}: cannot be opened: {}", path, why(errno)));
  return std::unique_ptr<FileSource>(new FileSource(descriptor, true, path));
}

std::unique_ptr<FileSource> FileSource::standard_input() {
  return std::unique_ptr<FileSource>(new FileSource(STDIN_FILENO, false, "-"));
}

FileSource::FileSource(int descriptor, bool owned, std::string name)
    : descriptor_(descriptor), owned_(owned), name_(std::move(name)) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) return;
  size_ = static_cast<std::uint64_t>(status.st_size);
  // Only a wish: the kernel reads further ahead. Refusal is no harm.
  (void)::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (owned_) coming_ = ComingBytes::of(descriptor_, *size_);
}

FileSource::~FileSource() {
  if (owned_) ::close(descriptor_);
}

Result<std::size_t> FileSource::read_some(char* to, std::size_t count) {
  if (failure_) return tl::unexpected(*failure_);
  if (set_apart_ && ::lseek(descriptor_, static_cast<off_t>(position_), SEEK_SET) < 0) {
    failure_ = failure_at(position_, errno);
    return tl::unexpected(*failure_);
  }
  set_apart_ = false;
  for (;;) {
    const ssize_t got = ::read(descriptor_, to, std::min(count, kReadBytesMax));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_until_readable(descriptor_);
      continue;
    }
    failure_ = failure_at(position_, errno);
    return tl::unexpected(*failure_);
  }
}

Error FileSource::failure_at(std::uint64_t offset, int error) const {
  return {Error::Code::Io,
          fmt::format("{}: reading failed at byte {}: {}", shown_name(name_), offset, why(error))};
}

Result<std::string_view> FileSource::peek() {
  // Where the file can be read at an offset, nothing needs to be taken out of it.
  const off_t here = ::lseek(descriptor_, 0, SEEK_CUR);
  if (size_ && here >= 0) {
    const ssize_t got = ::pread(descriptor_, first_bytes_.data(), first_bytes_.size(), here);
    if (got >= 0) return std::string_view(first_bytes_.data(), static_cast<std::size_t>(got));
  }
  while (first_count_ < kPeekBytes &&
         may_become_magic(std::string_view(first_bytes_.data(), first_count_))) {
    const auto got = read_some(first_bytes_.data() + first_count_, kPeekBytes - first_count_);
    if (!got) return tl::unexpected(got.error());
    if (*got == 0) break;
    first_count_ += *got;
    pending_first_ += *got;
  }
  return std::string_view(first_bytes_.data(), first_count_);
}

Result<std::size_t> FileSource::read(std::span<char> buffer) {
  if (buffer.empty()) return 0;
  if (pending_first_ > 0) {
    const std::size_t count = std::min(buffer.size(), pending_first_);
    std::memcpy(buffer.data(), first_bytes_.data() + (first_count_ - pending_first_), count);
    pending_first_ -= count;
    position_ += count;
    return count;
  }
  auto got = read_some(buffer.data(), buffer.size());
  if (got) position_ += *got;
  return got;
}

// Only of a file that nobody else reads from: the descriptor's place is ours to move.
std::uint64_t FileSource::separable() const {
  if (!size_ || !owned_ || failure_ || pending_first_ > 0 || position_ > *size_) return 0;
  return *size_ - position_;
}

std::uint64_t FileSource::set_apart(std::size_t count) {
  set_apart_ = true;
  return std::exchange(position_, position_ + count);
}

Result<std::size_t> FileSource::read_apart(std::uint64_t offset, std::span<char> buffer) const {
  std::size_t held = 0;
  while (held < buffer.size()) {
    const std::size_t count = std::min(buffer.size() - held, kReadBytesMax);
    const ssize_t got =
        ::pread(descriptor_, buffer.data() + held, count, static_cast<off_t>(offset + held));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && held == 0) return tl::unexpected(failure_at(offset, errno));
    if (got <= 0) break;  // an error behind what could be read: whoever asks for the rest meets it
    held += static_cast<std::size_t>(got);
  }
  return held;
}

}  // namespace endreason
