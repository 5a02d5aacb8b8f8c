// SPDX-License-Identifier: Apache-2.0
#include "inspect/block_list.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <set>

namespace endreason::inspect {
namespace {

constexpr std::size_t kProblemsKept = 100;
constexpr std::size_t kHostMax = 253;  // RFC 1035 section 2.3.4, as text

IpAddress after(IpAddress a) {
  for (std::size_t i = a.bytes.size(); i-- > 0;)
    if (++a.bytes[i] != 0) break;
  return a;
}
IpAddress before(IpAddress a) {
  for (std::size_t i = a.bytes.size(); i-- > 0;)
    if (a.bytes[i]-- != 0) break;
  return a;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool host_letter(char c) {
  c = lower(c);
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
         (c & 0x80) != 0;
}

std::string_view entry_of(std::string_view line) {
  const std::size_t begin = line.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  line.remove_prefix(begin);
  return line.substr(0, line.find_first_of(" \t\r#;"));
}

// The host of "http://host:port/path", or the text itself.
std::string_view host_of(std::string_view text) {
  if (const std::size_t scheme = text.find("://"); scheme != std::string_view::npos)
    text.remove_prefix(scheme + 3);
  return text.substr(0, text.find_first_of(":/?"));
}

}  // namespace

bool BlockLists::add_entry(std::string_view text, std::uint32_t list, BlockListCounts& counts) {
  const auto index = static_cast<std::uint32_t>(entries_.size());
  if (const auto range = parse_ip_range(text)) {
    given_.push_back({range->first, range->last, index});
    ++counts.addresses;
  } else {
    std::string host;
    for (const char c : host_of(text)) host += lower(c);
    bool below = false;
    while (host.starts_with("*.") || host.starts_with('.')) {
      host.erase(0, host[0] == '*' ? 2 : 1);
      below = true;
    }
    if (host.ends_with('.')) host.pop_back();
    if (host.empty() || host.size() > kHostMax ||
        !std::all_of(host.begin(), host.end(), host_letter))
      return false;
    if (const auto address = parse_ip(host)) {
      given_.push_back({*address, *address, index});
      ++counts.addresses;
    } else {
      (below ? below_ : exact_).try_emplace(std::move(host), index);
      ++counts.domains;
    }
  }
  entries_.push_back({list, std::string(text)});
  return true;
}

void BlockLists::add_text(std::string_view text, const std::string& name, BlockListCounts& counts) {
  const auto list = static_cast<std::uint32_t>(names_.size());
  names_.push_back(name);
  for (std::size_t line = 1; !text.empty(); ++line) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view entry = entry_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (entry.empty()) continue;
    ++counts.lines;
    if (add_entry(entry, list, counts)) continue;
    ++counts.unreadable;
    if (counts.problems.size() < kProblemsKept)
      counts.problems.push_back(name + ":" + std::to_string(line) +
                                ": is no address, block, range or domain; one entry a line");
  }
}

Result<void> BlockLists::add_file(const std::string& path, const std::string& name,
                                  BlockListCounts& counts) {
  std::ifstream in(path, std::ios::binary);
  if (!in)
    return fail(Error::Code::Io, path + ": " + std::strerror(errno) +
                                     "; give a file with one address or domain a line");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) return fail(Error::Code::Io, path + ": cannot be read to its end");
  add_text(text, name, counts);
  return {};
}

// Sweeps over the ends of all ranges; where several lie over each other, the narrowest counts.
void BlockLists::finish() {
  struct Edge {
    IpAddress at;
    bool begins;
    std::uint32_t given;
  };
  std::vector<Edge> edges;
  IpAddress last_of_all;
  last_of_all.bytes.fill(0xff);
  for (std::uint32_t i = 0; i < given_.size(); ++i) {
    edges.push_back({given_[i].first, true, i});
    if (given_[i].last != last_of_all) edges.push_back({after(given_[i].last), false, i});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
  const auto width = [this](std::uint32_t i) {
    std::array<std::uint8_t, 16> w{};
    int borrow = 0;
    for (std::size_t b = 16; b-- > 0;) {
      const int d = given_[i].last.bytes[b] - given_[i].first.bytes[b] - borrow;
      borrow = d < 0;
      w[b] = static_cast<std::uint8_t>(d);
    }
    return w;
  };
  std::set<std::pair<std::array<std::uint8_t, 16>, std::uint32_t>> open;
  for (std::size_t e = 0; e < edges.size();) {
    const IpAddress at = edges[e].at;
    for (; e < edges.size() && edges[e].at == at; ++e) {
      const std::pair key(width(edges[e].given), edges[e].given);
      if (edges[e].begins)
        open.insert(key);
      else
        open.erase(key);
    }
    if (open.empty()) continue;
    const IpAddress last = e < edges.size() ? before(edges[e].at) : last_of_all;
    spans_.push_back({at, last, given_[open.begin()->second].entry});
  }
  given_.clear();
  given_.shrink_to_fit();
}

std::optional<BlockListHit> BlockLists::find(const IpAddress& address) const {
  const auto behind =
      std::upper_bound(spans_.begin(), spans_.end(), address,
                       [](const IpAddress& a, const Span& span) { return a < span.first; });
  if (behind == spans_.begin()) return std::nullopt;
  const Span& span = *std::prev(behind);
  if (span.last < address) return std::nullopt;
  return hit(span.entry);
}

std::optional<BlockListHit> BlockLists::find(std::string_view host) const {
  if (host.ends_with('.')) host.remove_suffix(1);
  if (host.empty() || host.size() > kHostMax) return std::nullopt;
  std::array<char, kHostMax> buffer;
  std::transform(host.begin(), host.end(), buffer.begin(), lower);
  std::string_view name(buffer.data(), host.size());
  if (const auto found = exact_.find(name); found != exact_.end()) return hit(found->second);
  if (below_.empty()) return std::nullopt;
  // From the name itself up to its last label.
  for (;;) {
    if (const auto found = below_.find(name); found != below_.end()) return hit(found->second);
    const std::size_t dot = name.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    name.remove_prefix(dot + 1);
  }
}

}  // namespace endreason::inspect
