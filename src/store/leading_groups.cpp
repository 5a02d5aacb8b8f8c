// SPDX-License-Identifier: Apache-2.0
#include "store/leading_groups.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include <fmt/format.h>

#include "store/result_table.hpp"
#include "store/table_cells.hpp"

namespace endreason {
namespace {

// So many of each part are looked at, and no more than this many are added up.
constexpr std::size_t kHeads = 500;
constexpr std::size_t kContendersMax = 200;

struct Contender {
  std::uint64_t least{};  // what is known of its sum
  std::string dst;        // as SQL has it; empty: NULL
};

// The database takes 60 microseconds to write one address as a number in decimal.
std::string upper_half(std::string_view column) {
  return fmt::format("({} >> 64)::UBIGINT", column);
}
std::string lower_half(std::string_view column) {
  return fmt::format("({} & 18446744073709551615::UHUGEINT)::UBIGINT", column);
}

std::string heads_sql(std::size_t i, const LeadingPart& part, std::string_view group,
                      std::string_view condition) {
  return fmt::format(
      "(SELECT {0} AS part, {1} AS name, {2}, {3}, s FROM (SELECT {4}, s FROM {5} WHERE {6} AND "
      "{7} ORDER BY s DESC LIMIT {8})) UNION ALL SELECT {0}, NULL, NULL, NULL, {9}",
      i, group_name(group), upper_half("dst"), lower_half("dst"), group, part.table, part.condition,
      condition, kHeads, part.rows_per_group);
}

std::string address_sql(std::uint64_t upper, std::uint64_t lower) {
  if (upper == 0) return fmt::format("{}::UHUGEINT", lower);
  return fmt::format("({}::UHUGEINT * 18446744073709551616::UHUGEINT + {}::UHUGEINT)", upper,
                     lower);
}

}  // namespace

std::string group_name(std::string_view columns) {
  std::string parts;
  while (!columns.empty()) {
    const std::size_t end = std::min(columns.find(", "), columns.size());
    const std::string_view column = columns.substr(0, end);
    if (column == "dst") {
      parts += fmt::format(", coalesce({}::VARCHAR, '-'), coalesce({}::VARCHAR, '-')",
                           upper_half(column), lower_half(column));
    } else {
      parts += fmt::format(", coalesce({}::VARCHAR, '-')", column);
    }
    columns.remove_prefix(std::min(end + 2, columns.size()));
  }
  return fmt::format("concat_ws('/'{})", parts);
}

Result<std::optional<std::string>> leading_destinations(duckdb_connection connection,
                                                        std::span<const LeadingPart> parts,
                                                        std::string_view group,
                                                        std::string_view condition, unsigned most) {
  std::string sql;
  for (std::size_t i = 0; i < parts.size(); ++i)
    sql += (i > 0 ? " UNION ALL " : "") + heads_sql(i, parts[i], group, condition);
  if (parts.empty()) return std::nullopt;
  auto result = run_sql(connection, sql);
  if (!result) return tl::unexpected(result.error());
  const auto heads = read_table(*result, UINT64_MAX);
  if (!heads) return tl::unexpected(heads.error());

  struct Head {
    std::size_t count{};
    std::uint64_t least = UINT64_MAX, rows_per_group{};
  };
  std::vector<Head> of_part(parts.size());
  std::map<std::string, Contender, std::less<>> contenders;
  for (const auto& row : heads->rows) {
    Head& head = of_part[number_of(row[0])];
    const std::uint64_t number = number_of(row[4]);
    if (is_null(row[1])) {
      head.rows_per_group = number;
      continue;
    }
    ++head.count;
    head.least = std::min(head.least, number);
    Contender& contender = contenders[std::string(text_of(row[1]))];
    contender.least += number;
    if (!is_null(row[2])) contender.dst = address_sql(number_of(row[2]), number_of(row[3]));
  }
  std::uint64_t unseen = 0;  // what a group may have beside that
  for (const Head& head : of_part)
    if (head.count == kHeads) unseen += head.least * head.rows_per_group;
  std::vector<std::uint64_t> sums;
  for (const auto& [name, contender] : contenders) sums.push_back(contender.least);
  std::sort(sums.begin(), sums.end(), std::greater<>());
  const std::uint64_t bar = sums.size() < most ? 0 : sums[most - 1];
  if (unseen > 0 && unseen >= bar) return std::nullopt;
  std::string list;
  bool null = false;
  std::size_t count = 0;
  for (const auto& [name, contender] : contenders) {
    if (contender.least + unseen < bar) continue;
    ++count;
    if (contender.dst.empty()) {
      null = true;
    } else {
      list += fmt::format("{}{}", list.empty() ? "" : ", ", contender.dst);
    }
  }
  if (count > kContendersMax) return std::nullopt;
  std::string found = list.empty() ? "FALSE" : fmt::format("dst IN ({})", list);
  if (null) found = fmt::format("({} OR dst IS NULL)", found);
  return found;
}

}  // namespace endreason
