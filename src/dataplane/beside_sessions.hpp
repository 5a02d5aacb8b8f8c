// SPDX-License-Identifier: Apache-2.0
// BesideSessions: what dataplane keeps of each session beside the table, by the session's place.
// Grows with the places in use; a table that nobody asks for costs nothing. One thread.
#pragma once

#include <cstddef>
#include <vector>

#include "session/session.hpp"

namespace endreason {

template <class Row>
class BesideSessions {
 public:
  // What stands there is what was written last, for this session or for one before it.
  Row& operator[](SessionIndex place) {
    if (place >= rows_.size()) rows_.resize(std::size_t{place} * 2 + 64);
    return rows_[place];
  }

 private:
  std::vector<Row> rows_;
};

}  // namespace endreason
