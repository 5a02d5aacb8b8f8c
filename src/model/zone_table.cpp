// SPDX-License-Identifier: Apache-2.0
#include "model/zone_table.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace endreason {
namespace {

using Block = std::pair<IpRange, ZoneNumber>;

// The address behind it; nothing behind the last one.
std::optional<IpAddress> next_address(IpAddress address) {
  for (std::size_t i = address.bytes.size(); i-- > 0;)
    if (++address.bytes[i] != 0) return address;
  return std::nullopt;
}

bool narrower(const IpRange& a, const IpRange& b) {
  return b.first <= a.first && a.last <= b.last;
}

template <class Member>
Result<void> add(std::vector<std::pair<Member, ZoneNumber>>& all, const Member& member,
                 ZoneNumber zone, const std::string& what, const std::vector<std::string>& names) {
  for (const auto& [known, of] : all)
    if (known == member && of != zone)
      return fail(Error::Code::Usage,
                  fmt::format("zones.{}: {} belongs to zone {} already; leave it out of one",
                              names[zone], what, names[of]));
  all.emplace_back(member, zone);
  return {};
}

template <class Member, class Key>
ZoneNumber look_up(const std::vector<std::pair<Member, ZoneNumber>>& all, const Key& key) {
  for (const auto& [member, zone] : all)
    if (member == key) return zone;
  return kNoZone;
}

}  // namespace

Result<ZoneTable> ZoneTable::make(const std::vector<ZoneDefinition>& zones) {
  ZoneTable table;
  if (zones.size() > kMost)
    return fail(Error::Code::Usage,
                fmt::format("zones: {} of them, and {} is the most", zones.size(), kMost));
  std::vector<Block> blocks;
  for (const ZoneDefinition& zone : zones) {
    if (table.find(zone.name) != kNoZone)
      return fail(Error::Code::Usage,
                  fmt::format("zones.{}: the name is taken ('any' is the zone of what no other "
                              "names); choose another",
                              zone.name));
    table.names_.push_back(zone.name);
    const bool only = zone.interfaces.size() == 1 && zone.vlans.empty();
    table.only_interfaces_.push_back(only ? zone.interfaces.front() : "");
    const auto number = static_cast<ZoneNumber>(table.names_.size() - 1);
    for (const std::string& name : zone.interfaces)
      if (auto added = add(table.interfaces_, name, number, "interface " + name, table.names_);
          !added)
        return tl::unexpected(added.error());
    for (const std::uint16_t vlan : zone.vlans)
      if (auto added = add(table.vlans_, vlan, number, fmt::format("VLAN {}", vlan), table.names_);
          !added)
        return tl::unexpected(added.error());
    for (const IpRange& subnet : zone.subnets) blocks.emplace_back(subnet, number);
  }
  for (std::size_t i = 0; i < blocks.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (blocks[i].first.first == blocks[j].first.first &&
          blocks[i].first.last == blocks[j].first.last && blocks[i].second != blocks[j].second)
        return fail(Error::Code::Usage,
                    fmt::format("zones.{}: the subnet of {} belongs to zone {} already; leave it "
                                "out of one",
                                table.names_[blocks[i].second], to_string(blocks[i].first.first),
                                table.names_[blocks[j].second]));
  table.cut_stretches(blocks);
  return table;
}

void ZoneTable::cut_stretches(const std::vector<Block>& blocks) {
  std::vector<IpAddress> cuts;
  for (const auto& [range, zone] : blocks) {
    cuts.push_back(range.first);
    if (const auto behind = next_address(range.last)) cuts.push_back(*behind);
  }
  std::ranges::sort(cuts);
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (const IpAddress& cut : cuts) {
    const Block* best = nullptr;
    for (const Block& block : blocks)
      if (block.first.contains(cut) && (best == nullptr || narrower(block.first, best->first)))
        best = &block;
    stretches_.push_back({OrderedAddress(cut), best == nullptr ? kNoZone : best->second});
  }
}

ZoneNumber ZoneTable::find(std::string_view name) const {
  const auto at = std::ranges::find(names_, name);
  return at == names_.end() ? kNoZone : static_cast<ZoneNumber>(at - names_.begin());
}

ZoneNumber ZoneTable::of_interface(std::string_view name) const {
  return look_up(interfaces_, name);
}

ZoneNumber ZoneTable::of_vlan(std::uint16_t vlan) const {
  return look_up(vlans_, vlan);
}

ZoneNumber ZoneTable::of_address(const IpAddress& address) const {
  const OrderedAddress wanted(address);
  const auto behind = std::ranges::upper_bound(stretches_, wanted, {}, &Stretch::first);
  return behind == stretches_.begin() ? kNoZone : std::prev(behind)->zone;
}

PacketZones ZoneTable::of_packet(ZoneNumber interface, std::uint16_t vlan, const IpAddress& src,
                                 const IpAddress& dst) const {
  PacketZones zones{interface, of_address(dst)};
  if (zones.from == kNoZone && vlan != 0) zones.from = of_vlan(vlan);
  if (zones.from == kNoZone) zones.from = of_address(src);
  if (zones.from == kNoZone) zones.from = kAnyZone;
  // Where addresses alone tell zones, what no block names is in `any`.
  if (zones.to == kNoZone && interfaces_.empty() && vlans_.empty()) zones.to = kAnyZone;
  return zones;
}

}  // namespace endreason
