// SPDX-License-Identifier: Apache-2.0
#include "store/row_decoder.hpp"

#include <set>

#include <fmt/format.h>

#include "base/timestamp.hpp"
#include "model/ip_address.hpp"
#include "model/odd_texts.hpp"
#include "model/protocol.hpp"
#include "store/packed_evidence.hpp"
#include "store/schema.hpp"
#include "store/stored_words.hpp"

namespace endreason {
namespace {

constexpr std::int64_t kMicrosPerMinute = 60'000'000;

std::string_view text_of(const duckdb_string_t& s) {
  duckdb_string_t copy = s;
  const std::size_t n = duckdb_string_t_length(copy);
  const char* data = n <= 12 ? s.value.inlined.inlined : s.value.pointer.ptr;
  return {data, n};
}

std::string address_text(duckdb_uhugeint value) {
  IpAddress address;
  for (std::size_t i = 0; i < 8; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(value.upper >> (56 - 8 * i));
    address.bytes[8 + i] = static_cast<std::uint8_t>(value.lower >> (56 - 8 * i));
  }
  return to_string(address);
}

// "2026/03/10 10:00:00", as a device writes it.
std::string device_time(std::int64_t civil_micros) {
  std::string iso;
  append_rfc3339(iso, ZonedTime{civil_micros, 0, 0});  // 2026-03-10T10:00:00Z
  if (iso.size() != 20) return iso;
  iso[4] = iso[7] = '/';
  iso[10] = ' ';
  iso.pop_back();
  return iso;
}

}  // namespace

const std::string& RowDecoder::select_list() {
  static const std::string list = [] {
    std::string made;
    const auto add = [&](std::string_view name) {
      made += fmt::format("{}r.\"{}\"", made.empty() ? "" : ", ", name);
    };
    for (const RowColumnInfo& c : kRowColumns) add(c.name);
    for (const StoredGroupInfo& g : kStoredGroups) add(g.id);
    for (const Field f : kTypedFields) add(info(f).log_name);
    return made;
  }();
  return list;
}

void RowDecoder::look_at(duckdb_data_chunk chunk) {
  for (std::size_t i = 0; i < kTableColumnCount; ++i) {
    const duckdb_vector v = duckdb_data_chunk_get_vector(chunk, i);
    vectors_[i] = {duckdb_vector_get_data(v), duckdb_vector_get_validity(v)};
  }
}

std::string RowDecoder::text(std::size_t column, std::size_t row) const {
  return as_bytes(text_of(value<duckdb_string_t>(column, row)));
}

Result<void> RowDecoder::learn_groups(duckdb_connection connection, duckdb_data_chunk chunk) {
  look_at(chunk);
  const std::size_t rows = duckdb_data_chunk_get_size(chunk);
  for (const StoredGroupInfo& group : kStoredGroups) {
    auto& known = groups_[static_cast<std::size_t>(group.value)];
    std::set<std::uint32_t> wanted;
    for (std::size_t row = 0; row < rows; ++row) {
      const auto id = value<std::uint32_t>(position_of(group.value), row);
      if (!known.contains(id)) wanted.insert(id);
    }
    if (wanted.empty()) continue;
    std::string columns = "id";
    for (const Field f : fields_of(group.value))
      columns += fmt::format(", \"{}\"", info(f).log_name);
    auto result = run_sql(connection, fmt::format("SELECT {} FROM {} WHERE id IN ({})", columns,
                                                  group.table, fmt::join(wanted, ",")));
    if (!result) return tl::unexpected(result.error());
    while (true) {
      const DuckChunk part(duckdb_fetch_chunk(*result->get()));
      if (!part) break;
      const std::size_t n = duckdb_data_chunk_get_size(part.get());
      const auto* ids = static_cast<const std::uint32_t*>(
          duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), 0)));
      for (std::size_t row = 0; row < n; ++row) {
        Texts& texts = known[ids[row]];
        texts.clear();
        for (std::size_t c = 0; c < fields_of(group.value).size(); ++c) {
          const auto* data = static_cast<const duckdb_string_t*>(
              duckdb_vector_get_data(duckdb_data_chunk_get_vector(part.get(), c + 1)));
          texts.push_back(as_bytes(text_of(data[row])));
        }
      }
    }
  }
  return {};
}

void RowDecoder::read(duckdb_data_chunk chunk, std::size_t row, StoredRow& out) {
  look_at(chunk);
  out.record.reset("");
  read_groups(row, out.record);
  for (std::size_t i = 0; i < kTypedFields.size(); ++i)
    read_field(kFieldColumnsBegin + i, row, kTypedFields[i], out.record);
  if (valid(position_of(RowColumn::Odd), row))
    odd_.read(text(position_of(RowColumn::Odd), row), out.record);
  Misfit misfit{};
  static_cast<void>(decode_key_columns(out.record, misfit));  // it fitted when it was stored
  read_origin(row, out);
  read_verdict(row, out);
}

void RowDecoder::read_origin(std::size_t row, StoredRow& out) const {
  out.id = static_cast<std::uint64_t>(value<std::int64_t>(position_of(RowColumn::Id), row));
  out.time_micros = value<std::int64_t>(position_of(RowColumn::Time), row);
  out.time_known = value<bool>(position_of(RowColumn::TimeKnown), row);
  out.received_micros = value<std::int64_t>(position_of(RowColumn::Received), row);
  out.record.format =
      static_cast<InputFormat>(value<std::uint8_t>(position_of(RowColumn::Format), row));
  out.record.version =
      static_cast<PanosVersion>(value<std::uint8_t>(position_of(RowColumn::Version), row));
  out.record.partial = value<bool>(position_of(RowColumn::Partial), row);
  out.record.line = out.id;
  out.record.file = value<std::uint16_t>(position_of(RowColumn::Sender), row);
  out.raw.clear();
  if (valid(position_of(RowColumn::Raw), row)) out.raw = text(position_of(RowColumn::Raw), row);
}

void RowDecoder::read_verdict(std::size_t row, StoredRow& out) const {
  const auto word = [&](RowColumn column) { return value<std::uint8_t>(position_of(column), row); };
  Verdict v;
  v.final_action = static_cast<FinalAction>(word(RowColumn::FinalAction));
  v.decided_by = static_cast<DecidedBy>(word(RowColumn::DecidedBy));
  v.outcome = static_cast<Outcome>(word(RowColumn::Outcome));
  v.ended_by = static_cast<EndedBy>(word(RowColumn::EndedBy));
  v.reason_code = static_cast<ReasonCode>(word(RowColumn::ReasonCode));
  v.confidence = static_cast<Confidence>(word(RowColumn::Confidence));
  v.provisional = value<bool>(position_of(RowColumn::Provisional), row);
  v.contradictions = value<std::uint16_t>(position_of(RowColumn::Contradictions), row);
  unpack_evidence(value<std::uint64_t>(position_of(RowColumn::Evidence), row), v);
  out.verdict = v;
}

void RowDecoder::read_groups(std::size_t row, TrafficRecord& record) const {
  for (const StoredGroupInfo& group : kStoredGroups) {
    const auto& known = groups_[static_cast<std::size_t>(group.value)];
    const auto found = known.find(value<std::uint32_t>(position_of(group.value), row));
    if (found == known.end()) continue;
    const std::span<const Field> fields = fields_of(group.value);
    for (std::size_t i = 0; i < fields.size(); ++i)
      if (!found->second[i].empty()) record.set_copy(fields[i], found->second[i]);
  }
}

void RowDecoder::read_field(std::size_t column, std::size_t row, Field field,
                            TrafficRecord& record) const {
  if (!valid(column, row)) return;
  const auto zone = value<std::int16_t>(position_of(RowColumn::ZoneMinutes), row);
  switch (stored(field).as) {
    case StoredAs::Word:
      record.set_copy(field, word_text(field, value<std::uint8_t>(column, row)));
      return;
    case StoredAs::Protocol: {
      const auto number = value<std::uint8_t>(column, row);
      const std::string_view name = protocol_name(number);
      record.set_copy(field, name.empty() ? std::to_string(number) : std::string(name));
      return;
    }
    case StoredAs::Port:
      record.set_copy(field, std::to_string(value<std::uint16_t>(column, row)));
      return;
    case StoredAs::Number:
      record.set_copy(field, std::to_string(value<std::uint64_t>(column, row)));
      return;
    case StoredAs::Hex:
      record.set_copy(field, fmt::format("{:#x}", value<std::uint64_t>(column, row)));
      return;
    case StoredAs::Address:
      record.set_copy(field, address_text(value<duckdb_uhugeint>(column, row)));
      return;
    case StoredAs::Time: {
      const auto micros = value<std::int64_t>(column, row);
      if (field != Field::HighResTimestamp) {
        record.set_copy(field, device_time(micros + zone * kMicrosPerMinute));
        return;
      }
      std::string rfc3339;
      append_rfc3339(
          rfc3339,
          ZonedTime{micros, zone, value<std::uint8_t>(position_of(RowColumn::HighResDigits), row)});
      record.set_copy(field, rfc3339);
      return;
    }
    case StoredAs::Text:
      return;
  }
}

}  // namespace endreason
