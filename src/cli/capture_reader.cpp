// SPDX-License-Identifier: Apache-2.0
#include "cli/capture_reader.hpp"

#include <fmt/format.h>

namespace endreason {

Result<CaptureReader> CaptureReader::open(const ExplainPlan& plan, const std::string& bpf) {
  CaptureReader reader;
  if (!bpf.empty()) {
    auto compiled = PacketFilter::compile(bpf);
    if (!compiled) return tl::unexpected(compiled.error());
    reader.filter_.emplace(std::move(*compiled));
  }
  std::vector<std::unique_ptr<CaptureSource>> captures;
  for (const Input& input : plan.inputs) {
    auto bytes = plan.open(input);
    if (!bytes) return tl::unexpected(bytes.error());
    auto capture = CaptureSource::open(std::move(*bytes));
    if (!capture) return tl::unexpected(capture.error());
    captures.push_back(std::move(*capture));
  }
  reader.source_ = std::make_unique<CaptureMerge>(std::move(captures));
  return reader;
}

std::span<const RawPacket> CaptureReader::read(Engine& engine) {
  for (;;) {
    const std::size_t n = source_->read(batch_);
    if (n == 0) return {};
    for (const auto known = source_->interfaces(); interfaces_ < known.size(); ++interfaces_)
      engine.name_interface(interfaces_, known[interfaces_].name);
    const std::size_t kept = filter_ ? filter_->keep_matching(std::span(batch_).first(n)) : n;
    if (kept > 0) return std::span<const RawPacket>(batch_).first(kept);
  }
}

void CaptureReader::tell_problems(const std::function<void(std::string_view)>& say) const {
  for (const auto& capture : source_->captures())
    for (const CaptureProblem& problem : capture->problems())
      say(fmt::format("{}: at byte {}: {}", capture->bytes().name(), problem.offset, problem.what));
  if (filter_ && !filter_->problems().empty()) say(filter_->problems());
}

}  // namespace endreason
