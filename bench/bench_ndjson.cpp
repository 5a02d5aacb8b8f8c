// SPDX-License-Identifier: Apache-2.0
// Speed of the record writers alone, in bytes of input a second: records of 117 columns and about
// 800 bytes, already parsed and judged. Run pinned to one core.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "format/record_writer.hpp"

namespace endreason {
namespace {

constexpr std::size_t kRecords = 256;  // enough that branch prediction does not learn them by heart

struct Sample {
  std::string text;
  std::vector<TrafficRecord> records;
  std::vector<Verdict> verdicts;
};

// A line as PAN-OS 11.1 writes it, with the parts that differ from session to session filled in.
std::string sample_line(std::size_t i) {
  const auto n = [](std::size_t v) { return std::to_string(v); };
  const std::string second = n(10 + i % 50);
  const char* const apps[] = {"ssl", "web-browsing", "dns-base", "incomplete", "ms-office365-base"};
  std::string line =
      "1,2026/03/10 10:00:" + second + ",013201030824,TRAFFIC,end,2817,2026/03/10 10:00:" + second +
      ",10." + n(i % 256) + ".7." + n(i * 7 % 256) + ",203.0.113." + n(i % 250) +
      ",198.51.100.2,203.0.113." + n(i % 250) + ",VLAN801_TO_ANY-" + n(i % 40) +
      (i % 3 == 0 ? ",acme\\jane.doe" + n(i) : ",") + ",," + apps[i % 5] +
      ",vsys1,trust,untrust,ae1.1201,ethernet1/21,Panorama-Forwarding,2026/03/10 10:00:" + second +
      "," + n(400000 + i * 991) + ",1," + n(20000 + i * 13) + "," + n(i % 2 == 0 ? 443 : 8080) +
      "," + n(30000 + i * 17) + ",443,0x400053,tcp,allow," + n(i * 7919) + "," + n(i * 1301) + "," +
      n(i * 6618) + "," + n(i % 97) + ",2026/03/10 09:" + n(10 + i * 7 % 50) + ":" + second + "," +
      n(i % 3600) + ",computer-and-internet-info,," + "75361798284086" + n(10000 + i) +
      ",0x8000000000000000,10.0.0.0-10.255.255.255,United States,," + n(i % 50) + "," + n(i % 47) +
      ",tcp-fin,15,16,0,0,vsys1,frvalfw11,from-policy,,,0,,0,,N/A,0,0,0,0,"
      "8f1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d,0,0,";
  line.append(34, ',');
  line += "2026-03-10T10:00:" + second +
          ".128+01:00,,,encrypted-tunnel,networking,browser-based,4,"
          "used-by-malware able-to-transfer-file has-known-vulnerability tunnel-other-application "
          "pervasive-use,,ssl,no,no,0,NonProxyTraffic,";
  return line;
}

void split(TrafficRecord& record, std::string_view line) {
  std::size_t column = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= line.size() && column < kFieldCount; ++i)
    if (i == line.size() || line[i] == ',') {
      record.set(kFields[column++].value, line.substr(begin, i - begin));
      begin = i + 1;
    }
}

Sample make_sample() {
  Sample sample;
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < kRecords; ++i) {
    sample.text += sample_line(i);
    ends.push_back(sample.text.size());
  }
  sample.records.resize(kRecords);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < kRecords; ++i) {
    TrafficRecord& record = sample.records[i];
    record.reset(sample.text.data());
    split(record, std::string_view(sample.text).substr(begin, ends[i] - begin));
    Misfit misfit{};
    if (!decode_key_columns(record, misfit)) std::abort();
    record.raw = record.payload = std::string_view(sample.text).substr(begin, ends[i] - begin);
    record.line = i + 1;
    record.version = version_from_config("2817");
    begin = ends[i];
    Verdict verdict;
    verdict.final_action = i % 4 == 0 ? FinalAction::Blocked : FinalAction::Allowed;
    verdict.decided_by = i % 4 == 0 ? DecidedBy::SessionEndReason : DecidedBy::Nobody;
    verdict.outcome = Outcome::Succeeded;
    verdict.reason_code = static_cast<ReasonCode>(i % kReasonCodes.size());
    verdict.add_evidence(Field::SessionEndReason);
    verdict.add_evidence(Field::App);
    verdict.add_evidence(Field::BytesReceived);
    sample.verdicts.push_back(verdict);
  }
  return sample;
}

void write_records(benchmark::State& state, OutputFormat format) {
  const Sample sample = make_sample();
  WriterOptions options;
  options.format = format;
  options.inputs = {"/var/log/fw.log"};
  const auto writer = make_writer(options);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (std::size_t i = 0; i < kRecords; ++i)
      writer->write(sample.records[i], sample.verdicts[i], out);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * sample.text.size()));
  state.counters["in_bytes_a_record"] = static_cast<double>(sample.text.size()) / kRecords;
  state.counters["out_bytes_a_record"] = static_cast<double>(out.size()) / kRecords;
  state.counters["records"] = benchmark::Counter(static_cast<double>(state.iterations() * kRecords),
                                                 benchmark::Counter::kIsRate);
}

BENCHMARK_CAPTURE(write_records, ndjson, OutputFormat::Ndjson);
BENCHMARK_CAPTURE(write_records, csv, OutputFormat::Csv);
BENCHMARK_CAPTURE(write_records, panos, OutputFormat::Panos);
BENCHMARK_CAPTURE(write_records, ecs, OutputFormat::Ecs);
BENCHMARK_CAPTURE(write_records, ocsf, OutputFormat::Ocsf);

}  // namespace
}  // namespace endreason
