// SPDX-License-Identifier: Apache-2.0
#include "findings/row_ranking.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "findings/radix_sort.hpp"
#include "findings/tuple_key.hpp"

namespace endreason {
namespace {

using namespace tuple_key;
using Row = CountedRows::Row;

// Within one address's rows, the rest of a key, in the order in which it is ranked: concern and
// reason, what else makes the cause, the other address.
constexpr unsigned kOrderBits = kSourceAt;
constexpr unsigned kOrderCauseAt = kOrderBits - kCauseBits;
constexpr unsigned kOrderConcernAt = kOrderBits - kConcernBits;

struct BySource {
  static constexpr unsigned kCauseAt = kOrderCauseAt;
  static constexpr bool kCountsDestinations = true;
  static constexpr GroupKind kKind = GroupKind::BlockedSource;
  static std::uint32_t address_of(std::uint64_t row) { return source_of(row); }
  // As in the row: destination, service.
  static std::uint64_t order_of(std::uint64_t row) { return row & low_bits(kOrderBits); }
  static std::uint64_t destination_in(std::uint64_t order) { return order >> kDestinationAt; }
  static void append_cause(std::uint64_t order, KeyBuilder& key) {
    append_reason(reason_of(order), key);
  }
};

struct ByDestination {
  static constexpr unsigned kCauseAt = AddressBook::kIdBits;
  static constexpr bool kCountsDestinations = false;
  static constexpr GroupKind kKind = GroupKind::BlockedDestination;
  static std::uint32_t address_of(std::uint64_t row) { return destination_of(row); }
  // Service, source.
  static std::uint64_t order_of(std::uint64_t row) {
    return (row & (low_bits(kOrderBits) - low_bits(kReasonAt))) |
           (row & low_bits(kServiceBits)) << AddressBook::kIdBits | row >> kSourceAt;
  }
  static void append_cause(std::uint64_t order, KeyBuilder& key) {
    append_reason(reason_of(order), key);
    append_service(bits_of(order, AddressBook::kIdBits, kServiceBits), key);
  }
};
static_assert(kOrderCauseAt == kReasonAt, "concern and reason are where a row has them");
static_assert(AddressBook::kIdBits + kServiceBits == kOrderCauseAt);

// The bits below concern and reason.
constexpr auto kOrderDigits = std::to_array<RadixDigit>({{0, 10}, {10, 9}, {19, 9}, {28, 9}});
static_assert(kOrderCauseAt == 37);

// Where one way to sort is left for the next.
constexpr std::size_t kInsertedMax = 24;
constexpr std::size_t kComparedMax = 1024;

bool is_before(const Row& a, const Row& b) {
  return a.key < b.key;
}

void insertion_sort(std::span<Row> rows) {
  for (std::size_t i = 1; i < rows.size(); ++i) {
    const Row row = rows[i];
    std::size_t to = i;
    for (; to > 0 && row.key < rows[to - 1].key; --to) rows[to] = rows[to - 1];
    rows[to] = row;
  }
}

// Rows of one concern and reason; `scratch` is as large.
void sort_part(std::span<Row> rows, std::span<Row> scratch) {
  if (rows.size() <= kInsertedMax) return insertion_sort(rows);
  if (rows.size() <= kComparedMax) return std::sort(rows.begin(), rows.end(), is_before);
  const Row* sorted = radix_sort(rows.data(), scratch.data(), rows.size(), kOrderDigits,
                                 [](const Row& row) { return row.key; });
  if (sorted != rows.data()) std::copy_n(sorted, rows.size(), rows.begin());
}

template <class Order>
class RowRanker {
 public:
  RowRanker(const RowParts& rows, const AddressBook& addresses, Leaders& leaders)
      : rows_(rows), addresses_(addresses), leaders_(leaders) {
    assert(!rows.empty() && rows.size() <= kRowPartsMax);
    for (std::size_t part = 0; part < rows.size(); ++part) begin_[part] = rows[part]->begin();
  }

  void rank() {
    put_in_order();
    std::uint32_t begin = 0;
    for (const std::uint32_t end : ends_) {
      if (begin == end) continue;
      fetch(begin, end);
      rank_group(row_at(numbers_[begin]).key);
      begin = end;
    }
  }

 private:
  std::size_t index_of(const Row& row) const {
    return addresses_.index_of(Order::address_of(row.key));
  }

  // By number: the part, and the place there.
  const Row& row_at(std::uint32_t number) const {
    return begin_[number / kRowsPerPart][number % kRowsPerPart];
  }
  static_assert(kRowPartsMax * kRowsPerPart - 1 == UINT32_MAX);

  void put_in_order() {
    ends_.assign(addresses_.index_end(), 0);
    for (const CountedRows* part : rows_)
      for (const Row& row : *part) ++ends_[index_of(row)];
    for (std::uint32_t& end : ends_) count_ += std::exchange(end, count_);
    numbers_ = std::make_unique_for_overwrite<std::uint32_t[]>(count_);
    for (std::uint32_t part = 0; part < rows_.size(); ++part) {
      auto number = static_cast<std::uint32_t>(part * kRowsPerPart);
      for (const Row& row : *rows_[part]) numbers_[ends_[index_of(row)]++] = number++;
    }
  }

  // One address's rows into members_, sorted.
  void fetch(std::uint32_t begin, std::uint32_t end) {
    constexpr std::uint32_t kAhead = 24;
    const std::uint32_t last = count_ - 1;
    if (room_.size() < end - begin) {
      room_.resize(std::max<std::size_t>(end - begin, 2 * room_.size()));
      scratch_.resize(room_.size());
    }
    for (std::uint32_t i = begin; i < end; ++i) {
      __builtin_prefetch(&row_at(numbers_[std::min(i + kAhead, last)]));
      const Row& row = row_at(numbers_[i]);
      room_[i - begin] = {Order::order_of(row.key), row.counts};
    }
    members_ = std::span(room_).first(end - begin);
    if (members_.size() <= kInsertedMax) return insertion_sort(members_);
    divide();
  }

  // By concern and reason first, which leaves little to sort of each, or nothing.
  void divide() {
    std::array<std::uint32_t, std::size_t{1} << kCauseBits> ends{};
    for (const Row& row : members_) ++ends[row.key >> kOrderCauseAt];
    std::uint32_t begin = 0;
    for (std::uint32_t& end : ends) begin += std::exchange(end, begin);
    for (const Row& row : members_) scratch_[ends[row.key >> kOrderCauseAt]++] = row;
    std::swap(room_, scratch_);
    members_ = std::span(room_).first(members_.size());
    begin = 0;
    for (const std::uint32_t end : ends) {
      const std::span<Row> part = members_.subspan(begin, end - begin);
      if (!part.empty() && may_lead(part)) sort_part(part, scratch_);
      begin = end;
    }
  }

  // The order of a source's rows with one reason is only wanted when there are so
  // many that they could lead: by their different targets, of which there cannot be more.
  bool may_lead(std::span<const Row> part) const {
    if constexpr (!Order::kCountsDestinations) return true;
    return part.size() >= leaders_.least_rank(GroupKind::CauseSource);
  }

  void rank_group(std::uint64_t any_row) {
    const std::uint32_t address = Order::address_of(any_row);
    const Row* row = members_.data();
    const Row* const end = row + members_.size();
    while (row != end) {
      const std::uint64_t first = row->key;
      const GroupKind kind = group_kind(concern_of(first), Order::kKind);
      GroupCounts group;
      while (row != end && (row->key ^ first) >> kOrderConcernAt == 0) {
        const std::uint64_t first_of_cause = row->key;
        const GroupCounts cause = count_cause(row, end);
        group.add(cause.sessions, cause.bytes, cause.members);
        offer(cause_of(kind), cause, kind, address,
              [&] { Order::append_cause(first_of_cause, key_); });
      }
      offer(kind, group, kind, address, [] {});
    }
  }

  // `row` is then where the next one begins.
  GroupCounts count_cause(const Row*& row, const Row* end) const {
    const std::uint64_t first = row->key;
    GroupCounts cause;
    std::uint64_t last = kNothing;
    for (; row != end && (row->key ^ first) >> Order::kCauseAt == 0; ++row) {
      const Count count = rows_.front()->count_of(*row);
      cause.add(count.sessions, count.bytes, last != row->key);
      if constexpr (Order::kCountsDestinations)
        cause.destinations += Order::destination_in(last ^ row->key) != 0;
      last = row->key;
    }
    return cause;
  }

  // Its key is that of the group of `kind`, and what `append` adds.
  template <class Append>
  void offer(GroupKind ranking, GroupCounts counts, GroupKind kind, std::uint32_t address,
             Append&& append) {
    counts.set_rank(ranking);
    leaders_.offer(ranking, counts, [&] {
      address_.clear();
      addresses_.append_to(address, address_);
      begin_address_key(kind, address_.text(), key_);
      append();
      return key_.text();
    });
  }

  const RowParts& rows_;
  std::array<const Row*, kRowPartsMax> begin_{};
  const AddressBook& addresses_;
  Leaders& leaders_;
  std::uint32_t count_ = 0;
  std::vector<std::uint32_t> ends_;           // by address: where its numbers end
  std::unique_ptr<std::uint32_t[]> numbers_;  // of rows, those of one address together
  std::vector<Row> room_, scratch_;
  std::span<Row> members_;
  KeyBuilder address_, key_;
};

}  // namespace

void rank_by_source(const RowParts& rows, const AddressBook& addresses, Leaders& leaders) {
  RowRanker<BySource>(rows, addresses, leaders).rank();
}

void rank_by_destination(const RowParts& rows, const AddressBook& addresses, Leaders& leaders) {
  RowRanker<ByDestination>(rows, addresses, leaders).rank();
}

}  // namespace endreason
