// SPDX-License-Identifier: Apache-2.0
// TupleStore: blocked and failed rows, packed into 16 bytes each, until they
// are ranked.
//
// Addresses and names become small numbers, so that a row is one 64-bit key
// (source, concern and reason, destination, service) and its counters. Rows are
// appended; a small cache in front adds up the hot ones. When the buffer is
// full it is sorted and equal keys are added up, which most inputs can go on
// with for ever. When that does not help (too many different rows for the
// memory) add() says so; the owner then takes the content as group keys and
// empties the store. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "base/worker_team.hpp"
#include "findings/address_book.hpp"
#include "findings/count.hpp"
#include "findings/counted_rows.hpp"
#include "findings/group_key.hpp"
#include "findings/key_table.hpp"
#include "findings/ranking.hpp"
#include "findings/row_buffer.hpp"
#include "findings/row_ranking.hpp"

namespace endreason {

class TrafficRecord;

class TupleStore {
 public:
  TupleStore(std::size_t memory_bytes, const KeyHash& hash);

  // False when the store is full; nothing was counted then. An empty store
  // takes any row. A row waits for the next one, or for settle(), to be counted: what it is looked
  // up in is far from the processor, and comes nearer meanwhile.
  bool add(const TrafficRecord& record, Concern concern, ReasonCode reason, const Count& count);

  // Counts the row that waits. False when the store is full; it waits on then.
  bool settle();

  // Both must be settled. Takes over all that `other` counted, and its memory; `other` is released.
  // Whenever this store is full, pour() is called and must empty it.
  template <class Pour>
  void merge(TupleStore&& other, WorkerTeam& team, Pour&& pour);

  // Ranks the content, which must be settled: what a GroupRanker says of the keys that visit_keys()
  // gives, but faster.
  void rank(Leaders& leaders, WorkerTeam& team);

  // Calls visit(const KeyBuilder&, sessions, bytes) for the group keys of all
  // rows but one that waits; a key may come more than once. Memory that only sorting needs is
  // given back before.
  template <class Visit>
  void visit_keys(Visit&& visit);

  bool empty() const { return names_.empty(); }
  void clear();
  void release();  // gives the memory back, too

 private:
  static std::uint32_t rule_of(std::uint64_t rule_source) {
    return static_cast<std::uint32_t>(rule_source >> AddressBook::kIdBits);
  }
  static std::uint32_t source_of_rule(std::uint64_t rule_source) {
    return static_cast<std::uint32_t>(rule_source & ((1u << AddressBook::kIdBits) - 1));
  }
  void raise_limits(std::size_t more_bytes);
  void release_spare();

  using Row = CountedRows::Row;
  struct HotRow {
    std::uint64_t key;
    Count count;  // its `rows` are not used
  };
  struct Parts {
    std::uint64_t row;          // the key
    std::uint64_t rule_source;  // the rule's place and the source; kNothing: not counted
    std::uint32_t rule, app;    // places in names_
  };
  // A row that was added last. Its texts are borrowed only where an address is no quad.
  struct Waiting {
    bool any = false;
    Concern concern{};
    ReasonCode reason{};
    std::uint32_t service{};
    Count count;
    AddressBook::Sighted source, destination;
    KeyBuilder rule, app;
    std::uint64_t rule_hash{}, app_hash{};
  };

  void look_at(const TrafficRecord& record, Concern concern, ReasonCode reason);
  bool find_parts(Parts& parts);
  bool make_room();
  void add_row(std::uint64_t key, const Count& count);
  void add_rule_source(std::uint64_t key);
  void empty_hot_rows();
  void combine_rows();          // sorted by source afterwards
  void combine_rule_sources();  // sorted by rule afterwards
  void combine();

  // What the addresses and rules of another store are here, as far as they were asked for.
  struct Translation {
    Translation(std::size_t index_end, std::size_t places)
        : addresses(index_end, AddressBook::kNone), rules(places), counted(places) {}
    void forget() {
      std::fill(addresses.begin(), addresses.end(), AddressBook::kNone);
      std::fill(rules.begin(), rules.end(), 0);
    }
    std::vector<std::uint32_t> addresses;  // by their index there; kNone: not yet
    std::vector<std::uint32_t> rules;      // places by places there; 0: not yet
    std::vector<bool> counted;             // whether a rule's sessions and bytes were taken
  };
  struct Adopted {
    bool rows, rule_sources;
  };
  Adopted adopt(TupleStore& other, Translation& here, WorkerTeam& team);
  bool adopt_rules(const TupleStore& other, Translation& here);
  bool take_row(const TupleStore& other, const Row& row, Translation& here);
  bool take_name(const KeyCount& name);
  bool take_rule_source(const TupleStore& other, std::uint64_t rule_source, Translation& here);
  std::uint32_t take_rule(const TupleStore& other, std::uint32_t place, Translation& here);
  std::uint32_t take_address(const TupleStore& other, std::uint32_t id, Translation& here);
  // Names that have all of their key.
  template <class Visit>
  void visit_plain_names(Visit&& visit) const;
  // Rules of blocked rows with each of their sources. All of a rule's sessions
  // and bytes come with its first source: only their sum is ever asked for.
  template <class Visit>
  void visit_rule_sources(Visit&& visit) const;

  RowParts row_parts();
  // How many sources each rule's blocked rows have, by the place of its name.
  std::vector<std::uint32_t> sources_of_rules() const;
  void rank_names(Leaders& leaders);
  std::string_view address_bytes(std::uint32_t id);  // valid until the next call
  void begin_address(GroupKind blocked_kind, std::uint64_t row, std::uint32_t address);
  // Keys are built in key_.
  void build_name_key(const KeyCount& name);
  void build_source_key(std::uint64_t row);
  void build_destination_key(std::uint64_t row);

  std::size_t memory_bytes_;
  KeyHash hash_;
  AddressBook addresses_;
  // Applications, rules, and of blocked rows the rules with the reason:
  // complete keys but for the sources of the latter, which are in
  // rule_sources_.
  KeyTable names_;
  CountedRows rows_;
  std::vector<CountedRows> adopted_rows_;  // of stores that were merged: in their memory
  RowBuffer<std::uint64_t> rule_sources_;
  std::vector<HotRow> hot_rows_;
  std::vector<std::uint64_t> hot_rule_sources_;
  Waiting waiting_;
  KeyBuilder key_, address_;
};

template <class Pour>
void TupleStore::merge(TupleStore&& other, WorkerTeam& team, Pour&& pour) {
  // Equal rows and rules' sources need not be added up: they will be here, where both stores' are.
  other.empty_hot_rows();
  other.release_spare();
  raise_limits(other.memory_bytes_);
  Translation here(other.addresses_.index_end(), other.names_.places_end());
  const auto take = [&](auto&& part) {
    if (part()) return;
    pour();
    here.forget();
    part();
  };
  const Adopted adopted = adopt(other, here, team);
  if (!adopted.rows) {
    rows_.raise_limit(other.rows_.limit());
    for (const CountedRows* rows : other.row_parts())
      for (const Row& row : *rows) take([&] { return take_row(other, row, here); });
  }
  other.visit_plain_names([&](const KeyCount& name) { take([&] { return take_name(name); }); });
  if (!adopted.rule_sources) {
    for (const std::uint64_t rule_source : other.rule_sources_)
      take([&] { return take_rule_source(other, rule_source, here); });
  }
  other.release();
}

template <class Visit>
void TupleStore::visit_keys(Visit&& visit) {
  combine();
  release_spare();
  for (const CountedRows* rows : row_parts()) {
    for (const Row& row : *rows) {
      const Count count = rows->count_of(row);
      build_source_key(row.key);
      visit(key_, count.sessions, count.bytes);
      build_destination_key(row.key);
      visit(key_, count.sessions, count.bytes);
    }
  }
  visit_plain_names([&](const KeyCount& name) {
    build_name_key(name);
    key_.seal();
    visit(key_, name.sessions, name.bytes);
  });
  visit_rule_sources([&](const KeyCount& rule, std::uint32_t source) {
    build_name_key(rule);
    key_.bytes(address_bytes(source));
    key_.seal();
    visit(key_, rule.sessions, rule.bytes);
  });
}

template <class Visit>
void TupleStore::visit_plain_names(Visit&& visit) const {
  names_.visit_all([&](const KeyCount& name) {
    if (kind_of(name.key) != GroupKind::BlockedRule) visit(name);
  });
}

template <class Visit>
void TupleStore::visit_rule_sources(Visit&& visit) const {
  std::uint32_t last = 0;
  for (const std::uint64_t rule_source : rule_sources_) {
    const std::uint32_t place = rule_of(rule_source);
    KeyCount rule = names_.at(place);
    if (place == std::exchange(last, place)) rule.sessions = rule.bytes = 0;
    visit(rule, source_of_rule(rule_source));
  }
}

}  // namespace endreason
