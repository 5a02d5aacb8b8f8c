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

// How many entries a number of slots may have.
constexpr std::size_t load_max(std::size_t slots) {
  return slots / 8 * 5;
}
constexpr std::size_t kSlotsMin = 256;
// Below this a table could not hold one entry of the longest key.
constexpr std::size_t kMemoryMin = 16 * 1024;
// Places in the arena are 32-bit counts of kAlign bytes.
constexpr std::size_t kMemoryMax = std::size_t{1} << 34;

}  // namespace

KeyTable::KeyTable(std::size_t memory_bytes, const KeyHash& hash)
    : hash_(hash), memory_bytes_(memory_bytes) {
  set_limits();
}

void KeyTable::set_limits() {
  const std::size_t memory = std::clamp(memory_bytes_, kMemoryMin, kMemoryMax);
  slots_max_ = memory / kSlotShare / sizeof(std::uint64_t);
  arena_max_ = (memory - slots_max_ * sizeof(std::uint64_t)) & ~(kAlign - 1);
  static_assert(kMemoryMin / kSlotShare * 3 >= entry_bytes(KeyBuilder::kBytesMax));
}

void KeyTable::make_slots(std::size_t count) {
  slots_.reset();  // before there are new ones
  slots_.reset(static_cast<std::uint64_t*>(std::calloc(count, sizeof(std::uint64_t))));
  if (!slots_) throw std::bad_alloc();
  slot_count_ = count;
}

void KeyTable::double_slots() {
  make_slots(std::min(slots_max_, 2 * slot_count_));
  for (std::size_t at = 0; at < arena_used_;) {
    const Entry* entry = reinterpret_cast<const Entry*>(arena_.get() + at);
    const std::uint64_t hash = hash_.bare(entry->key(), entry->key_size);
    std::size_t index = slot_of(hash);
    while (slots_[index] != 0)
      if (++index == slot_count_) index = 0;
    slots_[index] = hash << 32 | (at / kAlign + 1);
    at += entry_bytes(entry->key_size);
  }
}

bool KeyTable::reserve_arena(std::size_t size) {
  if (arena_bytes_ - arena_used_ >= size) return true;
  if (arena_max_ - arena_used_ < size) return false;
  std::size_t bytes = std::max(arena_bytes_, kMemoryMin / 2);
  while (bytes - arena_used_ < size) bytes *= 2;
  bytes = std::min(bytes, arena_max_);
  void* arena = std::realloc(arena_.get(), bytes);
  if (arena == nullptr) throw std::bad_alloc();
  static_cast<void>(arena_.release());
  arena_.reset(static_cast<std::uint8_t*>(arena));
  arena_bytes_ = bytes;
  return true;
}

std::uint32_t KeyTable::place_of(const KeyBuilder& key, std::uint64_t hash) {
  if (!slots_) make_slots(std::min(slots_max_, kSlotsMin));
  std::size_t index = slot_of(hash);
  const std::uint32_t tag = static_cast<std::uint32_t>(hash);
  for (std::size_t probe = 0; probe < kProbesMax; ++probe) {
    const std::uint64_t slot = slots_[index];
    if (slot == 0) {
      if (entries_ >= load_max(slot_count_)) {
        if (slot_count_ == slots_max_) return 0;
        double_slots();
        return place_of(key, hash);
      }
      const std::uint32_t place = push(key, 0, 0);
      if (place != 0) slots_[index] = hash << 32 | place;
      return place;
    }
    if (static_cast<std::uint32_t>(slot >> 32) == tag) {
      const Entry& entry = *entry_at(slot);
      if (entry.key_size == key.size() && std::memcmp(entry.key(), key.data(), key.size()) == 0)
        return static_cast<std::uint32_t>(slot);
    }
    if (++index == slot_count_) index = 0;
  }
  return 0;
}

void KeyTable::count(std::uint32_t place, std::uint64_t sessions, std::uint64_t bytes) {
  Entry& entry = *entry_at(place);
  entry.sessions = saturating_sum(entry.sessions, sessions);
  entry.bytes = saturating_sum(entry.bytes, bytes);
}

bool KeyTable::append(const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes) {
  return entries_ < slots_max_ && push(key, sessions, bytes) != 0;
}

std::uint32_t KeyTable::push(const KeyBuilder& key, std::uint64_t sessions, std::uint64_t bytes) {
  const std::size_t size = entry_bytes(key.size());
  if (!reserve_arena(size)) return 0;
  Entry* entry = new (arena_.get() + arena_used_) Entry;
  entry->sessions = sessions;
  entry->bytes = bytes;
  entry->key_size = static_cast<std::uint16_t>(key.size());
  entry->prefix_size = static_cast<std::uint16_t>(key.prefix_size());
  std::memcpy(entry->key(), key.data(), key.size());
  const auto place = static_cast<std::uint32_t>(arena_used_ / kAlign + 1);
  arena_used_ += size;
  ++entries_;
  return place;
}

void KeyTable::sort() {
  if (slot_count_ < entries_) make_slots(entries_);
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

void KeyTable::raise_limit(std::size_t more_bytes) {
  memory_bytes_ += more_bytes;
  set_limits();
}

void KeyTable::clear() {
  if (slots_) std::memset(slots_.get(), 0, slot_count_ * sizeof(std::uint64_t));
  entries_ = arena_used_ = 0;
}

void KeyTable::release() {
  slots_.reset();
  arena_.reset();
  slot_count_ = arena_bytes_ = entries_ = arena_used_ = 0;
}

}  // namespace endreason
