// SPDX-License-Identifier: Apache-2.0
// KeyTable: byte keys -> sessions and bytes, in a fixed amount of memory.
//
// Open addressing over an arena of entries; nothing is ever moved or freed one by one. When there
// is no room left (memory, load, or a probe that runs too long) add() says so and the owner empties
// the table, sorted or not. Memory is taken at the first add. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "findings/group_key.hpp"
#include "findings/key_hash.hpp"

namespace endreason {

// One counted key. `order` is a hash of the prefix: entries sort by it, then by key bytes, which
// is cheap to compare and keeps the members of a group together. The key borrows.
struct KeyCount {
  std::uint32_t order{};
  std::uint16_t prefix_size{};
  std::string_view key;
  std::uint64_t sessions{};
  std::uint64_t bytes{};
  std::string_view prefix() const { return key.substr(0, prefix_size); }
};
inline bool sorts_before(const KeyCount& a, const KeyCount& b) {
  return a.order != b.order ? a.order < b.order : a.key < b.key;
}

class KeyTable {
 public:
  KeyTable(std::size_t memory_bytes, const KeyHash& hash);
  KeyTable(KeyTable&&) = default;  // the moved-from table may only be assigned to or destroyed
  KeyTable& operator=(KeyTable&&) = default;

  std::uint64_t hash(const KeyBuilder& key) const { return hash_.padded(key.data(), key.size()); }
  void prefetch_slot(std::uint64_t hash) const {
    if (slots_) __builtin_prefetch(&slots_[slot_of(hash)]);
  }
  void prefetch_entry(std::uint64_t hash) const {
    if (!slots_) return;
    const std::uint64_t slot = slots_[slot_of(hash)];
    if (slot != 0) __builtin_prefetch(entry_at(slot));
  }

  // Adds to the key's counters. False when the table is full; nothing was added then.
  bool add(const KeyBuilder& key, std::uint64_t hash, std::uint64_t sessions, std::uint64_t bytes);

  bool empty() const { return entries_ == 0; }
  std::size_t entries() const { return entries_; }

  // Calls visit(KeyCount) for every entry, oldest first; `order` is not filled in.
  template <class Visit>
  void visit_all(Visit&& visit) const {
    for (std::size_t at = 0; at < arena_used_;) {
      const Entry* entry = reinterpret_cast<const Entry*>(arena_.get() + at);
      visit(count_of(*entry, 0));
      at += entry_bytes(entry->key_size);
    }
  }

  // Sorts the entries; the slots are used for it, so that nothing more is allocated. Until clear()
  // the table can only be read, by sorted().
  void sort();
  KeyCount sorted(std::size_t index) const {
    constexpr std::size_t kAhead = 16;  // entries in sorted order lie anywhere in the arena
    if (index + kAhead < entries_) __builtin_prefetch(entry_at(slots_[index + kAhead]));
    const std::uint64_t slot = slots_[index];
    return count_of(*entry_at(slot), static_cast<std::uint32_t>(slot >> 32));
  }

  void clear();    // forgets the entries, keeps the memory
  void release();  // gives the memory back, too

 private:
  struct Entry {
    std::uint64_t sessions, bytes;
    std::uint16_t key_size, prefix_size;
    const std::uint8_t* key() const { return reinterpret_cast<const std::uint8_t*>(this) + kHead; }
    std::string_view key_text() const { return {reinterpret_cast<const char*>(key()), key_size}; }
    std::uint8_t* key() { return reinterpret_cast<std::uint8_t*>(this) + kHead; }
  };
  static constexpr std::size_t kHead = 20;  // the key begins in what would be padding
  static constexpr std::size_t kAlign = alignof(Entry);
  static constexpr std::size_t entry_bytes(std::size_t key_size) {
    const std::size_t size = kHead + key_size;
    return size < sizeof(Entry) ? sizeof(Entry) : (size + kAlign - 1) & ~(kAlign - 1);
  }
  struct Free {
    void operator()(void* p) const { std::free(p); }
  };

  // A slot is empty (0) or: high half a part of the hash (or, sorted, the order), low half the
  // entry's place in the arena in units of kAlign, counted from 1.
  std::size_t slot_of(std::uint64_t hash) const { return (hash >> 32) * slot_count_ >> 32; }
  const Entry* entry_at(std::uint64_t slot) const {
    return reinterpret_cast<const Entry*>(arena_.get() + ((slot & 0xffff'ffff) - 1) * kAlign);
  }
  Entry* entry_at(std::uint64_t slot) {
    return reinterpret_cast<Entry*>(arena_.get() + ((slot & 0xffff'ffff) - 1) * kAlign);
  }
  std::uint32_t order_of(const Entry& entry) const {
    return static_cast<std::uint32_t>(hash_.bare(entry.key(), entry.prefix_size) >> 32);
  }
  static KeyCount count_of(const Entry& entry, std::uint32_t order) {
    return {order, entry.prefix_size, entry.key_text(), entry.sessions, entry.bytes};
  }
  void allocate();
  void sort_by_key(std::uint64_t* first, std::uint64_t* last, std::size_t depth);
  bool insert(std::uint64_t& slot, const KeyBuilder& key, std::uint64_t hash,
              std::uint64_t sessions, std::uint64_t bytes);

  KeyHash hash_;
  std::size_t slot_count_;
  std::size_t arena_bytes_;
  std::size_t entries_max_;
  std::size_t entries_ = 0;
  std::size_t arena_used_ = 0;
  std::unique_ptr<std::uint64_t[], Free> slots_;
  std::unique_ptr<std::uint8_t[], Free> arena_;
};

}  // namespace endreason
