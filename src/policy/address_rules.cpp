// SPDX-License-Identifier: Apache-2.0
#include "policy/address_rules.hpp"

#include <algorithm>

#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint64_t kMappedHigh = 0;
constexpr std::uint64_t kMappedFirst = 0x0000'ffff'0000'0000;
constexpr std::uint64_t kMappedLast = 0x0000'ffff'ffff'ffff;

WideKey wide_key(const IpAddress& address) {
  return {load_big<std::uint64_t>(address.bytes.data()),
          load_big<std::uint64_t>(address.bytes.data() + 8)};
}

// Sorts the edges, walks them, and adds the set of each stretch between two of them. An edge turns
// its rule on or off: ranges of one rule are disjoint, so they alternate.
template <class Key>
void walk(std::vector<StretchEdge<Key>> edges, RuleSets& sets, StretchTable<Key>& table) {
  std::ranges::stable_sort(edges, {}, &StretchEdge<Key>::at);
  RuleBits open = sets.no_rules();
  if (edges.empty() || edges.front().at != Key{}) table.add(Key{}, sets.add(open));
  for (std::size_t i = 0; i < edges.size();) {
    const Key at = edges[i].at;
    for (; i < edges.size() && edges[i].at == at; ++i) flip_bit(open, edges[i].rule);
    table.add(at, sets.add(open));
  }
}

class AddressEdges {
 public:
  void add(const AddressSet& set, std::uint32_t rule) {
    for (const IpRange& range : set.ranges()) {
      const WideKey first = wide_key(range.first);
      const WideKey last = wide_key(range.last);
      add_v4(first, last, rule);
      // What lies within IPv4 is never asked of this table.
      const bool within =
          first >= WideKey{kMappedHigh, kMappedFirst} && last <= WideKey{kMappedHigh, kMappedLast};
      if (within) continue;
      all.push_back({first, rule});
      WideKey behind = last;
      if (++behind.low == 0) ++behind.high;
      if (behind != WideKey{}) all.push_back({behind, rule});
    }
  }
  std::vector<StretchEdge<std::uint32_t>> v4;
  std::vector<StretchEdge<WideKey>> all;

 private:
  void add_v4(const WideKey& first, const WideKey& last, std::uint32_t rule) {
    const WideKey low = std::max(first, WideKey{kMappedHigh, kMappedFirst});
    const WideKey high = std::min(last, WideKey{kMappedHigh, kMappedLast});
    if (high < low) return;
    v4.push_back({static_cast<std::uint32_t>(low.low), rule});
    const auto behind = static_cast<std::uint32_t>(high.low) + 1;
    if (behind != 0) v4.push_back({behind, rule});
  }
};

}  // namespace

AddressRules::AddressRules(const std::vector<ResolvedRule>& rules, Side side)
    : sets_(rules.size()) {
  AddressEdges edges;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].disabled) continue;
    const AddressSet& set =
        side == Side::Source ? rules[i].match.source : rules[i].match.destination;
    if (set.is_all())
      sets_.set_any(i);
    else
      edges.add(set, i);
  }
  walk(std::move(edges.v4), sets_, v4_);
  walk(std::move(edges.all), sets_, all_);
  sets_.finish();
}

RuleSetView AddressRules::find(const IpAddress& address) const {
  const WideKey key = wide_key(address);
  const bool v4 = key.high == kMappedHigh && key.low >= kMappedFirst && key.low <= kMappedLast;
  return sets_.view(v4 ? v4_.find(static_cast<std::uint32_t>(key.low)) : all_.find(key));
}

namespace {

// What a rule takes by service, as far as ports tell: for application-default the standard ports
// of all its applications.
struct PortDemand {
  bool any{};
  std::vector<ResolvedService> services;
};

PortDemand demand_of(const ResolvedPolicy& policy, const ResolvedRule& rule) {
  PortDemand demand;
  demand.any = rule.match.any_service;
  if (demand.any || !rule.match.application_default) {
    demand.services = rule.match.services;
    return demand;
  }
  demand.any = rule.any_application;
  // A carrier passes on its own ports too, where the rule implies it.
  const auto add = [&](PolicyApp app) {
    const ResolvedApp& known = policy.apps[static_cast<std::size_t>(app)];
    demand.any = demand.any || !known.ports_known;
    demand.services.insert(demand.services.end(), known.ports.begin(), known.ports.end());
  };
  std::ranges::for_each(rule.applications, add);
  std::ranges::for_each(rule.carriers, add);
  return demand;
}

constexpr auto kPortProtocols = std::to_array<std::uint8_t>({kProtoTcp, kProtoUdp, kProtoSctp});

PortSet ports_of(const PortDemand& demand, std::uint8_t protocol) {
  PortSet ports;
  for (const ResolvedService& service : demand.services)
    if (service.protocol == protocol) ports.add(service.ports);
  return ports;
}

}  // namespace

PortRules::PortRules(const ResolvedPolicy& policy, const std::vector<ResolvedRule>& rules)
    : sets_(rules.size()) {
  std::array<std::vector<StretchEdge<std::uint32_t>>, kPortProtocols.size()> edges;
  std::array<RuleBits, 256> protocols;
  for (std::uint32_t i = 0; i < rules.size(); ++i) {
    if (rules[i].disabled) continue;
    const PortDemand demand = demand_of(policy, rules[i]);
    if (demand.any) {
      sets_.set_any(i);
      continue;
    }
    for (std::size_t p = 0; p < kPortProtocols.size(); ++p) {
      const PortSet ports = ports_of(demand, kPortProtocols[p]);
      for (const PortRange& range : ports.ranges()) {
        edges[p].push_back({range.first, i});
        edges[p].push_back({std::uint32_t{range.last} + 1, i});
      }
    }
    for (const ResolvedService& service : demand.services) {
      RuleBits& bits = protocols[service.protocol];
      if (bits.empty()) bits = sets_.no_rules();
      set_bit(bits, i);
    }
  }
  table_of_.fill(kNoPorts);
  for (std::size_t p = 0; p < kPortProtocols.size(); ++p) {
    table_of_[kPortProtocols[p]] = static_cast<std::uint8_t>(p);
    walk(std::move(edges[p]), sets_, ports_[p]);
  }
  const std::uint32_t nothing = sets_.add(sets_.no_rules());
  for (std::size_t p = 0; p < protocols.size(); ++p)
    by_protocol_[p] = protocols[p].empty() ? nothing : sets_.add(protocols[p]);
  sets_.finish();
}

}  // namespace endreason
