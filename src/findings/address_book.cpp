// SPDX-License-Identifier: Apache-2.0
#include "findings/address_book.hpp"

#include <algorithm>

namespace endreason {
namespace {

// A third for what is not IPv4.
constexpr std::size_t kOthersShare = 3;
// At a load of two thirds, the longest probe among a million random addresses stays below 100. More
// means addresses that were made to collide; the book is full then, which is slow but right.
constexpr std::size_t kProbesMax = 256;
constexpr std::size_t load_max(std::size_t slots) {
  return slots / 3 * 2;
}

}  // namespace

AddressBook::AddressBook(std::size_t memory_bytes, const KeyHash& hash)
    : hash_(hash), memory_bytes_(memory_bytes), others_(memory_bytes / kOthersShare, hash) {}

std::uint32_t AddressBook::id_of_other(std::string_view text) {
  key_.clear();
  key_.address(text);
  return id_of_key();
}

std::uint32_t AddressBook::id_of_bytes(std::string_view built) {
  key_.clear();
  key_.bytes(built);
  return id_of_key();
}

// Of the address in key_.
std::uint32_t AddressBook::id_of_key() {
  if (std::uint32_t quad = 0; read_quad(key_.text(), quad)) return id_of_quad(quad);
  key_.seal();
  const std::uint32_t place = others_.place_of(key_, others_.hash(key_));
  if (place == 0 || place + quads_.size() > kLast) return kNone;
  others_end_ = std::max(others_end_, place);
  return kLast - (place - 1);
}

std::uint32_t AddressBook::id_of_quad(std::uint32_t address) {
  if (slots_.empty()) slots_.assign(kSlotsMin, 0);
  std::size_t index = slot_of(address);
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    const std::uint64_t slot = slots_[index];
    if (slot == 0) return insert(index, address);
    if (slot >> 32 == address) return static_cast<std::uint32_t>(slot) - 1;
    if (++index == slots_.size()) index = 0;
  }
  return kNone;
}

std::uint32_t AddressBook::insert(std::size_t index, std::uint32_t address) {
  const std::size_t id = quads_.size();
  if (id + others_end_ > kLast) return kNone;
  if (id >= load_max(slots_.size())) {
    const std::size_t bytes_of_quads = memory_bytes_ - memory_bytes_ / kOthersShare;
    // Twice the slots; the quads, and the old ones until they are moved.
    const std::size_t needed =
        2 * slots_.size() * sizeof(std::uint64_t) +
        (load_max(2 * slots_.size()) + load_max(slots_.size())) * sizeof(std::uint32_t);
    if (needed > bytes_of_quads) return kNone;
    grow();
    return id_of_quad(address);
  }
  slots_[index] = std::uint64_t{address} << 32 | (id + 1);
  quads_.push_back(address);
  return static_cast<std::uint32_t>(id);
}

void AddressBook::grow() {
  const std::size_t count = 2 * slots_.size();
  slots_ = {};  // the quads say all that was in them
  slots_.resize(count);
  quads_.reserve(load_max(count));
  for (std::size_t id = 0; id < quads_.size(); ++id) {
    std::size_t index = slot_of(quads_[id]);
    while (slots_[index] != 0)
      if (++index == slots_.size()) index = 0;
    slots_[index] = std::uint64_t{quads_[id]} << 32 | (id + 1);
  }
}

bool AddressBook::add_all(const AddressBook& other, std::vector<std::uint32_t>& ids) {
  constexpr std::size_t kAhead = 16;  // their slots lie anywhere
  ids.assign(other.index_end(), kNone);
  bool whole = true;
  for (std::size_t i = 0; i < other.quads_.size(); ++i) {
    if (i + kAhead < other.quads_.size() && !slots_.empty())
      __builtin_prefetch(&slots_[slot_of(other.quads_[i + kAhead])]);
    ids[i] = id_of_quad(other.quads_[i]);
    whole = whole && ids[i] != kNone;
  }
  other.others_.visit_places([&](std::uint32_t place, const KeyCount& address) {
    std::uint32_t& id = ids[other.index_of(kLast - (place - 1))];
    id = id_of_bytes(address.key);
    whole = whole && id != kNone;
  });
  return whole;
}

void AddressBook::append_to(std::uint32_t id, KeyBuilder& key) const {
  if (id < quads_.size()) return key.quad(quads_[id]);
  key.bytes(others_.at(kLast - id + 1).key);
}

void AddressBook::raise_limit(std::size_t more_bytes) {
  memory_bytes_ += more_bytes;
  others_.raise_limit(more_bytes / kOthersShare);
}

void AddressBook::clear() {
  std::fill(slots_.begin(), slots_.end(), 0);
  quads_.clear();
  others_.clear();
  others_end_ = 0;
}

void AddressBook::release() {
  slots_ = {};
  quads_ = {};
  others_.release();
  others_end_ = 0;
}

}  // namespace endreason
