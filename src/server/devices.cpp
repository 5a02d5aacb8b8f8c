// SPDX-License-Identifier: Apache-2.0
// /devices: what each firewall sends, how far its clock is off, and which rows never came.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>

#include "model/panos_version.hpp"
#include "query/filter_sql.hpp"
#include "server/api_support.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicros = 1'000'000;
constexpr std::size_t kGapsShown = 20;
// A clock that is off by less is in step; lines take their time.
constexpr std::int64_t kClockOffMin = 120;

std::string version_name(std::uint64_t version) {
  return std::string(name_of(static_cast<PanosVersion>(version)));
}

struct Device {
  std::string name;
  std::uint64_t rows{}, sessions{};
  std::int64_t first{}, last{}, received{};
  std::map<std::string, std::uint64_t> versions, formats;
};

using Devices = std::map<std::string, Device>;

Result<Devices> read_devices(const ApiContext& context) {
  const auto rows = context.store.devices(context.limits(100'000));
  if (!rows) return tl::unexpected(rows.error());
  Devices devices;
  for (const DeviceRows& r : *rows) {
    Device& d = devices[r.serial];
    if (d.name.empty()) d.name = r.device_name;
    d.first = d.rows == 0 ? r.first : std::min(d.first, r.first);
    d.last = d.rows == 0 ? r.last : std::max(d.last, r.last);
    d.received = std::max(d.received, r.received);
    d.rows += r.rows;
    d.sessions += r.sessions;
    d.versions[version_name(r.version)] += r.rows;
    d.formats[r.format] += r.rows;
  }
  return devices;
}

std::int64_t rounded_seconds(std::int64_t micros) {
  return (micros + (micros < 0 ? -kMicros : kMicros) / 2) / kMicros;
}

// Rows of the last minute by serial, and how far their clocks are from ours.
struct Lately {
  std::uint64_t rows{};
  std::int64_t lag{};  // median of received less own time, seconds
};
Result<std::map<std::string, Lately>> read_lately(const ApiContext& context) {
  const std::int64_t since = context.options.now_micros() - 60 * kMicros;
  const auto lags = context.store.device_lags(since, context.limits(100'000));
  if (!lags) return tl::unexpected(lags.error());
  std::map<std::string, Lately> lately;
  for (const DeviceLag& l : *lags) lately[l.serial] = {l.rows, rounded_seconds(l.lag_micros)};
  return lately;
}

struct MissingRows {
  struct Gap {
    SeqnoSet::Gap numbers;
    std::optional<std::int64_t> time;  // of the row behind it
  };
  std::uint64_t missing{};
  std::vector<Gap> gaps;
};

// The store is asked for a few rows at once; the others are known the next time.
class GapClock {
 public:
  explicit GapClock(const ApiContext& context) : context_(context) {}

  // `key`: "serial\x1fvsys".
  std::optional<std::int64_t> time_of(const std::string& key, std::uint64_t seqno) {
    GapTimes& times = *context_.gap_times;
    const std::scoped_lock lock(times.mutex);
    const auto known = times.known.find({key, seqno});
    if (known != times.known.end()) return known->second;
    if (asked_++ >= kGapsAsked) return std::nullopt;
    const auto time = ask(key, seqno);
    if (!time) return std::nullopt;
    if (times.known.size() >= kGapTimesKept) times.known.clear();
    times.known[{key, seqno}] = *time;
    return time;
  }

 private:
  std::optional<std::int64_t> ask(const std::string& key, std::uint64_t seqno) const {
    const std::size_t mark = key.find('\x1f');
    std::string filter = comparison("seqno", "eq", std::to_string(seqno));
    filter = joined(filter, comparison("serial", "eq", key.substr(0, mark)));
    if (const std::string vsys = key.substr(mark + 1); !vsys.empty())
      filter = joined(filter, comparison("vsys", "eq", vsys));
    const auto parsed = Filter::parse(filter);
    if (!parsed) return std::nullopt;
    RowsQuestion question;
    question.scope.condition = filter_sql(parsed->tree(), context_.store.dialect());
    question.most = 1;
    std::optional<std::int64_t> time;
    static_cast<void>(context_.store.read_rows(question, context_.limits(1), [&](StoredRow& row) {
      time = row.time_micros;
      return false;
    }));
    return time;
  }

  static constexpr unsigned kGapsAsked = 40;
  static constexpr std::size_t kGapTimesKept = 10'000;
  const ApiContext& context_;
  unsigned asked_ = 0;
};

std::map<std::string, MissingRows> missing_by_serial(const ApiContext& context) {
  std::map<std::string, MissingRows> all;
  GapClock clock(context);
  for (const auto& [key, gaps] : context.ingestor.gaps(kGapsShown)) {
    MissingRows& m = all[key.substr(0, key.find('\x1f'))];
    m.missing += gaps.missing;
    for (const SeqnoSet::Gap& gap : gaps.newest)
      m.gaps.push_back({gap, clock.time_of(key, gap.before)});
  }
  return all;
}

void append_device(JsonWriter& json, const std::string& serial, const Device& d,
                   const Lately* lately, const MissingRows& missing) {
  json.object().text("serial", serial).text_or_null("device_name", d.name);
  json.number("rows", d.rows).number("sessions", d.sessions);
  json.text("first", time_text(d.first)).text("last", time_text(d.last));
  json.key("rate_per_second").real(lately == nullptr ? 0 : static_cast<double>(lately->rows) / 60);
  // What was logged long before it was received is a file of old, and says nothing of a clock. What
  // was logged in the future does.
  const bool live = lately != nullptr && lately->lag < 86'400;
  if (live) {
    json.number("lag_seconds", lately->lag);
  } else {
    json.key("lag_seconds").null();
  }
  json.key("versions").array();
  for (const auto& [version, rows] : d.versions)
    json.object().text("version", version).number("rows", rows).end_object();
  json.end_array().key("formats").array();
  for (const auto& [format, rows] : d.formats) json.text(format);
  json.end_array().key("gaps").array();
  for (const auto& [gap, time] : missing.gaps) {
    json.object().text("after_seqno", std::to_string(gap.after));
    json.text("before_seqno", std::to_string(gap.before)).number("missing", gap.missing());
    json.text_or_null("time", time ? time_text(*time) : std::string()).end_object();
  }
  json.end_array().number("missing", missing.missing);
  if (live && std::abs(lately->lag) >= kClockOffMin) {
    json.number("clock_off_seconds", lately->lag);
  } else {
    json.key("clock_off_seconds").null();
  }
  json.end_object();
}

}  // namespace

HttpResponse answer_devices(const ApiContext& context) {
  const auto devices = read_devices(context);
  if (!devices) return store_error(devices.error());
  const auto lately = read_lately(context);
  if (!lately) return store_error(lately.error());
  auto missing = missing_by_serial(context);
  std::string body;
  JsonWriter json(body);
  json.array();
  for (const auto& [serial, device] : *devices) {
    const auto now = lately->find(serial);
    append_device(json, serial, device, now == lately->end() ? nullptr : &now->second,
                  missing[serial]);
  }
  json.end_array();
  return json_answer(std::move(body));
}

}  // namespace endreason
