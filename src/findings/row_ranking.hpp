// SPDX-License-Identifier: Apache-2.0
// Counted rows -> the leading sources or destinations, and their leading causes.
//
// The rows stay where they are and as they are: equal keys may be in several of them. What is put
// in order are their numbers, by address (one pass over the rows); then each address's rows are
// fetched and sorted by themselves, near the processor. So two rankings of the same rows may be
// made at the same time, and each takes four bytes a row.
#pragma once

#include "findings/address_book.hpp"
#include "findings/counted_rows.hpp"
#include "findings/ranking.hpp"

namespace endreason {

// Keys as tuple_key.hpp says, with numbers of `addresses`.
void rank_by_source(const CountedRows& rows, const AddressBook& addresses, Leaders& leaders);
void rank_by_destination(const CountedRows& rows, const AddressBook& addresses, Leaders& leaders);

}  // namespace endreason
