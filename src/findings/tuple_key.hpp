// SPDX-License-Identifier: Apache-2.0
// The 64-bit key of a row of a TupleStore: source, concern and reason, destination, service, from
// the highest bits to the lowest. Addresses are numbers of an AddressBook.
#pragma once

#include <cstddef>
#include <cstdint>

#include "findings/address_book.hpp"
#include "findings/group_key.hpp"

namespace endreason::tuple_key {

inline constexpr unsigned kReasonBits = 6;
inline constexpr unsigned kConcernBits = 1;
inline constexpr unsigned kDestinationAt = kServiceBits;
inline constexpr unsigned kReasonAt = kDestinationAt + AddressBook::kIdBits;
inline constexpr unsigned kConcernAt = kReasonAt + kReasonBits;
inline constexpr unsigned kSourceAt = kConcernAt + kConcernBits;
inline constexpr unsigned kBits = kSourceAt + AddressBook::kIdBits;
static_assert(kReasonCodes.size() <= std::size_t{1} << kReasonBits);
static_assert(kBits < 64, "no key has all bits set");
inline constexpr std::uint64_t kNothing = ~std::uint64_t{0};

constexpr std::uint64_t low_bits(unsigned bits) {
  return (std::uint64_t{1} << bits) - 1;
}
constexpr std::uint32_t bits_of(std::uint64_t key, unsigned at, unsigned bits) {
  return static_cast<std::uint32_t>(key >> at & low_bits(bits));
}
constexpr std::uint32_t source_of(std::uint64_t row) {
  return bits_of(row, kSourceAt, AddressBook::kIdBits);
}
constexpr std::uint32_t destination_of(std::uint64_t row) {
  return bits_of(row, kDestinationAt, AddressBook::kIdBits);
}
constexpr std::uint32_t service_of(std::uint64_t row) {
  return bits_of(row, 0, kServiceBits);
}
constexpr ReasonCode reason_of(std::uint64_t row) {
  return static_cast<ReasonCode>(bits_of(row, kReasonAt, kReasonBits));
}
constexpr Concern concern_of(std::uint64_t row) {
  return static_cast<Concern>(bits_of(row, kConcernAt, kConcernBits));
}

constexpr std::uint64_t with_addresses(std::uint64_t row, std::uint32_t source,
                                       std::uint32_t destination) {
  constexpr std::uint64_t kDestinationMask = low_bits(kReasonAt) - low_bits(kDestinationAt);
  constexpr std::uint64_t kRest = low_bits(kSourceAt) & ~kDestinationMask;
  return std::uint64_t{source} << kSourceAt | std::uint64_t{destination} << kDestinationAt |
         (row & kRest);
}

}  // namespace endreason::tuple_key
