// SPDX-License-Identifier: Apache-2.0
// The columns that decided a verdict as one number, as both stores keep them: a byte each, the most
// telling lowest, the column's place counted from 1; 0 where there is none.
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/field.hpp"
#include "model/verdict.hpp"

namespace endreason {

static_assert(Verdict::kEvidenceMax <= sizeof(std::uint64_t) && kFieldCount <= UINT8_MAX);

inline std::uint64_t pack_evidence(const Verdict& verdict) {
  std::uint64_t packed = 0;
  for (std::size_t i = 0; i < verdict.evidence_count; ++i)
    packed |= (std::uint64_t{index_of(verdict.evidence[i])} + 1) << (8 * i);
  return packed;
}

// A byte that stands for no column, of a damaged database, is passed over.
inline void unpack_evidence(std::uint64_t packed, Verdict& verdict) {
  for (std::size_t i = 0; i < Verdict::kEvidenceMax; ++i)
    if (const auto place = packed >> (8 * i) & 0xff; place != 0 && place <= kFieldCount)
      verdict.add_evidence(static_cast<Field>(place - 1));
}

}  // namespace endreason
