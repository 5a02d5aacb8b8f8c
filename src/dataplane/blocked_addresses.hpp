// SPDX-License-Identifier: Apache-2.0
// BlockedAddresses: who gets nothing through for some time, because a threat was found in what it
// sent (action block-ip). One an engine; its lanes take turns while it is in use.
#pragma once

#include <cstdint>
#include <map>
#include <utility>

#include "model/ip_address.hpp"

namespace endreason {

class BlockedAddresses {
 public:
  bool empty() const { return until_ns_.empty(); }
  // `dst`: null when the source is blocked wherever it sends to. A longer block is kept.
  void block(const IpAddress& src, const IpAddress* dst, std::int64_t now_ns, std::uint32_t for_s) {
    std::erase_if(until_ns_, [now_ns](const auto& entry) { return entry.second <= now_ns; });
    std::int64_t& until = until_ns_[{src, dst == nullptr ? IpAddress{} : *dst}];
    const std::int64_t wanted = now_ns + std::int64_t{for_s} * 1'000'000'000;
    if (until < wanted) until = wanted;
  }
  bool blocks(const IpAddress& src, const IpAddress& dst, std::int64_t now_ns) const {
    return holds({src, IpAddress{}}, now_ns) || holds({src, dst}, now_ns);
  }

 private:
  using Pair = std::pair<IpAddress, IpAddress>;  // the second is all zeros: any destination
  bool holds(const Pair& pair, std::int64_t now_ns) const {
    const auto found = until_ns_.find(pair);
    return found != until_ns_.end() && now_ns < found->second;
  }
  std::map<Pair, std::int64_t> until_ns_;
};

}  // namespace endreason
