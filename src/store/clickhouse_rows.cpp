// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "base/timestamp.hpp"
#include "model/odd_texts.hpp"
#include "model/protocol.hpp"
#include "store/plain_texts.hpp"
#include "store/stored_words.hpp"

namespace endreason {
namespace {

using Holds = ClickhouseColumn::Holds;
constexpr std::int64_t kMicrosPerMinute = 60'000'000;

void append_varint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void append_string(std::string& out, std::string_view text) {
  append_varint(out, text.size());
  out += text;
}

std::uint8_t word_of(Field field, const TrafficRecord& record) {
  switch (field) {
    case Field::Action:
      return static_cast<std::uint8_t>(record.action);
    case Field::SessionEndReason:
      return static_cast<std::uint8_t>(record.end_reason);
    case Field::Subtype:
      return static_cast<std::uint8_t>(record.subtype);
    default:
      return static_cast<std::uint8_t>(record.action_source);
  }
}

std::string device_time(std::int64_t civil_micros) {
  std::string iso;
  append_rfc3339(iso, ZonedTime{civil_micros, 0, 0});
  if (iso.size() != 20) return iso;
  iso[4] = iso[7] = '/';
  iso[10] = ' ';
  iso.pop_back();
  return iso;
}

IpAddress mapped(std::uint32_t quad) {
  IpAddress address;
  address.bytes[10] = address.bytes[11] = 0xff;
  for (std::size_t i = 0; i < 4; ++i)
    address.bytes[12 + i] = static_cast<std::uint8_t>(quad >> (24 - 8 * i));
  return address;
}

std::uint64_t evidence_of(const Verdict& verdict) {
  std::uint64_t evidence = 0;
  for (std::size_t i = 0; i < verdict.evidence_count; ++i)
    evidence |= (std::uint64_t{index_of(verdict.evidence[i])} + 1) << (8 * i);
  return evidence;
}

}  // namespace

void GrowingBytes::grow(std::size_t n) {
  capacity_ = std::max(2 * capacity_, size_ + n + kFirst);
  auto larger = std::make_unique_for_overwrite<char[]>(capacity_);
  std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
}

// --- ClickhouseBlock -----------------------------------------------------------------------------

ClickhouseBlock::ClickhouseBlock() {
  for (const ClickhouseColumn& c : clickhouse_columns())
    columns_.push_back({c.width, c.nullable, {}, {}, false});
}

void ClickhouseBlock::clear() {
  for (Column& c : columns_) {
    c.values.clear();
    c.nulls.clear();
    c.used = false;
  }
  ids_.clear();
}

void ClickhouseBlock::begin_row(std::uint64_t id) {
  ids_.push_back(id);
  at_ = 0;
}

// The first value of a column; the rows in front of it have none.
void ClickhouseBlock::begin_using(Column& column) {
  const std::size_t before = rows() - 1;
  column.used = true;
  column.values.append_zeros(before * std::max(column.width, 1u));
  if (column.nullable) column.nulls.append_ones(before);
}

void ClickhouseBlock::put(std::uint64_t value) {
  Column& c = columns_[at_++];
  if (!c.used) {
    if (value == 0 && !c.nullable) return;
    begin_using(c);
  }
  c.values.append_number(value, c.width);
  if (c.nullable) c.nulls.append_byte('\0');
}

void ClickhouseBlock::put_bytes(std::string_view bytes) {
  Column& c = columns_[at_++];
  if (!c.used) begin_using(c);
  c.values.append(bytes);
  if (c.nullable) c.nulls.append_byte('\0');
}

void ClickhouseBlock::put_null() {
  Column& c = columns_[at_++];
  if (!c.used) return;
  c.values.append_zeros(c.width);
  c.nulls.append_byte('\1');
}

void ClickhouseBlock::put_text(std::string_view text) {
  Column& c = columns_[at_++];
  if (!c.used) {
    if (text.empty()) return;
    begin_using(c);
  }
  if (is_utf8_text(text)) [[likely]] {
    c.values.append_text(text);
  } else {
    c.values.append_text(as_utf8_text(text));
  }
}

std::string ClickhouseBlock::column_list() const {
  std::string list;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].used)
      list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", clickhouse_columns()[i].name);
  return list;
}

std::string ClickhouseBlock::native(const std::vector<bool>& leave_out) const {
  std::size_t kept = rows();
  for (const bool left : leave_out) kept -= left;
  std::size_t used = 0;
  std::size_t bytes = 0;
  for (const Column& c : columns_) {
    if (!c.used) continue;
    ++used;
    bytes += c.values.size() + c.nulls.size() + 200;  // name and type
  }
  std::string out;
  out.reserve(bytes);
  append_varint(out, used);
  append_varint(out, kept);
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ClickhouseColumn& info = clickhouse_columns()[i];
    const Column& c = columns_[i];
    if (!c.used) continue;
    append_string(out, info.name);
    append_string(out, info.type);
    if (kept == rows()) {
      out += c.nulls.view();
      out += c.values.view();
    } else {
      append_kept(out, c, leave_out);
    }
  }
  return out;
}

void ClickhouseBlock::append_kept(std::string& out, const Column& column,
                                  const std::vector<bool>& leave_out) const {
  for (std::size_t row = 0; column.nullable && row < rows(); ++row)
    if (!leave_out[row]) out += column.nulls.view()[row];
  std::string_view rest = column.values.view();
  for (std::size_t row = 0; row < rows(); ++row) {
    std::size_t size = column.width;
    if (size == 0) {  // a text behind its length
      std::size_t length = 0;
      unsigned shift = 0;
      do length |= std::size_t{static_cast<unsigned char>(rest[size]) & 0x7fu} << shift, shift += 7;
      while ((static_cast<unsigned char>(rest[size++]) & 0x80u) != 0);
      size += length;
    }
    if (!leave_out[row]) out += rest.substr(0, size);
    rest.remove_prefix(size);
  }
}

// --- ClickhouseEncoder ---------------------------------------------------------------------------

// FNV-1a. Start and end of a session have these texts in common.
std::uint64_t ClickhouseEncoder::session_key(const TrafficRecord& record) {
  std::uint64_t hash = 14695981039346656037u;
  for (const Field f : {Field::Serial, Field::Sessionid, Field::Src, Field::Dst, Field::Sport,
                        Field::Dport, Field::Proto}) {
    for (const char c : record.text(f)) {
      hash ^= static_cast<unsigned char>(c);
      hash *= 1099511628211u;
    }
    hash ^= 0x1f;
    hash *= 1099511628211u;
  }
  return hash ^ hash >> 32;
}

ClickhouseEncoder::Value ClickhouseEncoder::time_of(Field field, const TrafficRecord& record,
                                                    const RecordClock& clock,
                                                    const RecordClock::RecordZone& zone,
                                                    bool& plain) {
  const std::string_view text = record.text(field);
  if (const auto civil = parse_device_time(text)) {
    const std::int32_t offset = zone.offset_minutes_at(*civil);
    plain = offset == zone_minutes_;
    return {Value::Kind::Number,
            static_cast<std::uint64_t>(civil->micros - offset * kMicrosPerMinute),
            {}};
  }
  plain = false;
  const auto time = clock.at(record, field, zone);
  if (!time) return {};
  if (field == Field::HighResTimestamp) {
    high_res_digits_ = time->time.fraction_digits;
    scratch_.clear();
    append_rfc3339(scratch_, time->time);
    plain = time->time.offset_minutes == zone_minutes_ && scratch_ == text;
  }
  return {Value::Kind::Number, static_cast<std::uint64_t>(time->time.utc_micros), {}};
}

ClickhouseEncoder::Value ClickhouseEncoder::value_of(Field field, const TrafficRecord& record,
                                                     const RecordClock& clock,
                                                     const RecordClock::RecordZone& zone) {
  const StoredAs as = stored(field).as;
  const std::string_view text = record.text(field);
  Value value;
  bool plain = true;
  if (as == StoredAs::Word) {
    value = {Value::Kind::Number, word_of(field, record), {}};
    plain = text == word_text(field, static_cast<std::uint8_t>(value.number));
  } else if (text.empty()) {
    return value;
  } else if (as == StoredAs::Time) {
    value = time_of(field, record, clock, zone, plain);
  } else if (as == StoredAs::Address) {
    std::uint32_t quad = 0;
    if (plain_quad(text, quad)) {
      value = {Value::Kind::Address, 0, mapped(quad)};
    } else if (const auto address = parse_ip(text)) {
      value = {Value::Kind::Address, 0, *address};
      plain = text == to_string(*address);
    } else {
      plain = false;
    }
  } else if (as == StoredAs::Protocol) {
    const auto number = protocol_from(text);
    if (number) value = {Value::Kind::Number, *number, {}};
    plain = number && text == protocol_name(*number);
  } else {
    std::uint64_t number = 0;
    const bool read =
        parse_hex_or_decimal(text, number) && (as != StoredAs::Port || number <= 65535);
    if (read) value = {Value::Kind::Number, number, {}};
    plain = read && plain_number(text, number, as);
  }
  if (!plain) append_odd(odd_, info(field).log_name, text);
  return value;
}

void ClickhouseEncoder::note_engine(const EngineFacts& facts) {
  for (const EngineColumnInfo& column : kEngineColumns)
    if (const std::string_view text = facts.text(column.value); !text.empty())
      append_odd(odd_, column.log_name, text);
  std::string word;
  append_engine_facts(word, facts);
  append_odd(odd_, kEngineFactsName, word);
}

void ClickhouseEncoder::add(ClickhouseBlock& block, std::uint64_t id, const TrafficRecord& record,
                            const Verdict& verdict, const RowOrigin& origin,
                            const RecordClock& clock, bool keep_raw, std::uint64_t session_key) {
  odd_.clear();
  high_res_digits_ = 0;
  const RecordClock::RecordZone zone = clock.zone_of(record);
  const auto own = clock.of(record, zone);
  zone_minutes_ = own ? own->time.offset_minutes : 0;
  values_.assign(kFieldCount, {});
  for (const Field f : kTypedFields) values_[index_of(f)] = value_of(f, record, clock, zone);
  for (const TrafficRecord::Extra& extra : record.extras) append_odd(odd_, extra.name, extra.value);
  if (!odd_.empty()) odd_ += '}';

  const auto of_row = [&](RowColumn column) -> std::uint64_t {
    switch (column) {
      case RowColumn::Id:
        return id;
      case RowColumn::Time:
        return static_cast<std::uint64_t>(own ? own->time.utc_micros : origin.received_micros);
      case RowColumn::TimeKnown:
        return own.has_value();
      case RowColumn::ZoneMinutes:
        return static_cast<std::uint64_t>(zone_minutes_);
      case RowColumn::HighResDigits:
        return high_res_digits_;
      case RowColumn::Received:
        return static_cast<std::uint64_t>(origin.received_micros);
      case RowColumn::Format:
        return static_cast<std::uint64_t>(record.format);
      case RowColumn::Version:
        return static_cast<std::uint64_t>(record.version);
      case RowColumn::Partial:
        return record.partial;
      case RowColumn::Sessions:
        return record.subtype == Subtype::Start ? 0 : record.repeatcnt;
      case RowColumn::FinalAction:
        return static_cast<std::uint64_t>(verdict.final_action);
      case RowColumn::DecidedBy:
        return static_cast<std::uint64_t>(verdict.decided_by);
      case RowColumn::Outcome:
        return static_cast<std::uint64_t>(verdict.outcome);
      case RowColumn::EndedBy:
        return static_cast<std::uint64_t>(verdict.ended_by);
      case RowColumn::ReasonCode:
        return static_cast<std::uint64_t>(verdict.reason_code);
      case RowColumn::Confidence:
        return static_cast<std::uint64_t>(verdict.confidence);
      case RowColumn::Provisional:
        return verdict.provisional;
      case RowColumn::Contradictions:
        return verdict.contradictions;
      case RowColumn::Evidence:
        return evidence_of(verdict);
      case RowColumn::Sender:
      case RowColumn::Odd:
      case RowColumn::Raw:
        break;
    }
    return 0;
  };

  block.begin_row(id);
  for (const ClickhouseColumn& c : clickhouse_columns()) {
    if (c.holds == Holds::Sender) {
      block.put_text(origin.sender_name);
    } else if (c.holds == Holds::SessionKey) {
      block.put(session_key);
    } else if (c.holds == Holds::AppStatus) {
      block.put(static_cast<std::uint64_t>(record.app_status));
    } else if (c.holds == Holds::OfRow) {
      if (c.width > 0) {
        block.put(of_row(c.row));
      } else {
        block.put_text(c.row == RowColumn::Odd ? std::string_view(odd_)
                       : keep_raw              ? std::string_view(record.raw)
                                               : std::string_view());
      }
    } else if (c.width == 0) {
      block.put_text(record.text(c.field));
    } else {
      const Value& value = values_[index_of(c.field)];
      if (value.kind == Value::Kind::Number) {
        block.put(value.number);
      } else if (value.kind == Value::Kind::Address) {
        block.put_bytes({reinterpret_cast<const char*>(value.address.bytes.data()), 16});
      } else {
        block.put_null();
      }
    }
  }
}

// --- ClickhouseDecoder ---------------------------------------------------------------------------

const std::string& ClickhouseDecoder::select_list() {
  static const std::string list = [] {
    std::string made;
    for (const ClickhouseColumn& c : clickhouse_columns())
      made += fmt::format("{}\"{}\"", made.empty() ? "" : ", ", c.name);
    return made;
  }();
  return list;
}

// What is known of a row before its texts can be made.
struct ClickhouseDecoder::Row {
  std::array<std::uint64_t, kRowColumns.size()> numbers{};
  std::string odd;
  std::uint16_t sender = UINT16_MAX;
};

bool ClickhouseDecoder::take(std::size_t n, std::string_view& out) {
  if (rest_.size() < n) return false;
  out = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return true;
}

bool ClickhouseDecoder::take_text(std::string_view& out) {
  std::uint64_t size = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    std::string_view byte;
    if (!take(1, byte)) return false;
    size |= static_cast<std::uint64_t>(byte[0] & 0x7f) << shift;
    if ((byte[0] & 0x80) == 0) return take(size, out);
  }
  return false;
}

bool ClickhouseDecoder::read_column(const ClickhouseColumn& column, Row& row, StoredRow& out) {
  std::string_view bytes;
  if (column.nullable) {
    if (!take(1, bytes)) return false;
    if (bytes[0] != 0) return true;
  }
  if (column.width == 0) {
    if (!take_text(bytes)) return false;
    if (column.holds == Holds::OfLog && !bytes.empty())
      out.record.set_copy(column.field, as_bytes(bytes));
    if (column.holds == Holds::OfRow && column.row == RowColumn::Odd) row.odd = as_bytes(bytes);
    if (column.holds == Holds::OfRow && column.row == RowColumn::Raw) out.raw = as_bytes(bytes);
    if (column.holds == Holds::Sender) {
      const auto known = senders_.find(std::string(bytes));
      row.sender = known != senders_.end() ? known->second : UINT16_MAX;
    }
    return true;
  }
  if (!take(column.width, bytes)) return false;
  std::uint64_t number = 0;
  if (column.width <= 8)
    for (unsigned i = 0; i < column.width; ++i)
      number |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  if (column.holds == Holds::OfRow) row.numbers[static_cast<std::size_t>(column.row)] = number;
  if (column.holds != Holds::OfLog) return true;

  TrafficRecord& record = out.record;
  const auto of_row = [&](RowColumn c) { return row.numbers[static_cast<std::size_t>(c)]; };
  switch (stored(column.field).as) {
    case StoredAs::Word:
      record.set_copy(column.field, word_text(column.field, static_cast<std::uint8_t>(number)));
      break;
    case StoredAs::Protocol: {
      const std::string_view name = protocol_name(static_cast<std::uint8_t>(number));
      record.set_copy(column.field, name.empty() ? std::to_string(number) : std::string(name));
      break;
    }
    case StoredAs::Port:
    case StoredAs::Number:
      record.set_copy(column.field, std::to_string(number));
      break;
    case StoredAs::Hex:
      record.set_copy(column.field, fmt::format("{:#x}", number));
      break;
    case StoredAs::Address: {
      IpAddress address;
      std::memcpy(address.bytes.data(), bytes.data(), 16);
      record.set_copy(column.field, to_string(address));
      break;
    }
    case StoredAs::Time: {
      const auto micros = static_cast<std::int64_t>(number);
      const auto zone = static_cast<std::int16_t>(of_row(RowColumn::ZoneMinutes));
      if (column.field != Field::HighResTimestamp) {
        record.set_copy(column.field, device_time(micros + zone * kMicrosPerMinute));
        break;
      }
      std::string rfc3339;
      append_rfc3339(
          rfc3339,
          ZonedTime{micros, zone, static_cast<std::uint8_t>(of_row(RowColumn::HighResDigits))});
      record.set_copy(column.field, rfc3339);
      break;
    }
    case StoredAs::Text:
      break;
  }
  return true;
}

Result<bool> ClickhouseDecoder::next(StoredRow& out) {
  if (rest_.empty()) return false;
  Row row;
  out.record.reset("");
  out.raw.clear();
  for (const ClickhouseColumn& c : clickhouse_columns())
    if (!read_column(c, row, out))
      return fail(Error::Code::Io, "ClickHouse: the answer ends within a row");
  odd_.read(row.odd, out.record);
  Misfit misfit{};
  static_cast<void>(decode_key_columns(out.record, misfit));  // it fitted when it was stored
  const auto number = [&](RowColumn c) { return row.numbers[static_cast<std::size_t>(c)]; };
  out.id = number(RowColumn::Id);
  out.time_micros = static_cast<std::int64_t>(number(RowColumn::Time));
  out.received_micros = static_cast<std::int64_t>(number(RowColumn::Received));
  out.time_known = number(RowColumn::TimeKnown) != 0;
  out.record.format = static_cast<InputFormat>(number(RowColumn::Format));
  out.record.version = static_cast<PanosVersion>(number(RowColumn::Version));
  out.record.partial = number(RowColumn::Partial) != 0;
  out.record.line = out.id;
  out.record.file = row.sender;
  Verdict v;
  v.final_action = static_cast<FinalAction>(number(RowColumn::FinalAction));
  v.decided_by = static_cast<DecidedBy>(number(RowColumn::DecidedBy));
  v.outcome = static_cast<Outcome>(number(RowColumn::Outcome));
  v.ended_by = static_cast<EndedBy>(number(RowColumn::EndedBy));
  v.reason_code = static_cast<ReasonCode>(number(RowColumn::ReasonCode));
  v.confidence = static_cast<Confidence>(number(RowColumn::Confidence));
  v.provisional = number(RowColumn::Provisional) != 0;
  v.contradictions = static_cast<std::uint16_t>(number(RowColumn::Contradictions));
  const std::uint64_t evidence = number(RowColumn::Evidence);
  for (std::size_t i = 0; i < Verdict::kEvidenceMax; ++i)
    if (const auto n = evidence >> (8 * i) & 0xff; n != 0 && n <= kFieldCount)
      v.add_evidence(static_cast<Field>(n - 1));
  out.verdict = v;
  return true;
}

}  // namespace endreason
