// SPDX-License-Identifier: Apache-2.0
#include "query/filter_terms.hpp"

#include <algorithm>
#include <string>

#include "model/log_flag.hpp"
#include "model/verdict.hpp"
#include "model/vocabulary.hpp"

namespace endreason {
namespace {

using Kind = FilterSubject::Kind;

constexpr FilterSubject either(std::string_view name, Field first, Field second) {
  return {Kind::EitherSide, name, first, second, VerdictField::FinalAction};
}
constexpr FilterSubject of_verdict(std::string_view name, VerdictField field) {
  return {Kind::Verdict, name, Field::Src, Field::Src, field};
}

// The first row of a subject is its canonical name, the others are aliases of it.
struct SubjectRow {
  std::string_view name;
  FilterSubject subject;
};
constexpr auto kSubjects = std::to_array<SubjectRow>({
    {"addr", either("addr", Field::Src, Field::Dst)},
    {"port", either("port", Field::Sport, Field::Dport)},
    {"user", either("user", Field::Srcuser, Field::Dstuser)},
    {"zone", either("zone", Field::From, Field::To)},
    {"interface", either("interface", Field::InboundIf, Field::OutboundIf)},
    {"final_action", of_verdict("final_action", VerdictField::FinalAction)},
    {"decided_by", of_verdict("decided_by", VerdictField::DecidedBy)},
    {"provisional", of_verdict("provisional", VerdictField::Provisional)},
    {"outcome", of_verdict("outcome", VerdictField::Outcome)},
    {"ended_by", of_verdict("ended_by", VerdictField::EndedBy)},
    {"reason_code", of_verdict("reason_code", VerdictField::ReasonCode)},
    {"reason", of_verdict("reason_code", VerdictField::ReasonCode)},
    {"confidence", of_verdict("confidence", VerdictField::Confidence)},
    {"contradictions", of_verdict("contradictions", VerdictField::Contradictions)},
    {"contradiction", of_verdict("contradictions", VerdictField::Contradictions)},
    {"time",
     {Kind::RecordTime, "time", Field::HighResTimestamp, Field::TimeGenerated,
      VerdictField::FinalAction}},
});

// Names of columns that the firewall's own filter bar writes and that FieldInfo does not have.
constexpr auto kFilterBarNames = std::to_array<std::string_view>({
    "addr.src",
    "addr.dst",
    "port.src",
    "port.dst",
    "zone.src",
    "zone.dst",
    "user.src",
    "user.dst",
    "interface.src",
    "interface.dst",
});

// The filter bar's words for flags, beside those of kLogFlags (with or without their "flag-").
// `proxy` is the word for decrypted sessions: "( flags has proxy )" in the vendor's articles.
struct FlagWord {
  std::string_view name;
  std::uint32_t mask;
};
constexpr auto kFlagWords = std::to_array<FlagWord>({
    {"decrypted", kFlagDecrypted},
    {"mptcp", 0x40000000},
    {"non-standard-dport", kFlagNonStandardPort},
    {"non-standard-port", kFlagNonStandardPort},
    {"credential", 0x10000000},
    {"wildfire", 0x20000000},
});

constexpr std::string_view kFlagPrefix = "flag-";

// Index 0 is false, 1 is true.
constexpr auto kTruth = std::to_array<std::string_view>({"false", "true"});

// Bit of "no contradiction at all", behind those of the enumerators.
constexpr std::size_t kNoContradiction = kContradictions.size();

constexpr auto kTextOps =
    std::to_array({FilterOp::Eq, FilterOp::Neq, FilterOp::In, FilterOp::Notin, FilterOp::Contains});
constexpr auto kNumberOps =
    std::to_array({FilterOp::Eq, FilterOp::Neq, FilterOp::In, FilterOp::Notin, FilterOp::Leq,
                   FilterOp::Geq, FilterOp::Lt, FilterOp::Gt, FilterOp::Contains});
constexpr auto kTimeOps =
    std::to_array({FilterOp::Eq, FilterOp::Neq, FilterOp::Leq, FilterOp::Geq, FilterOp::Lt,
                   FilterOp::Gt, FilterOp::In, FilterOp::Notin});
constexpr auto kFlagOps =
    std::to_array({FilterOp::Has, FilterOp::Eq, FilterOp::Neq, FilterOp::In, FilterOp::Notin});

struct ValueClassInfo {
  ValueClass value;
  std::string_view expected;
  std::span<const FilterOp> operators;
};
constexpr auto kValueClasses = std::to_array<ValueClassInfo>({
    {ValueClass::Text, "a text", kTextOps},
    {ValueClass::App, "the name of an application", kTextOps},
    {ValueClass::Word, "a word of its vocabulary", kTextOps},
    {ValueClass::Protocol, "an IP protocol, by name or number", kTextOps},
    {ValueClass::Number, "a decimal number or a range such as 100-200", kNumberOps},
    {ValueClass::Port, "a port, 0 to 65535, or a range such as 1024-65535", kNumberOps},
    {ValueClass::Address,
     "an IPv4 or IPv6 address, a network such as 10.0.0.0/8, or a range such as 10.0.0.1-10.0.0.9",
     kTextOps},
    {ValueClass::Flags, "a bit mask such as 0x400000", kFlagOps},
    {ValueClass::Time, "a time such as '2026/03/10 10:00:00'", kTimeOps},
});
static_assert(rows_in_enum_order(kValueClasses));

std::string lower_words(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    if (c == ' ' || c == '_') c = '-';
  }
  return out;
}

template <class Rows>
std::vector<std::string_view> names_of(const Rows& rows) {
  std::vector<std::string_view> names;
  names.reserve(rows.size());
  for (const auto& row : rows) names.push_back(row.log_name);
  return names;
}

std::vector<std::string_view> verdict_words(VerdictField field) {
  switch (field) {
    case VerdictField::FinalAction:
      return names_of(kFinalActions);
    case VerdictField::DecidedBy: {
      auto names = names_of(kDecidedBy);
      names[0] = "none";
      return names;
    }
    case VerdictField::Provisional:
      return {kTruth.begin(), kTruth.end()};
    case VerdictField::Outcome:
      return names_of(kOutcomes);
    case VerdictField::EndedBy:
      return names_of(kEndedBy);
    case VerdictField::ReasonCode:
      return names_of(kReasonCodes);
    case VerdictField::Confidence:
      return names_of(kConfidences);
    case VerdictField::Contradictions: {
      auto names = names_of(kContradictions);
      names.push_back("none");
      return names;
    }
  }
  return {};
}
static_assert(kNoContradiction < 64 && kReasonCodes.size() <= 64, "word sets are 64 bits");
static_assert(kEndReasons.size() <= 64 && kActions.size() <= 64);

template <class Enum>
std::uint64_t bit_unless_outside(Enum value) {
  if (value == Enum::Absent || value == Enum::Unrecognized) return 0;
  return std::uint64_t{1} << static_cast<unsigned>(value);
}

std::uint64_t bits_of(const std::vector<std::string_view>& words, const std::string& lowered) {
  for (std::size_t i = 0; i < words.size(); ++i)
    if (lower_words(words[i]) == lowered) return std::uint64_t{1} << i;
  return 0;
}

std::uint64_t verdict_bits(const FilterSubject& subject, const std::string& word) {
  if (subject.verdict == VerdictField::Provisional) {
    if (word == "yes" || word == "1") return 2;
    if (word == "no" || word == "0") return 1;
  }
  return bits_of(verdict_words(subject.verdict), word);
}

ValueClass value_class(EngineColumn column) {
  switch (column) {
    case EngineColumn::TrackerStage:
    case EngineColumn::SessionState:
    case EngineColumn::ConnState:
      return ValueClass::Word;
    case EngineColumn::FlowEndReason:
      return ValueClass::Number;
    case EngineColumn::Handshake:
    case EngineColumn::CommunityId:
    case EngineColumn::FirstPacket:
    case EngineColumn::LastPacket:
    case EngineColumn::History:
      break;
  }
  return ValueClass::Text;
}

std::vector<std::string_view> engine_words(EngineColumn column) {
  switch (column) {
    case EngineColumn::TrackerStage:
      return names_of(kTrackerStages);
    case EngineColumn::SessionState:
      return names_of(kSessionStates);
    case EngineColumn::ConnState:
      return names_of(kConnStates);
    default:
      return {};
  }
}

}  // namespace

std::optional<FilterSubject> find_subject(std::string_view name) {
  std::string word(name);
  for (char& c : word)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  for (const auto& row : kSubjects)
    if (row.name == word) return row.subject;
  if (const auto column = find_engine_column(word))
    return FilterSubject{Kind::Engine, info(*column).log_name,    Field::Src,
                         Field::Src,   VerdictField::FinalAction, *column};
  const auto field = find_field(word);
  if (!field) return std::nullopt;
  return FilterSubject{Kind::Column, info(*field).log_name, *field, *field,
                       VerdictField::FinalAction};
}

std::optional<FilterOp> find_operator(std::string_view word) {
  const std::string lowered = lower_words(word);
  for (const auto& row : kFilterOps)
    if (row.log_name == lowered) return row.value;
  return std::nullopt;
}

const std::vector<std::string_view>& subject_names() {
  static const std::vector<std::string_view> names = [] {
    std::vector<std::string_view> all;
    all.reserve(kFields.size() + kSubjects.size() + kEngineColumns.size() + kFilterBarNames.size());
    for (const auto& row : kFields) all.push_back(row.log_name);
    for (const auto& row : kSubjects) all.push_back(row.name);
    for (const auto& row : kEngineColumns) all.push_back(row.log_name);
    all.insert(all.end(), kFilterBarNames.begin(), kFilterBarNames.end());
    return all;
  }();
  return names;
}

ValueClass value_class(const FilterSubject& subject) {
  if (subject.kind == Kind::Engine) return value_class(subject.engine);
  if (subject.kind == Kind::Verdict) return ValueClass::Word;
  if (subject.kind == Kind::RecordTime) return ValueClass::Time;
  if (subject.first == Field::App) return ValueClass::App;
  if (subject.first == Field::Proto) return ValueClass::Protocol;
  switch (info(subject.first).kind) {
    case FieldKind::Text:
      return ValueClass::Text;
    case FieldKind::Word:
      return ValueClass::Word;
    case FieldKind::Number:
    case FieldKind::Id64:
      return ValueClass::Number;
    case FieldKind::Port:
      return ValueClass::Port;
    case FieldKind::Address:
      return ValueClass::Address;
    case FieldKind::Flags:
      return ValueClass::Flags;
    case FieldKind::Time:
      return ValueClass::Time;
  }
  return ValueClass::Text;
}

std::string_view expectation(ValueClass value) {
  return kValueClasses[static_cast<std::size_t>(value)].expected;
}

std::span<const FilterOp> operators_of(ValueClass value) {
  return kValueClasses[static_cast<std::size_t>(value)].operators;
}

std::vector<std::string_view> vocabulary_of(const FilterSubject& subject) {
  if (subject.kind == Kind::Verdict) return verdict_words(subject.verdict);
  if (subject.kind == Kind::Engine) return engine_words(subject.engine);
  if (subject.kind != Kind::Column) return {};
  switch (subject.first) {
    case Field::Action:
      return names_of(kActions);
    case Field::SessionEndReason:
      return names_of(kEndReasons);
    case Field::Subtype:
      return names_of(kSubtypes);
    case Field::ActionSource:
      return names_of(kActionSources);
    case Field::App:
      return names_of(kAppStatuses);
    default:
      return {};
  }
}

std::uint64_t word_bits(const FilterSubject& subject, std::string_view word) {
  if (subject.kind == Kind::Verdict) return verdict_bits(subject, lower_words(word));
  if (subject.kind == Kind::Engine) return bits_of(engine_words(subject.engine), lower_words(word));
  if (subject.kind != Kind::Column) return 0;
  switch (subject.first) {
    case Field::Action:
      return bit_unless_outside(action_from(word));
    case Field::SessionEndReason:
      return bit_unless_outside(end_reason_from(word));
    case Field::Subtype:
      return bit_unless_outside(subtype_from(word));
    case Field::ActionSource:
      return bit_unless_outside(action_source_from(word));
    case Field::App: {
      const AppStatus status = app_status_from(word);
      if (status == AppStatus::Identified || status == AppStatus::Absent) return 0;
      return std::uint64_t{1} << static_cast<unsigned>(status);
    }
    default:
      return 0;
  }
}

std::uint32_t flag_bits(std::string_view word) {
  const std::string name = lower_words(word);
  for (const auto& row : kFlagWords)
    if (row.name == name) return row.mask;
  for (const auto& row : kLogFlags) {
    if (row.log_name == name) return row.mask;
    if (row.log_name.starts_with(kFlagPrefix) && row.log_name.substr(kFlagPrefix.size()) == name)
      return row.mask;
  }
  return 0;
}

std::vector<std::string_view> flag_names() {
  std::vector<std::string_view> names;
  names.reserve(kLogFlags.size() + kFlagWords.size());
  for (const auto& row : kLogFlags)
    names.push_back(row.log_name.starts_with(kFlagPrefix) ? row.log_name.substr(kFlagPrefix.size())
                                                          : row.log_name);
  for (const auto& row : kFlagWords) names.push_back(row.name);
  return names;
}

}  // namespace endreason
