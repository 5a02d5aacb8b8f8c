// SPDX-License-Identifier: Apache-2.0
#include "sources/file_place.hpp"

#include <algorithm>
#include <cstring>

namespace endreason {
namespace {

constexpr std::size_t kNumberBytes = sizeof(std::uint64_t);

}  // namespace

std::string place_bytes(std::string_view key, const FilePlace& place) {
  std::string out;
  for (const std::uint64_t number : {place.offset, place.tail, place.stamp})
    out.append(reinterpret_cast<const char*>(&number), kNumberBytes);
  out += key;
  return out;
}

bool read_place(std::string_view bytes, std::string_view& key, FilePlace& place) {
  if (bytes.size() <= 3 * kNumberBytes) return false;
  for (std::uint64_t* number : {&place.offset, &place.tail, &place.stamp}) {
    std::memcpy(number, bytes.data(), kNumberBytes);
    bytes.remove_prefix(kNumberBytes);
  }
  key = bytes;
  return true;
}

void FileTail::add(std::string_view bytes) {
  bytes = bytes.substr(bytes.size() - std::min(bytes.size(), kBytes));
  const std::size_t kept = std::min(bytes_.size(), kBytes - bytes.size());
  bytes_.erase(0, bytes_.size() - kept);
  bytes_ += bytes;
}

// FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), 64 bits.
std::uint64_t FileTail::digest() const {
  std::uint64_t sum = 0xcbf29ce484222325;
  for (const char c : bytes_) sum = (sum ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return sum;
}

}  // namespace endreason
