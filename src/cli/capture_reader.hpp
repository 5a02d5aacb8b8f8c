// SPDX-License-Identifier: Apache-2.0
// CaptureReader: the packets of a plan's captures, merged by time and filtered, for all commands
// that follow sessions through them. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/untouched_array.hpp"
#include "dataplane/engine.hpp"
#include "ingest/explain_run.hpp"
#include "sources/capture_merge.hpp"
#include "sources/packet_filter.hpp"

namespace endreason {

class CaptureReader {
 public:
  // Fails for an input that cannot be opened, and a filter that is none. `batch`: packets of a
  // read(), at most. `kept`: until so many calls of read() later they stay, with their bytes.
  // `readers`: so many threads call read() in turn; with more than one, `kept` is 1.
  static Result<CaptureReader> open(const ExplainPlan& plan, const std::string& bpf,
                                    std::size_t batch = kBatch, unsigned kept = 1,
                                    unsigned readers = 1);

  // The next packets that the filter takes, none at the end. `reader`: which of them calls.
  std::span<const RawPacket> read(unsigned reader = 0);
  // See CaptureSource.
  bool has_turns() const { return source_->has_turns(); }
  void fetch(unsigned reader, std::uint64_t turn) { source_->fetch(reader, turn); }
  bool turn_is_over() const { return source_->turn_is_over(); }
  // Before packets of the last read() are given to the engine.
  void name_interfaces(Engine& engine);
  // Whether name_interfaces() would name any.
  bool brings_interfaces() const { return interfaces_ < source_->interfaces().size(); }

  std::uint64_t given() const { return given_; }  // packets read, with those filtered out
  std::uint64_t filtered() const { return filtered_; }
  CaptureCounters counters() const { return source_->counters(); }
  std::span<const CaptureInterface> interfaces() const { return source_->interfaces(); }
  // An input's bytes could not be had to their end; what was there has been read.
  bool source_failed() const;
  // Places that could not be read, a line each, to `say`.
  void tell_problems(const std::function<void(std::string_view)>& say) const;

 private:
  static constexpr std::size_t kBatch = 256;

  CaptureReader() = default;
  std::unique_ptr<CaptureMerge> source_;
  std::optional<PacketFilter> filter_;
  std::vector<UntouchedArray<RawPacket>> batches_;  // in turn, or one of each reader
  unsigned readers_ = 1;
  std::size_t turn_ = 0;
  std::size_t interfaces_ = 0;  // named to the engine
  std::uint64_t given_ = 0, filtered_ = 0;
};

}  // namespace endreason
