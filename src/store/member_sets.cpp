// SPDX-License-Identifier: Apache-2.0
#include "store/member_sets.hpp"

#include <algorithm>
#include <iterator>

namespace endreason {

Result<void> MemberSets::add(duckdb_connection connection, const std::string& sql) {
  auto result = run_sql(connection, sql);
  if (!result) return tl::unexpected(result.error());
  while (const DuckChunk chunk{duckdb_fetch_chunk(*result->get())}) {
    const duckdb_vector lists = duckdb_data_chunk_get_vector(chunk.get(), 1);
    auto* keys = static_cast<duckdb_string_t*>(
        duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk.get(), 0)));
    const auto* places = static_cast<const duckdb_list_entry*>(duckdb_vector_get_data(lists));
    const auto* members = static_cast<const std::uint64_t*>(
        duckdb_vector_get_data(duckdb_list_vector_get_child(lists)));
    for (std::size_t i = 0; i < duckdb_data_chunk_get_size(chunk.get()); ++i)
      add_members({duckdb_string_t_data(&keys[i]), duckdb_string_t_length(keys[i])},
                  members + places[i].offset, places[i].length);
  }
  return {};
}

std::uint64_t MemberSets::count(std::string_view key) const {
  const auto found = sets_.find(key);
  return found == sets_.end() ? 0 : found->second.size();
}

void MemberSets::add_members(std::string_view key, const std::uint64_t* members,
                             std::size_t count) {
  auto found = sets_.find(key);
  if (found == sets_.end()) found = sets_.emplace(key, std::vector<std::uint64_t>()).first;
  fresh_.assign(members, members + count);
  if (!std::is_sorted(fresh_.begin(), fresh_.end())) std::sort(fresh_.begin(), fresh_.end());
  joined_.clear();
  std::set_union(found->second.begin(), found->second.end(), fresh_.begin(), fresh_.end(),
                 std::back_inserter(joined_));
  found->second.swap(joined_);
}

}  // namespace endreason
