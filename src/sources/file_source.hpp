// SPDX-License-Identifier: Apache-2.0
// Bytes of a file, a pipe or standard input, as they are stored. Read with read(2) into the
// caller's buffer and never mapped: a file that shrinks would raise SIGBUS under a mapping, and
// mapped pages count as memory of the process. A file that grows or shrinks is read to where it
// ends at the time.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "sources/byte_source.hpp"

namespace endreason {

class FileSource final : public RawSource {
 public:
  // Opens `path`, following links; a pipe that has no writer yet is waited for.
  [[nodiscard]] static Result<std::unique_ptr<FileSource>> open(const std::string& path);
  // Descriptor 0, which stays open afterwards.
  [[nodiscard]] static std::unique_ptr<FileSource> standard_input();
  ~FileSource() override;

  Result<std::size_t> read(std::span<char> buffer) override;
  Result<std::string_view> peek() override;
  std::string_view name() const override { return name_; }
  std::optional<std::uint64_t> size_hint() const override { return size_; }
  std::uint64_t position() const override { return position_; }
  std::shared_ptr<const ComingBytes> coming() const override { return coming_; }
  std::uint64_t separable() const override;
  std::uint64_t set_apart(std::size_t count) override;
  Result<std::size_t> read_apart(std::uint64_t offset, std::span<char> buffer) const override;

 private:
  FileSource(int descriptor, bool owned, std::string name);
  Result<std::size_t> read_some(char* to, std::size_t count);
  Error failure_at(std::uint64_t offset, int error) const;

  int descriptor_;
  bool owned_;  // whether to close the descriptor
  std::string name_;
  std::optional<std::uint64_t> size_;
  std::shared_ptr<const ComingBytes> coming_;
  std::uint64_t position_ = 0;
  bool set_apart_ = false;  // the descriptor's place is not at position_
  std::array<char, kPeekBytes> first_bytes_{};
  std::size_t first_count_ = 0;    // bytes in first_bytes_
  std::size_t pending_first_ = 0;  // of those, still to be given by read() (a pipe cannot go back)
  std::optional<Error> failure_;
};

}  // namespace endreason
