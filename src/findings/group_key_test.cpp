// SPDX-License-Identifier: Apache-2.0
#include "findings/group_key.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "findings/log_filter.hpp"
#include "findings/tuple_store.hpp"
#include "model/traffic_record.hpp"

namespace endreason {
namespace {

TrafficRecord record_of(std::string_view src, std::string_view dst) {
  TrafficRecord record;
  record.reset("");
  record.set_copy(Field::Src, src);
  record.set_copy(Field::Dst, dst);
  record.set_copy(Field::App, "incomplete");
  record.set_copy(Field::Rule, "a rule");
  record.proto = 6;
  record.set_known(Known::Proto);
  record.dport = 8443;
  record.set_known(Known::Dport);
  return record;
}

std::vector<std::string> keys_of(const TrafficRecord& record, Concern concern, ReasonCode reason) {
  TupleStore store(1 << 20, KeyHash(1));
  EXPECT_TRUE(store.add(record, concern, reason, {1, 1, 0}));
  EXPECT_TRUE(store.settle());
  std::vector<std::string> keys;
  store.visit_keys(
      [&](const KeyBuilder& key, std::uint64_t, std::uint64_t) { keys.emplace_back(key.text()); });
  return keys;
}

// The groups of a record's four keys, and the causes of those that have any.
std::map<GroupKind, GroupName> groups_of(const TrafficRecord& record, Concern concern,
                                         ReasonCode reason) {
  TupleStore store(1 << 20, KeyHash(1));
  EXPECT_TRUE(store.add(record, concern, reason, {1, 1, 0}));
  EXPECT_TRUE(store.settle());
  std::map<GroupKind, GroupName> names;
  std::size_t keys = 0;
  store.visit_keys([&](const KeyBuilder& key, std::uint64_t, std::uint64_t) {
    ++keys;
    const GroupName group = decode_group(key.text().substr(0, key.prefix_size()));
    names[group.kind] = group;
    const std::size_t size = cause_bytes(group.kind);
    if (size == 0) return;
    const GroupName cause = decode_cause(key.text().substr(0, key.prefix_size() + size));
    names[cause.kind] = cause;
  });
  EXPECT_EQ(keys, 4u);
  return names;
}

TEST(GroupKey, ABlockedRowCountsInTheBlockedGroupsOnly) {
  std::set<GroupKind> kinds;
  for (const auto& [kind, group] :
       groups_of(record_of("10.0.0.1", "10.0.0.2"), Concern::Blocked, ReasonCode::DeniedByRule))
    kinds.insert(kind);
  EXPECT_EQ(kinds, (std::set<GroupKind>{
                       GroupKind::BlockedRule, GroupKind::BlockedApp, GroupKind::BlockedSource,
                       GroupKind::BlockedDestination, GroupKind::CauseBlockedRule,
                       GroupKind::CauseBlockedDestination, GroupKind::CauseSource}));
}

struct AddressCase {
  const char* behaviour;
  const char* dst;
  const char* subject;
  bool is_address;
};
constexpr AddressCase kAddressCases[] = {
    {"an IPv4 address comes back as it was", "192.0.2.7", "192.0.2.7", true},
    {"zeros in front of an octet go away", "010.001.000.009", "10.1.0.9", true},
    {"an IPv6 address comes back in its short form", "2001:DB8:0:0::1", "2001:db8::1", true},
    {"an IPv4 address inside IPv6 is that IPv4 address", "::ffff:10.0.0.1", "10.0.0.1", true},
    {"a masked address stays as it stands", "10.0.x.x", "10.0.x.x", false},
    {"no address is no address", "", "", false},
};

TEST(GroupKey, AddressesSurviveTheWayThroughAKey) {
  for (const AddressCase& c : kAddressCases) {
    const GroupName group =
        groups_of(record_of("10.0.0.1", c.dst), Concern::Failed, ReasonCode::SynNoAnswer)
            .at(GroupKind::CauseFailedDestination);
    EXPECT_EQ(group.kind, GroupKind::CauseFailedDestination) << c.behaviour;
    EXPECT_EQ(group.subject, c.subject) << c.behaviour;
    EXPECT_EQ(group.is_address, c.is_address) << c.behaviour;
    EXPECT_EQ(group.reason, ReasonCode::SynNoAnswer) << c.behaviour;
    EXPECT_EQ(group.service, (Service{8443, 6})) << c.behaviour;
    EXPECT_EQ(log_filter(group).empty(), !c.is_address) << c.behaviour;
  }
}

TEST(GroupKey, AProtocolWithoutPortsHasNoPort) {
  TrafficRecord record = record_of("10.0.0.1", "10.0.0.2");
  record.proto = 1;
  const GroupName group =
      groups_of(record, Concern::Failed, ReasonCode::NoReply).at(GroupKind::CauseFailedDestination);
  EXPECT_EQ(group.service, (Service{std::nullopt, 1}));
  EXPECT_EQ(log_filter(group), "( addr.dst in 10.0.0.2 ) and ( proto eq icmp )");
}

TEST(GroupKey, WhatIsNotKnownOfAServiceIsNotThere) {
  TrafficRecord record = record_of("10.0.0.1", "10.0.0.2");
  const auto service = [&] {
    return groups_of(record, Concern::Blocked, ReasonCode::DeniedByRule)
        .at(GroupKind::CauseBlockedDestination)
        .service;
  };
  record.dport = 65'535;
  for (const std::uint8_t proto : std::to_array<std::uint8_t>({6, 17, 132})) {
    record.proto = proto;
    EXPECT_EQ(service(), (Service{65'535, proto}));
  }
  record.proto = 255;
  EXPECT_EQ(service(), (Service{std::nullopt, 255}));
  record.proto = 0;
  EXPECT_EQ(service(), (Service{std::nullopt, 0}));
  record.proto = 6;
  record.known = static_cast<std::uint16_t>(Known::Proto);
  EXPECT_EQ(service(), (Service{std::nullopt, 6}));
  record.known = static_cast<std::uint16_t>(Known::Dport);
  EXPECT_EQ(service(), Service{});
}

TEST(GroupKey, ABrokenKeyIsReadWithoutHarm) {
  for (const std::string& key :
       keys_of(record_of("10.0.0.1", "fe80::1"), Concern::Blocked, ReasonCode::DeniedByRule))
    for (std::size_t part = 0; part <= key.size(); ++part) {
      const std::string bytes(key, 0, part);  // exact bounds for sanitizers
      decode_group(bytes);
      decode_cause(bytes);
      std::uint32_t quad = 0;
      read_quad(bytes, quad);
      EXPECT_LE(address_size(bytes), bytes.size());
    }
}

struct FilterCase {
  const char* behaviour;
  const char* rule;
  const char* filter;
};
constexpr FilterCase kFilterCases[] = {
    {"a name is quoted", "deny all", "( rule eq 'deny all' )"},
    {"a name with a quote gets the other quotes", "Bob's", "( rule eq \"Bob's\" )"},
    {"a name with both quotes has no filter", "a'b\"c", ""},
    {"a name with a line break has no filter", "a\nb", ""},
    {"a name with an escape sequence has no filter", "a\x1b[31mb", ""},
    {"a name that is not UTF-8 has no filter", "a\xff", ""},
};

TEST(LogFilter, NamesAreQuotedOrTheFilterIsLeftOut) {
  for (const FilterCase& c : kFilterCases) {
    GroupName group;
    group.kind = GroupKind::BlockedRule;
    group.subject = c.rule;
    EXPECT_EQ(log_filter(group), c.filter) << c.behaviour;
  }
}

TEST(LogFilter, EveryContradictionIsDescribed) {
  for (const auto& row : kContradictions) {
    EXPECT_FALSE(describe(row.value).meaning.empty()) << row.log_name;
    EXPECT_FALSE(describe(row.value).filter.empty()) << row.log_name;
  }
}

}  // namespace
}  // namespace endreason
