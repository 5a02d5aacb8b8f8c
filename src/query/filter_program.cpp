// SPDX-License-Identifier: Apache-2.0
#include "query/filter_program.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/parse_number.hpp"
#include "model/dotted_quad.hpp"
#include "query/filter_terms.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;

// "No contradiction" is the bit behind those of the enumerators, as in vocabulary_of.
constexpr std::uint64_t kNoContradictionBit = std::uint64_t{1} << kContradictions.size();

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

// A word of a vocabulary as far as case and the mark between its parts go.
char word_char(char c) {
  return c == ' ' || c == '_' ? '-' : lower(c);
}

bool same_word(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return word_char(x) == word_char(y);
         });
}

bool contains_lower(std::string_view text, std::string_view needle) {
  if (needle.size() > text.size()) return false;
  const std::size_t last = text.size() - needle.size();
  for (std::size_t i = 0; i <= last; ++i) {
    std::size_t n = 0;
    while (n < needle.size() && lower(text[i + n]) == needle[n]) ++n;
    if (n == needle.size()) return true;
  }
  return false;
}

std::uint32_t v4_of(const IpAddress& a) {
  std::uint32_t value = 0;
  for (std::size_t i = 12; i < 16; ++i) value = value << 8 | a.bytes[i];
  return value;
}

bool known_number(const TrafficRecord& r, Known bit, std::uint64_t number, std::uint64_t& out) {
  out = number;
  return r.knows(bit);
}

// The column as a number; false when the record does not have it or it is none.
bool number_of(const TrafficRecord& r, Field field, std::uint64_t& out) {
  switch (field) {
    case Field::Sport:
      return known_number(r, Known::Sport, r.sport, out);
    case Field::Dport:
      return known_number(r, Known::Dport, r.dport, out);
    case Field::Proto:
      return known_number(r, Known::Proto, r.proto, out);
    case Field::Bytes:
      return known_number(r, Known::Bytes, r.bytes, out);
    case Field::BytesSent:
      return known_number(r, Known::BytesSent, r.bytes_sent, out);
    case Field::BytesReceived:
      return known_number(r, Known::BytesReceived, r.bytes_received, out);
    case Field::Packets:
      return known_number(r, Known::Packets, r.packets, out);
    case Field::PktsSent:
      return known_number(r, Known::PktsSent, r.pkts_sent, out);
    case Field::PktsReceived:
      return known_number(r, Known::PktsReceived, r.pkts_received, out);
    case Field::Elapsed:
      return known_number(r, Known::Elapsed, r.elapsed, out);
    case Field::Repeatcnt:
      return known_number(r, Known::Repeatcnt, r.repeatcnt, out);
    case Field::Sessionid:
      return known_number(r, Known::Sessionid, r.sessionid, out);
    case Field::Flags:
      return known_number(r, Known::Flags, r.flags, out);
    default:
      return parse_hex_or_decimal(r.text(field), out);
  }
}

template <class Enum>
bool bit_set(std::uint64_t bits, Enum value) {
  return (bits >> static_cast<unsigned>(value) & 1u) != 0;
}

bool verdict_holds(VerdictField field, std::uint64_t bits, const Verdict& v) {
  switch (field) {
    case VerdictField::FinalAction:
      return bit_set(bits, v.final_action);
    case VerdictField::DecidedBy:
      return bit_set(bits, v.decided_by);
    case VerdictField::Provisional:
      return bit_set(bits, v.provisional);
    case VerdictField::Outcome:
      return bit_set(bits, v.outcome);
    case VerdictField::EndedBy:
      return bit_set(bits, v.ended_by);
    case VerdictField::ReasonCode:
      return bit_set(bits, v.reason_code);
    case VerdictField::Confidence:
      return bit_set(bits, v.confidence);
    case VerdictField::Contradictions: {
      const std::uint64_t has = v.contradictions == 0 ? kNoContradictionBit : v.contradictions;
      return (has & bits) != 0;
    }
  }
  return false;
}

bool engine_word_holds(EngineColumn column, std::uint64_t bits, const EngineFacts& facts) {
  switch (column) {
    case EngineColumn::TrackerStage:
      return facts.staged && bit_set(bits, facts.stage);
    case EngineColumn::SessionState:
      return bit_set(bits, facts.state);
    case EngineColumn::ConnState:
      return facts.ended && bit_set(bits, facts.conn_state);
    default:
      return false;
  }
}

// Whether an instant is in low..high. Without a zone in the literal, the clock that the record
// shows is compared: its instant moved by the offset it was read with.
bool in_period(const ZonedTime& time, bool zoned, std::int64_t low, std::int64_t high) {
  const std::int64_t micros =
      zoned ? time.utc_micros
            : time.utc_micros + std::int64_t{time.offset_minutes} * kMicrosPerMinute;
  return low <= micros && micros <= high;
}

template <class Number>
struct Interval {
  Number low, high;
};

// What an operator makes of a literal that stands for low..high.
template <class Number>
Interval<Number> interval_of(FilterOp op, Number low, Number high) {
  constexpr Number kLeast = std::numeric_limits<Number>::min();
  constexpr Number kMost = std::numeric_limits<Number>::max();
  constexpr Interval<Number> kNothing{Number{1}, Number{0}};
  switch (op) {
    case FilterOp::Leq:
      return {kLeast, high};
    case FilterOp::Lt:
      return low == kLeast ? kNothing : Interval<Number>{kLeast, low - 1};
    case FilterOp::Geq:
      return {low, kMost};
    case FilterOp::Gt:
      return high == kMost ? kNothing : Interval<Number>{high + 1, kMost};
    default:
      return {low, high};
  }
}

// Sorted, and those that overlap made one, so that a binary search finds the only candidate.
template <class Range>
void merge_ranges(std::vector<Range>& ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  std::size_t kept = 0;
  for (const Range& range : ranges) {
    if (kept > 0 && range.first <= ranges[kept - 1].last) {
      ranges[kept - 1].last = std::max(ranges[kept - 1].last, range.last);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
}

template <class Range, class Address>
bool in_ranges(const Range* first, std::uint32_t count, const Address& address) {
  const Range* last = first + count;
  const Range* after = std::upper_bound(
      first, last, address, [](const Address& a, const Range& r) { return a < r.first; });
  return after != first && address <= (after - 1)->last;
}

}  // namespace

FilterProgram::FilterProgram(const FilterNode& root) {
  entry_ = compile(root, kAccept, kReject);
}

// Compiled from the last part to the first, so that every test knows where it leads.
std::uint32_t FilterProgram::compile(const FilterNode& node, std::uint32_t yes, std::uint32_t no) {
  switch (node.kind) {
    case FilterNode::Kind::Compare:
      return compile(node.comparison, yes, no);
    case FilterNode::Kind::Not:
      return compile(node.children.front(), no, yes);
    case FilterNode::Kind::And:
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child)
        yes = compile(*child, yes, no);
      return yes;
    case FilterNode::Kind::Or:
      for (auto child = node.children.rbegin(); child != node.children.rend(); ++child)
        no = compile(*child, yes, no);
      return no;
  }
  return no;
}

std::uint32_t FilterProgram::compile(const FilterComparison& c, std::uint32_t yes,
                                     std::uint32_t no) {
  if (c.op == FilterOp::Neq || c.op == FilterOp::Notin) std::swap(yes, no);
  if (c.subject.kind == FilterSubject::Kind::EitherSide)
    no = compile_side(c, c.subject.second, yes, no);
  return compile_side(c, c.subject.first, yes, no);
}

std::uint32_t FilterProgram::compile_side(const FilterComparison& c, Field field, std::uint32_t yes,
                                          std::uint32_t no) {
  bool addresses = false;
  for (auto value = c.values.rbegin(); value != c.values.rend(); ++value) {
    if (value->kind == FilterValue::Kind::Address) {
      addresses = true;
    } else {
      no = add(test_of(c, *value, field), yes, no);
    }
  }
  return addresses ? add(address_test(c, field), yes, no) : no;
}

std::uint32_t FilterProgram::add(Test test, std::uint32_t yes, std::uint32_t no) {
  test.yes = yes;
  test.no = no;
  if (test.probe == Probe::VerdictIn) {
    reads_verdict_ = true;
  } else if (test.probe >= Probe::EngineEmpty) {
    engine_columns_.set(static_cast<std::size_t>(test.engine));
  } else if (test.probe == Probe::TimeIn) {
    // The columns that RecordClock reads a time and its zone from.
    for (const Field f : {Field::HighResTimestamp, Field::Serial}) fields_.set(index_of(f));
    if (test.record_time)
      for (const Field f : {Field::TimeGenerated, Field::ReceiveTime, Field::Start})
        fields_.set(index_of(f));
    else
      fields_.set(index_of(test.field));
  } else {
    fields_.set(index_of(test.field));
  }
  tests_.push_back(test);
  return static_cast<std::uint32_t>(tests_.size() - 1);
}

std::uint32_t FilterProgram::word_index(std::string_view word) {
  words_.emplace_back(word);
  return static_cast<std::uint32_t>(words_.size() - 1);
}

FilterProgram::Test FilterProgram::test_of(const FilterComparison& c, const FilterValue& value,
                                           Field field) {
  Test t;
  t.field = field;
  t.bits = value.bits;
  switch (value.kind) {
    case FilterValue::Kind::Empty:
      t.probe = Probe::Empty;
      break;
    case FilterValue::Kind::Text:
      t.probe = c.op == FilterOp::Contains                   ? Probe::TextHas
                : value_class(c.subject) == ValueClass::Word ? Probe::WordIs
                                                             : Probe::TextIs;
      t.word = word_index(value.text);
      break;
    case FilterValue::Kind::Word:
      t.verdict = c.subject.verdict;
      t.probe = c.subject.kind == FilterSubject::Kind::Verdict ? Probe::VerdictIn
                : field == Field::Action                       ? Probe::ActionIn
                : field == Field::App                          ? Probe::AppStatusIn
                : field == Field::SessionEndReason             ? Probe::EndReasonIn
                : field == Field::Subtype                      ? Probe::SubtypeIn
                                                               : Probe::ActionSourceIn;
      break;
    case FilterValue::Kind::Number: {
      t.probe = Probe::NumberIn;
      const auto interval = interval_of<std::uint64_t>(c.op, value.low, value.high);
      t.low = interval.low;
      t.high = interval.high;
      break;
    }
    case FilterValue::Kind::Flags:
      t.probe = Probe::FlagIn;
      break;
    case FilterValue::Kind::Time: {
      t.probe = Probe::TimeIn;
      t.zoned = value.time.zoned;
      t.record_time = c.subject.kind == FilterSubject::Kind::RecordTime;
      const auto interval = interval_of<std::int64_t>(
          c.op, value.time.micros, value.time.micros + value.time.span_micros - 1);
      t.low = std::bit_cast<std::uint64_t>(interval.low);
      t.high = std::bit_cast<std::uint64_t>(interval.high);
      break;
    }
    case FilterValue::Kind::Address:
      break;  // address_test makes one test of all of them
  }
  return c.subject.kind == FilterSubject::Kind::Engine ? engine_test(c, t) : t;
}

// The same test, of the engine's facts instead of the log's columns.
FilterProgram::Test FilterProgram::engine_test(const FilterComparison& c, Test t) {
  t.engine = c.subject.engine;
  switch (t.probe) {
    case Probe::Empty:
      t.probe = Probe::EngineEmpty;
      break;
    case Probe::NumberIn:
      t.probe = Probe::EngineNumberIn;
      break;
    case Probe::TextIs:
    case Probe::WordIs:
      t.probe = Probe::EngineTextIs;
      break;
    case Probe::TextHas:
      t.probe = Probe::EngineTextHas;
      break;
    default:
      t.probe = Probe::EngineWordIn;
  }
  return t;
}

FilterProgram::Test FilterProgram::address_test(const FilterComparison& c, Field field) {
  std::vector<V4Range> v4;
  std::vector<IpRange> v6;
  for (const auto& value : c.values) {
    if (value.kind != FilterValue::Kind::Address) continue;
    if (value.range.first.is_v4()) {
      v4.push_back({v4_of(value.range.first), v4_of(value.range.last)});
    } else {
      v6.push_back(value.range);
    }
  }
  merge_ranges(v4);
  merge_ranges(v6);
  Test t;
  t.field = field;
  if (v4.size() == 1 && v6.empty()) {
    t.probe = Probe::V4In;
    t.low = v4.front().first;
    t.high = v4.front().last;
    return t;
  }
  t.probe = Probe::AddressIn;
  t.v4_first = static_cast<std::uint32_t>(v4_.size());
  t.v4_count = static_cast<std::uint32_t>(v4.size());
  t.v6_first = static_cast<std::uint32_t>(v6_.size());
  t.v6_count = static_cast<std::uint32_t>(v6.size());
  v4_.insert(v4_.end(), v4.begin(), v4.end());
  v6_.insert(v6_.end(), v6.begin(), v6.end());
  return t;
}

bool FilterProgram::address_holds(const Test& t, std::string_view text) const {
  std::uint32_t v4 = 0;
  if (!parse_dotted_quad(text, v4)) {
    const auto address = parse_ip(text);
    if (!address) return false;
    if (!address->is_v4())
      return t.probe == Probe::AddressIn &&
             in_ranges(v6_.data() + t.v6_first, t.v6_count, *address);
    v4 = v4_of(*address);
  }
  if (t.probe == Probe::V4In) return t.low <= v4 && v4 <= t.high;
  return in_ranges(v4_.data() + t.v4_first, t.v4_count, v4);
}

bool FilterProgram::engine_holds(const Test& t, const EngineFacts* facts) const {
  if (facts == nullptr) return t.probe == Probe::EngineEmpty;
  switch (t.probe) {
    case Probe::EngineEmpty:
      return facts->text(t.engine).empty();
    case Probe::EngineWordIn:
      return engine_word_holds(t.engine, t.bits, *facts);
    case Probe::EngineNumberIn: {
      std::uint64_t number = 0;
      return parse_decimal(facts->text(t.engine), number) && t.low <= number && number <= t.high;
    }
    case Probe::EngineTextHas:
      return contains_lower(facts->text(t.engine), words_[t.word]);
    default:
      return facts->text(t.engine) == words_[t.word];
  }
}

bool FilterProgram::holds(const Test& t, const TrafficRecord& record, const Verdict& verdict,
                          const RecordClock& clock) const {
  switch (t.probe) {
    case Probe::Empty:
      return !record.has(t.field);
    case Probe::ActionIn:
      return bit_set(t.bits, record.action);
    case Probe::AppStatusIn:
      return bit_set(t.bits, record.app_status);
    case Probe::EndReasonIn:
      return bit_set(t.bits, record.end_reason);
    case Probe::SubtypeIn:
      return bit_set(t.bits, record.subtype);
    case Probe::ActionSourceIn:
      return bit_set(t.bits, record.action_source);
    case Probe::VerdictIn:
      return verdict_holds(t.verdict, t.bits, verdict);
    case Probe::NumberIn: {
      std::uint64_t number = 0;
      return number_of(record, t.field, number) && t.low <= number && number <= t.high;
    }
    case Probe::FlagIn: {
      std::uint64_t flags = 0;
      return number_of(record, t.field, flags) && (flags & t.bits) != 0;
    }
    case Probe::TimeIn:
      return time_holds(t, record, clock);
    case Probe::TextIs:
      return record.text(t.field) == words_[t.word];
    case Probe::WordIs:
      return same_word(record.text(t.field), words_[t.word]);
    case Probe::TextHas:
      return contains_lower(record.text(t.field), words_[t.word]);
    case Probe::V4In:
    case Probe::AddressIn:
      return address_holds(t, record.text(t.field));
    case Probe::EngineEmpty:
    case Probe::EngineWordIn:
    case Probe::EngineNumberIn:
    case Probe::EngineTextIs:
    case Probe::EngineTextHas:
      return engine_holds(t, record.engine);
  }
  return false;
}

bool FilterProgram::time_holds(const Test& t, const TrafficRecord& record,
                               const RecordClock& clock) const {
  const auto low = std::bit_cast<std::int64_t>(t.low);
  const auto high = std::bit_cast<std::int64_t>(t.high);
  if (t.record_time) {
    const auto own = clock.of(record);
    return own && in_period(own->time, t.zoned, low, high);
  }
  if (!t.zoned) {
    // Device time against device time: no zone comes into it.
    if (const auto civil = parse_device_time(record.text(t.field)))
      return low <= civil->micros && civil->micros <= high;
  }
  const auto time = clock.at(record, t.field);
  return time && in_period(time->time, t.zoned, low, high);
}

}  // namespace endreason
