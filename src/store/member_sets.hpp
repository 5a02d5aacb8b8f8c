// SPDX-License-Identifier: Apache-2.0
// How many different members several sets have together, by a key: sets of hashes as roll-ups keep
// them. Much faster than a query that takes them apart, as most of them are sorted. Room store
// only.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "store/duckdb_handle.hpp"

namespace endreason {

class MemberSets {
 public:
  // Of a query for a text and a list of UBIGINT, neither of them NULL.
  Result<void> add(duckdb_connection connection, const std::string& sql);
  std::uint64_t count(std::string_view key) const;

 private:
  void add_members(std::string_view key, const std::uint64_t* members, std::size_t count);

  std::map<std::string, std::vector<std::uint64_t>, std::less<>> sets_;  // sorted, without repeats
  std::vector<std::uint64_t> fresh_, joined_;
};

}  // namespace endreason
