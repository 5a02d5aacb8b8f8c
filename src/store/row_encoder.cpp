// SPDX-License-Identifier: Apache-2.0
#include "store/row_encoder.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <random>

#include "base/parse_number.hpp"
#include "base/timestamp.hpp"
#include "model/engine_facts_text.hpp"
#include "model/ip_address.hpp"
#include "model/odd_texts.hpp"
#include "model/protocol.hpp"
#include "store/packed_evidence.hpp"
#include "store/plain_texts.hpp"
#include "store/schema.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;

duckdb_uhugeint wide(const IpAddress& address) {
  std::uint64_t half[2] = {0, 0};
  for (std::size_t i = 0; i < 16; ++i) half[i / 8] = half[i / 8] << 8 | address.bytes[i];
  return {half[1], half[0]};
}

std::string_view spelling(Field field, const TrafficRecord& record, std::uint8_t& value) {
  switch (field) {
    case Field::Action:
      value = static_cast<std::uint8_t>(record.action);
      return info(record.action).log_name;
    case Field::SessionEndReason:
      value = static_cast<std::uint8_t>(record.end_reason);
      return info(record.end_reason).log_name;
    case Field::Subtype:
      value = static_cast<std::uint8_t>(record.subtype);
      return info(record.subtype).log_name;
    default:
      value = static_cast<std::uint8_t>(record.action_source);
      return info(record.action_source).log_name;
  }
}

}  // namespace

TextsHasher::TextsHasher() {
  std::random_device random;
  const auto word = [&] { return std::uint64_t{random()} << 32 | random(); };
  seed_ = {word(), word()};
}

void GroupNumbers::add(const TextsHash& key, std::uint32_t number) {
  if (known_ >= kKnownMax) {
    slots_.assign(slots_.size(), {});
    known_ = 0;
  }
  if (known_ * 2 >= slots_.size()) {
    std::vector<Slot> before(slots_.size() * 2);
    before.swap(slots_);
    for (const Slot& slot : before)
      if (slot.number != 0) find(slot.key) = slot;
  }
  find(key) = {key, number};
  ++known_;
}

RowEncoder::RowEncoder() : capacity_(duckdb_vector_size()) {}

void RowEncoder::bind(duckdb_appender appender) {
  types_.clear();
  for (std::size_t i = 0; i < kTableColumnCount; ++i)
    types_.emplace_back(duckdb_appender_column_type(appender, i));
  begin_chunk();
}

void RowEncoder::begin_chunk() {
  std::array<duckdb_logical_type, kTableColumnCount> types{};
  for (std::size_t i = 0; i < types.size(); ++i) types[i] = types_[i].get();
  chunk_ = DuckChunk(duckdb_create_data_chunk(types.data(), types.size()));
  rows_ = 0;
  for (std::size_t i = 0; i < kTableColumnCount; ++i) {
    vectors_[i] = duckdb_data_chunk_get_vector(chunk_.get(), i);
    data_[i] = duckdb_vector_get_data(vectors_[i]);
    validity_[i] = nullptr;
  }
}

RowEncoder::Part RowEncoder::take_part() {
  duckdb_data_chunk_set_size(chunk_.get(), rows_);
  Part part{std::move(chunk_), std::move(fresh_)};
  fresh_.clear();
  begin_chunk();
  return part;
}

void RowEncoder::put_null(std::size_t column) {
  if (validity_[column] == nullptr) {
    duckdb_vector_ensure_validity_writable(vectors_[column]);
    validity_[column] = duckdb_vector_get_validity(vectors_[column]);
  }
  validity_[column][rows_ / 64] &= ~(std::uint64_t{1} << rows_ % 64);
}

// Texts of the database are UTF-8; other bytes are kept as escapes of their Latin-1 reading.
void RowEncoder::put_text(std::size_t column, std::string_view text) {
  if (is_utf8_text(text)) {
    duckdb_vector_assign_string_element_len(vectors_[column], rows_, text.data(), text.size());
    return;
  }
  const std::string mended = as_utf8_text(text);
  duckdb_vector_assign_string_element_len(vectors_[column], rows_, mended.data(), mended.size());
}

void RowEncoder::note_odd(std::string_view name, std::string_view text) {
  append_odd(odd_, name, text);
}

void RowEncoder::note_engine(const EngineFacts& facts) {
  for (const EngineColumnInfo& column : kEngineColumns)
    if (const std::string_view text = facts.text(column.value); !text.empty())
      note_odd(column.log_name, text);
  std::string word;
  append_engine_facts(word, facts);
  note_odd(kEngineFactsName, word);
}

void RowEncoder::add(std::uint64_t id, const TrafficRecord& record, const Verdict& verdict,
                     const RowOrigin& origin, const RecordClock& clock, bool keep_raw) {
  odd_.clear();
  high_res_digits_ = 0;
  const RecordClock::RecordZone zone = clock.zone_of(record);
  put_origin(id, record, origin, clock, zone);
  put_verdict(verdict);
  for (const StoredGroupInfo& group : kStoredGroups) put_group(group.value, record);
  for (std::size_t i = 0; i < kTypedFields.size(); ++i)
    put_field(kFieldColumnsBegin + i, kTypedFields[i], record, clock, zone);
  put<std::uint8_t>(position_of(RowColumn::HighResDigits), high_res_digits_);
  for (const TrafficRecord::Extra& extra : record.extras) note_odd(extra.name, extra.value);
  if (record.engine != nullptr) note_engine(*record.engine);
  if (odd_.empty()) {
    put_null(position_of(RowColumn::Odd));
  } else {
    odd_ += '}';
    put_text(position_of(RowColumn::Odd), odd_);
  }
  if (keep_raw) {
    put_text(position_of(RowColumn::Raw), record.raw);
  } else {
    put_null(position_of(RowColumn::Raw));
  }
  ++rows_;
}

void RowEncoder::put_origin(std::uint64_t id, const TrafficRecord& record, const RowOrigin& origin,
                            const RecordClock& clock, const RecordClock::RecordZone& zone) {
  const auto own = clock.of(record, zone);
  zone_minutes_ = own ? own->time.offset_minutes : 0;
  put<std::int64_t>(position_of(RowColumn::Id), static_cast<std::int64_t>(id));
  put<std::int64_t>(position_of(RowColumn::Time),
                    own ? own->time.utc_micros : origin.received_micros);
  put<bool>(position_of(RowColumn::TimeKnown), own.has_value());
  put<std::int16_t>(position_of(RowColumn::ZoneMinutes), static_cast<std::int16_t>(zone_minutes_));
  put<std::int64_t>(position_of(RowColumn::Received), origin.received_micros);
  put<std::uint16_t>(position_of(RowColumn::Sender), origin.sender);
  put<std::uint8_t>(position_of(RowColumn::Format), static_cast<std::uint8_t>(record.format));
  put<std::uint8_t>(position_of(RowColumn::Version), static_cast<std::uint8_t>(record.version));
  put<bool>(position_of(RowColumn::Partial), record.partial);
  put<std::uint32_t>(position_of(RowColumn::Sessions),
                     record.subtype == Subtype::Start ? 0 : record.repeatcnt);
}

void RowEncoder::put_verdict(const Verdict& verdict) {
  const auto word = [this](RowColumn column, auto value) {
    put<std::uint8_t>(position_of(column), static_cast<std::uint8_t>(value));
  };
  word(RowColumn::FinalAction, verdict.final_action);
  word(RowColumn::DecidedBy, verdict.decided_by);
  word(RowColumn::Outcome, verdict.outcome);
  word(RowColumn::EndedBy, verdict.ended_by);
  word(RowColumn::ReasonCode, verdict.reason_code);
  word(RowColumn::Confidence, verdict.confidence);
  put<bool>(position_of(RowColumn::Provisional), verdict.provisional);
  put<std::uint16_t>(position_of(RowColumn::Contradictions), verdict.contradictions);
  put<std::uint64_t>(position_of(RowColumn::Evidence), pack_evidence(verdict));
}

void RowEncoder::put_group(StoredGroup group, const TrafficRecord& record) {
  const std::span<const Field> fields = fields_of(group);
  hasher_.start();
  for (const Field f : fields) hasher_.add(record.text(f));
  bool fresh = false;
  const std::uint32_t number = numbers(group).number_of(hasher_.done(), fresh);
  if (fresh) {
    FreshGroup made{group, number, record.app_status, {}};
    for (const Field f : fields) made.texts.emplace_back(record.text(f));
    fresh_.push_back(std::move(made));
  }
  put<std::uint32_t>(position_of(group), number);
}

void RowEncoder::learn(StoredGroup group, std::string_view marked_texts, std::uint32_t number) {
  hasher_.start();
  while (!marked_texts.empty()) {
    const std::size_t end = std::min(marked_texts.find('\x1f'), marked_texts.size());
    hasher_.add(marked_texts.substr(0, end));
    marked_texts.remove_prefix(std::min(end + 1, marked_texts.size()));
  }
  numbers(group).learn(hasher_.done(), number);
}

void RowEncoder::put_field(std::size_t column, Field field, const TrafficRecord& record,
                           const RecordClock& clock, const RecordClock::RecordZone& zone) {
  const StoredAs as = stored(field).as;
  const std::string_view text = record.text(field);
  bool plain = true;
  if (as == StoredAs::Word) {
    plain = put_word(column, field, record);
  } else if (text.empty()) {
    put_null(column);
  } else if (as == StoredAs::Address) {
    plain = put_address(column, text);
  } else if (as == StoredAs::Time) {
    plain = put_time(column, field, record, clock, zone);
  } else {
    plain = put_number(column, text, as);
  }
  if (!plain) note_odd(info(field).log_name, text);
}

bool RowEncoder::put_number(std::size_t column, std::string_view text, StoredAs as) {
  if (as == StoredAs::Protocol) {
    const auto number = protocol_from(text);
    if (!number) {
      put_null(column);
      return false;
    }
    put<std::uint8_t>(column, *number);
    return text == protocol_name(*number);
  }
  std::uint64_t value = 0;
  if (!parse_hex_or_decimal(text, value) || (as == StoredAs::Port && value > 65535)) {
    put_null(column);
    return false;
  }
  if (as == StoredAs::Port) {
    put<std::uint16_t>(column, static_cast<std::uint16_t>(value));
  } else {
    put<std::uint64_t>(column, value);
  }
  return plain_number(text, value, as);
}

bool RowEncoder::put_address(std::size_t column, std::string_view text) {
  std::uint32_t quad = 0;
  if (plain_quad(text, quad)) {
    put<duckdb_uhugeint>(column, {std::uint64_t{0xffff'0000'0000} | quad, 0});
    return true;
  }
  const auto address = parse_ip(text);
  if (!address) {
    put_null(column);
    return false;
  }
  put<duckdb_uhugeint>(column, wide(*address));
  return text == to_string(*address);
}

bool RowEncoder::put_time(std::size_t column, Field field, const TrafficRecord& record,
                          const RecordClock& clock, const RecordClock::RecordZone& zone) {
  const std::string_view text = record.text(field);
  if (const auto civil = parse_device_time(text)) {
    const std::int32_t offset = zone.offset_minutes_at(*civil);
    put<std::int64_t>(column, civil->micros - offset * kMicrosPerMinute);
    return offset == zone_minutes_;
  }
  const auto time = clock.at(record, field, zone);
  if (!time) {
    put_null(column);
    return false;
  }
  put<std::int64_t>(column, time->time.utc_micros);
  if (field != Field::HighResTimestamp) return false;
  high_res_digits_ = time->time.fraction_digits;
  if (time->time.offset_minutes != zone_minutes_) return false;
  scratch_.clear();
  append_rfc3339(scratch_, time->time);
  return scratch_ == text;
}

bool RowEncoder::put_word(std::size_t column, Field field, const TrafficRecord& record) {
  std::uint8_t value = 0;
  const std::string_view spelled = spelling(field, record, value);
  put<std::uint8_t>(column, value);
  return record.text(field) == spelled;
}

}  // namespace endreason
