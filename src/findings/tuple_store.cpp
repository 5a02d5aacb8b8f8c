// SPDX-License-Identifier: Apache-2.0
#include "findings/tuple_store.hpp"

#include <algorithm>
#include <array>
#include <cassert>

#include "findings/tuple_key.hpp"
#include "model/traffic_record.hpp"

namespace endreason {
namespace {

using namespace tuple_key;

constexpr auto kBySourceDigits = std::to_array<RadixDigit>(
    {{0, 11}, {11, 11}, {22, 11}, {33, 11}, {44, 11}, {55, tuple_key::kBits - 55}});
static_assert(tuple_key::kBits > 55 && tuple_key::kBits <= 55 + kRadixBitsMax);
// By source, then the rule's place, whose highest bits are rarely used.
constexpr auto kRuleSourceDigits =
    std::to_array<RadixDigit>({{0, 10}, {10, 9}, {19, 11}, {30, 11}, {41, 10}});
static_assert(AddressBook::kIdBits == 19);

// ---- shares of the memory
// -----------------------------------------------------------------------

constexpr std::size_t kRowsMin = 512;
constexpr std::size_t kHotRowsMax = 512;
constexpr std::size_t kHotRuleSourcesMax = 1024;

// Of 64 parts; rules and sources get half as many rows as rows do, which makes
// seven more parts, and large counters (before and after they are sorted) two.
// One part is to spare.
constexpr std::size_t kParts = 64;
constexpr std::size_t kAddressParts = 18, kNameParts = 8, kRowParts = 28;
constexpr std::size_t kRowsPerRuleSource = 2;

std::size_t rows_in(std::size_t memory_bytes) {
  return memory_bytes / kParts * kRowParts / (4 * sizeof(std::uint64_t));
}
std::size_t hot_rows_beside(std::size_t rows) {
  std::size_t hot = kHotRowsMax;
  while (hot > rows / CountedRows::kRowsPerLarge / 2) hot /= 2;
  return hot;
}

// Where a key is in a cache of a power of two of places.
std::size_t place_in(std::size_t places, std::uint64_t key) {
  constexpr std::uint64_t kGolden = 0x9e37'79b9'7f4a'7c15;
  return (key * kGolden >> 32) & (places - 1);
}

// Sorting must win this much, or it would be done again too soon.
bool roomy(std::size_t size, std::size_t limit) {
  return size <= limit / 4 * 3;
}

}  // namespace

TupleStore::TupleStore(std::size_t memory_bytes, const KeyHash& hash)
    : memory_bytes_(memory_bytes),
      hash_(hash),
      addresses_(memory_bytes / kParts * kAddressParts, hash),
      names_(memory_bytes / kParts * kNameParts, hash),
      rows_(std::max(kRowsMin, rows_in(memory_bytes))),
      rule_sources_(rows_.limit() / kRowsPerRuleSource) {}

void TupleStore::raise_limits(std::size_t more_bytes) {
  memory_bytes_ += more_bytes;
  addresses_.raise_limit(more_bytes / kParts * kAddressParts);
  names_.raise_limit(more_bytes / kParts * kNameParts);
  rule_sources_.raise_limit(rows_in(more_bytes) / kRowsPerRuleSource);
}

// ---- counting
// -----------------------------------------------------------------------------------

bool TupleStore::add(const TrafficRecord& record, Concern concern, ReasonCode reason,
                     const Count& count) {
  if (!settle()) return false;
  look_at(record, concern, reason);
  waiting_.count = count;
  waiting_.any = true;
  if (waiting_.source.is_quad && waiting_.destination.is_quad) [[likely]]
    return true;
  const bool counted = settle();
  waiting_.any = false;
  return counted;
}

bool TupleStore::settle() {
  if (!waiting_.any) return true;
  Parts parts;
  if (!find_parts(parts) || !make_room()) return false;
  const Count& count = waiting_.count;
  names_.count(parts.rule, count.sessions, count.bytes);
  names_.count(parts.app, count.sessions, count.bytes);
  if (parts.rule_source != kNothing) add_rule_source(parts.rule_source);
  add_row(parts.row, count);
  waiting_.any = false;
  return true;
}

// Asks for where things are in the tables, which outgrow the near caches.
void TupleStore::look_at(const TrafficRecord& record, Concern concern, ReasonCode reason) {
  Waiting& row = waiting_;
  row.concern = concern;
  row.reason = reason;
  row.service = service_number(record);
  row.source = addresses_.sight(record.text(Field::Src));
  row.destination = addresses_.sight(record.text(Field::Dst));
  begin_name_key(group_kind(concern, GroupKind::BlockedRule), record.text(Field::Rule), row.rule);
  if (concern == Concern::Blocked) append_reason(reason, row.rule);
  row.rule.seal();
  row.rule_hash = names_.hash(row.rule);
  names_.prefetch_slot(row.rule_hash);
  begin_name_key(group_kind(concern, GroupKind::BlockedApp), record.text(Field::App), row.app);
  row.app.seal();
  row.app_hash = names_.hash(row.app);
  names_.prefetch_slot(row.app_hash);
}

bool TupleStore::find_parts(Parts& parts) {
  const Waiting& row = waiting_;
  names_.prefetch_entry(row.rule_hash);
  names_.prefetch_entry(row.app_hash);
  const std::uint32_t source = addresses_.id_of(row.source);
  const std::uint32_t destination = addresses_.id_of(row.destination);
  parts.app = names_.place_of(row.app, row.app_hash);
  parts.rule = names_.place_of(row.rule, row.rule_hash);
  if (parts.rule == 0 || parts.app == 0 || source == AddressBook::kNone ||
      destination == AddressBook::kNone)
    return false;
  parts.row = std::uint64_t{source} << kSourceAt |
              static_cast<std::uint64_t>(row.concern) << kConcernAt |
              static_cast<std::uint64_t>(row.reason) << kReasonAt |
              std::uint64_t{destination} << kDestinationAt | row.service;
  parts.rule_source = row.concern == Concern::Blocked
                          ? std::uint64_t{parts.rule} << AddressBook::kIdBits | source
                          : kNothing;
  return true;
}

// For one more row and whatever the cache holds.
bool TupleStore::make_room() {
  const std::size_t rows = hot_rows_.size() + 1;
  if (!rows_.has_room(rows)) {
    combine_rows();
    if (!rows_.roomy()) return false;
  }
  if (rule_sources_.room() == 0) {
    combine_rule_sources();
    if (!roomy(rule_sources_.size(), rule_sources_.limit())) return false;
  }
  return true;
}

void TupleStore::add_row(std::uint64_t key, const Count& count) {
  if (hot_rows_.empty()) hot_rows_.assign(hot_rows_beside(rows_.limit()), {kNothing, Count{}});
  HotRow& hot = hot_rows_[place_in(hot_rows_.size(), key)];
  if (hot.key == key) return hot.count.add(count);
  if (hot.key != kNothing) rows_.push(hot.key, hot.count);
  hot = {key, count};
}

void TupleStore::empty_hot_rows() {
  for (HotRow& hot : hot_rows_) {
    if (hot.key == kNothing) continue;
    rows_.push(hot.key, hot.count);
    hot.key = kNothing;
  }
}

void TupleStore::add_rule_source(std::uint64_t key) {
  if (hot_rule_sources_.empty()) hot_rule_sources_.assign(kHotRuleSourcesMax, kNothing);
  std::uint64_t& hot = hot_rule_sources_[place_in(kHotRuleSourcesMax, key)];
  if (std::exchange(hot, key) != key) rule_sources_.push(key);
}

void TupleStore::combine_rows() {
  rows_.combine(kBySourceDigits);
}

void TupleStore::combine_rule_sources() {
  rule_sources_.sort(kRuleSourceDigits, [](std::uint64_t key) { return key; });
  rule_sources_.shrink_to(std::unique(rule_sources_.begin(), rule_sources_.end()));
}

void TupleStore::combine() {
  empty_hot_rows();
  combine_rows();
  combine_rule_sources();
}

// ---- joining
// ------------------------------------------------------------------------------------

std::uint32_t TupleStore::take_address(const TupleStore& other, std::uint32_t id,
                                       Translation& here) {
  std::uint32_t& mine = here.addresses[other.addresses_.index_of(id)];
  if (mine != AddressBook::kNone) return mine;
  if (id < other.addresses_.quads()) return mine = addresses_.id_of_quad_in(other.addresses_, id);
  address_.clear();
  other.addresses_.append_to(id, address_);
  return mine = addresses_.id_of_bytes(address_.text());
}

// All rows as they are but for their addresses, and with them the memory that they are in; and all
// rules' sources. What cannot be taken whole is left as it was, to be taken one by one.
TupleStore::Adopted TupleStore::adopt(TupleStore& other, Translation& here, WorkerTeam& team) {
  if (other.rows_.has_large_counts() || !addresses_.add_all(other.addresses_, here.addresses))
    return {false, false};
  const bool rules = adopt_rules(other, here) && rule_sources_.room() >= other.rule_sources_.size();
  const auto here_of = [&](std::uint32_t id) {
    return here.addresses[other.addresses_.index_of(id)];
  };
  const auto adopt_rows = [&](CountedRows& rows) {
    for (Row& row : rows)
      row.key =
          with_addresses(row.key, here_of(source_of(row.key)), here_of(destination_of(row.key)));
    adopted_rows_.push_back(std::move(rows));
  };
  const auto adopt_rule_sources = [&] {
    for (const std::uint64_t rule_source : other.rule_sources_)
      rule_sources_.push(std::uint64_t{here.rules[rule_of(rule_source)]} << AddressBook::kIdBits |
                         here_of(source_of_rule(rule_source)));
  };
  team.run([&](unsigned worker) {
    if (worker == 0) {
      adopt_rows(other.rows_);
      for (CountedRows& rows : other.adopted_rows_) adopt_rows(rows);
    }
    if (worker == team.size() - 1 && rules) adopt_rule_sources();
  });
  return {true, rules};
}

// The rules of blocked rows with what was counted for them. False when the table is full.
bool TupleStore::adopt_rules(const TupleStore& other, Translation& here) {
  bool whole = true;
  other.names_.visit_places([&](std::uint32_t place, const KeyCount& name) {
    if (!whole || kind_of(name.key) != GroupKind::BlockedRule) return;
    const std::uint32_t rule = take_rule(other, place, here);
    whole = rule != 0;
    if (whole) names_.count(rule, name.sessions, name.bytes);
    here.counted[place] = whole;
  });
  return whole;
}

bool TupleStore::take_row(const TupleStore& other, const Row& row, Translation& here) {
  const std::uint32_t source = take_address(other, source_of(row.key), here);
  const std::uint32_t destination = take_address(other, destination_of(row.key), here);
  if (source == AddressBook::kNone || destination == AddressBook::kNone || !make_room())
    return false;
  rows_.push(with_addresses(row.key, source, destination), other.rows_.count_of(row));
  return true;
}

bool TupleStore::take_name(const KeyCount& name) {
  build_name_key(name);
  key_.seal();
  return names_.add(key_, names_.hash(key_), name.sessions, name.bytes);
}

// The place here of a blocked row's rule; 0 when there is no room for it.
std::uint32_t TupleStore::take_rule(const TupleStore& other, std::uint32_t place,
                                    Translation& here) {
  std::uint32_t& mine = here.rules[place];
  if (mine == 0) {
    build_name_key(other.names_.at(place));
    key_.seal();
    mine = names_.place_of(key_, names_.hash(key_));
  }
  return mine;
}

// All of a rule's sessions and bytes come with the first of its sources.
bool TupleStore::take_rule_source(const TupleStore& other, std::uint64_t rule_source,
                                  Translation& here) {
  const std::uint32_t there = rule_of(rule_source);
  const std::uint32_t rule = take_rule(other, there, here);
  const std::uint32_t source = take_address(other, source_of_rule(rule_source), here);
  if (rule == 0 || source == AddressBook::kNone || !make_room()) return false;
  if (!here.counted[there]) {
    const KeyCount counts = other.names_.at(there);
    names_.count(rule, counts.sessions, counts.bytes);
    here.counted[there] = true;
  }
  add_rule_source(std::uint64_t{rule} << AddressBook::kIdBits | source);
  return true;
}

// ---- keys
// ---------------------------------------------------------------------------------------

std::string_view TupleStore::address_bytes(std::uint32_t id) {
  address_.clear();
  addresses_.append_to(id, address_);
  return address_.text();
}

void TupleStore::build_name_key(const KeyCount& name) {
  key_.clear();
  key_.bytes(name.prefix());
  key_.end_prefix();
  key_.bytes(name.key.substr(name.prefix_size));
}

void TupleStore::begin_address(GroupKind blocked_kind, std::uint64_t row, std::uint32_t address) {
  begin_address_key(group_kind(concern_of(row), blocked_kind), address_bytes(address), key_);
  append_reason(reason_of(row), key_);
}

void TupleStore::build_source_key(std::uint64_t row) {
  begin_address(GroupKind::BlockedSource, row, source_of(row));
  key_.bytes(address_bytes(destination_of(row)));
  append_service(service_of(row), key_);
  key_.seal();
}

void TupleStore::build_destination_key(std::uint64_t row) {
  begin_address(GroupKind::BlockedDestination, row, destination_of(row));
  append_service(service_of(row), key_);
  key_.bytes(address_bytes(source_of(row)));
  key_.seal();
}

// ---- ranking
// ------------------------------------------------------------------------------------

RowParts TupleStore::row_parts() {
  RowParts parts{&rows_};
  for (CountedRows& rows : adopted_rows_) parts.push_back(&rows);
  return parts;
}

void TupleStore::rank(Leaders& leaders, WorkerTeam& team) {
  assert(!waiting_.any);
  empty_hot_rows();
  rank_rows(row_parts(), addresses_, hash_, team, leaders, [&] { rank_names(leaders); });
}

// A rule's sources are put together; those that the rule had before are marked so.
std::vector<std::uint32_t> TupleStore::sources_of_rules() const {
  std::vector<std::uint32_t> ends(names_.places_end());
  for (const std::uint64_t rule_source : rule_sources_) ++ends[rule_of(rule_source)];
  std::uint32_t begin = 0;
  for (std::uint32_t& end : ends) begin += std::exchange(end, begin);
  std::vector<std::uint32_t> sources(rule_sources_.size());
  for (const std::uint64_t rule_source : rule_sources_)
    sources[ends[rule_of(rule_source)]++] =
        static_cast<std::uint32_t>(addresses_.index_of(source_of_rule(rule_source)));
  std::vector<std::uint32_t> last_rule(addresses_.index_end());
  begin = 0;
  for (std::uint32_t rule = 0; rule < ends.size(); ++rule) {
    const std::uint32_t end = std::exchange(ends[rule], 0);  // from here on: how many sources
    for (; begin < end; ++begin)
      ends[rule] += std::exchange(last_rule[sources[begin]], rule) != rule;
  }
  return ends;
}

void TupleStore::rank_names(Leaders& leaders) {
  const std::vector<std::uint32_t> sources = sources_of_rules();
  names_.sort();
  GroupRanker ranker(leaders);
  for (std::size_t i = 0; i < names_.entries(); ++i) {
    const KeyCount name = names_.sorted(i);
    const bool has_sources = kind_of(name.key) == GroupKind::BlockedRule;
    ranker.add(name, has_sources ? sources[names_.sorted_place(i)] : 1);
  }
  ranker.finish();
}

// ---- memory
// -------------------------------------------------------------------------------------

void TupleStore::clear() {
  addresses_.clear();
  names_.clear();
  rows_.clear();
  adopted_rows_.clear();
  rule_sources_.clear();
  hot_rows_.clear();
  hot_rule_sources_.clear();
}

void TupleStore::release_spare() {
  rows_.release_spare();
  rule_sources_.release_spare();
}

void TupleStore::release() {
  clear();
  addresses_.release();
  names_.release();
  rows_.release();
  rule_sources_.release();
}

}  // namespace endreason
