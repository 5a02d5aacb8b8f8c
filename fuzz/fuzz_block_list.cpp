// SPDX-License-Identifier: Apache-2.0
// Arbitrary bytes as two block lists. Each line that holds an entry must be accounted for, and each
// lookup must name a list and an entry of it.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "inspect/block_list.hpp"

namespace {

using namespace endreason;
using namespace endreason::inspect;

void require(bool holds) {
  if (!holds) std::abort();
}

template <class What>
void look_up(const BlockLists& lists, const What& what) {
  const auto hit = lists.find(what);
  if (!hit) return;
  require(hit->list == "one" || hit->list == "two");
  require(!hit->entry.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  BlockLists lists;
  BlockListCounts counts;
  const std::size_t middle = size / 2;
  lists.add_text(text.substr(0, middle), "one", counts);
  lists.add_text(text.substr(middle), "two", counts);
  require(counts.lines == counts.addresses + counts.domains + counts.unreadable);
  require(lists.size() <= counts.addresses + counts.domains);
  lists.finish();
  // Every line as a name, every 16 bytes as an address.
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t end = rest.find('\n');
    look_up(lists, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  for (std::size_t at = 0; at + 16 <= size; at += 16) {
    IpAddress address;
    std::copy_n(data + at, address.bytes.size(), address.bytes.begin());
    look_up(lists, address);
  }
  for (const char* address : {"10.0.0.1", "192.0.2.1", "255.255.255.255", "::", "2001:db8::1"})
    look_up(lists, *parse_ip(address));
  return 0;
}
