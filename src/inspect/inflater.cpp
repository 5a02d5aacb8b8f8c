// SPDX-License-Identifier: Apache-2.0
#include "inspect/inflater.hpp"

#include <zlib.h>

#include <algorithm>

namespace endreason::inspect {
namespace {

constexpr int kGzip = 15 + 16;  // zlib's windowBits
constexpr int kZlib = 15;
constexpr int kBare = -15;
constexpr std::size_t kTrailer = 8;  // of gzip: checksum and length

bool looks_like_gzip(std::span<const std::uint8_t> in) {
  return in.size() >= 2 && in[0] == 0x1f && in[1] == 0x8b;
}
bool looks_like_zlib(std::span<const std::uint8_t> in) {
  return in.size() >= 2 && (in[0] & 0x0f) == 8 && (in[0] * 256u + in[1]) % 31 == 0;
}

// Bytes of a gzip header that zlib itself refuses, for flags that it does not know; RFC 1952.
std::size_t gzip_header_length(std::span<const std::uint8_t> in) {
  if (in.size() < 10) return 0;
  const unsigned flags = in[3];
  std::size_t at = 10;
  if ((flags & 4) != 0) {
    if (at + 2 > in.size()) return 0;
    at += 2u + in[at] + in[at + 1] * 256u;
  }
  for (const unsigned text : {8u, 16u}) {
    if ((flags & text) == 0) continue;
    while (at < in.size() && in[at] != 0) ++at;
    ++at;
  }
  if ((flags & 2) != 0) at += 2;
  return at < in.size() ? at : 0;
}

}  // namespace

struct Inflaters::Stream {
  z_stream z{};
  bool begun = false, bare = false;

  // Checksums are not verified: what they would refuse has been looked into by then.
  void reset(int window_bits) {
    inflateReset2(&z, window_bits);
    inflateValidate(&z, 0);
  }

  Stream() { inflateInit2(&z, kGzip); }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  InflateStep run(std::span<const std::uint8_t> in, std::span<std::uint8_t> out) {
    // zlib asks for a pointer that may be written to and does not write.
    z.next_in = const_cast<Bytef*>(in.data());
    z.avail_in = static_cast<uInt>(in.size());
    z.next_out = out.data();
    z.avail_out = static_cast<uInt>(out.size());
    const int result = inflate(&z, Z_SYNC_FLUSH);
    InflateStep step{in.size() - z.avail_in, out.size() - z.avail_out, InflateStatus::More};
    if (result == Z_STREAM_END) step.status = InflateStatus::Ended;
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END)
      step.status = InflateStatus::Failed;
    return step;
  }
};

Inflaters::Inflaters(std::size_t most) : most_(std::min<std::size_t>(most, kNone)) {}
Inflaters::~Inflaters() = default;

std::uint16_t Inflaters::take(bool bare) {
  if (free_.empty()) {
    if (all_.size() >= most_) return kNone;
    all_.push_back(std::make_unique<Stream>());
    free_.push_back(static_cast<std::uint16_t>(all_.size() - 1));
  }
  const std::uint16_t index = free_.back();
  free_.pop_back();
  all_[index]->begun = false;
  all_[index]->bare = bare;
  return index;
}

void Inflaters::give_back(std::uint16_t index) {
  free_.push_back(index);
}

InflateStep Inflaters::step(std::uint16_t index, std::span<const std::uint8_t> in,
                            std::span<std::uint8_t> out) {
  Stream& s = *all_[index];
  if (s.begun) {
    InflateStep step = s.run(in, out);
    if (step.status != InflateStatus::Ended) return step;
    // Another member may follow (RFC 1952 section 2.2); anything else behind the end is left.
    if (!looks_like_gzip(in.subspan(step.used))) return step;
    s.reset(kGzip);
    step.status = InflateStatus::More;
    return step;
  }
  s.begun = true;
  const bool gzip = looks_like_gzip(in);
  if (!gzip && !s.bare && !looks_like_zlib(in)) return {0, 0, InflateStatus::Failed};
  s.reset(gzip ? kGzip : looks_like_zlib(in) ? kZlib : kBare);
  InflateStep step = s.run(in, out);
  if (step.status != InflateStatus::Failed || step.made > 0) return step;
  const std::size_t header = gzip ? gzip_header_length(in) : 0;
  s.reset(kBare);
  step = s.run(in.subspan(header), out);
  step.used += header;
  // No compression at all: nothing is taken, so that the caller has all of it as it came. Text may
  // read like a short bare stream; a true one is not followed by more than a trailer.
  const bool too_short = step.status == InflateStatus::Ended && in.size() - step.used > kTrailer;
  if (too_short) step.status = InflateStatus::Failed;
  if (step.status == InflateStatus::Failed) step.used = step.made = 0;
  return step;
}

}  // namespace endreason::inspect
