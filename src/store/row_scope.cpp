// SPDX-License-Identifier: Apache-2.0
#include "store/row_scope.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace endreason {
namespace {

std::string between(std::string_view column, std::optional<std::int64_t> from,
                    std::optional<std::int64_t> to) {
  std::string sql;
  if (from) sql = fmt::format("{} >= make_timestamp({}::BIGINT)", column, *from);
  if (to)
    sql +=
        fmt::format("{}{} < make_timestamp({}::BIGINT)", sql.empty() ? "" : " AND ", column, *to);
  return sql.empty() ? "TRUE" : sql;
}

std::int64_t unit_before(std::int64_t time, std::int64_t unit) {
  const std::int64_t into = time % unit;
  return time - (into < 0 ? into + unit : into);
}

struct Times {
  std::optional<std::int64_t> from, to;
};
struct Ids {
  std::uint64_t first, end;
};

std::string id_sql(std::string_view column, Ids ids) {
  std::string sql;
  if (ids.first > 1) sql += fmt::format(" AND {} >= {}", column, ids.first);
  if (ids.end != UINT64_MAX) sql += fmt::format(" AND {} < {}", column, ids.end);
  return sql;
}

struct Splitter {
  const RollupInfo& rollup;
  const RollupState& state;
  ScopeParts parts;

  // Rows of these times and ids, from the lowest `levels` and from rows. Ids begin and end where a
  // batch of the highest of these does.
  void cover(std::size_t levels, Times times, Ids ids) {
    if (times.from && times.to && *times.from >= *times.to) return;
    if (levels == 0) {
      parts.rows.push_back(between("r.time", times.from, times.to) + id_sql("r.id", ids));
      return;
    }
    const std::uint64_t end = std::min(ids.end, state[levels - 1]);
    if (ids.first < end) cover_units(levels, times, {ids.first, end});
    if (end < ids.end) cover(levels - 1, times, {std::max(ids.first, end), ids.end});
  }

  void cover_units(std::size_t levels, Times times, Ids ids) {
    const std::int64_t unit = unit_micros(rollup, levels - 1);
    Times whole;
    if (times.from) whole.from = unit_before(*times.from + unit - 1, unit);
    if (times.to) whole.to = unit_before(*times.to, unit);
    if (whole.from && whole.to && *whole.from >= *whole.to) {
      cover(levels - 1, times, ids);
      return;
    }
    parts.units.push_back({table_of(rollup, levels - 1),
                           between("since", whole.from, whole.to) + id_sql("batch", ids),
                           levels - 1});
    if (whole.from) cover(levels - 1, {times.from, whole.from}, ids);
    if (whole.to) cover(levels - 1, {whole.to, times.to}, ids);
  }
};

}  // namespace

std::string scope_sql(const RowScope& scope) {
  const std::string period = between("r.time", scope.from, scope.to);
  return scope.condition.empty() ? period : fmt::format("{} AND ({})", period, scope.condition);
}

ScopeParts split_by_units(const RowScope& scope, const RollupInfo& rollup, const RollupState& state,
                          std::int64_t whole_micros, std::uint64_t end) {
  Splitter splitter{rollup, state, {}};
  std::size_t levels = kRollupLevels.size();
  while (levels > 0 && whole_micros % unit_micros(rollup, levels - 1) != 0) --levels;
  splitter.cover(levels, {scope.from, scope.to}, {1, end});
  return std::move(splitter.parts);
}

}  // namespace endreason
