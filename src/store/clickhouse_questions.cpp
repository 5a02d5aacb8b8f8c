// SPDX-License-Identifier: Apache-2.0
// The questions in ClickHouse's SQL. Texts stand in the rows, so that they are grouped directly.
#include <cctype>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "model/stored_column.hpp"
#include "model/stored_sql.hpp"
#include "store/clickhouse_store.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

constexpr SqlDialect kOurs = SqlDialect::ClickHouse;

// The text of a column that is no text, NULL for none.
std::string text_sql(Field field) {
  const std::string name = fmt::format("\"{}\"", info(field).log_name);
  switch (stored(field).as) {
    case StoredAs::Address:
      return address_text_sql(kOurs, name);
    case StoredAs::Protocol:
      return protocol_text_sql(kOurs, name);
    default:
      return fmt::format("toString({})", name);
  }
}

}  // namespace

std::string ClickhouseStore::where(const RowScope& scope) const {
  const std::string period = period_sql(kOurs, scope.from, scope.to);
  return scope.condition.empty() ? period : fmt::format("{} AND ({})", period, scope.condition);
}

// Asked each time: a server may have been upgraded meanwhile, and this is no hot path.
Result<FarFunctions> ClickhouseStore::far_functions(const QueryLimits& limits) {
  FarFunctions functions;
  const auto answer = answered<Table>(limits, [](ClickhouseServer& server, const auto& settings) {
    return server.ask("SELECT name FROM system.table_functions", 10'000, settings);
  });
  if (!answer) return tl::unexpected(answer.error());
  for (const auto& row : answer->rows) functions.add(text_of(row[0]));
  return functions;
}

Result<Table> ClickhouseStore::query(const std::string& sql, const QueryLimits& limits) {
  if (limits.one_select) {
    const auto far = far_functions(limits);
    if (!far) return tl::unexpected(far.error());
    if (auto reads = far->check(sql); !reads) return tl::unexpected(reads.error());
  }
  std::string inner = sql;
  while (!inner.empty() &&
         (std::isspace(static_cast<unsigned char>(inner.back())) != 0 || inner.back() == ';'))
    inner.pop_back();
  // One level down, nothing but a SELECT is understood. The database's name may be left out.
  const auto answer =
      answered<Table>(limits, [&](ClickhouseServer& server, ClickhouseSettings settings) {
        settings.database = address_.database;
        return server.ask(limits.one_select ? fmt::format("SELECT * FROM (\n{}\n)", inner) : inner,
                          limits.rows, settings);
      });
  return answer;
}

Result<std::uint64_t> ClickhouseStore::count(const RowScope& scope, const QueryLimits& limits) {
  const auto table_of =
      ask(fmt::format("SELECT count() FROM {} WHERE {}", table(), where(scope)), limits);
  if (!table_of) return tl::unexpected(table_of.error());
  return number_of(table_of->rows.at(0)[0]);
}

Result<StoredSpan> ClickhouseStore::span(const QueryLimits& limits) {
  const auto found =
      ask(fmt::format("SELECT count(), min(time), max(time) FROM {}", table()), limits);
  if (!found) return tl::unexpected(found.error());
  StoredSpan span{number_of(found->rows.at(0)[0]), std::nullopt, std::nullopt};
  if (span.rows == 0) return span;
  span.first = signed_of(found->rows[0][1]);
  span.last = signed_of(found->rows[0][2]);
  return span;
}

Result<std::vector<GroupedRows>> ClickhouseStore::groups(const RowScope& scope,
                                                         const std::vector<GroupColumn>& columns,
                                                         std::uint64_t most,
                                                         const QueryLimits& limits) {
  std::string texts, keys, order;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const GroupColumn& c = columns[i];
    const std::string name =
        c.field ? std::string(info(*c.field).log_name) : std::string(c.verdict);
    const bool word = c.field && stored(*c.field).as == StoredAs::Word;
    const bool text = c.field && stored(*c.field).as == StoredAs::Text;
    texts += text      ? fmt::format("\"{}\" AS x{}, ", name, i)
             : word    ? fmt::format("nullIf(toString(\"{}\"), 'absent') AS x{}, ", name, i)
             : c.field ? fmt::format("{} AS x{}, ", text_sql(*c.field), i)
                       : fmt::format("toString({}) AS x{}, ", name, i);
    keys += fmt::format("{}\"{}\"", i > 0 ? ", " : "", name);
    order += fmt::format(", x{}", i);
  }
  const auto found = ask(
      fmt::format("SELECT {}count() AS n, sum(sessions) AS s, ifNull(sumIf(bytes, sessions > 0), "
                  "0), sumIf(sessions, final_action = 'blocked'), sumIf(sessions, final_action = "
                  "'allowed' AND outcome = 'failed') FROM {} WHERE {} GROUP BY {} ORDER BY s DESC, "
                  "n DESC{} LIMIT {}",
                  texts, table(), where(scope), keys, order, most),
      limits);
  if (!found) return tl::unexpected(found.error());
  std::vector<GroupedRows> groups;
  for (const auto& row : found->rows) groups.push_back(grouped_rows(row, columns.size()));
  return groups;
}

Result<std::vector<std::string>> ClickhouseStore::complete(const RowScope& scope, Field field,
                                                           std::string_view prefix,
                                                           const QueryLimits& limits) {
  const std::string name = fmt::format("\"{}\"", info(field).log_name);
  const std::string begin = sql_text(kOurs, prefix);
  const auto found = ask(
      stored(field).as == StoredAs::Text
          ? fmt::format("SELECT {0} FROM {1} WHERE {2} AND {0} <> '' AND startsWith(lowerUTF8({0})"
                        ", lowerUTF8({3})) GROUP BY {0} ORDER BY count() DESC, {0} LIMIT 20",
                        name, table(), where(scope), begin)
          : fmt::format("SELECT x FROM (SELECT assumeNotNull({}) AS x, count() AS n FROM {} WHERE "
                        "{} AND isNotNull({}) GROUP BY {}) WHERE startsWith(x, {}) ORDER BY n "
                        "DESC, x LIMIT 20",
                        text_sql(field), table(), where(scope), name, name, begin),
      limits);
  if (!found) return tl::unexpected(found.error());
  std::vector<std::string> texts;
  for (const auto& row : found->rows) texts.emplace_back(text_of(row[0]));
  return texts;
}

Result<std::vector<DeviceRows>> ClickhouseStore::devices(const QueryLimits& limits) {
  const auto found = ask(
      fmt::format("SELECT serial, device_name, version, toString(format), count(), sum(sessions), "
                  "min(time), max(time), max(received) FROM {} GROUP BY serial, device_name, "
                  "version, format ORDER BY serial, device_name, version, format",
                  table()),
      limits);
  if (!found) return tl::unexpected(found.error());
  std::vector<DeviceRows> devices;
  for (const auto& row : found->rows)
    devices.push_back({std::string(text_of(row[0])), std::string(text_of(row[1])),
                       std::string(text_of(row[3])), static_cast<std::uint8_t>(number_of(row[2])),
                       number_of(row[4]), number_of(row[5]), signed_of(row[6]), signed_of(row[7]),
                       signed_of(row[8])});
  return devices;
}

// Of an even number of rows the later of the two in the middle.
Result<std::vector<DeviceLag>> ClickhouseStore::device_lags(std::int64_t received_since,
                                                            const QueryLimits& limits) {
  const auto found =
      ask(fmt::format("SELECT serial, count(), quantileExact(0.5)(received - time) FROM {} WHERE "
                      "received >= {} AND time_known GROUP BY serial ORDER BY serial",
                      table(), received_since),
          limits);
  if (!found) return tl::unexpected(found.error());
  std::vector<DeviceLag> lags;
  for (const auto& row : found->rows)
    lags.push_back({std::string(text_of(row[0])), number_of(row[1]), signed_of(row[2])});
  return lags;
}

Result<std::vector<std::string>> ClickhouseStore::senders() {
  return known_.senders;
}

Result<StoreState> ClickhouseStore::state() {
  return known_.state;
}

// Those of this node that are committed; of rows that may or may not be stored none is known.
Result<void> ClickhouseStore::read_seqnos(
    const std::function<void(std::string_view, std::string_view, std::uint64_t)>& take) {
  constexpr std::uint64_t kAtOnce = 2'000'000;
  for (std::uint64_t first = first_number() + 1; first < known_.next_id; first += kAtOnce) {
    const std::uint64_t end = std::min(first + kAtOnce, known_.next_id);
    const auto found = ask(
        fmt::format("SELECT serial, vsys, seqno FROM {} WHERE id >= {} AND id < {} AND seqno > 0 "
                    "AND serial <> ''",
                    table(), first, end),
        {UINT64_MAX, std::chrono::minutes(10), false});
    if (!found) return tl::unexpected(found.error());
    if (partial_)
      return fail(Error::Code::Io,
                  "ClickHouse: a shard does not answer, so which rows are copies is not known");
    for (const auto& row : found->rows) take(text_of(row[0]), text_of(row[1]), number_of(row[2]));
  }
  return {};
}

}  // namespace endreason
