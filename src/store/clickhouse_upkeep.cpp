// SPDX-License-Identifier: Apache-2.0
// What ClickhouseStore does on the keeper's thread: old days go, and quiet days are added up. It
// asks over connections of its own.
#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "model/stored_sql.hpp"
#include "store/clickhouse_store.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

// Sums that nothing uses any more may still be read by a question that has begun.
constexpr std::uint64_t kOldSumsSeconds = 600;
constexpr std::chrono::hours kRollUpTime{1};
constexpr std::chrono::seconds kPause{5};
constexpr std::chrono::minutes kPauseAfterFailure{10};

std::string literal(std::string_view text) {
  return sql_text(SqlDialect::ClickHouse, text);
}

std::string without_database(const std::string& table) {
  return table.substr(table.find('.') + 1);
}

}  // namespace

Result<std::uint64_t> ClickhouseStore::remove_before(std::int64_t micros) {
  const std::int64_t day = micros / kDayMicros - (micros % kDayMicros < 0);
  std::uint64_t rows = 0;
  for (const std::string& name : address_.servers) {
    ClickhouseServer server = make_server(name);
    const ClickhousePlace place{address_.database, options_.cluster, 1, {}};
    const std::string local = clickhouse_local_table(place);
    const auto parts = server.ask(
        fmt::format("SELECT partition, sum(rows) FROM system.parts WHERE active AND database = {} "
                    "AND table = {} AND toInt64OrZero(partition) < {} GROUP BY partition",
                    literal(place.database), literal(local.substr(place.database.size() + 1)), day),
        UINT64_MAX);
    if (!parts) {
      if (address_.servers.size() == 1) return tl::unexpected(parts.error());
      continue;
    }
    for (const auto& row : parts->rows) {
      if (auto dropped =
              server.run(fmt::format("ALTER TABLE {} DROP PARTITION {}", local, text_of(row[0])));
          !dropped)
        return tl::unexpected(dropped.error());
      rows += number_of(row[1]);
    }
  }
  return rows;
}

Result<std::uint64_t> ClickhouseStore::remove_beyond(std::uint64_t bytes) {
  if (bytes_on_disk() <= bytes) return 0;
  const auto stored = span({});
  if (!stored) return tl::unexpected(stored.error());
  if (!stored->first) return 0;
  const std::int64_t into = *stored->first % kDayMicros;
  return remove_before(*stored->first - into + (into < 0 ? 0 : kDayMicros));
}

// --- roll-ups ------------------------------------------------------------------------------------

// What a server has of days: rows, sums, and what the marks say. A question's own connection.
Result<ClickhouseStore::ServerDays> ClickhouseStore::ask_days(ClickhouseServer& server) const {
  const ClickhousePlace place{address_.database, options_.cluster, 1, {}};
  const std::string sums = without_database(clickhouse_sums_table(place));
  ServerDays days;
  const auto parts = server.ask(
      fmt::format("SELECT table = {0} AS of_sums, partition, toUInt64(sum(rows)), "
                  "toUInt64(now() - max(modification_time)) FROM system.parts WHERE active AND "
                  "database = {1} AND table IN ({0}, {2}) GROUP BY of_sums, partition",
                  literal(sums), literal(place.database),
                  literal(without_database(clickhouse_local_table(place)))),
      UINT64_MAX);
  if (!parts) return tl::unexpected(parts.error());
  std::map<std::string, std::uint64_t> sums_there;
  for (const auto& row : parts->rows) {
    const std::string partition(text_of(row[1]));
    const ServerDays::Count count{number_of(row[2]), number_of(row[3])};
    if (number_of(row[0]) == 0) {
      days.rows[std::stoll(partition)] = count;
    } else if (const std::size_t comma = partition.find(','); comma != std::string::npos) {
      // "(20522,3)"
      days.sums[{std::stoll(partition.substr(1)), std::stoull(partition.substr(comma + 1))}] =
          count;
    }
  }
  const auto marks = server.ask(
      fmt::format("SELECT day, generation, rows_n, sessions_n FROM {} WHERE rollup = 0 AND "
                  "bytes_n = {}",
                  clickhouse_sums_table(place), kSumsVersion),
      UINT64_MAX);
  if (!marks) return tl::unexpected(marks.error());
  for (const auto& row : marks->rows)
    days.marks[{signed_of(row[0]), number_of(row[1])}] = {number_of(row[2]), number_of(row[3])};
  return days;
}

// The mark itself is a row of the sums, too.
bool ClickhouseStore::ServerDays::has(std::int64_t day, std::uint64_t generation) const {
  const auto there = rows.find(day);
  const auto mark = marks.find({day, generation});
  const auto made = sums.find({day, generation});
  if (mark == marks.end()) return there == rows.end() && made == sums.end();
  return there != rows.end() && made != sums.end() && there->second.rows == mark->second.rows &&
         made->second.rows == mark->second.sums + 1;
}

RolledDays ClickhouseStore::rolled_days(const std::vector<ServerDays>& servers) {
  RolledDays days;
  for (const ServerDays& any : servers)
    for (const auto& [key, mark] : any.marks) {
      if (std::all_of(servers.begin(), servers.end(),
                      [&of = key](const ServerDays& s) { return s.has(of.first, of.second); }))
        days[key.first] = std::max(days[key.first], key.second);
    }
  return days;
}

// The newest day that has been quiet for a while and is not added up; nothing: there is none.
std::optional<std::int64_t> ClickhouseStore::day_to_roll_up(
    const std::vector<ServerDays>& servers) const {
  const RolledDays rolled = rolled_days(servers);
  std::map<std::int64_t, bool> quiet;
  for (const ServerDays& server : servers)
    for (const auto& [day, count] : server.rows) {
      const bool is = count.quiet_seconds >= options_.rollup_quiet_seconds;
      const auto known = quiet.emplace(day, true).first;
      known->second = known->second && is;
    }
  for (auto day = quiet.rbegin(); day != quiet.rend(); ++day)
    if (day->second && !rolled.contains(day->first)) return day->first;
  return std::nullopt;
}

Result<bool> ClickhouseStore::maintain(bool) {
  const auto now = std::chrono::steady_clock::now();
  // One node does it for all.
  if (options_.node != 0 || now < maintain_next_) return false;
  maintain_next_ = now + (options_.rollup_quiet_seconds == 0 ? std::chrono::seconds(0) : kPause);
  auto done = roll_up_a_day();
  if (!done) maintain_next_ = now + kPauseAfterFailure;
  return done;
}

Result<bool> ClickhouseStore::roll_up_a_day() {
  std::vector<ServerDays> pictures;
  std::vector<ClickhouseServer> servers;
  std::map<std::uint64_t, std::size_t> of_shard;  // the server that has most of the day
  std::uint64_t shards = 1;
  std::vector<std::uint64_t> shard_of;
  for (const std::string& name : address_.servers) {
    ClickhouseServer server = make_server(name, kRollUpTime);
    auto days = ask_days(server);
    auto shard = ask_shard(server);
    if (!days || !shard) continue;
    pictures.push_back(*std::move(days));
    servers.push_back(std::move(server));
    shard_of.push_back(shard->shard);
    shards = std::max(shards, shard->shards);
  }
  remove_old_sums(servers, pictures);
  const auto day = day_to_roll_up(pictures);
  if (!day) return false;
  std::uint64_t generation = 1;
  for (std::size_t i = 0; i < servers.size(); ++i) {
    for (const auto& [key, count] : pictures[i].sums)
      generation = std::max(generation, key.second + 1);
    const auto best = of_shard.emplace(shard_of[i], i).first;
    if (pictures[i].rows_of(*day) > pictures[best->second].rows_of(*day)) best->second = i;
  }
  if (of_shard.size() < shards) return false;  // a shard is away
  for (const auto& [shard, i] : of_shard) {
    if (pictures[i].rows_of(*day) == 0) continue;
    auto made = roll_up(servers[i], *day, generation);
    if (!made || !*made) return made;
  }
  return true;
}

// False: rows came meanwhile, so the sums are nobody's.
Result<bool> ClickhouseStore::roll_up(ClickhouseServer& server, std::int64_t day,
                                      std::uint64_t generation) const {
  const ClickhousePlace place{address_.database, options_.cluster, 1, {}};
  const auto before = ask_days(server);
  if (!before) return tl::unexpected(before.error());
  for (const std::string& statement : roll_up_statements(place, day, generation))
    if (auto made = server.run(statement); !made) return tl::unexpected(made.error());
  const auto after = ask_days(server);
  if (!after) return tl::unexpected(after.error());
  const std::uint64_t rows = before->rows_of(day);
  if (rows == 0 || after->rows_of(day) != rows) return false;
  if (auto marked = server.run(roll_up_mark(place, day, generation, rows)); !marked)
    return tl::unexpected(marked.error());
  return true;
}

void ClickhouseStore::remove_old_sums(std::vector<ClickhouseServer>& servers,
                                      const std::vector<ServerDays>& pictures) const {
  const RolledDays rolled = rolled_days(pictures);
  const ClickhousePlace place{address_.database, options_.cluster, 1, {}};
  for (std::size_t i = 0; i < servers.size(); ++i)
    for (const auto& [key, count] : pictures[i].sums) {
      const auto used = rolled.find(key.first);
      const bool is = used != rolled.end() && used->second == key.second;
      if (is || count.quiet_seconds < kOldSumsSeconds) continue;
      // Another replica may have done it.
      static_cast<void>(
          servers[i].run(fmt::format("ALTER TABLE {} DROP PARTITION ({}, {})",
                                     clickhouse_sums_table(place), key.first, key.second)));
    }
}

// Asked anew for each question: what has changed since would make the answer wrong.
RolledDays ClickhouseStore::rolled_days_now() {
  std::vector<ServerDays> pictures;
  for (const std::string& name : address_.servers) {
    ClickhouseServer server = make_server(name);
    if (auto days = ask_days(server)) pictures.push_back(*std::move(days));
  }
  return rolled_days(pictures);
}

}  // namespace endreason
