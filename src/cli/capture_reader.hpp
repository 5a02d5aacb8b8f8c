// SPDX-License-Identifier: Apache-2.0
// CaptureReader: the packets of a plan's captures, merged by time and filtered, for commands that
// look at packets and sessions themselves. One thread.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/result.hpp"
#include "dataplane/engine.hpp"
#include "ingest/explain_run.hpp"
#include "sources/capture_merge.hpp"
#include "sources/packet_filter.hpp"

namespace endreason {

class CaptureReader {
 public:
  // Fails for an input that cannot be opened, and a filter that is none.
  static Result<CaptureReader> open(const ExplainPlan& plan, const std::string& bpf);

  // The next packets that the filter takes, none at the end. Interfaces are named to the engine
  // before their first packet. The packets stay until the next call.
  std::span<const RawPacket> read(Engine& engine);
  // Places that could not be read, a line each, to `say`.
  void tell_problems(const std::function<void(std::string_view)>& say) const;

 private:
  CaptureReader() = default;
  std::unique_ptr<CaptureMerge> source_;
  std::optional<PacketFilter> filter_;
  std::array<RawPacket, 256> batch_{};
  std::size_t interfaces_ = 0;  // named to the engine
};

}  // namespace endreason
