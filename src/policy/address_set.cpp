// SPDX-License-Identifier: Apache-2.0
#include "policy/address_set.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include <fmt/format.h>

namespace endreason {
namespace {

IpAddress last_address() {
  IpAddress address;
  address.bytes.fill(0xff);
  return address;
}

std::uint32_t v4_number(const IpAddress& address) {
  std::uint32_t number = 0;
  for (std::size_t i = 12; i < 16; ++i) number = number << 8 | address.bytes[i];
  return number;
}

IpAddress v4_address(std::uint32_t number) {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return address;
}

// A mask whose free bits lie apart stands for 2^(free bits above the lowest run) ranges.
constexpr int kMostScatteredBits = 14;

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

}  // namespace

bool step_up(IpAddress& address) {
  for (std::size_t i = 16; i-- > 0;)
    if (++address.bytes[i] != 0) return true;
  return false;
}

bool step_down(IpAddress& address) {
  for (std::size_t i = 16; i-- > 0;)
    if (address.bytes[i]-- != 0) return true;
  return false;
}

AddressSet::AddressSet(std::vector<IpRange> ranges) : ranges_(std::move(ranges)) {
  normalise();
}

AddressSet AddressSet::all() {
  return AddressSet({{IpAddress{}, last_address()}});
}

Result<AddressSet> AddressSet::parse(std::string_view text) {
  const std::string_view word = trimmed(text);
  std::optional<IpRange> range;
  if (const std::size_t dash = word.find('-'); dash != std::string_view::npos)
    range = parse_ip_range(std::string(trimmed(word.substr(0, dash))) + "-" +
                           std::string(trimmed(word.substr(dash + 1))));
  else
    range = parse_ip_range(word);
  if (!range)
    return fail(Error::Code::Usage,
                fmt::format("expected an address, a network such as 10.0.0.0/8 or a range such as "
                            "10.0.0.1-10.0.0.9, found '{}'",
                            text));
  return AddressSet({*range});
}

Result<AddressSet> AddressSet::parse_wildcard(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_ip(trimmed(text.substr(0, slash)));
  const auto mask =
      slash == std::string_view::npos ? std::nullopt : parse_ip(trimmed(text.substr(slash + 1)));
  if (!address || !mask || !address->is_v4() || !mask->is_v4())
    return fail(Error::Code::Usage, fmt::format("expected an address and a wildcard mask such as "
                                                "10.20.1.0/0.0.248.255, found '{}'",
                                                text));
  const std::uint32_t free_bits = v4_number(*mask);
  const int low_run = std::countr_one(free_bits);
  const std::uint32_t low = low_run == 32 ? UINT32_MAX : (1u << low_run) - 1;
  const std::uint32_t scattered = free_bits & ~low;
  if (std::popcount(scattered) > kMostScatteredBits)
    return fail(Error::Code::Usage,
                fmt::format("the mask of '{}' has {} free bits above the lowest run, at most {} "
                            "can be read; write it as several",
                            text, std::popcount(scattered), kMostScatteredBits));
  const std::uint32_t base = v4_number(*address) & ~free_bits;
  std::vector<IpRange> ranges;
  std::uint32_t part = 0;
  do {  // every subset of the scattered bits, in order
    ranges.push_back({v4_address(base | part), v4_address(base | part | low)});
    part = (part - scattered) & scattered;
  } while (part != 0);
  return AddressSet(std::move(ranges));
}

bool AddressSet::is_all() const {
  return ranges_.size() == 1 && ranges_[0].first == IpAddress{} &&
         ranges_[0].last == last_address();
}

bool AddressSet::contains(const IpAddress& address) const {
  const auto behind = std::ranges::upper_bound(ranges_, address, {}, &IpRange::first);
  return behind != ranges_.begin() && address <= (behind - 1)->last;
}

bool AddressSet::covers(const AddressSet& other) const {
  return std::ranges::all_of(other.ranges_, [this](const IpRange& range) {
    const auto behind = std::ranges::upper_bound(ranges_, range.first, {}, &IpRange::first);
    return behind != ranges_.begin() && range.last <= (behind - 1)->last;
  });
}

void AddressSet::add(const AddressSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  normalise();
}

AddressSet AddressSet::complement() const {
  std::vector<IpRange> gaps;
  IpAddress next{};
  for (const IpRange& range : ranges_) {
    if (next < range.first) {
      IpAddress before = range.first;
      step_down(before);
      gaps.push_back({next, before});
    }
    next = range.last;
    if (!step_up(next)) return AddressSet(std::move(gaps));
  }
  gaps.push_back({next, last_address()});
  return AddressSet(std::move(gaps));
}

void AddressSet::normalise() {
  std::ranges::sort(ranges_, {}, &IpRange::first);
  std::vector<IpRange> joined;
  for (const IpRange& range : ranges_) {
    if (!joined.empty()) {
      IpAddress next = joined.back().last;
      if (!step_up(next) || range.first <= next) {
        joined.back().last = std::max(joined.back().last, range.last);
        continue;
      }
    }
    joined.push_back(range);
  }
  ranges_ = std::move(joined);
}

}  // namespace endreason
