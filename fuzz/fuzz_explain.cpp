// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a whole input: cut into runs, read, judged and counted, as a file in large
// runs, as a file in small runs by two threads and the scalar kernel, and as a pipe to one thread
// and to several. All must give the same records in the same order, and the counts must add up.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ingest/explain_run.hpp"

namespace {

using namespace endreason;

constexpr std::size_t kPipeBytes = 60'000;  // fits a pipe's buffer, so that one thread is enough

void demand(bool condition) {
  if (!condition) std::abort();
}

class LineSink final : public RecordSink {
 public:
  void add(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    out += std::to_string(record.line) + ' ';
    out += std::to_string(static_cast<int>(verdict.final_action)) + ' ';
    out += std::to_string(static_cast<int>(verdict.reason_code)) + ' ';
    for (const std::uint64_t number :
         {std::uint64_t{record.known}, std::uint64_t{record.sport}, std::uint64_t{record.dport},
          std::uint64_t{record.proto}, std::uint64_t{record.flags}, std::uint64_t{record.repeatcnt},
          record.elapsed, record.bytes, record.bytes_sent, record.bytes_received, record.packets,
          record.pkts_sent, record.pkts_received, record.sessionid})
      out += std::to_string(number) + ' ';
    for (const auto& row : kFields) {
      out += record.text(row.value);
      out += '\x1f';
    }
    out += '\n';
  }
};

struct RunOutcome {
  std::string output, rejects, stats;
};

// Closes the descriptor; inputs are named by path, and /proc gives every open one a path.
RunOutcome explain(int descriptor, std::size_t run_bytes, unsigned threads,
                   std::string_view kernel = {}) {
  RunOutcome outcome;
  ExplainPlan plan;
  const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
  plan.inputs.push_back({path, std::nullopt});
  static const auto keys = std::make_shared<const KeyNames>();
  plan.reader.keys = keys;
  plan.reader.kernel = scan_kernel(kernel);
  plan.run_bytes = run_bytes;
  plan.threads = threads;
  plan.keep_rejects = true;
  plan.make_sink = [](unsigned) { return std::make_unique<LineSink>(); };
  plan.write_output = [&](std::string_view text) { return outcome.output += text, true; };
  plan.write_rejects = [&](std::string_view text) { return outcome.rejects += text, true; };
  plan.message = [](std::string_view) {};
  const ExplainResult result = run_explain(plan);
  close(descriptor);
  demand(result.accounting.balanced() && !result.stopped);
  outcome.stats = result.accounting.to_json();
  // The path stands in each reject and differs.
  for (std::size_t at; (at = outcome.rejects.find(path)) != std::string::npos;)
    outcome.rejects.erase(at, path.size());
  return outcome;
}

int file_of(std::string_view text) {
  const int descriptor = memfd_create("fuzzed", MFD_CLOEXEC);
  demand(descriptor >= 0);
  demand(write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  return descriptor;
}

int pipe_of(std::string_view text) {
  int ends[2];
  demand(pipe2(ends, O_CLOEXEC) == 0);
  demand(write(ends[1], text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  close(ends[1]);
  return ends[0];
}

bool same(const RunOutcome& a, const RunOutcome& b) {
  return a.output == b.output && a.rejects == b.rejects && a.stats == b.stats;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kPipeBytes) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // Compressed bytes are the matter of fuzz_sources; those that break off may do so anywhere.
  if (text.starts_with("\x1f\x8b") || text.starts_with("\x28\xb5\x2f\xfd")) return 0;
  const RunOutcome whole = explain(file_of(text), std::size_t{256} * 1024, 1);
  const RunOutcome pieces = explain(file_of(text), 64 + data[size / 2], 2, "scalar");
  demand(same(whole, pieces));
  const RunOutcome piped = explain(pipe_of(text), 1024, 1);
  demand(same(whole, piped));
  const RunOutcome piped_to_many = explain(pipe_of(text), 64 + data[size / 3], 3);
  demand(same(whole, piped_to_many));
  return 0;
}
