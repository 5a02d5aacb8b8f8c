// SPDX-License-Identifier: Apache-2.0
#include "cli/run_plan.hpp"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <map>
#include <memory>
#include <thread>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"
#include "cli/terminal.hpp"
#include "sources/capture_source.hpp"
#include "sources/peeked_source.hpp"
#include "verdict/catalogue.hpp"

namespace endreason {

std::optional<std::int64_t> time_as_logged(const std::string& text, const TimeZone& zone) {
  if (const auto parsed = parse_time(text)) {
    if (parsed->offset_minutes)
      return parsed->civil.micros - std::int64_t{*parsed->offset_minutes} * 60'000'000;
    return zone.to_instant(parsed->civil).utc_micros;
  }
  if (const auto day = parse_time(text + " 00:00:00"))
    return zone.to_instant(day->civil).utc_micros;
  return std::nullopt;
}

namespace {

std::int64_t wall_clock_micros() {
  // The border: nothing below the command line reads a clock.
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// "2h", "30m", "7d", "90s" back from now; or a time in any spelling that logs use.
Result<std::int64_t> point_in_time(const std::string& option, const std::string& text,
                                   const TimeZone& zone, std::int64_t now) {
  if (const auto micros = time_as_logged(text, zone)) return *micros;
  std::uint64_t count = 0;
  if (text.size() > 1 && parse_decimal(std::string_view(text).substr(0, text.size() - 1), count) &&
      count < 1'000'000) {
    constexpr std::string_view kUnits = "smhdw";
    constexpr std::int64_t kSeconds[] = {1, 60, 3600, 86'400, 604'800};
    const std::size_t unit = kUnits.find(text.back());
    if (unit != std::string_view::npos)
      return now - static_cast<std::int64_t>(count) * kSeconds[unit] * 1'000'000;
  }
  return fail(Error::Code::Usage,
              fmt::format("{}: expected a time such as '2026/03/10 10:00:00', 2026-03-10 or "
                          "2026-03-10T10:00:00+01:00, or a stretch back from now such as 2h or 7d, "
                          "found '{}'",
                          option, text));
}

using Done = Result<void>;

class Planner {
 public:
  Planner(const RunOptions& options, const Settings& settings)
      : options_(options), settings_(settings) {}

  Result<RunPlan> plan() {
    for (const auto step :
         {&Planner::prepare_clock, &Planner::prepare_verdict, &Planner::prepare_filter,
          &Planner::prepare_output, &Planner::prepare_reader})
      if (auto done = (this->*step)(); !done) return tl::unexpected(done.error());
    return std::move(plan_);
  }

 private:
  Done prepare_clock() {
    plan_.zone = settings_.zone.value_or(TimeZone::utc());
    if (settings_.zone) plan_.explain.clock.set_default_zone(*settings_.zone);
    for (const auto& [serial, zone] : settings_.zones_by_serial)
      plan_.explain.clock.set_zone_of_serial(serial, zone);
    if (options_.tz.empty()) return {};
    auto zone = TimeZone::named(options_.tz);
    if (!zone) return fail(Error::Code::Usage, "--tz: " + zone.error().message);
    plan_.zone = *zone;
    plan_.explain.clock.set_default_zone(*zone);
    return {};
  }

  Done prepare_verdict() {
    plan_.explain.ruleset = settings_.ruleset.value_or(Ruleset::Standard);
    plan_.explain.timers = settings_.timers;
    if (options_.ruleset.empty()) return {};
    auto ruleset = ruleset_named(options_.ruleset);
    if (!ruleset) return fail(Error::Code::Usage, "--ruleset: " + ruleset.error().message);
    plan_.explain.ruleset = *ruleset;
    return {};
  }

  Done prepare_filter() {
    const std::int64_t now = wall_clock_micros();
    if (!options_.filter.empty()) {
      auto filter = Filter::parse(options_.filter, now);
      if (!filter) return tl::unexpected(filter.error());
      plan_.explain.filter = std::move(*filter);
    }
    if (!options_.since.empty()) {
      auto since = point_in_time("--since", options_.since, plan_.zone, now);
      if (!since) return tl::unexpected(since.error());
      plan_.explain.since = *since;
    }
    if (!options_.until.empty()) {
      auto until = point_in_time("--until", options_.until, plan_.zone, now);
      if (!until) return tl::unexpected(until.error());
      plan_.explain.until = *until;
    }
    plan_.explain.contradictions_only = options_.contradictions && !options_.summary;
    plan_.explain.limit = options_.limit;
    return {};
  }

  Done prepare_output() {
    plan_.card_or_table = options_.output.empty() && stdout_is_terminal();
    plan_.writer.format = OutputFormat::Ndjson;
    if (!options_.output.empty()) {
      const auto row =
          std::find_if(kOutputFormats.begin(), kOutputFormats.end(), [&](const auto& r) {
            return r.log_name == options_.output ||
                   (r.value == OutputFormat::Ndjson && options_.output == "json");
          });
      if (row == kOutputFormats.end()) return unknown_output();
      plan_.writer.format = row->value;
    }
    if (!options_.fields.empty()) {
      auto columns = parse_columns(options_.fields);
      if (!columns) return tl::unexpected(columns.error());
      plan_.writer.columns = std::move(*columns);
      // Named columns are for a table or for data; a card shows what it shows.
      if (plan_.card_or_table) {
        plan_.card_or_table = false;
        plan_.writer.format = OutputFormat::Table;
      }
    }
    if (!options_.panos_version.empty()) {
      plan_.writer.panos_version = version_named(options_.panos_version);
      if (plan_.writer.panos_version == kVersionUnknown)
        return fail(
            Error::Code::Usage,
            fmt::format("--panos-version: expected a release from 6.0 to 12.2 such as 11.1, "
                        "found '{}'",
                        options_.panos_version));
    }
    plan_.writer.clock = plan_.explain.clock;
    plan_.writer.colour = colour_wanted(options_.colour);
    plan_.writer.terminal_width = terminal_width();
    plan_.writer.why = why;
    plan_.writer.explain = explain;
    return {};
  }

  Done unknown_output() const {
    std::vector<std::string_view> names;
    std::string list;
    for (const auto& row : kOutputFormats) {
      names.push_back(row.log_name);
      list += (list.empty() ? "" : ", ") + std::string(row.log_name);
    }
    const auto near = nearest_names(options_.output, names);
    return fail(
        Error::Code::Usage,
        fmt::format("-o: unknown output format '{}'{}; the formats are {}", options_.output,
                    near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]), list));
  }

  Done prepare_reader() {
    const char* from_environment = std::getenv("ENDREASON_KERNEL");
    const std::string wish = !options_.kernel.empty()      ? options_.kernel
                             : from_environment != nullptr ? from_environment
                                                           : "auto";
    plan_.explain.reader.kernel = scan_kernel(wish);
    if (plan_.explain.reader.kernel.name.empty())
      return fail(Error::Code::Usage,
                  fmt::format("--kernel: '{}' is not one of auto, avx512, avx2, scalar, or this "
                              "machine cannot run it",
                              wish));
    KeyNames keys;
    for (const auto& [name, field] : settings_.aliases)
      if (auto added = keys.add(name, field); !added)
        return fail(Error::Code::Usage, settings_.path + ": " + added.error().message);
    plan_.explain.reader.keys = std::make_shared<const KeyNames>(std::move(keys));
    FieldSet fields;
    if (plan_.explain.filter) fields |= plan_.explain.filter->fields();
    const bool needs_time = plan_.explain.since || plan_.explain.until;
    if (needs_time) fields.set(index_of(Field::HighResTimestamp));
    const bool shallow = options_.summary || plan_.writer.format == OutputFormat::Raw;
    plan_.explain.reader.cells_wanted = shallow ? cells_wanted_for(fields) : kCellsMax;
    unsigned threads = options_.threads != 0 ? options_.threads
                                             : std::max(1u, std::thread::hardware_concurrency());
    if (!options_.summary && (plan_.card_or_table || !info(plan_.writer.format).parallel))
      threads = 1;
    plan_.explain.threads = std::min(threads, 64u);
    return {};
  }

  const RunOptions& options_;
  const Settings& settings_;
  RunPlan plan_;
};

constexpr std::size_t kRecogniseBytes = 4;  // as much as looks_like_capture() wants

// Pipes that were opened to look at them, by path; each is given once.
using OpenPipes = std::map<std::string, std::unique_ptr<ByteSource>>;

bool is_capture(const Input& input, OpenPipes& pipes) {
  auto bytes = open_input(input);
  if (!bytes) return false;  // the run says so
  auto peeked = std::make_unique<PeekedSource>(std::move(*bytes));
  const bool capture = looks_like_capture(peeked->peek(kRecogniseBytes));
  const bool once = input.is_standard_input() || !input.bytes;
  if (once) pipes[input.path] = std::move(peeked);
  return capture;
}

Done tell_captures_from_logs(RunPlan& plan, InputsWanted wanted) {
  ExplainPlan& run = plan.explain;
  auto pipes = std::make_shared<OpenPipes>();
  const Input* capture = nullptr;
  const Input* other = nullptr;
  for (const Input& input : run.inputs) {
    const Input*& first = is_capture(input, *pipes) ? capture : other;
    if (first == nullptr) first = &input;
  }
  // Where captures alone are read, whoever opens one says what else it is.
  if (wanted == InputsWanted::Any && capture != nullptr && other != nullptr)
    return fail(Error::Code::Usage,
                fmt::format("captures and logs cannot be explained in one run: {} is a capture, {} "
                            "is none; name them in two",
                            capture->path, other->path));
  plan.captures = capture != nullptr;
  run.open = [pipes](const Input& input) -> Result<std::unique_ptr<ByteSource>> {
    const auto pipe = pipes->find(input.path);
    if (pipe == pipes->end() || !pipe->second) return open_input(input);
    return std::move(pipe->second);
  };
  return {};
}

}  // namespace

Result<RunPlan> plan_run(const RunOptions& options, const Settings& settings) {
  return Planner(options, settings).plan();
}

Result<void> plan_inputs(std::vector<std::string> paths, RunPlan& plan, InputsWanted wanted) {
  if (paths.empty()) {
    paths.emplace_back("-");
    if (stdin_is_terminal())
      say("reading standard input: paste log lines, then press Ctrl-D (or name files and "
          "folders)");
  }
  auto list = list_inputs(paths);
  if (!list) return tl::unexpected(list.error());
  for (const Skipped& skipped : list->skipped)
    say(fmt::format("{}: not read: {}{}", skipped.path,
                    kSkipReasons[static_cast<std::size_t>(skipped.reason)].meaning,
                    skipped.detail.empty() ? "" : ": " + skipped.detail));
  if (list->inputs.empty())
    return fail(Error::Code::Io, fmt::format("{}: there is no file in it that could be read",
                                             fmt::join(paths, ", ")));
  plan.explain.bytes_total = list->total_bytes();
  plan.explain.inputs = std::move(list->inputs);
  for (const Input& input : plan.explain.inputs) plan.writer.inputs.push_back(input.path);
  return tell_captures_from_logs(plan, wanted);
}

}  // namespace endreason
