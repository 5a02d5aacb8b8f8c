// SPDX-License-Identifier: Apache-2.0
// FlowTable: flow key -> session. One entry finds both flows of a session, since the key is the
// same both ways. Buckets of a cache line: twelve one-byte tags and twelve session numbers; the
// keys stand in the sessions. Grows up to the pool's capacity. Not thread-safe.
//
// Lookups in batches: prefetch_bucket() ahead, later likely() and the session's prefetch,
// then find().
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "session/flow_hash.hpp"
#include "session/mapped_array.hpp"
#include "session/session_pool.hpp"

namespace endreason {

class FlowTable {
 public:
  static constexpr std::size_t kBucketEntries = 12;

  FlowTable() = default;
  // `pool` must outlive the table and not move.
  FlowTable(const SessionPool& pool, const FlowHash& hash);

  bool empty() const { return buckets_.empty(); }
  std::size_t size() const { return size_; }
  std::size_t bucket_count() const { return buckets_.size(); }
  std::size_t bytes() const { return buckets_.size() * sizeof(Bucket); }

  std::uint64_t hash(const FlowKey& key) const { return hash_(key); }
  void prefetch_bucket(std::uint64_t hash) const { __builtin_prefetch(&buckets_[home(hash)], 1); }
  // The session that this hash most likely leads to, or kNoSession; needs the bucket at hand. Of
  // several that it may lead to, the others are prefetched.
  [[gnu::always_inline]] SessionIndex likely(std::uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    const unsigned matches = bucket.matching(tag_of(hash));
    if (matches == 0) return kNoSession;
    for (unsigned more = matches & (matches - 1); more != 0; more &= more - 1)
      [[unlikely]] pool_->prefetch(bucket.sessions[std::countr_zero(more)]);
    return bucket.sessions[std::countr_zero(matches)];
  }

  // No session has this hash, which is soon seen. False: there may be one.
  bool surely_none(std::uint64_t hash) const {
    const Bucket& bucket = buckets_[home(hash)];
    return bucket.matching(tag_of(hash)) == 0 && bucket.overflowed == 0;
  }

  // The session of this key, or kNoSession.
  SessionIndex find(const FlowKey& key, std::uint64_t hash) const {
    const std::uint8_t tag = tag_of(hash);
    std::size_t at = home(hash);
    for (std::size_t tries = buckets_.size(); tries > 0; --tries, at = (at + 1) & mask_) {
      const Bucket& bucket = buckets_[at];
      for (unsigned matches = bucket.matching(tag); matches != 0; matches &= matches - 1) {
        const SessionIndex session = bucket.sessions[std::countr_zero(matches)];
        if ((*pool_)[session].key == key) return session;
      }
      if (bucket.overflowed == 0) break;
    }
    return kNoSession;
  }

  // find() for many keys at once, buckets and sessions prefetched. out[i] is for keys[i].
  void find_batch(std::span<const FlowKey> keys, std::span<const std::uint64_t> hashes,
                  std::span<SessionIndex> out) const;

  // The key must stand in the session already, and must not be in the table. False when there is
  // no room: the table could not grow, and is full.
  [[nodiscard]] bool insert(std::uint64_t hash, SessionIndex session);
  // The session must be in the table under this hash.
  void erase(std::uint64_t hash, SessionIndex session);

 private:
  struct alignas(64) Bucket {
    std::uint8_t tags[kBucketEntries];  // 0: free
    std::uint8_t overflowed;            // entries that went on to later buckets; stays at 255
    std::uint8_t unused[3];
    SessionIndex sessions[kBucketEntries];

    // Bit i is set when entry i has this tag.
    unsigned matching(std::uint8_t tag) const {
      constexpr unsigned kAll = (1u << kBucketEntries) - 1;
#if defined(__SSE2__)
      const __m128i line = _mm_load_si128(reinterpret_cast<const __m128i*>(tags));
      const __m128i same = _mm_cmpeq_epi8(line, _mm_set1_epi8(static_cast<char>(tag)));
      return static_cast<unsigned>(_mm_movemask_epi8(same)) & kAll;
#else
      unsigned same = 0;
      for (unsigned i = 0; i < kBucketEntries; ++i) same |= unsigned{tags[i] == tag} << i;
      return same & kAll;
#endif
    }
  };
  static_assert(sizeof(Bucket) == 64);

  // Tags come from the top of the hash, buckets from the bottom. The top bit says "in use".
  static std::uint8_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint8_t>(hash >> 56 | 0x80);
  }
  std::size_t home(std::uint64_t hash) const {
    return static_cast<std::size_t>(hash) & mask_;
  }
  void place(std::uint64_t hash, SessionIndex session);
  void grow();

  const SessionPool* pool_ = nullptr;
  FlowHash hash_;
  MappedArray<Bucket> buckets_;
  std::size_t mask_ = 0;
  std::size_t size_ = 0;
  std::size_t grow_at_ = 0;
  std::size_t most_buckets_ = 0;
};

}  // namespace endreason
