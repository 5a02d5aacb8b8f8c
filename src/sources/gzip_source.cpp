// SPDX-License-Identifier: Apache-2.0
#include "sources/gzip_source.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

#include "sources/compression.hpp"

namespace endreason {
namespace {

constexpr std::size_t kStoredBytes = std::size_t{128} << 10;    // compressed bytes read at a time
constexpr std::size_t kInflateBytesMax = std::size_t{1} << 30;  // the library counts in 32 bits

std::string_view meaning_of(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "its checksum does not match, so what was read may be damaged";
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
      return "its header is damaged";
    default:
      return "the compressed data is damaged";
  }
}

}  // namespace

struct GzipSource::Inflater {
  inflate_state state;
  isal_gzip_header header;  // what was read of a header that arrives in pieces
  std::array<unsigned char, kStoredBytes> stored;
};

// The state is large and initialised by the library; zeroing the buffer would be waste.
GzipSource::GzipSource(std::unique_ptr<ByteSource> stored)
    : stored_(std::move(stored)), inflater_(new Inflater) {
  isal_inflate_init(&inflater_->state);
  inflater_->state.next_in = inflater_->stored.data();
  inflater_->state.avail_in = 0;
  begin_member();
}

GzipSource::~GzipSource() = default;

// Headers are read by a call of their own. isal_inflate() could do it, but forgets between two
// calls which optional fields a header has: one with a file name that arrives in two pieces fails
// then.
void GzipSource::begin_member() {
  isal_gzip_header_init(&inflater_->header);
  inflater_->header.flags = 0;
  inflater_->state.crc_flag = ISAL_GZIP_NO_HDR_VER;  // the checksum behind the data is verified
  stage_ = Stage::InHeader;
}

// Bytes of the file that have been used: the library keeps a few whole bytes in a bit buffer.
std::uint64_t GzipSource::stored_offset() const {
  const inflate_state& state = inflater_->state;
  const auto unused_bits = static_cast<std::uint64_t>(std::max(state.read_in_length, 0));
  return stored_->position() - state.avail_in - unused_bits / 8;
}

void GzipSource::stop(std::string problem) {
  failure_ = Error{Error::Code::Io, fmt::format("{}: {}", shown_name(name()), problem)};
}

void GzipSource::stop_at_damage(int code) {
  stop(fmt::format(
      "the gzip data cannot be read further than byte {}: {}; `gzip -t FILE` checks it, "
      "another copy may help",
      stored_offset(), meaning_of(code)));
}

void GzipSource::refill() {
  unsigned char* const begin = inflater_->stored.data();
  const auto got = stored_->read({reinterpret_cast<char*>(begin), inflater_->stored.size()});
  if (!got) {
    failure_ = got.error();
    return;
  }
  inflater_->state.next_in = begin;
  inflater_->state.avail_in = static_cast<std::uint32_t>(*got);
  if (*got > 0) return;
  if (stage_ == Stage::BetweenMembers) {
    stage_ = Stage::Finished;
    return;
  }
  stop(
      fmt::format("the file ends at byte {}, in the middle of its gzip data: it was cut short, or "
                  "is still being written; everything up to there was read",
                  stored_->position()));
}

bool GzipSource::start_next_member() {
  inflate_state& state = inflater_->state;
  // Tapes and block devices pad with zeros; so does anything that writes whole blocks.
  while (state.avail_in > 0 && *state.next_in == 0) {
    padding_ = true;
    ++state.next_in;
    --state.avail_in;
  }
  if (state.avail_in == 0) return false;
  if (padding_ || *state.next_in != 0x1f) {
    stop(
        fmt::format("at byte {}, behind complete gzip data, something else follows, which was not "
                    "read; cut it off, or give it as a file of its own",
                    stored_offset()));
    return true;
  }
  unsigned char* const next_in = state.next_in;
  const std::uint32_t avail_in = state.avail_in;
  isal_inflate_reset(&state);
  state.next_in = next_in;
  state.avail_in = avail_in;
  begin_member();
  return true;
}

bool GzipSource::read_header() {
  inflate_state& state = inflater_->state;
  if (state.avail_in == 0) return false;
  const int code = isal_read_gzip_header(&state, &inflater_->header);
  if (code == ISAL_END_INPUT) return false;
  if (code == ISAL_DECOMP_OK) {
    stage_ = Stage::InMember;
  } else {
    stop_at_damage(code);
  }
  return true;
}

bool GzipSource::inflate() {
  inflate_state& state = inflater_->state;
  const std::uint32_t in_before = state.avail_in;
  const std::uint32_t out_before = state.avail_out;
  const int code = isal_inflate(&state);
  if (code < 0) {
    stop_at_damage(code);
    return true;
  }
  if (state.block_state == ISAL_BLOCK_FINISH) {
    stage_ = Stage::BetweenMembers;
    return true;
  }
  if (state.avail_in != in_before || state.avail_out != out_before) return true;
  if (state.avail_in == 0) return false;
  stop(fmt::format("the gzip data is damaged at byte {}", stored_offset()));
  return true;
}

Result<std::size_t> GzipSource::read(std::span<char> buffer) {
  inflate_state& state = inflater_->state;
  const auto room = static_cast<std::uint32_t>(std::min(buffer.size(), kInflateBytesMax));
  state.next_out = reinterpret_cast<unsigned char*>(buffer.data());
  state.avail_out = room;
  while (!failure_ && stage_ != Stage::Finished && state.avail_out > 0) {
    const bool went = stage_ == Stage::InMember   ? inflate()
                      : stage_ == Stage::InHeader ? read_header()
                                                  : start_next_member();
    if (went) continue;
    if (state.avail_out < room) break;  // give what there is before waiting for a slow pipe
    refill();
  }
  const std::size_t made = room - state.avail_out;
  if (made == 0 && failure_) return tl::unexpected(*failure_);
  return made;
}

}  // namespace endreason
