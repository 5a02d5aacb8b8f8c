// SPDX-License-Identifier: Apache-2.0
#include "store/row_scope.hpp"

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

}  // namespace

std::string scope_sql(const RowScope& scope) {
  const std::string period = between("r.time", scope.from, scope.to);
  return scope.condition.empty() ? period : fmt::format("{} AND ({})", period, scope.condition);
}

ScopeParts split_by_unit(const RowScope& scope, std::int64_t unit, std::uint64_t rolled_next_id) {
  std::optional<std::int64_t> first, end;
  if (scope.from) first = unit_before(*scope.from + unit - 1, unit);
  if (scope.to) end = unit_before(*scope.to, unit);
  ScopeParts parts;
  const auto add_edge = [&](std::optional<std::int64_t> from, std::optional<std::int64_t> to) {
    parts.rows.push_back(
        fmt::format("{} AND r.id < {}", between("r.time", from, to), rolled_next_id));
  };
  if (first && end && *first >= *end) {
    parts.units = "FALSE";
    add_edge(scope.from, scope.to);
  } else {
    parts.units = between("since", first, end);
    if (first && *first > *scope.from) add_edge(scope.from, first);
    if (end && *end < *scope.to) add_edge(end, scope.to);
  }
  parts.rows.push_back(fmt::format("{} AND r.id >= {}", scope_sql(scope), rolled_next_id));
  return parts;
}

}  // namespace endreason
