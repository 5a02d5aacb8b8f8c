// SPDX-License-Identifier: Apache-2.0
#include "findings/group_key.hpp"

#include <algorithm>

#include "findings/key_hash.hpp"
#include "model/ip_address.hpp"
#include "model/protocol.hpp"
#include "model/traffic_record.hpp"

namespace endreason {
namespace {

// First byte of an address in a key: its size, or a mark that a name follows.
constexpr std::uint8_t kV4Bytes = 4;
constexpr std::uint8_t kV6Bytes = 16;
constexpr std::uint8_t kAddressAsText = 0xff;

constexpr std::uint8_t kHasPort = 1;
constexpr std::uint8_t kHasProto = 2;

constexpr std::array<std::uint8_t, 3> kWithPorts = {kProtoTcp, kProtoUdp, kProtoSctp};
constexpr std::uint32_t kPorts = 65'536;
constexpr std::uint32_t kProtocolsAlone = kWithPorts.size() * kPorts;
constexpr std::uint32_t kNothingKnown = kProtocolsAlone + 256;
static_assert(kNothingKnown < std::uint32_t{1} << kServiceBits);

constexpr std::size_t kReasonBytes = 1;
constexpr std::size_t kServiceBytes = 4;

// Reads a key front to back. Keys are our own bytes, but a spilled one has been on a disk, so
// every read is held to the end.
class KeyReader {
 public:
  explicit KeyReader(std::string_view bytes) : bytes_(bytes) {}
  std::uint8_t byte() {
    if (at_ >= bytes_.size()) return 0;
    return static_cast<std::uint8_t>(bytes_[at_++]);
  }
  std::string_view take(std::size_t size) {
    const std::string_view part = bytes_.substr(at_, size);
    at_ += part.size();
    return part;
  }
  std::string_view name() {
    const std::size_t size = byte();
    return take(size);
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
};

Service read_service(KeyReader& key) {
  Service service;
  const std::uint8_t known = key.byte();
  const std::uint8_t proto = key.byte();
  const unsigned high = key.byte();
  const unsigned low = key.byte();
  if ((known & kHasProto) != 0) service.proto = proto;
  if ((known & kHasPort) != 0) service.port = static_cast<std::uint16_t>(high << 8 | low);
  return service;
}

std::string read_address(KeyReader& key, bool& is_address) {
  const std::uint8_t tag = key.byte();
  is_address = tag == kV4Bytes || tag == kV6Bytes;
  if (!is_address) return std::string(key.name());
  IpAddress address;
  const std::string_view bytes = key.take(tag);
  if (tag == kV4Bytes) address.bytes[10] = address.bytes[11] = 0xff;
  std::copy(bytes.begin(), bytes.end(), address.bytes.end() - tag);
  return to_string(address);
}

}  // namespace

void KeyBuilder::address(std::string_view text) {
  const auto parsed = parse_ip(text);
  if (!parsed) {
    byte(kAddressAsText);
    return name(text);
  }
  const std::uint8_t size = parsed->is_v4() ? kV4Bytes : kV6Bytes;
  byte(size);
  raw(reinterpret_cast<const char*>(parsed->bytes.end() - size), size);
}

void KeyBuilder::long_name(std::string_view text) {
  // The seed is fixed here: the cut name is shown, and output may not differ between runs.
  constexpr std::uint64_t kFixedSeed = 0;
  constexpr std::size_t kHexDigits = 16;
  std::uint64_t hash =
      KeyHash(kFixedSeed).bare(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  byte(static_cast<std::uint8_t>(kNameBytesMax));
  raw(text.data(), kNameBytesMax - kHexDigits - 1);
  byte('~');
  for (std::size_t i = 0; i < kHexDigits; ++i, hash <<= 4)
    byte(static_cast<std::uint8_t>("0123456789abcdef"[hash >> 60]));
}

void KeyBuilder::quad(std::uint32_t address) {
  byte(kV4Bytes);
  number16(static_cast<std::uint16_t>(address >> 16));
  number16(static_cast<std::uint16_t>(address));
}

// Numbers: 65,536 for each protocol with ports, whose port is known; then the
// protocols alone; then nothing known.
std::uint32_t service_number(const TrafficRecord& record) {
  if (!record.knows(Known::Proto)) return kNothingKnown;
  const auto with_ports = std::find(kWithPorts.begin(), kWithPorts.end(), record.proto);
  if (with_ports == kWithPorts.end() || !record.knows(Known::Dport))
    return kProtocolsAlone + record.proto;
  return static_cast<std::uint32_t>(with_ports - kWithPorts.begin()) * kPorts + record.dport;
}

void append_service(std::uint32_t service, KeyBuilder& key) {
  const bool port = service < kProtocolsAlone;
  const bool proto = service != kNothingKnown;
  key.byte(static_cast<std::uint8_t>((port ? kHasPort : 0) | (proto ? kHasProto : 0)));
  key.byte(port    ? kWithPorts[service / kPorts]
           : proto ? static_cast<std::uint8_t>(service - kProtocolsAlone)
                   : std::uint8_t{0});
  key.number16(port ? static_cast<std::uint16_t>(service % kPorts) : std::uint16_t{0});
}

void append_reason(ReasonCode reason, KeyBuilder& key) {
  key.byte(static_cast<std::uint8_t>(reason));
}

void begin_name_key(GroupKind kind, std::string_view name, KeyBuilder& key) {
  key.clear();
  key.byte(static_cast<std::uint8_t>(kind));
  key.name(name);
  key.end_prefix();
}

void begin_address_key(GroupKind kind, std::string_view built_address, KeyBuilder& key) {
  key.clear();
  key.byte(static_cast<std::uint8_t>(kind));
  key.bytes(built_address);
  key.end_prefix();
}

std::size_t cause_bytes(GroupKind kind) {
  switch (cause_of(kind)) {
    case GroupKind::CauseFailedDestination:
    case GroupKind::CauseBlockedDestination:
      return kReasonBytes + kServiceBytes;
    case GroupKind::CauseBlockedRule:
    case GroupKind::CauseSource:
      return kReasonBytes;
    default:
      return 0;
  }
}

GroupKind kind_of(std::string_view key) {
  constexpr auto kLast = static_cast<std::size_t>(GroupKind::FailedDestination);
  return static_cast<GroupKind>(std::min<std::size_t>(KeyReader(key).byte(), kLast));
}

namespace {

GroupName read_group(KeyReader& key, GroupKind kind) {
  GroupName group;
  group.kind = kind;
  key.byte();
  switch (kind) {
    case GroupKind::BlockedRule:
    case GroupKind::BlockedApp:
    case GroupKind::FailedRule:
    case GroupKind::FailedApp:
      group.subject = key.name();
      break;
    default:
      group.subject = read_address(key, group.is_address);
  }
  return group;
}

}  // namespace

GroupName decode_group(std::string_view prefix) {
  KeyReader key(prefix);
  return read_group(key, kind_of(prefix));
}

GroupName decode_cause(std::string_view prefix_and_cause) {
  KeyReader key(prefix_and_cause);
  const GroupKind kind = kind_of(prefix_and_cause);
  GroupName cause = read_group(key, kind);
  cause.kind = cause_of(kind);
  cause.reason =
      static_cast<ReasonCode>(std::min<std::size_t>(key.byte(), kReasonCodes.size() - 1));
  if (cause_bytes(kind) > kReasonBytes) cause.service = read_service(key);
  return cause;
}

std::size_t address_size(std::string_view bytes) {
  if (bytes.empty()) return 0;
  const std::uint8_t tag = static_cast<std::uint8_t>(bytes[0]);
  std::size_t size = 1u + tag;
  if (tag == kAddressAsText)
    size = bytes.size() < 2 ? bytes.size() : 2u + static_cast<std::uint8_t>(bytes[1]);
  return std::min(size, bytes.size());
}

bool read_quad(std::string_view bytes, std::uint32_t& address) {
  KeyReader key(bytes);
  if (bytes.size() != 1u + kV4Bytes || key.byte() != kV4Bytes) return false;
  for (unsigned i = 0; i < kV4Bytes; ++i) address = address << 8 | key.byte();
  return true;
}

}  // namespace endreason
