// SPDX-License-Identifier: Apache-2.0
// Counted rows -> the leading sources and destinations, and their leading causes.
//
// Equal keys may be in several rows. They are dealt out to buckets by address, so that all of an
// address's rows are in one and a bucket lies near the processor; there its causes are added up in
// a small table. What is dear, how many different members a cause has, is only counted in the
// buckets that something leading is in. The rows change places, within the memory that they are in:
// to clear as much anew takes longer than all of this.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "base/worker_team.hpp"
#include "findings/address_book.hpp"
#include "findings/counted_rows.hpp"
#include "findings/key_hash.hpp"
#include "findings/ranking.hpp"

namespace endreason {

// Rows in several pieces of memory. Only the first may have counters that are large.
using RowParts = std::vector<CountedRows*>;

// Keys as tuple_key.hpp says, with numbers of `addresses`; the rows' order changes. `beside` ranks
// something else into `leaders` on the caller's thread, while the team's others go on.
void rank_rows(const RowParts& rows, const AddressBook& addresses, const KeyHash& hash,
               WorkerTeam& team, Leaders& leaders, const std::function<void()>& beside);

}  // namespace endreason
