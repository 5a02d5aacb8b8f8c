// SPDX-License-Identifier: Apache-2.0
#include "store/clickhouse_rows.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include <fmt/format.h>

#include "base/parse_number.hpp"
#include "base/timestamp.hpp"
#include "model/engine_facts_text.hpp"
#include "model/odd_texts.hpp"
#include "model/protocol.hpp"
#include "store/packed_evidence.hpp"
#include "store/plain_texts.hpp"
#include "store/stored_words.hpp"

namespace endreason {
namespace {

using Holds = ClickhouseColumn::Holds;
constexpr std::int64_t kMicrosPerMinute = 60'000'000;

// As clickhouse_columns() has them: the columns of the row itself, two more, those of the log.
constexpr std::size_t kSessionKeyColumn = kRowColumns.size(),
                      kAppStatusColumn = kSessionKeyColumn + 1, kOfLogBegin = kAppStatusColumn + 1;
// Fields of one kind are written one after the other, so that what each of them takes is known.
template <StoredAs kAs>
constexpr auto kFieldsStoredAs = [] {
  constexpr auto kCount = static_cast<std::size_t>(
      std::count_if(kStoredColumns.begin(), kStoredColumns.end(),
                    [](const StoredColumn& column) { return column.as == kAs; }));
  std::array<Field, kCount> fields{};
  std::size_t n = 0;
  for (const StoredColumn& c : kStoredColumns)
    if (c.as == kAs) fields[n++] = c.value;
  return fields;
}();
constexpr std::size_t column_of(Field field) {
  return kOfLogBegin + index_of(field);
}

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

}  // namespace

void GrowingBytes::grow_to(std::size_t capacity) {
  auto larger = std::make_unique_for_overwrite<char[]>(capacity);
  std::memcpy(larger.get(), bytes_.get(), size_);
  bytes_ = std::move(larger);
  capacity_ = capacity;
}

// --- ClickhouseBlock -----------------------------------------------------------------------------

ClickhouseBlock::ClickhouseBlock() {
  for (const ClickhouseColumn& c : clickhouse_columns())
    columns_.push_back({{}, {}, c.width, c.nullable, false, false});
}

void ClickhouseBlock::clear() {
  for (Column& c : columns_) {
    c.values.clear();
    c.nulls.clear();
    c.used = c.nulls_kept = false;
  }
  ids_.clear();
}

void ClickhouseBlock::reserve_as(const ClickhouseBlock& other) {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    columns_[i].values.reserve(other.columns_[i].values.capacity());
    columns_[i].nulls.reserve(other.columns_[i].nulls.capacity());
  }
  ids_.reserve(other.ids_.capacity());
}

// The first value of a column; the rows in front of it have none.
void ClickhouseBlock::begin_using(Column& column) {
  const std::size_t before = rows() - 1;
  column.used = true;
  column.values.append_zeros(before * std::max(column.width, 1u));
  column.nulls_kept = column.nullable && before > 0;
  if (column.nulls_kept) column.nulls.append_ones(before);
}

// The first row without a value, behind rows that all had one.
void ClickhouseBlock::keep_nulls(Column& column) {
  column.nulls_kept = true;
  column.nulls.append_zeros(rows() - 1);
}

void ClickhouseBlock::put_long_text(Column& column, std::string_view text) {
  if (is_utf8_text(text)) [[likely]] {
    column.values.append_text(text);
  } else {
    column.values.append_text(as_utf8_text(text));
  }
}

std::string ClickhouseBlock::column_list() const {
  std::string list;
  for (std::size_t i = 0; i < columns_.size(); ++i)
    if (columns_[i].used)
      list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", clickhouse_columns()[i].name);
  return list;
}

ClickhouseBlock::Native ClickhouseBlock::native(const std::vector<bool>& leave_out) const {
  std::size_t kept = rows();
  for (const bool left : leave_out) kept -= left;
  Native native;
  const auto add = [&native](std::string bytes) {
    native.pieces.emplace_back(native.made.emplace_back(std::move(bytes)));
    return native.pieces.back();
  };
  std::string head;
  append_varint(head, static_cast<std::uint64_t>(
                          std::count_if(columns_.begin(), columns_.end(),
                                        [](const Column& column) { return column.used; })));
  append_varint(head, kept);
  std::string_view all_there;  // the nulls of a column that has none
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    const ClickhouseColumn& info = clickhouse_columns()[i];
    const Column& c = columns_[i];
    if (!c.used) continue;
    append_string(head, info.name);
    append_string(head, info.type);
    add(std::exchange(head, {}));
    if (c.nullable && !c.nulls_kept) {
      if (all_there.empty()) {
        all_there = add(std::string(kept, '\0'));
      } else {
        native.pieces.push_back(all_there);
      }
    }
    if (kept == rows()) {
      if (c.nulls_kept) native.pieces.push_back(c.nulls.view());
      native.pieces.push_back(c.values.view());
    } else {
      add(kept_of(c, leave_out));
    }
  }
  if (!head.empty()) add(std::move(head));
  return native;
}

std::string ClickhouseBlock::kept_of(const Column& column,
                                     const std::vector<bool>& leave_out) const {
  std::string out;
  for (std::size_t row = 0; column.nulls_kept && row < rows(); ++row)
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
  return out;
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

struct ClickhouseEncoder::Row {
  const TrafficRecord& record;
  const RecordClock& clock;
  RecordClock::RecordZone zone;
  std::optional<RecordClock::RecordTime> own;
};

void ClickhouseEncoder::note_odd(Field field, std::string_view text) {
  append_odd(odd_, info(field).log_name, text);
}

void ClickhouseEncoder::put_times(ClickhouseBlock& block, const Row& row) {
  for (const Field field : kFieldsStoredAs<StoredAs::Time>) {
    const std::string_view text = row.record.text(field);
    if (text.empty()) {
      block.put_null(column_of(field));
      continue;
    }
    if (const auto civil = parse_device_time(text)) {
      const std::int32_t offset = row.zone.offset_minutes_at(*civil);
      block.put(column_of(field),
                static_cast<std::uint64_t>(civil->micros - offset * kMicrosPerMinute));
      if (offset != zone_minutes_) note_odd(field, text);
      continue;
    }
    const bool is_own = row.own && row.own->source == field;
    const auto time = is_own ? row.own : row.clock.at(row.record, field, row.zone);
    if (!time) {
      block.put_null(column_of(field));
      note_odd(field, text);
      continue;
    }
    block.put(column_of(field), static_cast<std::uint64_t>(time->time.utc_micros));
    bool plain = false;
    if (field == Field::HighResTimestamp) {
      high_res_digits_ = time->time.fraction_digits;
      scratch_.clear();
      append_rfc3339(scratch_, time->time);
      plain = time->time.offset_minutes == zone_minutes_ && scratch_ == text;
    }
    if (!plain) note_odd(field, text);
  }
}

void ClickhouseEncoder::put_addresses(ClickhouseBlock& block, const TrafficRecord& record) {
  for (const Field field : kFieldsStoredAs<StoredAs::Address>) {
    const std::string_view text = record.text(field);
    std::uint32_t quad = 0;
    if (text.empty()) {
      block.put_null(column_of(field));
    } else if (plain_quad(text, quad)) {
      block.put_address(column_of(field), mapped(quad));
    } else if (const auto address = parse_ip(text)) {
      block.put_address(column_of(field), *address);
      if (text != to_string(*address)) note_odd(field, text);
    } else {
      block.put_null(column_of(field));
      note_odd(field, text);
    }
  }
}

void ClickhouseEncoder::put_words(ClickhouseBlock& block, const TrafficRecord& record) {
  for (const Field field : kFieldsStoredAs<StoredAs::Word>) {
    const std::string_view text = record.text(field);
    const std::uint8_t word = word_of(field, record);
    block.put(column_of(field), word);
    const std::string_view known = word_text(field, word);
    if (text.size() != known.size() || !equal_bytes(text.data(), known.data(), text.size()))
      note_odd(field, text);
  }
}

void ClickhouseEncoder::put_protocol(ClickhouseBlock& block, const TrafficRecord& record) {
  for (const Field field : kFieldsStoredAs<StoredAs::Protocol>) {
    const std::string_view text = record.text(field);
    const auto number = text.empty() ? std::nullopt : protocol_from(text);
    number ? block.put(column_of(field), *number) : block.put_null(column_of(field));
    if (!text.empty() && !(number && text == protocol_name(*number))) note_odd(field, text);
  }
}

template <StoredAs kAs>
void ClickhouseEncoder::put_numbers(ClickhouseBlock& block, const TrafficRecord& record) {
  for (const Field field : kFieldsStoredAs<kAs>) {
    const std::string_view text = record.text(field);
    std::uint64_t number = 0;
    if (text.empty()) {
      block.put_null(column_of(field));
    } else if (parse_hex_or_decimal(text, number) && (kAs != StoredAs::Port || number <= 65535)) {
      block.put(column_of(field), number);
      if (!plain_number(text, number, kAs)) note_odd(field, text);
    } else {
      block.put_null(column_of(field));
      note_odd(field, text);
    }
  }
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
  block.begin_row(id);
  put_times(block, {record, clock, zone, own});
  put_addresses(block, record);
  put_words(block, record);
  put_protocol(block, record);
  put_numbers<StoredAs::Number>(block, record);
  put_numbers<StoredAs::Port>(block, record);
  put_numbers<StoredAs::Hex>(block, record);
  for (const Field field : kFieldsStoredAs<StoredAs::Text>)
    block.put_text(column_of(field), record.text(field));
  for (const TrafficRecord::Extra& extra : record.extras) append_odd(odd_, extra.name, extra.value);
  if (record.engine != nullptr) note_engine(*record.engine);
  if (!odd_.empty()) odd_ += '}';

  const auto put = [&block](RowColumn column, auto value) {
    block.put(position_of(column), static_cast<std::uint64_t>(value));
  };
  put(RowColumn::Id, id);
  put(RowColumn::Time, own ? own->time.utc_micros : origin.received_micros);
  put(RowColumn::TimeKnown, own.has_value());
  put(RowColumn::ZoneMinutes, zone_minutes_);
  put(RowColumn::HighResDigits, high_res_digits_);
  put(RowColumn::Received, origin.received_micros);
  block.put_text(position_of(RowColumn::Sender), origin.sender_name);
  put(RowColumn::Format, record.format);
  put(RowColumn::Version, record.version);
  put(RowColumn::Partial, record.partial);
  put(RowColumn::Sessions, record.subtype == Subtype::Start ? 0 : record.repeatcnt);
  put(RowColumn::FinalAction, verdict.final_action);
  put(RowColumn::DecidedBy, verdict.decided_by);
  put(RowColumn::Outcome, verdict.outcome);
  put(RowColumn::EndedBy, verdict.ended_by);
  put(RowColumn::ReasonCode, verdict.reason_code);
  put(RowColumn::Confidence, verdict.confidence);
  put(RowColumn::Provisional, verdict.provisional);
  put(RowColumn::Contradictions, verdict.contradictions);
  put(RowColumn::Evidence, pack_evidence(verdict));
  block.put_text(position_of(RowColumn::Odd), odd_);
  block.put_text(position_of(RowColumn::Raw), keep_raw ? record.raw : std::string_view());
  block.put(kSessionKeyColumn, session_key);
  block.put(kAppStatusColumn, static_cast<std::uint64_t>(record.app_status));
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
    if (column.holds == Holds::Sender) out.sender = as_bytes(bytes);
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
  out.record.file = UINT32_MAX;  // another node's numbers are not ours
  Verdict v;
  v.final_action = static_cast<FinalAction>(number(RowColumn::FinalAction));
  v.decided_by = static_cast<DecidedBy>(number(RowColumn::DecidedBy));
  v.outcome = static_cast<Outcome>(number(RowColumn::Outcome));
  v.ended_by = static_cast<EndedBy>(number(RowColumn::EndedBy));
  v.reason_code = static_cast<ReasonCode>(number(RowColumn::ReasonCode));
  v.confidence = static_cast<Confidence>(number(RowColumn::Confidence));
  v.provisional = number(RowColumn::Provisional) != 0;
  v.contradictions = static_cast<std::uint16_t>(number(RowColumn::Contradictions));
  unpack_evidence(number(RowColumn::Evidence), v);
  out.verdict = v;
  return true;
}

}  // namespace endreason
