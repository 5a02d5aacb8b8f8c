// SPDX-License-Identifier: Apache-2.0
#include "policy/address_resolver.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "policy/tag_filter.hpp"

namespace endreason {
namespace {

// "US", "EU": the vendor's regions are countries by their ISO code.
bool looks_like_region(std::string_view name) {
  return name.size() == 2 && name[0] >= 'A' && name[0] <= 'Z' && name[1] >= 'A' && name[1] <= 'Z';
}

// Lists that come with the firewall's content and stand in no configuration. Source: "Built-in
// External Dynamic Lists" of the PAN-OS administrator's guide.
constexpr auto kBuiltInLists =
    std::to_array<std::string_view>({"panw-bulletproof-ip-list", "panw-highrisk-ip-list",
                                     "panw-known-ip-list", "panw-torexit-ip-list"});

}  // namespace

AddressResolver::AddressResolver(const Policy& policy, Problems& problems)
    : policy_(policy), problems_(problems) {
  for (const AddressObject& object : policy.addresses) objects_.emplace(object.name, &object);
  for (const AddressGroup& group : policy.address_groups) groups_[group.name].written = &group;
  for (const ExternalList& list : policy.external_lists) lists_.emplace(list.name, &list);
}

AddressSet AddressResolver::resolve(const Names& names, LineNumber line, const std::string& who) {
  if (is_any(names)) return AddressSet::all();
  std::vector<IpRange> ranges;
  for (const std::string& name : names) collect(name, line, who, ranges);
  return AddressSet(std::move(ranges));
}

void AddressResolver::collect(std::string_view name, LineNumber line, const std::string& who,
                              std::vector<IpRange>& into) {
  if (const auto object = objects_.find(name); object != objects_.end())
    return collect_object(*object->second, into);
  if (const auto group = groups_.find(name); group != groups_.end())
    return collect_group(group->second, line, who, into);
  if (const auto list = lists_.find(name); list != lists_.end()) {
    for (const std::string& entry : list->second->entries)
      if (const auto set = AddressSet::parse(entry))
        into.insert(into.end(), set->ranges().begin(), set->ranges().end());
    return;
  }
  if (name == kAny) {
    const AddressSet all = AddressSet::all();
    into.insert(into.end(), all.ranges().begin(), all.ranges().end());
    return;
  }
  if (const auto literal = AddressSet::parse(name)) {
    into.insert(into.end(), literal->ranges().begin(), literal->ranges().end());
    return;
  }
  unknown_name(name, line, who);
}

void AddressResolver::collect_object(const AddressObject& object, std::vector<IpRange>& into) {
  const auto added = resolved_objects_.try_emplace(object.name);
  std::vector<IpRange>& ranges = added.first->second;
  if (added.second) {
    const auto add = [&](const Result<AddressSet>& set, std::string_view setting) {
      if (!set) {
        problems_.error(object.line, fmt::format("address '{}': {}: {}", object.name, setting,
                                                 set.error().message));
        return;
      }
      ranges.insert(ranges.end(), set->ranges().begin(), set->ranges().end());
    };
    if (object.kind == AddressKind::IpWildcard)
      add(AddressSet::parse_wildcard(object.value), info(object.kind).log_name);
    else if (object.kind != AddressKind::Fqdn)
      add(AddressSet::parse(object.value), info(object.kind).log_name);
    for (const std::string& address : object.resolved) add(AddressSet::parse(address), "resolved");
    if (object.kind == AddressKind::Fqdn && object.resolved.empty())
      problems_.warning(object.line,
                        fmt::format("address '{}': fqdn {}: names are not looked up, so it matches "
                                    "no address; list what it stands for under `resolved`",
                                    object.name, object.value));
  }
  into.insert(into.end(), ranges.begin(), ranges.end());
}

void AddressResolver::collect_group(Group& group, LineNumber line, const std::string& who,
                                    std::vector<IpRange>& into) {
  if (!group.read) {
    if (!open_.enter(group.written->name, line, who, problems_)) return;
    read_group(group);
    open_.leave();
  }
  into.insert(into.end(), group.ranges.begin(), group.ranges.end());
}

void AddressResolver::read_group(Group& group) {
  const AddressGroup& written = *group.written;
  std::vector<IpRange> ranges;
  const std::string who = fmt::format("address group '{}': members", written.name);
  for (const std::string& member : written.members) collect(member, written.line, who, ranges);
  if (!written.filter.empty()) {
    const auto filter = TagFilter::parse(written.filter);
    if (!filter)
      problems_.error(written.line, fmt::format("address group '{}': filter: {}", written.name,
                                                filter.error().message));
    else
      for (const AddressObject& object : policy_.addresses)
        if (filter->matches(object.tags)) collect_object(object, ranges);
    if (filter && ranges.empty())
      problems_.warning(
          written.line,
          fmt::format("address group '{}': filter: no address object has these tags, and tags that "
                      "a firewall learns while it runs are not known here; it matches nothing",
                      written.name));
  } else if (written.members.empty()) {
    problems_.warning(written.line,
                      fmt::format("address group '{}': it has no members and matches nothing; add "
                                  "`members` or a `filter`",
                                  written.name));
  }
  group.ranges = AddressSet(std::move(ranges)).ranges();
  group.read = true;
}

void AddressResolver::unknown_name(std::string_view name, LineNumber line, const std::string& who) {
  const bool built_in = std::ranges::find(kBuiltInLists, name) != kBuiltInLists.end();
  if (built_in || looks_like_region(name)) {
    problems_.warning(line,
                      fmt::format("{}: {} {} is the firewall's own list, which is not here, so it "
                                  "matches nothing; give an external list {} with its networks",
                                  who, built_in ? "the built-in" : "the region", name, name));
    return;
  }
  std::vector<std::string_view> known;
  for (const AddressObject& object : policy_.addresses) known.push_back(object.name);
  for (const AddressGroup& group : policy_.address_groups) known.push_back(group.name);
  for (const ExternalList& list : policy_.external_lists) known.push_back(list.name);
  const auto near = nearest_names(name, known, 1);
  problems_.error(
      line,
      fmt::format("{}: no address, group or list is named '{}'{}; define it or write an "
                  "address",
                  who, name, near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0])));
}

}  // namespace endreason
