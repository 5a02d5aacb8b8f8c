// SPDX-License-Identifier: Apache-2.0
#include "findings/row_ranking.hpp"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "findings/tuple_key.hpp"

namespace endreason {
namespace {

using namespace tuple_key;
using Row = CountedRows::Row;

// A cause is what a key has under kCauseMask, the group that it is in what it has under kGroupMask.
// A cause's members are the different whole keys, its destinations those under kDestinationMask.
struct BySource {
  static constexpr std::uint64_t kCauseMask = ~low_bits(kReasonAt);
  static constexpr std::uint64_t kGroupMask = ~low_bits(kConcernAt);
  static constexpr std::uint64_t kDestinationMask = ~low_bits(kDestinationAt);
  static constexpr bool kCountsDestinations = true;
  static constexpr GroupKind kKind = GroupKind::BlockedSource;
  static std::uint32_t address_of(std::uint64_t key) { return source_of(key); }
  static void append_cause(std::uint64_t cause, KeyBuilder& key) {
    append_reason(reason_of(cause), key);
  }
};

struct ByDestination {
  static constexpr std::uint64_t kCauseMask = low_bits(kSourceAt);
  static constexpr std::uint64_t kGroupMask =
      (low_bits(kReasonAt) & ~low_bits(kDestinationAt)) | std::uint64_t{1} << kConcernAt;
  static constexpr bool kCountsDestinations = false;
  static constexpr GroupKind kKind = GroupKind::BlockedDestination;
  static std::uint32_t address_of(std::uint64_t key) { return destination_of(key); }
  static void append_cause(std::uint64_t cause, KeyBuilder& key) {
    append_reason(reason_of(cause), key);
    append_service(service_of(cause), key);
  }
};
static_assert(kConcernBits == 1);

// A bucket's rows and what is counted of them stay in the nearest caches; more buckets would be
// more places to write to than those have room for.
constexpr std::size_t kRowsPerBucket = 2048;
constexpr std::size_t kBucketsMax = 2048;
// That a thread takes for itself at a time, the fullest first.
constexpr std::size_t kBucketsAtOnce = 4;

// Numbers different keys from 0 on, in the order in which they come. Whether a key is a new one is
// as good as random, so nothing branches on it.
class KeyNumbers {
 public:
  explicit KeyNumbers(const KeyHash& hash) : hash_(hash) {}

  // For at most so many keys.
  void begin(std::size_t keys) {
    const std::size_t slots = std::bit_ceil(std::max(kSlotsPerKey * keys, kSlotsMin));
    if (slots_.size() < slots) slots_.resize(slots);
    if (keys_.size() <= keys) keys_.resize(keys + 1);
    std::fill_n(slots_.begin(), slots, 0);
    mask_ = slots - 1;
    size_ = 0;
  }
  std::uint32_t number_of(std::uint64_t key) {
    for (std::size_t at = hash_.number(key);; ++at) {
      std::uint32_t& slot = slots_[at & mask_];
      const bool is_new = slot == 0;
      keys_[size_] = key;  // where nobody looks before it counts
      slot = is_new ? size_ + 1 : slot;
      size_ += is_new;
      if (keys_[slot - 1] == key) [[likely]]
        return slot - 1;
    }
  }
  std::uint32_t size() const { return size_; }
  std::uint64_t key(std::uint32_t number) const { return keys_[number]; }

 private:
  static constexpr std::size_t kSlotsMin = 16, kSlotsPerKey = 4;
  KeyHash hash_;
  std::size_t mask_ = 0;
  std::uint32_t size_ = 0;
  std::vector<std::uint32_t> slots_;  // 0: empty, else a key's number and one
  std::vector<std::uint64_t> keys_;   // by number
};

// Sums by the number of a key.
class Sums {
 public:
  explicit Sums(const KeyHash& hash) : numbers_(hash) {}

  void begin(std::size_t keys) {
    numbers_.begin(keys);
    if (counts_.size() <= keys) counts_.resize(keys + 1);
    counts_[0] = {};
  }
  GroupCounts& of(std::uint64_t key) {
    const std::uint32_t number = numbers_.number_of(key);
    counts_[numbers_.size()] = {};  // the next new one's
    return counts_[number];
  }
  std::uint32_t size() const { return numbers_.size(); }
  std::uint64_t key(std::uint32_t number) const { return numbers_.key(number); }
  GroupCounts& operator[](std::uint32_t number) { return counts_[number]; }

 private:
  KeyNumbers numbers_;
  std::vector<GroupCounts> counts_;
};

// Ranks one bucket after the other. Each thread has its own.
template <class Order>
class BucketRanker {
 public:
  BucketRanker(const CountedRows& counters, const AddressBook& addresses, const KeyHash& hash,
               Leaders& leaders)
      : counters_(counters),
        addresses_(addresses),
        leaders_(leaders),
        causes_(hash),
        groups_(hash),
        different_(hash) {}

  // A bucket of so many rows, in pieces.
  void rank(std::span<const std::span<const Row>> pieces, std::size_t rows) {
    pieces_ = pieces;
    rows_ = rows;
    members_known_ = false;
    causes_.begin(rows);
    for (const std::span<const Row> piece : pieces) {
      for (const Row& row : piece) {
        const Count count = counters_.count_of(row);
        // Whichever of its members are equal: there are no more than these.
        causes_.of(row.key & Order::kCauseMask).add(count.sessions, count.bytes, 1);
      }
    }
    groups_.begin(causes_.size());
    for (std::uint32_t cause = 0; cause < causes_.size(); ++cause) {
      const GroupCounts& counts = causes_[cause];
      groups_.of(causes_.key(cause) & Order::kGroupMask)
          .add(counts.sessions, counts.bytes, counts.members);
    }
    for (std::uint32_t cause = 0; cause < causes_.size(); ++cause) offer_cause(cause);
    for (std::uint32_t group = 0; group < groups_.size(); ++group) offer_group(group);
  }

 private:
  static GroupKind kind_of_key(std::uint64_t key) {
    return group_kind(concern_of(key), Order::kKind);
  }

  void offer_cause(std::uint32_t cause) {
    const std::uint64_t key = causes_.key(cause);
    const GroupKind ranking = cause_of(kind_of_key(key));
    GroupCounts& counts = causes_[cause];
    counts.set_rank(ranking);
    if (!leaders_.may_lead(ranking, counts)) return;
    know_members();
    counts.set_rank(ranking);
    build_key(key);
    Order::append_cause(key, key_);
    leaders_.place(ranking, counts, key_.text());
  }

  void offer_group(std::uint32_t group) {
    const std::uint64_t key = groups_.key(group);
    const GroupKind ranking = kind_of_key(key);
    GroupCounts& counts = groups_[group];
    counts.set_rank(ranking);
    if (!leaders_.may_lead(ranking, counts)) return;
    know_members();
    build_key(key);
    leaders_.place(ranking, counts, key_.text());
  }

  // That of the group of a key.
  void build_key(std::uint64_t key) {
    address_.clear();
    addresses_.append_to(Order::address_of(key), address_);
    begin_address_key(kind_of_key(key), address_.text(), key_);
  }

  // Counts the different members of all that is in the bucket.
  void know_members() {
    if (std::exchange(members_known_, true)) return;
    for (std::uint32_t cause = 0; cause < causes_.size(); ++cause) causes_[cause].members = 0;
    for (std::uint32_t group = 0; group < groups_.size(); ++group) groups_[group].members = 0;
    count_different(~std::uint64_t{0}, &GroupCounts::members);
    for (std::uint32_t cause = 0; cause < causes_.size(); ++cause)
      groups_.of(causes_.key(cause) & Order::kGroupMask).members += causes_[cause].members;
    if constexpr (Order::kCountsDestinations)
      count_different(Order::kDestinationMask, &GroupCounts::destinations);
  }

  // Of each cause, what its keys have under `mask`.
  void count_different(std::uint64_t mask, std::uint64_t GroupCounts::*counter) {
    different_.begin(rows_);
    for (const std::span<const Row> piece : pieces_)
      for (const Row& row : piece) different_.number_of(row.key & mask);
    for (std::uint32_t number = 0; number < different_.size(); ++number)
      ++(causes_.of(different_.key(number) & Order::kCauseMask).*counter);
  }

  const CountedRows& counters_;
  const AddressBook& addresses_;
  Leaders& leaders_;
  std::span<const std::span<const Row>> pieces_;
  std::size_t rows_ = 0;
  bool members_known_ = false;
  Sums causes_, groups_;
  KeyNumbers different_;
  KeyBuilder address_, key_;
};

class RowRanking {
 public:
  RowRanking(const RowParts& parts, const AddressBook& addresses, const KeyHash& hash,
             WorkerTeam& team, Leaders& leaders)
      : counters_(*parts.front()), addresses_(addresses), hash_(hash), team_(team) {
    std::size_t count = 0;
    for (CountedRows* part : parts) {
      count += part->size();
      for (unsigned worker = 0; worker < team_.size(); ++worker) {
        const std::size_t begin = part->size() * worker / team_.size();
        const std::size_t end = part->size() * (worker + 1) / team_.size();
        shares_.push_back({{part->begin() + begin, end - begin}, {}});
      }
    }
    buckets_ = std::bit_ceil(std::clamp<std::size_t>(count / kRowsPerBucket, 1, kBucketsMax));
    others_.resize(team_.size() - 1, Leaders(leaders.top()));
    leaders_.push_back(&leaders);
    for (Leaders& other : others_) leaders_.push_back(&other);
  }

  template <class Order>
  void rank(const std::function<void()>& beside) {
    team_.run([&](unsigned worker) {
      for (std::size_t i = worker; i < shares_.size(); i += team_.size()) deal<Order>(shares_[i]);
    });
    put_fullest_first();
    next_ = 0;
    team_.run([&](unsigned worker) {
      if (worker == 0) beside();
      rank_buckets<Order>(*leaders_[worker]);
    });
  }

  void finish() {
    for (Leaders& other : others_) leaders_.front()->take(std::move(other));
  }

 private:
  // Rows that one worker deals out, where they are.
  struct Share {
    std::span<Row> rows;
    std::vector<std::uint32_t> ends;  // of the buckets in it
    std::span<const Row> bucket(std::size_t number) const {
      const std::size_t begin = number == 0 ? 0 : ends[number - 1];
      return rows.subspan(begin, ends[number] - begin);
    }
  };

  template <class Order>
  std::size_t bucket_of(const Row& row) const {
    return Order::address_of(row.key) & (buckets_ - 1);  // they are numbered as they come
  }

  // Each row that stands in the way of another goes to its own bucket next.
  template <class Order>
  void deal(Share& share) {
    constexpr std::size_t kAhead = 4;  // rows of a bucket, in the line behind this one
    std::vector<std::uint32_t> next(buckets_ + 1);
    for (const Row& row : share.rows) ++next[bucket_of<Order>(row)];
    share.ends.resize(buckets_);
    std::uint32_t end = 0;
    for (std::size_t bucket = 0; bucket < buckets_; ++bucket) {
      const std::uint32_t begin = end;
      share.ends[bucket] = end += next[bucket];
      next[bucket] = begin;
    }
    Row* const rows = share.rows.data();
    for (std::size_t bucket = 0; bucket < buckets_; ++bucket) {
      while (next[bucket] < share.ends[bucket]) {
        Row row = rows[next[bucket]];
        for (std::size_t its = bucket_of<Order>(row); its != bucket; its = bucket_of<Order>(row)) {
          Row& place = rows[next[its]++];
          __builtin_prefetch(&place + kAhead);
          std::swap(row, place);
        }
        rows[next[bucket]++] = row;
      }
    }
  }

  // The fuller a bucket is, the likelier it is that something in it leads; the others need not be
  // looked at closely then.
  void put_fullest_first() {
    order_.clear();
    for (std::uint32_t bucket = 0; bucket < buckets_; ++bucket) {
      std::size_t size = 0;
      for (const Share& share : shares_) size += share.bucket(bucket).size();
      if (size > 0) order_.push_back({size, bucket});
    }
    std::sort(order_.begin(), order_.end(), std::greater<>());
  }

  template <class Order>
  void rank_buckets(Leaders& leaders) {
    BucketRanker<Order> ranker(counters_, addresses_, hash_, leaders);
    std::vector<std::span<const Row>> pieces;
    for (;;) {
      const std::size_t begin = next_.fetch_add(kBucketsAtOnce, std::memory_order_relaxed);
      if (begin >= order_.size()) return;
      for (std::size_t i = begin; i < std::min(begin + kBucketsAtOnce, order_.size()); ++i) {
        pieces.clear();
        for (const Share& share : shares_) pieces.push_back(share.bucket(order_[i].second));
        ranker.rank(pieces, order_[i].first);
      }
    }
  }

  const CountedRows& counters_;
  const AddressBook& addresses_;
  const KeyHash& hash_;
  WorkerTeam& team_;
  std::vector<Leaders*> leaders_;  // by worker
  std::vector<Leaders> others_;
  std::vector<Share> shares_;  // those of a worker are as far apart as there are workers
  std::size_t buckets_ = 1;
  std::vector<std::pair<std::size_t, std::uint32_t>> order_;  // sizes of buckets, and which
  std::atomic<std::size_t> next_{0};
};

}  // namespace

void rank_rows(const RowParts& rows, const AddressBook& addresses, const KeyHash& hash,
               WorkerTeam& team, Leaders& leaders, const std::function<void()>& beside) {
  RowRanking ranking(rows, addresses, hash, team, leaders);
  ranking.rank<BySource>([] {});
  ranking.rank<ByDestination>(beside);
  ranking.finish();
}

}  // namespace endreason
