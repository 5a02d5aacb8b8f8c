// SPDX-License-Identifier: Apache-2.0
// What a summary costs a record: rows that were allowed and worked, rows that were blocked or
// failed, and mixes of a quarter of those with 100,000 distinct sources. The rows are a few that
// stay in the processor's cache, as the record in a reader's hands does; sources change in place.
#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "findings/summary.hpp"

namespace endreason {
namespace {

constexpr std::size_t kRows = 256;
constexpr std::string_view kSource = "10.000.000.000";

struct Judged {
  std::array<char, 128> text{};  // what the record borrows from
  TrafficRecord record;
  Verdict verdict;
};

struct Shape {
  std::uint32_t destinations;
  unsigned troubled_percent;  // blocked or failed; the rest was allowed and worked
};

// Digits of a source into the row's text, with zeros in front so that its length never changes.
void set_source(Judged& row, std::uint32_t number) {
  const auto put = [&](std::size_t at, unsigned octet) {
    row.text[at] = static_cast<char>('0' + octet / 100);
    row.text[at + 1] = static_cast<char>('0' + octet / 10 % 10);
    row.text[at + 2] = static_cast<char>('0' + octet % 10);
  };
  put(3, number >> 16 & 255);
  put(7, number >> 8 & 255);
  put(11, number & 255);
}

void set_texts(Judged& row, std::uint32_t destination, std::uint32_t rule) {
  TrafficRecord& record = row.record;
  char* at = row.text.data();
  record.reset(at);
  const auto put = [&](Field field, std::string_view text) {
    std::copy(text.begin(), text.end(), at);
    record.set(field, {at, text.size()});
    at += text.size();
  };
  put(Field::Src, kSource);
  put(Field::Dst, fmt::format("172.16.{}.{}", destination >> 8 & 255, destination & 255));
  put(Field::Rule, fmt::format("outbound rule {}", rule));
  put(Field::App, "incomplete");
}

void judge(Judged& row, bool troubled, bool blocked) {
  Verdict& v = row.verdict;
  v.final_action = FinalAction::Allowed;
  v.outcome = troubled ? Outcome::Failed : Outcome::Succeeded;
  v.reason_code = !troubled ? ReasonCode::ClosedNormally
                  : blocked ? ReasonCode::DeniedByRule
                            : ReasonCode::SynNoAnswer;
  v.ended_by = !troubled ? EndedBy::Client : blocked ? EndedBy::Policy : EndedBy::Timer;
  row.record.action = Action::Allow;
  if (!troubled || !blocked) return;
  v.final_action = FinalAction::Blocked;
  v.decided_by = DecidedBy::Action;
  row.record.action = Action::Deny;
}

std::vector<Judged> make_rows(const Shape& shape) {
  std::vector<Judged> rows(kRows);
  std::mt19937 random(1);
  for (std::size_t i = 0; i < kRows; ++i) {
    Judged& row = rows[i];
    set_texts(row, static_cast<std::uint32_t>(random()) % shape.destinations,
              static_cast<std::uint32_t>(random()) % 20);
    set_source(row, static_cast<std::uint32_t>(i) % 50);
    row.record.subtype = Subtype::End;
    row.record.bytes = random() % 10'000;
    row.record.proto = 6;
    row.record.dport = 443;
    for (const Known k : {Known::Bytes, Known::Proto, Known::Dport}) row.record.set_known(k);
    judge(row, random() % 100 < shape.troubled_percent, random() % 2 == 0);
  }
  return rows;
}

void add_rows(benchmark::State& state, const Shape& shape) {
  const std::vector<Judged> rows = make_rows(shape);
  Summary summary;
  for (auto _ : state)
    for (const Judged& row : rows) summary.add(row.record, row.verdict);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
}

void succeeded(benchmark::State& state) {
  add_rows(state, {100, 0});
}
void blocked_or_failed(benchmark::State& state) {
  add_rows(state, {100, 100});
}
void quarter_troubled(benchmark::State& state) {
  add_rows(state, {100, 25});
}
BENCHMARK(succeeded);
BENCHMARK(blocked_or_failed);
BENCHMARK(quarter_troubled);

// A quarter of the rows is blocked or failed, and comes from any of 100,000 sources. Few
// destinations: servers that are down. Many: a sweep; nearly every row is a new tuple, and the
// tables overflow into temporary files.
void quarter_troubled_100k_sources(benchmark::State& state) {
  std::vector<Judged> rows = make_rows({static_cast<std::uint32_t>(state.range(0)), 25});
  std::mt19937 random(2);
  Summary summary;
  for (auto _ : state)
    for (Judged& row : rows) {
      if (row.verdict.outcome == Outcome::Failed ||
          row.verdict.final_action == FinalAction::Blocked)
        set_source(row, static_cast<std::uint32_t>(random()) % 100'000);
      summary.add(row.record, row.verdict);
    }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kRows));
  state.counters["spilled_bytes"] = static_cast<double>(summary.spilled_bytes());
}
BENCHMARK(quarter_troubled_100k_sources)->ArgName("destinations")->Arg(1)->Arg(64)->Arg(4096);

// The report over the same rows, temporary files included: milliseconds a report.
void report_of_a_million_rows(benchmark::State& state) {
  std::vector<Judged> rows = make_rows({static_cast<std::uint32_t>(state.range(0)), 25});
  for (auto _ : state) {
    state.PauseTiming();
    Summary summary;
    std::mt19937 random(2);
    for (std::size_t i = 0; i < 1'000'000 / kRows; ++i)
      for (Judged& row : rows) {
        set_source(row, static_cast<std::uint32_t>(random()) % 100'000);
        summary.add(row.record, row.verdict);
      }
    state.ResumeTiming();
    benchmark::DoNotOptimize(summary.report());
  }
}
BENCHMARK(report_of_a_million_rows)
    ->ArgName("destinations")
    ->Arg(64)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace endreason

BENCHMARK_MAIN();
