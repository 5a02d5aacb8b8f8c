// SPDX-License-Identifier: Apache-2.0
// ThreatRule: one rule of the Suricata rule language as it was written, checked and made plain: old
// modifiers moved into their buffers, variables put in, numbers read. Made by parse_rule(), read by
// ThreatSet. A value; owns its texts.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inspect/address_set.hpp"
#include "inspect/inspect_buffer.hpp"
#include "inspect/rule_terms.hpp"

namespace endreason::inspect {

// A number in a rule, or a variable that byte_extract fills.
struct RuleNumber {
  std::int64_t value{};
  std::int8_t variable{-1};  // index into the rule's variables; -1: `value`
  bool given{};
};

// "<5", ">=5", "5-10", "5<>10", "!5": a range with both ends in it, or all but that.
struct NumberRange {
  std::int64_t low{}, high{};
  bool negated{};
  bool contains(std::int64_t n) const { return (n >= low && n <= high) != negated; }
};

enum class ByteBase : std::uint8_t { Binary, Decimal, Hex, Octal };
enum class ByteOperator : std::uint8_t { Less, Greater, Equal, LessEqual, GreaterEqual, And, Or };

// Where byte_test, byte_jump and byte_extract read their number.
struct ByteField {
  std::uint8_t count{};
  std::int32_t offset{};
  std::int8_t offset_variable{-1};
  std::int8_t count_variable{-1};
  bool relative{};
  bool little_endian{};
  ByteBase base{ByteBase::Binary};
  std::uint32_t bitmask{};  // 0: none
};

enum class CheckKind : std::uint8_t {
  Content,
  Pcre,
  ByteTest,
  ByteJump,
  ByteExtract,
  IsDataAt,
  BufferSize,  // bsize, urilen, dsize
};

// One condition on the bytes of a buffer.
struct RuleCheck {
  CheckKind kind{};
  bool negated{};
  bool relative{};  // to the end of the check before
  // Content and Pcre.
  std::string pattern;  // decoded bytes, or the expression without slashes
  bool nocase{};
  bool starts_with{}, ends_with{};
  bool fast_pattern{};
  RuleNumber offset, depth, distance, within;
  std::uint32_t pcre_options{};  // PcreOption
  // ByteTest, ByteJump, ByteExtract.
  ByteField field;
  ByteOperator comparison{};
  RuleNumber operand;  // of byte_test; how far of isdataat
  std::uint32_t multiplier{1};
  bool align{}, from_beginning{}, from_end{};
  std::int32_t post_offset{};
  std::int8_t variable{-1};  // that byte_extract fills
  NumberRange size;          // BufferSize
};

enum PcreOption : std::uint32_t {
  kPcreCaseless = 1,
  kPcreMultiline = 2,
  kPcreDotAll = 4,
  kPcreExtended = 8,
  kPcreAnchored = 16,
  kPcreDollarEndOnly = 32,
  kPcreUngreedy = 64,
};

enum class TransformKind : std::uint8_t {
  ToLowercase,
  ToUppercase,
  StripWhitespace,
  CompressWhitespace,
  UrlDecode,
  DotPrefix,
  HeaderLowercase,
  StripPseudoHeaders,
  XorKey,
};
struct RuleTransform {
  TransformKind kind{};
  std::string key;  // of XorKey
};

// The checks on one buffer, in their order.
struct RuleGroup {
  InspectBuffer buffer{InspectBuffer::Payload};
  Side side{kNoSide};  // given with the buffer: "http.connection: to_client"; else kNoSide
  std::vector<RuleTransform> transforms;
  std::vector<RuleCheck> checks;
};

// A condition on the packet, the session or its application.
struct RuleCondition {
  PacketField field{};
  NumberRange range;
  std::uint8_t flags_mask{}, flags_value{};  // of TcpFlags: see FlagsMatch
  FlagsMatch flags_match{};
  AppLayer layer{};
  bool negated{};
};

enum class FlowbitOperation : std::uint8_t { Set, Unset, Toggle, IsSet, IsNotSet };
struct RuleFlowbit {
  FlowbitOperation operation{};
  std::vector<std::string> names;  // one of them is enough
};

enum class ThresholdKind : std::uint8_t { None, Threshold, Limit, Both, DetectionFilter };
enum class ThresholdTrack : std::uint8_t { BySource, ByDestination, ByBoth, ByRule, ByFlow };
struct RuleThreshold {
  ThresholdKind kind{};
  ThresholdTrack track{};
  std::uint32_t count{};
  std::uint32_t seconds{};
};

struct ThreatRule {
  RuleAction action{};
  RuleProtocol protocol{};
  bool either_way{};     // <>
  bool transactional{};  // =>: both sides of one transaction
  AddressSet source, destination;
  PortSet source_ports, destination_ports;

  std::string message, class_type;
  std::uint32_t sid{}, gid{1}, rev{};
  std::uint8_t priority{3};
  bool silent{};       // noalert
  bool pass_alerts{};  // a pass rule with the option alert

  std::uint8_t flow{};  // FlowOption
  std::vector<RuleCondition> conditions;
  std::vector<RuleGroup> groups;
  std::vector<RuleFlowbit> flowbits;
  std::vector<std::string> variables;
  RuleThreshold threshold;

  std::string file;  // where it stands
  std::uint32_t line{};
};

}  // namespace endreason::inspect
