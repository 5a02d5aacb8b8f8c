// SPDX-License-Identifier: Apache-2.0
#include "dataplane/community_id.hpp"

#include <array>
#include <cstring>
#include <utility>

#include "model/protocol.hpp"

namespace endreason {
namespace {

constexpr std::uint8_t kEchoRequest = 8, kEchoRequest6 = 128;

// ICMP types that ask and answer each other: the answer's type stands for the code, so that both
// give the same hash. Types from RFC 792, 950, 1256, 4443, 4861, 2710, 4620, 6275; that these pairs
// are made and no others is the specification's, which follows Zeek.
struct Pair {
  std::uint8_t ask, answer;
};
constexpr auto kIcmpPairs = std::to_array<Pair>({{8, 0}, {13, 14}, {15, 16}, {10, 9}, {17, 18}});
constexpr auto kIcmp6Pairs =
    std::to_array<Pair>({{128, 129}, {133, 134}, {135, 136}, {130, 131}, {139, 140}, {144, 145}});

template <class Pairs>
bool answered_type(const Pairs& pairs, FlowTuple& tuple) {
  for (const Pair& pair : pairs) {
    if (tuple.sport != pair.ask && tuple.sport != pair.answer) continue;
    tuple.dport = tuple.sport == pair.ask ? pair.answer : pair.ask;
    return true;
  }
  return false;
}

// True when the lower end comes first, as it does where the flow has one way only.
bool in_order(FlowTuple& t) {
  if (t.protocol == kProtoIcmp && !answered_type(kIcmpPairs, t)) return true;
  if (t.protocol == kProtoIcmp6 && !answered_type(kIcmp6Pairs, t)) return true;
  const int order = std::memcmp(t.src.bytes.data(), t.dst.bytes.data(), t.src.bytes.size());
  return order < 0 || (order == 0 && t.sport < t.dport);
}

bool has_ports(std::uint8_t protocol) {
  return protocol == kProtoTcp || protocol == kProtoUdp || protocol == kProtoSctp ||
         protocol == kProtoIcmp || protocol == kProtoIcmp6;
}

// The bytes that are hashed: seed, both addresses, protocol, a zero, both ports.
class Bytes {
 public:
  void add(std::uint16_t value) {
    bytes_[size_++] = static_cast<std::uint8_t>(value >> 8);
    bytes_[size_++] = static_cast<std::uint8_t>(value);
  }
  void add(const IpAddress& address) {
    const std::size_t skip = address.is_v4() ? 12 : 0;
    std::memcpy(bytes_.data() + size_, address.bytes.data() + skip, 16 - skip);
    size_ += 16 - skip;
  }
  std::span<const std::uint8_t> all() const { return {bytes_.data(), size_}; }

 private:
  std::array<std::uint8_t, 2 + 16 + 16 + 2 + 4> bytes_{};
  std::size_t size_ = 0;
};

}  // namespace

FlowTuple tuple_of(const Session& session) {
  FlowTuple tuple{session.client(), session.server(), session.client_port(), session.server_port(),
                  session.key.protocol};
  const bool icmp = tuple.protocol == kProtoIcmp || tuple.protocol == kProtoIcmp6;
  // An echo has its identifier in both ports; no other message has a type like its code.
  if (icmp && tuple.sport == tuple.dport) {
    tuple.sport = tuple.protocol == kProtoIcmp ? kEchoRequest : kEchoRequest6;
    tuple.dport = 0;
  }
  return tuple;
}

void CommunityId::append(std::string& out, const FlowTuple& tuple) {
  FlowTuple t = tuple;
  if (!in_order(t)) {
    std::swap(t.src, t.dst);
    std::swap(t.sport, t.dport);
  }
  Bytes bytes;
  bytes.add(std::uint16_t{0});
  bytes.add(t.src);
  bytes.add(t.dst);
  bytes.add(static_cast<std::uint16_t>(t.protocol << 8));
  if (has_ports(t.protocol)) {
    bytes.add(t.sport);
    bytes.add(t.dport);
  }
  out += "1:";
  append_base64(out, sha1_.of(bytes.all()));
}

}  // namespace endreason
