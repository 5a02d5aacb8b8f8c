// SPDX-License-Identifier: Apache-2.0
// `endreason export`: what `serve` keeps, as Parquet files for other tools.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "cli/asking.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/record_run.hpp"
#include "cli/terminal.hpp"
#include "query/filter.hpp"
#include "query/filter_time.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kDay = 86'400'000'000;  // microseconds

struct ExportCommand {
  AskOptions where;
  std::string filter, parquet, since, until;
  bool by_day = false;
};

struct Period {
  std::optional<std::int64_t> from, to;  // UTC microseconds; to is not included
};

std::int64_t wall_clock_micros() {
  using std::chrono::microseconds;
  return std::chrono::duration_cast<microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string rfc3339(std::int64_t micros) {
  std::string out;
  append_rfc3339(out, ZonedTime{micros, 0, 6});
  return out;
}

Result<void> read_time(const char* option, const std::string& text,
                       std::optional<std::int64_t>& into) {
  if (text.empty()) return {};
  const auto spelled = read_filter_time(text, false, wall_clock_micros());
  const auto* time = std::get_if<SpelledTime>(&spelled);
  if (time == nullptr)
    return fail(Error::Code::Usage,
                fmt::format("{}: expected a time such as 2026-03-10T10:00:00Z, 2026/03/10 or "
                            "now-24h, found '{}'",
                            option, text));
  into = time->time.micros;
  return {};
}

std::string records_target(const ExportCommand& c, const Period& period, std::string_view more) {
  std::string target = fmt::format("/api/v1/records?filter={}", query_escaped(c.filter));
  if (period.from) target += "&from=" + query_escaped(rfc3339(*period.from));
  if (period.to) target += "&to=" + query_escaped(rfc3339(*period.to));
  return target + std::string(more);
}

// Beside the file, and put in its place when it is whole.
int export_file(const ExportCommand& c, const Period& period, const std::string& path) {
  const std::string fresh = path + ".part";
  std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
  std::uint64_t bytes = 0;
  const int code = ask(c.where, {"GET", records_target(c, period, "&format=parquet"), ""},
                       [&](std::string_view part) {
                         bytes += part.size();
                         return static_cast<bool>(
                             file.write(part.data(), static_cast<std::streamsize>(part.size())));
                       });
  file.close();
  std::error_code ignored;
  if (code == kExitDone && file && std::rename(fresh.c_str(), path.c_str()) == 0) {
    say(fmt::format("{}: {} bytes", path, bytes));
    return kExitDone;
  }
  std::filesystem::remove(fresh, ignored);
  if (code != kExitDone && file) return code;
  say(fmt::format("--parquet: {} cannot be written; name a place where there is room", path));
  return kExitIo;
}

// When the first row of a period is; nothing when it has none.
int first_row(const ExportCommand& c, const Period& period, std::optional<std::int64_t>& time) {
  std::string answer;
  const int code =
      ask(c.where, {"GET", records_target(c, period, "&order=asc&limit=1&columns=_time"), ""},
          [&](std::string_view part) {
            answer += part;
            return true;
          });
  if (code != kExitDone) return code;
  constexpr std::string_view kKey = "\"_time\":\"";
  const std::size_t at = answer.find(kKey);
  if (at == std::string::npos) return kExitDone;
  const std::size_t begin = at + kKey.size();
  const auto parsed = parse_time(answer.substr(begin, answer.find('"', begin) - begin));
  if (parsed)
    time = parsed->civil.micros - std::int64_t{parsed->offset_minutes.value_or(0)} * 60'000'000;
  return kExitDone;
}

// A file a day that has rows, days of UTC.
int export_days(const ExportCommand& c, Period period) {
  std::error_code failed;
  std::filesystem::create_directories(c.parquet, failed);
  if (failed)
    return complain(
        {Error::Code::Io, fmt::format("--parquet: {}: {}", c.parquet, failed.message())});
  for (bool any = false;; any = true) {
    std::optional<std::int64_t> first;
    if (const int code = first_row(c, period, first); code != kExitDone) return code;
    if (!first) {
      if (!any) say("no row matches, so there is no file");
      return kExitDone;
    }
    const std::int64_t day = *first - ((*first % kDay) + kDay) % kDay;
    const std::int64_t next = day + kDay;
    Period one{std::max(day, period.from.value_or(day)), std::min(next, period.to.value_or(next))};
    const std::string path = fmt::format("{}/{}.parquet", c.parquet, rfc3339(day).substr(0, 10));
    if (const int code = export_file(c, one, path); code != kExitDone) return code;
    period.from = next;
  }
}

int run_export(const ExportCommand& c) {
  if (!c.filter.empty())
    if (const auto filter = Filter::parse(c.filter, wall_clock_micros()); !filter)
      return complain(filter.error());
  Period period;
  if (auto read = read_time("--since", c.since, period.from); !read) return complain(read.error());
  if (auto read = read_time("--until", c.until, period.to); !read) return complain(read.error());
  if (c.by_day) return export_days(c, period);
  std::error_code ignored;
  if (std::filesystem::is_directory(c.parquet, ignored))
    return complain({Error::Code::Usage,
                     fmt::format("--parquet: {} is a folder; give --by-day for a file a day in it, "
                                 "or name a file",
                                 c.parquet)});
  return export_file(c, period, c.parquet);
}

}  // namespace

RunCommand declare_export(CLI::App& app) {
  auto command = std::make_shared<ExportCommand>();
  ExportCommand& c = *command;
  option(app, "FILTER", c.filter, "In the language of Monitor > Logs > Traffic; none: all rows");
  option(app, "--parquet", c.parquet, "The file to write; with --by-day the folder")
      .required()
      .type_name("PATH");
  flag(app, "--by-day", c.by_day, "A file for each day of UTC, as 2026-03-10.parquet");
  option(app, "--since", c.since, "From this time on: 2026/03/10, now-24h").type_name("TIME");
  option(app, "--until", c.until, "Up to this time, not included").type_name("TIME");
  declare_asking(app, c.where);
  footer(app,
         "Examples:\n"
         "  endreason export --parquet all.parquet\n"
         "  endreason export '( final_action eq blocked )' --since now-7d --by-day --parquet "
         "blocked/\n"
         "  duckdb -c \"SELECT app, sum(sessions) FROM 'blocked/*.parquet' GROUP BY app\"\n"
         "Rows as CSV or NDJSON: endreason query FILTER -o csv.");
  return [command] { return run_export(*command); };
}

}  // namespace endreason
