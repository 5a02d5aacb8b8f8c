// SPDX-License-Identifier: Apache-2.0
// Counted rows -> the leading sources or destinations, and their leading causes.
//
// The rows stay where they are and as they are: equal keys may be in several of them. What is put
// in order are their numbers, by address (one pass over the rows); then each address's rows are
// fetched and sorted by themselves, near the processor. So two rankings of the same rows may be
// made at the same time, and each takes four bytes a row.
#pragma once

#include <cstddef>
#include <vector>

#include "findings/address_book.hpp"
#include "findings/counted_rows.hpp"
#include "findings/ranking.hpp"

namespace endreason {

// Rows in several pieces of memory. Only the first may have counters that are large; there are
// kRowPartsMax of them at most, with kRowsPerPart rows each.
using RowParts = std::vector<const CountedRows*>;
inline constexpr std::size_t kRowPartsMax = 32;
inline constexpr std::size_t kRowsPerPart = std::size_t{1} << 27;

// Keys as tuple_key.hpp says, with numbers of `addresses`.
void rank_by_source(const RowParts& rows, const AddressBook& addresses, Leaders& leaders);
void rank_by_destination(const RowParts& rows, const AddressBook& addresses, Leaders& leaders);

}  // namespace endreason
