// SPDX-License-Identifier: Apache-2.0
#include "session/flow_table.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace endreason {
namespace {

// Entries a bucket on average when the table doubles. At nine of twelve, one bucket in eight
// overflows; at ten, one in five.
constexpr std::size_t kFill = 9;
constexpr std::size_t kFirstBuckets = 1024;  // one page run: what a small capture needs

}  // namespace

FlowTable::FlowTable(const SessionPool& pool, const FlowHash& hash)
    : pool_(&pool),
      hash_(hash),
      most_buckets_(std::bit_ceil(std::max<std::size_t>(pool.capacity() / kFill + 1, 1))) {
  buckets_ = MappedArray<Bucket>(std::min(kFirstBuckets, most_buckets_));
  mask_ = buckets_.size() - 1;
  grow_at_ = buckets_.size() * kFill;
}

void FlowTable::find_batch(std::span<const FlowKey> keys, std::span<const std::uint64_t> hashes,
                           std::span<SessionIndex> out) const {
  assert(keys.size() == hashes.size() && keys.size() == out.size());
  for (const std::uint64_t hash : hashes) prefetch_bucket(hash);
  for (const std::uint64_t hash : hashes)
    if (const SessionIndex session = likely(hash); session != kNoSession) pool_->prefetch(session);
  for (std::size_t i = 0; i < keys.size(); ++i) out[i] = find(keys[i], hashes[i]);
}

bool FlowTable::insert(std::uint64_t hash, SessionIndex session) {
  if (size_ >= grow_at_ && buckets_.size() < most_buckets_) grow();
  if (size_ == buckets_.size() * kBucketEntries) return false;
  place(hash, session);
  ++size_;
  return true;
}

void FlowTable::place(std::uint64_t hash, SessionIndex session) {
  for (std::size_t at = home(hash);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    if (const unsigned vacant = bucket.matching(0); vacant != 0) {
      const int entry = std::countr_zero(vacant);
      bucket.tags[entry] = tag_of(hash);
      bucket.sessions[entry] = session;
      return;
    }
    if (bucket.overflowed < 255) ++bucket.overflowed;
  }
}

void FlowTable::erase(std::uint64_t hash, SessionIndex session) {
  const std::uint8_t tag = tag_of(hash);
  for (std::size_t at = home(hash);; at = (at + 1) & mask_) {
    Bucket& bucket = buckets_[at];
    for (unsigned matches = bucket.matching(tag); matches != 0; matches &= matches - 1) {
      const int entry = std::countr_zero(matches);
      if (bucket.sessions[entry] != session) continue;
      bucket.tags[entry] = 0;
      --size_;
      return;
    }
    assert(bucket.overflowed > 0 && "the session is in the table");
    if (bucket.overflowed < 255) --bucket.overflowed;  // at 255 the true number is not known
  }
}

void FlowTable::grow() {
  MappedArray<Bucket> larger(buckets_.size() * 2);
  if (larger.empty()) {  // no memory: go on fuller, which is slower and still right
    grow_at_ = SIZE_MAX;
    return;
  }
  std::swap(buckets_, larger);
  mask_ = buckets_.size() - 1;
  grow_at_ = buckets_.size() * kFill;
  constexpr std::size_t kAhead = 2;  // buckets whose sessions are on their way
  for (std::size_t at = 0; at < larger.size() + kAhead; ++at) {
    if (at < larger.size())
      for (std::size_t i = 0; i < kBucketEntries; ++i)
        if (larger[at].tags[i] != 0) __builtin_prefetch(&(*pool_)[larger[at].sessions[i]]);
    if (at < kAhead) continue;
    const Bucket& old = larger[at - kAhead];
    for (std::size_t i = 0; i < kBucketEntries; ++i)
      if (old.tags[i] != 0) place(hash_((*pool_)[old.sessions[i]].key), old.sessions[i]);
  }
}

}  // namespace endreason
