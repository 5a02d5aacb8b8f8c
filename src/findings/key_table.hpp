// SPDX-License-Identifier: Apache-2.0
// KeyTable: byte keys -> sessions and bytes, in a bounded amount of memory.
//
// Open addressing over an arena of entries; no entry is ever freed by itself.
// The table starts small, so that few keys stay in the processor's cache, and
// grows up to its limit. When there is no room left (memory, load, or a probe
// that runs too long) it says so and the owner empties it, sorted or not. Not
// thread-safe.
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

  // Where the key's entry is; made, with counters of zero, when the key is new.
  // 0 when the table is full. Places stay until clear(); sort() does not move
  // them.
  std::uint32_t place_of(const KeyBuilder& key, std::uint64_t hash);
  void count(std::uint32_t place, std::uint64_t sessions, std::uint64_t bytes);
  KeyCount at(std::uint32_t place) const { return count_of(*entry_at(place), 0); }
  // Adds to the key's counters. False when the table is full; nothing was added then.
  bool add(const KeyBuilder& key, std::uint64_t hash, std::uint64_t sessions, std::uint64_t bytes) {
    const std::uint32_t place = place_of(key, hash);
    if (place != 0) count(place, sessions, bytes);
    return place != 0;
  }
  // For a table that is only to be sorted: an entry without a look for an equal
  // key. Not to be mixed with the above.
  bool append(const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes);

  bool empty() const { return entries_ == 0; }
  std::size_t entries() const { return entries_; }
  // All places are below.
  std::size_t places_end() const { return arena_used_ / kAlign + 1; }

  // Calls visit(KeyCount) for every entry, oldest first; `order` is not filled in.
  template <class Visit>
  void visit_all(Visit&& visit) const {
    visit_places([&](std::uint32_t, const KeyCount& key) { visit(key); });
  }
  // The same with the place: visit(place, KeyCount).
  template <class Visit>
  void visit_places(Visit&& visit) const {
    for (std::size_t at = 0; at < arena_used_;) {
      const Entry* entry = reinterpret_cast<const Entry*>(arena_.get() + at);
      visit(static_cast<std::uint32_t>(at / kAlign + 1), count_of(*entry, 0));
      at += entry_bytes(entry->key_size);
    }
  }

  // Sorts the entries; the slots are used for it, so that little more is
  // allocated. Until clear() the table can only be read.
  void sort();
  std::uint32_t sorted_place(std::size_t index) const {
    return static_cast<std::uint32_t>(slots_[index]);
  }
  KeyCount sorted(std::size_t index) const {
    constexpr std::size_t kAhead = 16;  // entries in sorted order lie anywhere in the arena
    if (index + kAhead < entries_) __builtin_prefetch(entry_at(slots_[index + kAhead]));
    const std::uint64_t slot = slots_[index];
    return count_of(*entry_at(slot), static_cast<std::uint32_t>(slot >> 32));
  }

  void raise_limit(std::size_t more_bytes);
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

  // A slot is empty (0) or: high half a part of the hash (or, sorted, the
  // order), low half the entry's place: where in the arena it is in units of
  // kAlign, counted from 1.
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
  void set_limits();
  void make_slots(std::size_t count);  // empty ones, instead of those that are there
  void double_slots();
  bool reserve_arena(std::size_t size);
  void sort_by_key(std::uint64_t* first, std::uint64_t* last, std::size_t depth);
  // The place of a new entry, or 0.
  std::uint32_t push(const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes);

  KeyHash hash_;
  std::size_t memory_bytes_;
  std::size_t slots_max_ = 0, arena_max_ = 0;  // from the memory
  std::size_t slot_count_ = 0;
  std::size_t arena_bytes_ = 0;
  std::size_t entries_ = 0;
  std::size_t arena_used_ = 0;
  std::unique_ptr<std::uint64_t[], Free> slots_;
  std::unique_ptr<std::uint8_t[], Free> arena_;
};

}  // namespace endreason
