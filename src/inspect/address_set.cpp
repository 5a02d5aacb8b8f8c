// SPDX-License-Identifier: Apache-2.0
#include "inspect/address_set.hpp"

#include <bitset>

namespace endreason::inspect {
namespace {

IpAddress before(IpAddress a) {
  for (std::size_t i = a.bytes.size(); i-- > 0;)
    if (a.bytes[i]-- != 0) break;
  return a;
}

IpAddress after(IpAddress a) {
  for (std::size_t i = a.bytes.size(); i-- > 0;)
    if (++a.bytes[i] != 0) break;
  return a;
}

IpRange everything() {
  IpRange all;
  all.last.bytes.fill(0xff);
  return all;
}

std::vector<IpRange> merged(std::vector<IpRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const IpRange& a, const IpRange& b) { return a.first < b.first; });
  std::vector<IpRange> out;
  for (const IpRange& r : ranges) {
    if (!out.empty() && r.first <= out.back().last)
      out.back().last = std::max(out.back().last, r.last);
    else
      out.push_back(r);
  }
  return out;
}

}  // namespace

AddressSet AddressSet::of(std::vector<IpRange> include, std::vector<IpRange> exclude) {
  AddressSet set;
  if (include.empty() && exclude.empty()) return set;
  if (include.empty()) include.push_back(everything());
  exclude = merged(std::move(exclude));
  set.any_ = false;
  for (IpRange r : merged(std::move(include))) {
    bool left = true;
    for (const IpRange& x : exclude) {
      if (x.last < r.first) continue;
      if (r.last < x.first) break;
      if (r.first < x.first) set.ranges_.push_back({r.first, before(x.first)});
      left = x.last < r.last;
      if (!left) break;
      r.first = after(x.last);
    }
    if (left) set.ranges_.push_back(r);
  }
  return set;
}

PortSet PortSet::of(const std::vector<PortRange>& include, const std::vector<PortRange>& exclude) {
  PortSet set;
  if (include.empty() && exclude.empty()) return set;
  set.any_ = false;
  std::bitset<65537> in;
  if (include.empty()) in.set();
  for (const PortRange& r : include)
    for (unsigned p = r.first; p <= r.last; ++p) in.set(p);
  for (const PortRange& r : exclude)
    for (unsigned p = r.first; p <= r.last; ++p) in.reset(p);
  in.reset(65536);
  for (unsigned p = 0; p < 65536; ++p) {
    if (!in[p]) continue;
    unsigned last = p;
    while (in[last + 1]) ++last;
    set.ranges_.push_back({static_cast<std::uint16_t>(p), static_cast<std::uint16_t>(last)});
    p = last;
  }
  return set;
}

}  // namespace endreason::inspect
