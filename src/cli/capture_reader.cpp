// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_reader.hpp"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace endreason {
namespace {

// So that a batch for several threads is full, whatever the size of its packets is as a rule.
constexpr std::size_t kAheadBytes = std::size_t{512} << 10;

}  // namespace

Result<CaptureReader> CaptureReader::open(const ExplainPlan& plan, const std::string& bpf,
                                          std::size_t batch, unsigned kept, unsigned readers) {
  CaptureReader reader;
  if (!bpf.empty()) {
    auto compiled = PacketFilter::compile(bpf);
    if (!compiled) return tl::unexpected(compiled.error());
    reader.filter_.emplace(std::move(*compiled));
  }
  assert(kept == 1 || readers == 1);
  CaptureOptions options{.readers = readers};
  if (kept > 1) options = {.buffer_bytes = kAheadBytes, .buffers = kept};
  std::vector<std::unique_ptr<CaptureSource>> captures;
  for (const Input& input : plan.inputs) {
    auto bytes = plan.open(input);
    if (!bytes) return tl::unexpected(bytes.error());
    auto capture = CaptureSource::open(std::move(*bytes), options);
    if (!capture) return tl::unexpected(capture.error());
    captures.push_back(std::move(*capture));
  }
  reader.source_ = std::make_unique<CaptureMerge>(std::move(captures));
  reader.readers_ = readers;
  for (unsigned i = 0; i < std::max(kept, readers); ++i) reader.batches_.emplace_back(batch);
  return reader;
}

std::span<const RawPacket> CaptureReader::read(unsigned reader) {
  if (readers_ > 1) source_->read_as(reader);
  turn_ = readers_ > 1 ? reader : (turn_ + 1) % batches_.size();
  const std::span<RawPacket> batch = batches_[turn_];
  for (;;) {
    const std::size_t n = source_->read(batch);
    if (n == 0) return {};
    const std::size_t kept = filter_ ? filter_->keep_matching(batch.first(n)) : n;
    given_ += n;
    filtered_ += n - kept;
    if (kept > 0) return batch.first(kept);
  }
}

void CaptureReader::name_interfaces(Engine& engine) {
  for (const auto known = source_->interfaces(); interfaces_ < known.size(); ++interfaces_)
    engine.name_interface(interfaces_, known[interfaces_].name);
}

bool CaptureReader::source_failed() const {
  const auto captures = source_->captures();
  return std::any_of(captures.begin(), captures.end(),
                     [](const auto& capture) { return capture->source_failed(); });
}

void CaptureReader::tell_problems(const std::function<void(std::string_view)>& say) const {
  for (const auto& capture : source_->captures())
    for (const CaptureProblem& problem : capture->problems())
      say(fmt::format("{}: at byte {}: {}", capture->bytes().name(), problem.offset, problem.what));
  if (filter_ && !filter_->problems().empty()) say(filter_->problems());
}

}  // namespace endreason
