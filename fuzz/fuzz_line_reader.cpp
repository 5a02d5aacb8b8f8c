// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as a run of lines, read by every kernel and with few and all columns wanted.
// Input: first byte = how many columns and what the padding holds, the rest = the run.
// Holds: every text of a record is readable and no part of the padding, line numbers never go back,
// all kernels give the same records, and the columns that the verdict needs do not depend on how
// many others are wanted.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "parse/line_reader.hpp"

namespace {

using namespace endreason;

void demand(bool condition) {
  if (!condition) std::abort();
}

// Reads every byte of `text`, so that the sanitizer sees one that is not there, and adds it to
// `out`. The padding is readable, yet no text may lie in it: nothing of it was in the input.
void take(std::string_view text, PaddedView run, std::string& out) {
  const char* begin = text.data();
  const char* end = begin + text.size();
  const bool behind = begin <= run.end() + kScanPadding && end > run.end();
  demand(text.empty() || begin == nullptr || begin < run.begin() || !behind);
  out += text;
  out += '\x1f';
}

template <class T>
void take_number(T value, std::string& out) {
  out += std::to_string(static_cast<std::uint64_t>(value));
  out += '\x1f';
}

void take_numbers(const TrafficRecord& r, std::string& out) {
  for (const std::uint64_t value :
       std::initializer_list<std::uint64_t>{static_cast<std::uint64_t>(r.action),
                                            static_cast<std::uint64_t>(r.app_status),
                                            static_cast<std::uint64_t>(r.end_reason),
                                            static_cast<std::uint64_t>(r.subtype),
                                            static_cast<std::uint64_t>(r.action_source),
                                            r.proto,
                                            r.sport,
                                            r.dport,
                                            r.known,
                                            r.flags,
                                            r.repeatcnt,
                                            r.elapsed,
                                            r.bytes,
                                            r.bytes_sent,
                                            r.bytes_received,
                                            r.packets,
                                            r.pkts_sent,
                                            r.pkts_received,
                                            r.sessionid,
                                            static_cast<std::uint64_t>(r.format),
                                            static_cast<std::uint64_t>(r.version),
                                            r.partial ? 1u : 0u,
                                            r.columns})
    take_number(value, out);
}

// What was read, as text: `key` holds what must not depend on the columns wanted, `rest` the other.
struct Reading {
  std::vector<std::string> key, rest;
  std::vector<bool> braces;
};

// The columns that the verdict needs are the same. A line with a brace may be counted differently:
// braces protect commas (link_switches), and are looked at only when that column is wanted.
void demand_same_keys(const Reading& a, const Reading& b) {
  demand(a.key.size() == b.key.size());
  for (std::size_t i = 0; i < a.key.size(); ++i) demand(a.braces[i] || a.key[i] == b.key[i]);
}

void note(const TrafficRecord& record, const ReadStatus& status, PaddedView run,
          std::uint32_t columns, Reading& out) {
  std::string key, rest;
  take_number(record.line, key);
  take_number(status.kind, key);
  take(status.type, run, key);
  take(record.raw, run, key);
  demand(status.kind != ReadKind::Other || !status.type.empty());
  if (status.kind == ReadKind::Rejected) {
    take_number(status.reject.reason, key);
    take_number(status.reject.column, key);
    take(status.reject.column_name, run, key);
    take(status.reject.expected, run, key);
    take(status.reject.found, run, key);
    demand(!status.reject.expected.empty());
  }
  if (status.kind == ReadKind::Traffic) {
    take_numbers(record, key);
    take(record.payload, run, key);
    for (std::uint32_t i = 0; i < kFieldCount; ++i)
      take(record.text(Field{static_cast<std::uint8_t>(i)}), run, i < columns ? key : rest);
    for (const TrafficRecord::Extra& extra : record.extras) {
      take(extra.name, run, rest);
      take(extra.value, run, rest);
      demand(!extra.name.empty());
    }
  }
  out.key.push_back(std::move(key));
  out.rest.push_back(std::move(rest));
  out.braces.push_back(record.raw.find('{') != std::string_view::npos);
}

// One reader for each kernel and number of columns, kept: making one costs more than a short run.
class Readers {
 public:
  Readers() {
    const auto keys = std::make_shared<const KeyNames>();
    for (const char* name : {"scalar", "avx2", "avx512"}) {
      const ScanKernel kernel = scan_kernel(name);
      if (kernel.name.empty()) continue;  // not on this machine
      auto& row = readers_.emplace_back();
      for (std::size_t i = 0; i < kColumns.size(); ++i)
        row[i] = std::make_unique<LineReader>(LineReaderOptions{kernel, kColumns[i], keys});
    }
  }
  std::size_t kernels() const { return readers_.size(); }
  LineReader& at(std::size_t kernel, std::size_t columns) { return *readers_[kernel][columns]; }

 private:
  inline static const auto kColumns =
      std::to_array<std::uint32_t>({kCellsMax, cells_wanted_for({}), 100});
  std::vector<std::array<std::unique_ptr<LineReader>, 3>> readers_;
};

Reading read_all(LineReader& reader, PaddedView run) {
  static const std::uint32_t fewest = cells_wanted_for({});
  static const auto record = std::make_unique<TrafficRecord>();
  Reading reading;
  ReadStatus status;
  std::uint64_t line = 7;
  reader.start(run, line, 3, nullptr);
  while (reader.next(*record, status)) {
    demand(record->line >= line && record->file == 3);
    line = record->line;
    note(*record, status, run, fewest, reading);
    demand(reading.key.size() <= run.size());  // each record takes at least a byte
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Readers readers;
  if (size == 0) return 0;
  Chunk chunk(size - 1);
  if (size > 1) std::memcpy(chunk.data(), data + 1, size - 1);
  chunk.set_size(size - 1);
  // What stands in the padding is nobody's business: a quote or a comma there must change nothing.
  std::memset(chunk.data() + chunk.size(), data[0] % 2 == 0 ? ',' : '"', kScanPadding);
  const PaddedView run = chunk.padded();
  const std::size_t few_columns = 1 + data[0] / 2 % 2;
  const Reading all = read_all(readers.at(0, 0), run);
  const Reading few = read_all(readers.at(0, few_columns), run);
  demand_same_keys(all, few);
  for (std::size_t kernel = 1; kernel < readers.kernels(); ++kernel) {
    const Reading again = read_all(readers.at(kernel, 0), run);
    demand(again.key == all.key && again.rest == all.rest);
    const Reading again_few = read_all(readers.at(kernel, few_columns), run);
    demand(again_few.key == few.key && again_few.rest == few.rest);
  }
  return 0;
}
