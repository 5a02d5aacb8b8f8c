// SPDX-License-Identifier: Apache-2.0
#include "cli/reply_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "cli/terminal.hpp"

namespace endreason {
namespace {

constexpr std::uint32_t kNanosecondPcap = 0xa1b23c4d;
constexpr std::uint32_t kVersion24 = 2 | 4 << 16;  // major, then minor
constexpr std::uint32_t kMostBytes = 65'535;
constexpr std::uint32_t kLinkTypeRaw = 101;
constexpr std::size_t kFlushBytes = 64 * 1024;

Error cannot_write(const std::string& path, int error) {
  return {Error::Code::Io,
          fmt::format("--write-replies: cannot write '{}': {}", path, std::strerror(error))};
}

}  // namespace

Result<ReplyFile> ReplyFile::open(const std::string& path) {
  if (path == "-")
    return fail(Error::Code::Usage, "--write-replies: standard output has the rows; name a file");
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return tl::unexpected(cannot_write(path, errno));
  ReplyFile made(path, file);
  for (const std::uint32_t word : {kNanosecondPcap, kVersion24, 0u, 0u, kMostBytes, kLinkTypeRaw})
    made.put32(word);
  return made;
}

ReplyFile::ReplyFile(ReplyFile&& other) noexcept
    : path_(std::move(other.path_)),
      file_(std::exchange(other.file_, -1)),
      errno_(other.errno_),
      buffer_(std::move(other.buffer_)) {}

ReplyFile::~ReplyFile() {
  if (file_ >= 0) ::close(file_);
}

void ReplyFile::put32(std::uint32_t value) {
  for (int shift = 0; shift < 32; shift += 8) buffer_ += static_cast<char>(value >> shift);
}

void ReplyFile::on_reply(std::int64_t time_ns, std::span<const std::uint8_t> packet) {
  constexpr std::int64_t kNanos = 1'000'000'000;
  const std::int64_t at = std::max<std::int64_t>(time_ns, 0);  // the format knows none before 1970
  put32(static_cast<std::uint32_t>(at / kNanos));
  put32(static_cast<std::uint32_t>(at % kNanos));
  put32(static_cast<std::uint32_t>(packet.size()));
  put32(static_cast<std::uint32_t>(packet.size()));
  buffer_.append(reinterpret_cast<const char*>(packet.data()), packet.size());
  if (buffer_.size() >= kFlushBytes) flush();
}

void ReplyFile::flush() {
  if (errno_ == 0 && !write_all(file_, buffer_)) errno_ = errno;
  buffer_.clear();
}

Result<void> ReplyFile::close() {
  flush();
  if (::close(std::exchange(file_, -1)) != 0 && errno_ == 0) errno_ = errno;
  if (errno_ != 0) return tl::unexpected(cannot_write(path_, errno_));
  return {};
}

}  // namespace endreason
