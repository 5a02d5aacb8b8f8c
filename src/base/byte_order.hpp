// SPDX-License-Identifier: Apache-2.0
// Numbers out of bytes at any address, in the order that a format has. The caller has checked that
// the bytes are there.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace endreason {

constexpr std::uint16_t swap_bytes(std::uint16_t v) {
  return __builtin_bswap16(v);
}
constexpr std::uint32_t swap_bytes(std::uint32_t v) {
  return __builtin_bswap32(v);
}
constexpr std::uint64_t swap_bytes(std::uint64_t v) {
  return __builtin_bswap64(v);
}

// As the machine stores it.
template <class T>
inline T load_native(const void* from) {
  T value;
  std::memcpy(&value, from, sizeof value);
  return value;
}

// Most significant byte first: network order.
template <class T>
inline T load_big(const void* from) {
  const T value = load_native<T>(from);
  return std::endian::native == std::endian::little ? swap_bytes(value) : value;
}

// Least significant byte first.
template <class T>
inline T load_little(const void* from) {
  const T value = load_native<T>(from);
  return std::endian::native == std::endian::little ? value : swap_bytes(value);
}

// What load_native() gives of a number that lies in network order.
template <class T>
constexpr T as_big_lies(T value) {
  return std::endian::native == std::endian::little ? swap_bytes(value) : value;
}

inline std::uint16_t load_big16(const void* from) {
  return load_big<std::uint16_t>(from);
}
inline std::uint32_t load_big32(const void* from) {
  return load_big<std::uint32_t>(from);
}

}  // namespace endreason
