// SPDX-License-Identifier: Apache-2.0
#include "policy/port_set.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/parse_number.hpp"

namespace endreason {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

bool parse_port(std::string_view text, std::uint16_t& port) {
  std::uint64_t value = 0;
  if (!parse_decimal(trimmed(text), value) || value > 65'535) return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

bool parse_range(std::string_view text, PortRange& range) {
  const std::size_t dash = text.find('-');
  if (!parse_port(text.substr(0, dash), range.first)) return false;
  range.last = range.first;
  return dash == std::string_view::npos ||
         (parse_port(text.substr(dash + 1), range.last) && range.first <= range.last);
}

}  // namespace

PortSet::PortSet(std::vector<PortRange> ranges) : ranges_(std::move(ranges)) {
  normalise();
}

Result<PortSet> PortSet::parse(std::string_view text) {
  if (trimmed(text) == "any") return all();
  std::vector<PortRange> ranges;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t end = std::min(text.find(',', at), text.size());
    PortRange range;
    if (!parse_range(text.substr(at, end - at), range))
      return fail(
          Error::Code::Usage,
          fmt::format("expected ports from 0 to 65535 such as 80,443,1024-2048, found '{}'", text));
    ranges.push_back(range);
    at = end + 1;
  }
  return PortSet(std::move(ranges));
}

bool PortSet::contains(std::uint16_t port) const {
  const auto behind = std::ranges::upper_bound(ranges_, port, {}, &PortRange::first);
  return behind != ranges_.begin() && port <= (behind - 1)->last;
}

bool PortSet::covers(const PortSet& other) const {
  return std::ranges::all_of(other.ranges_, [this](const PortRange& range) {
    const auto behind = std::ranges::upper_bound(ranges_, range.first, {}, &PortRange::first);
    return behind != ranges_.begin() && range.last <= (behind - 1)->last;
  });
}

void PortSet::add(const PortSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  normalise();
}

void PortSet::normalise() {
  std::ranges::sort(ranges_, {}, &PortRange::first);
  std::vector<PortRange> joined;
  for (const PortRange& range : ranges_) {
    if (!joined.empty() && range.first <= joined.back().last + 1)
      joined.back().last = std::max(joined.back().last, range.last);
    else
      joined.push_back(range);
  }
  ranges_ = std::move(joined);
}

}  // namespace endreason
