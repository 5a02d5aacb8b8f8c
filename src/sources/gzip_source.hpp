// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) -> plain bytes, inflated straight into the caller's buffer with checksums
// verified. Takes files of many members and zero padding at the end. Damaged, cut or followed by
// something else: gives what could be read, then an error that says at which byte of the file.
#pragma once

#include <memory>

#include "sources/byte_source.hpp"

namespace endreason {

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<ByteSource> stored);
  ~GzipSource() override;

  Result<std::size_t> read(std::span<char> buffer) override;
  std::string_view name() const override { return stored_->name(); }
  std::optional<std::uint64_t> size_hint() const override { return stored_->size_hint(); }
  std::uint64_t position() const override { return stored_->position(); }

 private:
  enum class Stage : unsigned char { InHeader, InMember, BetweenMembers, Finished };
  struct Inflater;  // the library's state and the compressed bytes it works on

  // One step each; false when it can do nothing without more compressed bytes.
  bool start_next_member();  // decides what follows a complete member
  bool read_header();
  bool inflate();
  void refill();  // gets more, or draws the conclusion from there being none
  void begin_member();
  void stop(std::string problem);  // sets failure_
  void stop_at_damage(int code);
  std::uint64_t stored_offset() const;

  std::unique_ptr<ByteSource> stored_;
  std::unique_ptr<Inflater> inflater_;
  Stage stage_ = Stage::InHeader;
  bool padding_ = false;  // zero bytes were seen behind a member
  std::optional<Error> failure_;
};

}  // namespace endreason
