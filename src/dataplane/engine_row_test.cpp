// SPDX-License-Identifier: Apache-2.0
#include "dataplane/engine_row.hpp"

#include <vector>

#include <gtest/gtest.h>

namespace endreason {
namespace {

EngineRow& add(RowList& rows, RowBlocks& memory, std::uint32_t id) {
  Session session;
  session.id = id;
  return rows.add(memory, session, Moment{}, 0, 0u, SessionPolicy{}, AppId{}, Subtype::End);
}

TEST(RowList, RowsComeInTheirOrderAndDoNotMove) {
  RowBlocks memory;
  RowList rows;
  std::vector<EngineRow*> places;
  constexpr std::uint32_t kMany = 3 * RowBlocks::kRows + 1;
  for (std::uint32_t id = 0; id < kMany; ++id) places.push_back(&add(rows, memory, id));
  ASSERT_EQ(rows.size(), kMany);
  std::uint32_t next = 0;
  rows.each([&](EngineRow& row) {
    EXPECT_EQ(row.session.id, next);
    EXPECT_EQ(&row, places[next]);
    ++next;
  });
  EXPECT_EQ(next, kMany);
}

TEST(RowList, OneListsMemoryIsTheNextOnes) {
  RowBlocks memory;
  RowList first, second;
  const EngineRow* const at = &add(first, memory, 1);
  first.clear(memory);
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(&add(second, memory, 2), at);
  first.each([](EngineRow&) { ADD_FAILURE() << "it is empty"; });
}

}  // namespace
}  // namespace endreason
