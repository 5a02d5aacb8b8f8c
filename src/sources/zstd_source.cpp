// SPDX-License-Identifier: Apache-2.0
#include "sources/zstd_source.hpp"

#include <array>
#include <utility>

#include <fmt/format.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "sources/compression.hpp"

namespace endreason {
namespace {

constexpr std::size_t kStoredBytes = std::size_t{128} << 10;  // compressed bytes read at a time

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

}  // namespace

struct ZstdSource::Decoder {
  std::unique_ptr<ZSTD_DCtx, FreeContext> context;
  ZSTD_inBuffer in{nullptr, 0, 0};
  ZSTD_outBuffer out{nullptr, 0, 0};
  std::array<char, kStoredBytes> stored;
};

ZstdSource::ZstdSource(std::unique_ptr<ByteSource> stored)
    : stored_(std::move(stored)), decoder_(new Decoder) {
  decoder_->context.reset(ZSTD_createDCtx());
  if (decoder_->context == nullptr) {
    stop("there is no memory left to undo its zstd compression");
    return;
  }
  ZSTD_DCtx_setParameter(decoder_->context.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  decoder_->in = {decoder_->stored.data(), 0, 0};
}

ZstdSource::~ZstdSource() = default;

std::uint64_t ZstdSource::stored_offset() const {
  return stored_->position() - (decoder_->in.size - decoder_->in.pos);
}

void ZstdSource::stop(std::string problem) {
  failure_ = Error{Error::Code::Io, fmt::format("{}: {}", shown_name(name()), problem)};
}

void ZstdSource::refill() {
  const auto got = stored_->read(decoder_->stored);
  if (!got) {
    failure_ = got.error();
    return;
  }
  decoder_->in = {decoder_->stored.data(), *got, 0};
  if (*got > 0) return;
  finished_ = true;
  if (in_frame_)
    stop(
        fmt::format("the file ends at byte {}, in the middle of its zstd data: it was cut short, "
                    "or is still being written; everything up to there was read",
                    stored_->position()));
}

std::string ZstdSource::problem_of(std::size_t code) const {
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return fmt::format(
          "its zstd data needs a window above {} MiB, which would break the promise of little "
          "memory: pipe it in, as in `zstd -dc --long=31 FILE | endreason explain -`",
          (std::size_t{1} << kZstdWindowLogMax) >> 20);
    case ZSTD_error_prefix_unknown:
      return fmt::format(
          "at byte {}, behind complete zstd data, something else follows, which was not read; cut "
          "it off, or give it as a file of its own",
          stored_offset());
    case ZSTD_error_checksum_wrong:
      return fmt::format(
          "the checksum of the zstd data before byte {} does not match, so what was read may be "
          "damaged; `zstd -t FILE` checks it, another copy may help",
          stored_offset());
    default:
      return fmt::format(
          "the zstd data cannot be read further than about byte {} ({}); `zstd -t FILE` checks it, "
          "another copy may help",
          stored_offset(), ZSTD_getErrorName(code));
  }
}

bool ZstdSource::decode() {
  Decoder& d = *decoder_;
  const std::size_t in_before = d.in.pos;
  const std::size_t out_before = d.out.pos;
  const bool starving = d.in.pos == d.in.size;
  if (starving && !in_frame_) return false;  // between frames the library holds nothing back
  const std::size_t code = ZSTD_decompressStream(d.context.get(), &d.out, &d.in);
  if (ZSTD_isError(code)) {
    stop(problem_of(code));
    return true;
  }
  in_frame_ = code != 0;
  if (d.in.pos != in_before || d.out.pos != out_before || !in_frame_) return true;
  if (starving) return false;
  stop(fmt::format("the zstd data is damaged at byte {}", stored_offset()));
  return true;
}

Result<std::size_t> ZstdSource::read(std::span<char> buffer) {
  decoder_->out = {buffer.data(), buffer.size(), 0};
  while (!failure_ && !finished_ && decoder_->out.pos < decoder_->out.size) {
    if (decode()) continue;
    if (decoder_->out.pos > 0) break;  // give what there is before waiting for a slow pipe
    refill();
  }
  const std::size_t made = decoder_->out.pos;
  if (made == 0 && failure_) return tl::unexpected(*failure_);
  return made;
}

}  // namespace endreason
