// SPDX-License-Identifier: Apache-2.0
#include "findings/key_table.hpp"

#include <algorithm>
#include <bit>
#include <new>

#include "findings/count.hpp"

namespace endreason {
namespace {

// A quarter of the memory for slots: entries of the usual 40 bytes then fill the arena and the
// slots at about the same time.
constexpr std::size_t kSlotShare = 4;
// At five eighths load the longest probe of a million random keys stays below 200, so this limit
// is met only by keys that were made to collide; the table is then emptied early, which is slow
// but right.
constexpr std::size_t kProbesMax = 256;
// Four bytes of a key as a number that compares as they do; zeros behind its end. No key is the
// beginning of another, so the zeros decide nothing.
template <class Entry>
std::uint32_t key_word(const Entry& entry, std::size_t at) {
  std::uint32_t word = 0;
  if (at >= entry.key_size) return 0;
  std::memcpy(&word, entry.key() + at, std::min<std::size_t>(4, entry.key_size - at));
  return __builtin_bswap32(word);
}
static_assert(std::endian::native == std::endian::little);

// Below this a table could not hold one entry of the longest key.
constexpr std::size_t kMemoryMin = 16 * 1024;
// Places in the arena are 32-bit counts of kAlign bytes.
constexpr std::size_t kMemoryMax = std::size_t{1} << 34;

}  // namespace

KeyTable::KeyTable(std::size_t memory_bytes, const KeyHash& hash) : hash_(hash) {
  const std::size_t memory = std::clamp(memory_bytes, kMemoryMin, kMemoryMax);
  slot_count_ = memory / kSlotShare / sizeof(std::uint64_t);
  arena_bytes_ = (memory - slot_count_ * sizeof(std::uint64_t)) & ~(kAlign - 1);
  entries_max_ = slot_count_ / 8 * 5;
  static_assert(kMemoryMin / kSlotShare * 3 >= entry_bytes(KeyBuilder::kBytesMax));
}

void KeyTable::allocate() {
  // calloc: large zeroed memory costs nothing until it is touched.
  slots_.reset(static_cast<std::uint64_t*>(std::calloc(slot_count_, sizeof(std::uint64_t))));
  arena_.reset(static_cast<std::uint8_t*>(std::malloc(arena_bytes_)));
  if (!slots_ || !arena_) throw std::bad_alloc();
}

bool KeyTable::add(const KeyBuilder& key, std::uint64_t hash, std::uint64_t sessions,
                   std::uint64_t bytes) {
  if (!slots_) allocate();
  std::size_t index = slot_of(hash);
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    std::uint64_t& slot = slots_[index];
    if (slot == 0) return insert(slot, key, hash, sessions, bytes);
    if (static_cast<std::uint32_t>(slot >> 32) == tag) {
      Entry& entry = *entry_at(slot);
      if (entry.key_size == key.size() && std::memcmp(entry.key(), key.data(), key.size()) == 0) {
        entry.sessions = saturating_sum(entry.sessions, sessions);
        entry.bytes = saturating_sum(entry.bytes, bytes);
        return true;
      }
    }
    if (++index == slot_count_) index = 0;
  }
  return false;
}

bool KeyTable::insert(std::uint64_t& slot, const KeyBuilder& key, std::uint64_t hash,
                      std::uint64_t sessions, std::uint64_t bytes) {
  const std::size_t size = entry_bytes(key.size());
  if (entries_ >= entries_max_ || arena_bytes_ - arena_used_ < size) return false;
  Entry* entry = new (arena_.get() + arena_used_) Entry;
  entry->sessions = sessions;
  entry->bytes = bytes;
  entry->key_size = static_cast<std::uint16_t>(key.size());
  entry->prefix_size = static_cast<std::uint16_t>(key.prefix_size());
  std::memcpy(entry->key(), key.data(), key.size());
  slot = hash << 32 | (arena_used_ / kAlign + 1);
  arena_used_ += size;
  ++entries_;
  return true;
}

void KeyTable::sort() {
  std::size_t filled = 0;
  for (std::size_t at = 0; at < arena_used_;) {
    const Entry* entry = reinterpret_cast<const Entry*>(arena_.get() + at);
    slots_[filled++] = std::uint64_t{order_of(*entry)} << 32 | (at / kAlign + 1);
    at += entry_bytes(entry->key_size);
  }
  std::uint64_t* const begin = slots_.get();
  std::uint64_t* const end = begin + filled;
  std::sort(begin, end);
  for (std::uint64_t* first = begin; first != end;) {
    const std::uint64_t order = *first >> 32;
    std::uint64_t* last = first + 1;
    while (last != end && *last >> 32 == order) ++last;
    if (last - first > 1) {
      sort_by_key(first, last, 0);
      for (std::uint64_t* slot = first; slot != last; ++slot)
        *slot = order << 32 | (*slot & 0xffff'ffff);
    }
    first = last;
  }
}

// Keys are compared four bytes at a time, and each byte is fetched once: a large group (one server
// that is down, and all who ask it) would otherwise be fetched from memory at every comparison.
void KeyTable::sort_by_key(std::uint64_t* first, std::uint64_t* last, std::size_t depth) {
  constexpr std::ptrdiff_t kFew = 12;
  constexpr std::ptrdiff_t kAhead = 16;  // entries lie anywhere in the arena
  if (last - first <= kFew) {
    std::sort(first, last, [this](std::uint64_t a, std::uint64_t b) {
      return entry_at(a)->key_text() < entry_at(b)->key_text();
    });
    return;
  }
  bool differ = false;
  for (; !differ && depth < KeyBuilder::kBytesMax; depth += 4) {
    const std::uint32_t word = key_word(*entry_at(*first), depth);
    for (std::uint64_t* slot = first; slot != last; ++slot) {
      if (last - slot > kAhead) __builtin_prefetch(entry_at(slot[kAhead]));
      const std::uint32_t here = key_word(*entry_at(*slot), depth);
      *slot = std::uint64_t{here} << 32 | (*slot & 0xffff'ffff);
      differ |= here != word;
    }
  }
  if (!differ) return;  // equal keys; a table has none
  std::sort(first, last);
  while (first != last) {
    std::uint64_t* run = first + 1;
    while (run != last && *run >> 32 == *first >> 32) ++run;
    if (run - first > 1) sort_by_key(first, run, depth);
    first = run;
  }
}

void KeyTable::clear() {
  if (slots_) std::memset(slots_.get(), 0, slot_count_ * sizeof(std::uint64_t));
  entries_ = arena_used_ = 0;
}

void KeyTable::release() {
  slots_.reset();
  arena_.reset();
  entries_ = arena_used_ = 0;
}

}  // namespace endreason
