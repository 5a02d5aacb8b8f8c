// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a capture, read twice: whole and in small pieces, with another buffer and
// batch size. Both must give the same packets and the same problems, and lie within the bytes.
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "sources/capture_source.hpp"
#include "sources/memory_source.hpp"

namespace {

struct Outcome {
  bool opened = false;
  std::string packets;  // all that was given, one behind the other
  std::vector<std::string> problems;
  endreason::CaptureCounters counters;
};

template <class T>
void append(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

Outcome read_all(std::string_view stored, std::size_t step, std::size_t buffer_bytes,
                 std::size_t batch_packets) {
  Outcome outcome;
  endreason::CaptureOptions options;
  options.buffer_bytes = buffer_bytes;
  auto source = endreason::CaptureSource::open(
      std::make_unique<endreason::MemorySource>(stored, "fuzzed", step), options);
  if (!source) return outcome;
  outcome.opened = true;
  std::vector<endreason::RawPacket> batch(batch_packets);
  while (const std::size_t count = (*source)->read(batch)) {
    if (count > batch.size()) std::abort();
    for (std::size_t i = 0; i < count; ++i) {
      const endreason::RawPacket& packet = batch[i];
      if (packet.interface >= (*source)->interfaces().size()) std::abort();
      append(outcome.packets, packet.time_ns);
      append(outcome.packets, packet.wire_length);
      append(outcome.packets, packet.link_type);
      append(outcome.packets, packet.interface);
      outcome.packets.append(reinterpret_cast<const char*>(packet.bytes.data()),
                             packet.bytes.size());
    }
  }
  for (const endreason::CaptureProblem& problem : (*source)->problems())
    outcome.problems.push_back(problem.what);
  outcome.counters = (*source)->counters();
  if (outcome.counters.captured_bytes + outcome.counters.lost_bytes > stored.size()) std::abort();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  const Outcome whole = read_all(stored, size, std::size_t{256} << 10, 256);
  const Outcome pieces =
      read_all(stored, data[size - 1] + std::size_t{1}, data[size / 2] + std::size_t{24}, 3);
  if (whole.opened != pieces.opened) std::abort();
  if (whole.packets != pieces.packets || whole.problems != pieces.problems) std::abort();
  if (whole.counters.skipped_blocks != pieces.counters.skipped_blocks) std::abort();
  return 0;
}
