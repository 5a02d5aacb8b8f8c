// SPDX-License-Identifier: Apache-2.0
// The keys that a summary counts by, as bytes.
//
// A blocked or failed row counts in four groups: its rule, its application, its
// source and its destination. The bytes of a key are: the group (the key's
// prefix), then the cause within it (the reason, for destinations also the
// service), then the member whose distinct values are counted. Sorted keys give
// all three at once, since no group is the beginning of another, so equal
// beginnings lie side by side.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/enum_table.hpp"
#include "model/verdict.hpp"

namespace endreason {

class TrafficRecord;

// Which sessions the rankings are about.
enum class Concern : std::uint8_t { Blocked, Failed };

// The rankings. The first eight are kinds of keys, too; causes are read from within those.
enum class GroupKind : std::uint8_t {
  BlockedRule,
  BlockedApp,
  BlockedSource,
  BlockedDestination,
  FailedRule,
  FailedApp,
  FailedSource,
  FailedDestination,
  CauseFailedDestination,   // reason, destination, port, protocol; members:
                            // sources
  CauseBlockedRule,         // reason, rule; members: sources
  CauseBlockedDestination,  // reason, destination, port, protocol; members:
                            // sources
  CauseSource,              // reason, source; members: destination, port, protocol
};
struct GroupKindInfo {
  GroupKind value;
  std::string_view log_name;  // key in the JSON summary
  GroupKind cause;            // the ranking of the causes within; itself when there is none
};
inline constexpr auto kGroupKinds = std::to_array<GroupKindInfo>({
    {GroupKind::BlockedRule, "rule", GroupKind::CauseBlockedRule},
    {GroupKind::BlockedApp, "app", GroupKind::BlockedApp},
    {GroupKind::BlockedSource, "src", GroupKind::CauseSource},
    {GroupKind::BlockedDestination, "dst", GroupKind::CauseBlockedDestination},
    {GroupKind::FailedRule, "rule", GroupKind::FailedRule},
    {GroupKind::FailedApp, "app", GroupKind::FailedApp},
    {GroupKind::FailedSource, "src", GroupKind::CauseSource},
    {GroupKind::FailedDestination, "dst", GroupKind::CauseFailedDestination},
    {GroupKind::CauseFailedDestination, "failed_by_destination", GroupKind::CauseFailedDestination},
    {GroupKind::CauseBlockedRule, "blocked_by_rule", GroupKind::CauseBlockedRule},
    {GroupKind::CauseBlockedDestination, "blocked_by_destination",
     GroupKind::CauseBlockedDestination},
    {GroupKind::CauseSource, "by_source", GroupKind::CauseSource},
});
// The kinds of failed sessions follow those of blocked ones in the same order.
inline constexpr unsigned kGroupsPerConcern = static_cast<unsigned>(GroupKind::FailedRule);
constexpr bool is_cause(GroupKind kind) {
  return kind >= GroupKind::CauseFailedDestination;
}
constexpr GroupKind cause_of(GroupKind kind) {
  return kGroupKinds[static_cast<std::size_t>(kind)].cause;
}
inline constexpr std::size_t kGroupKindCount = kGroupKinds.size();
static_assert(rows_in_enum_order(kGroupKinds));

// Names come from the input; a longer one is cut, and a fixed hash of all of it is put at its end,
// so that two long names stay two.
inline constexpr std::size_t kNameBytesMax = 255;
static_assert(kNameBytesMax <= UINT8_MAX, "a name's size is one byte of the key");

// Builds one key in place. Reusable; not zeroed, since it is larger than most keys.
class KeyBuilder {
 public:
  // The longest key, a source and a destination that are texts: kind, reason,
  // service and twice a name with its size and the mark in front of it.
  static constexpr std::size_t kBytesMax = 1 + 1 + 4 + 2 * (2 + kNameBytesMax);
  static constexpr std::size_t kPadding = 16;  // zero bytes behind a sealed key, for KeyHash

  void clear() { size_ = prefix_ = 0; }
  void byte(std::uint8_t value) { bytes_[size_++] = value; }
  void number16(std::uint16_t value) {  // big end first, so that keys sort as numbers
    byte(static_cast<std::uint8_t>(value >> 8));
    byte(static_cast<std::uint8_t>(value));
  }
  void name(std::string_view text) {
    if (text.size() > kNameBytesMax) return long_name(text);
    byte(static_cast<std::uint8_t>(text.size()));
    raw(text.data(), text.size());
  }
  // An address as 4 or 16 bytes; text that is none (masked, a host name) as it stands.
  void address(std::string_view text);
  void quad(std::uint32_t address);  // an IPv4 address
  // Bytes that were built before.
  void bytes(std::string_view built) { raw(built.data(), built.size()); }
  void end_prefix() { prefix_ = size_; }
  void seal() {
    if (prefix_ == 0) prefix_ = size_;
    std::memset(bytes_.data() + size_, 0, kPadding);
  }

  const std::uint8_t* data() const { return bytes_.data(); }
  std::size_t size() const { return size_; }
  std::size_t prefix_size() const { return prefix_; }
  std::string_view text() const { return {reinterpret_cast<const char*>(bytes_.data()), size_}; }

 private:
  void raw(const char* data, std::size_t size) {
    if (size != 0) std::memcpy(bytes_.data() + size_, data, size);
    size_ += size;
  }
  void long_name(std::string_view text);

  std::size_t size_ = 0;
  std::size_t prefix_ = 0;
  std::array<std::uint8_t, kBytesMax + kPadding> bytes_;  // NOLINT: written before it is read
};

// Port and protocol of a destination; a port only where the protocol has ports.
struct Service {
  std::optional<std::uint16_t> port;
  std::optional<std::uint8_t> proto;
  friend bool operator==(const Service&, const Service&) = default;
};

// A destination's protocol and port as one number, for what packs keys closer
// than bytes.
inline constexpr unsigned kServiceBits = 18;
std::uint32_t service_number(const TrafficRecord& record);

// The group that a row counts in.
constexpr GroupKind group_kind(Concern concern, GroupKind blocked_kind) {
  const auto kind = static_cast<unsigned>(blocked_kind);
  return static_cast<GroupKind>(concern == Concern::Blocked ? kind : kind + kGroupsPerConcern);
}

// The parts of keys; a key is begun by its group and ended by seal().
void begin_name_key(GroupKind kind, std::string_view name, KeyBuilder& key);
void begin_address_key(GroupKind kind, std::string_view built_address, KeyBuilder& key);
void append_reason(ReasonCode reason, KeyBuilder& key);
void append_service(std::uint32_t service_number, KeyBuilder& key);

// How many bytes behind a key's prefix name the cause; 0 when its kind has no causes.
std::size_t cause_bytes(GroupKind kind);

// A group, or a cause within one, taken apart; for reports.
struct GroupName {
  GroupKind kind{GroupKind::BlockedRule};
  ReasonCode reason{ReasonCode::UnrecognizedValue};  // causes only
  std::string subject;                               // the rule, application or address
  bool is_address{};  // the subject is an address that a filter can name
  Service service;    // causes by destination only
};
GroupKind kind_of(std::string_view key);
// From a key's prefix.
GroupName decode_group(std::string_view prefix);
// From a key's prefix and the bytes of its cause.
GroupName decode_cause(std::string_view prefix_and_cause);

// How many bytes the address at the front of key bytes takes.
std::size_t address_size(std::string_view bytes);
// True when key bytes are one IPv4 address.
bool read_quad(std::string_view bytes, std::uint32_t& address);

}  // namespace endreason
