// SPDX-License-Identifier: Apache-2.0
// One judged record -> one JSON object on a line: the columns that are not empty under their
// PAN-OS names, then the verdict, then where the record came from. Hot: every byte of a big log
// passes here when it is exported.
#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstdint>
#include <limits>

#include "format/json_buffer.hpp"
#include "format/output_columns.hpp"
#include "format/padded_load.hpp"
#include "format/writers.hpp"

namespace endreason {
namespace {

// What a column's text may become.
enum class JsonKind : std::uint8_t { String, Number, Time };

constexpr JsonKind json_kind(FieldKind kind) {
  switch (kind) {
    case FieldKind::Number:
    case FieldKind::Port:
      return JsonKind::Number;
    case FieldKind::Time:
      return JsonKind::Time;
    default:
      return JsonKind::String;
  }
}

// `,"src":"` of every column; a number leaves the last quote out.
constexpr auto kKeys = [] {
  std::array<JsonLiteral, kFieldCount> keys;
  for (const auto& row : kFields)
    keys[index_of(row.value)] = JsonLiteral(",\"", row.log_name, "\":\"");
  return keys;
}();
constexpr auto kEngineKeys = [] {
  std::array<JsonLiteral, kEngineColumns.size()> keys;
  for (const auto& row : kEngineColumns)
    keys[static_cast<std::size_t>(row.value)] = JsonLiteral(",\"", row.log_name, "\":\"");
  return keys;
}();
constexpr auto kKinds = [] {
  std::array<JsonKind, kFieldCount> kinds{};
  for (const auto& row : kFields) kinds[index_of(row.value)] = json_kind(row.kind);
  return kinds;
}();

// Which columns are not empty, a bit each.
using ColumnMask = std::array<std::uint64_t, (kFieldCount + 63) / 64>;

ColumnMask filled_columns(const TrafficRecord& record) {
  ColumnMask mask{};
#if defined(__SSE2__)
  static_assert(TrafficRecord::kOffsetSlots >= (kFieldCount + 15) / 16 * 16);
  const auto* begins = reinterpret_cast<const __m128i*>(record.begins());
  const auto* ends = reinterpret_cast<const __m128i*>(record.ends());
  const auto empty = [&](std::size_t i) {
    return _mm_cmpeq_epi32(_mm_load_si128(begins + i), _mm_load_si128(ends + i));
  };
  for (std::size_t column = 0; column < kFieldCount; column += 16) {
    const std::size_t i = column / 4;
    const __m128i sixteen = _mm_packs_epi16(_mm_packs_epi32(empty(i), empty(i + 1)),
                                            _mm_packs_epi32(empty(i + 2), empty(i + 3)));
    const auto filled = ~static_cast<std::uint64_t>(_mm_movemask_epi8(sixteen)) & 0xFFFF;
    mask[column / 64] |= filled << column % 64;
  }
  const std::size_t cells = std::min(record.cells(), kFieldCount);
  for (std::size_t word = 0; word < mask.size(); ++word) {
    const std::size_t here = cells > word * 64 ? std::min<std::size_t>(cells - word * 64, 64) : 0;
    if (here < 64) mask[word] &= (std::uint64_t{1} << here) - 1;
  }
#else
  for (const auto& row : kFields)
    if (record.has(row.value))
      mask[index_of(row.value) / 64] |= std::uint64_t{1} << index_of(row.value) % 64;
#endif
  return mask;
}

// The text behind a key that ends in a quote, with the closing quote.
char* quoted_value(JsonBuffer& buffer, char* out, std::string_view text) {
  out = buffer.with_room(out, json_room(text.size()));
#if defined(__SSE2__)
  if (text.size() <= 16) {
    const __m128i bytes = load_16(text.data(), text.size());
    if ((special_bytes(bytes) & ((1u << text.size()) - 1)) == 0) [[likely]] {
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out), bytes);
      out += text.size();
      *out++ = '"';
      return out;
    }
  }
#endif
  out = write_json_text(out, text);
  *out++ = '"';
  return out;
}

// A number behind a key: without quotes where it stays exact.
char* number_value(JsonBuffer& buffer, char* out, std::string_view text) {
#if defined(__SSE2__)
  if (text.size() < 16 && (text[0] != '0' || text.size() == 1)) [[likely]] {
    const __m128i bytes = load_16(text.data(), text.size());
    if ((non_digit_bytes(bytes) & ((1u << text.size()) - 1)) == 0) [[likely]] {
      out = buffer.with_room(out, 16);
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out - 1), bytes);
      return out - 1 + text.size();
    }
  }
#endif
  if (is_json_number(text)) return buffer.plain(out - 1, text);
  return quoted_value(buffer, out, text);
}

char* field_value(JsonBuffer& buffer, char* out, const TrafficRecord& record, Field field,
                  TimeText& times) {
  const std::string_view text = record.text(field);
  switch (kKinds[index_of(field)]) {
    case JsonKind::String:
      break;
    case JsonKind::Number:
      return number_value(buffer, out, text);
    case JsonKind::Time:
      if (const auto time = times.rfc3339(field)) {
        out = buffer.plain(out, *time);
        *out++ = '"';
        return out;
      }
  }
  return quoted_value(buffer, out, text);
}

char* decimal(JsonBuffer& buffer, char* out, std::uint64_t value) {
  constexpr std::size_t kDigits = std::numeric_limits<std::uint64_t>::digits10 + 1;
  out = buffer.with_room(out, kDigits);
  return std::to_chars(out, out + kDigits, value).ptr;
}

// ["src=10.0.0.1","app=ssl"]
char* evidence_list(JsonBuffer& buffer, char* out, const TrafficRecord& record,
                    const Verdict& verdict) {
  out = buffer.plain(out, "[");
  for (std::size_t i = 0; i < verdict.evidence_count; ++i) {
    const Field field = verdict.evidence[i];
    out = buffer.plain(out, i == 0 ? "\"" : ",\"");
    out = buffer.plain(out, info(field).log_name);
    out = buffer.plain(out, "=");
    out = quoted_value(buffer, out, record.text(field));
  }
  return buffer.plain(out, "]");
}

char* contradiction_list(JsonBuffer& buffer, char* out, const Verdict& verdict) {
  out = buffer.plain(out, "[");
  const char* separator = "\"";
  if (verdict.contradictions != 0)
    for (const auto& row : kContradictions) {
      if (!verdict.has(row.value)) continue;
      out = buffer.plain(out, separator);
      out = buffer.plain(out, row.log_name);
      out = buffer.plain(out, "\"");
      separator = ",\"";
    }
  return buffer.plain(out, "]");
}

// `,"final_action":"blocked",...,"confidence":"high","evidence":` of one verdict.
std::string verdict_words(const Verdict& verdict) {
  std::string out = ",\"final_action\":\"";
  out += log_name(verdict.final_action);
  if (verdict.final_action == FinalAction::Blocked)
    out.append("\",\"decided_by\":\"").append(log_name(verdict.decided_by));
  out.append("\",\"provisional\":").append(verdict.provisional ? "true" : "false");
  out.append(",\"outcome\":\"").append(log_name(verdict.outcome));
  out.append("\",\"ended_by\":\"").append(log_name(verdict.ended_by));
  out.append("\",\"reason_code\":\"").append(log_name(verdict.reason_code));
  out.append("\",\"confidence\":\"").append(log_name(verdict.confidence));
  out += "\",\"evidence\":";
  return out;
}

// Verdicts differ in few words and repeat; the words of the last one with each reason are kept.
class VerdictWords {
 public:
  const std::string& of(const Verdict& verdict) {
    Entry& entry = entries_[static_cast<std::size_t>(verdict.reason_code)];
    const std::uint64_t key = key_of(verdict);
    if (entry.key != key) {
      entry.words = verdict_words(verdict);
      entry.key = key;
    }
    return entry.words;
  }

 private:
  static std::uint64_t key_of(const Verdict& v) {
    std::uint64_t key = 1;  // never 0, which stands for nothing kept
    for (const auto part :
         {static_cast<std::uint8_t>(v.final_action), static_cast<std::uint8_t>(v.decided_by),
          static_cast<std::uint8_t>(v.outcome), static_cast<std::uint8_t>(v.ended_by),
          static_cast<std::uint8_t>(v.confidence), static_cast<std::uint8_t>(v.provisional)})
      key = key << 8 | part;
    return key;
  }
  struct Entry {
    std::uint64_t key = 0;
    std::string words;
  };
  std::array<Entry, kReasonCodes.size()> entries_;
};

// `,"_file":"fw.log","_line":` of every input.
std::vector<std::string> file_words(const WriterOptions& options) {
  std::vector<std::string> words;
  for (const std::string& name : options.inputs) {
    std::string& out = words.emplace_back(",\"_file\":");
    append_json_string(out, name);
    out += ",\"_line\":";
  }
  return words;
}

class NdjsonWriter : public RecordWriter {
 public:
  explicit NdjsonWriter(const WriterOptions& options)
      : times_(options.clock), file_words_(file_words(options)) {}

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    char* p = fields(buffer_.begin(), record);
    p = judgement(p, record, verdict);
    if (record.engine != nullptr) p = engine_facts(p, *record.engine);
    p = instant(p);
    if (record.partial) p = buffer_.plain(p, ",\"_partial\":true");
    if (!record.extras.empty()) p = extras(p, record);
    p = origin(p, record);
    p = buffer_.plain(p, "}\n");
    // Every piece begins with a comma, the first one too: the object opens in its place.
    *buffer_.begin() = '{';
    out.append(buffer_.text_to(p));
  }

 private:
  char* fields(char* p, const TrafficRecord& record) {
    const ColumnMask mask = filled_columns(record);
    for (std::size_t word = 0; word < mask.size(); ++word)
      for (std::uint64_t bits = mask[word]; bits != 0; bits &= bits - 1) {
        const auto column = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        p = buffer_.literal(p, kKeys[column]);
        p = field_value(buffer_, p, record, kFields[column].value, times_);
      }
    return p;
  }

  char* judgement(char* p, const TrafficRecord& record, const Verdict& verdict) {
    p = buffer_.plain(p, verdict_words_.of(verdict));
    p = evidence_list(buffer_, p, record, verdict);
    p = buffer_.plain(p, ",\"contradictions\":");
    return contradiction_list(buffer_, p, verdict);
  }

  char* engine_facts(char* p, const EngineFacts& facts) {
    for (const auto& row : kEngineColumns) {
      const std::string_view text = facts.text(row.value);
      if (text.empty()) continue;
      p = buffer_.literal(p, kEngineKeys[static_cast<std::size_t>(row.value)]);
      p = row.value == EngineColumn::FlowEndReason ? number_value(buffer_, p, text)
                                                   : quoted_value(buffer_, p, text);
    }
    return p;
  }

  char* instant(char* p) {
    const auto time = times_.own();
    if (!time) return p;
    p = buffer_.plain(p, ",\"_time\":\"");
    p = buffer_.plain(p, time->text);
    p = buffer_.plain(p, "\",\"_time_source\":\"");
    p = buffer_.plain(p, info(time->source).log_name);
    p = buffer_.plain(p, "\",\"_time_zone\":\"");
    p = buffer_.plain(p, log_name(time->basis));
    return buffer_.plain(p, "\"");
  }

  char* extras(char* p, const TrafficRecord& record) {
    p = buffer_.plain(p, ",\"_extra\":{");
    for (std::size_t i = 0; i < record.extras.size(); ++i) {
      p = buffer_.plain(p, i == 0 ? "\"" : ",\"");
      p = quoted_value(buffer_, p, record.extras[i].name);
      p = buffer_.plain(p, ":\"");
      p = quoted_value(buffer_, p, record.extras[i].value);
    }
    return buffer_.plain(p, "}");
  }

  char* origin(char* p, const TrafficRecord& record) {
    p = buffer_.plain(p, record.file < file_words_.size()
                             ? std::string_view(file_words_[record.file])
                             : std::string_view(",\"_line\":"));
    p = decimal(buffer_, p, record.line);
    p = buffer_.plain(p, ",\"_format\":\"");
    p = buffer_.plain(p, info(record.format).log_name);
    p = buffer_.plain(p, "\",\"_version\":\"");
    p = buffer_.plain(p, name_of(record.version));
    return buffer_.plain(p, "\"");
  }

  JsonBuffer buffer_;
  TimeText times_;
  VerdictWords verdict_words_;
  std::vector<std::string> file_words_;
};

// With --fields: exactly those keys, in that order, null where there is nothing.
class NdjsonColumnsWriter : public RecordWriter {
 public:
  explicit NdjsonColumnsWriter(const WriterOptions& options)
      : options_(options), times_(options.clock) {
    for (const OutputColumn& column : options_.columns)
      keys_.emplace_back(keys_.empty() ? "{\"" : ",\"", log_name(column), "\":\"");
  }

  void write(const TrafficRecord& record, const Verdict& verdict, std::string& out) override {
    times_.start(record);
    char* p = buffer_.begin();
    for (std::size_t i = 0; i < options_.columns.size(); ++i) {
      const OutputColumn& column = options_.columns[i];
      p = buffer_.literal(p, keys_[i]);
      if (!column.is_field) {
        p = verdict_value(p, column.verdict, record, verdict);
      } else if (record.has(column.field)) {
        p = field_value(buffer_, p, record, column.field, times_);
      } else {
        p = buffer_.plain(p - 1, "null");
      }
    }
    p = buffer_.plain(p, "}\n");
    out.append(buffer_.text_to(p));
  }

 private:
  char* verdict_value(char* p, VerdictColumn column, const TrafficRecord& record,
                      const Verdict& verdict) {
    switch (column) {
      case VerdictColumn::Evidence:
        return evidence_list(buffer_, p - 1, record, verdict);
      case VerdictColumn::Contradictions:
        return contradiction_list(buffer_, p - 1, verdict);
      case VerdictColumn::Line:
        return decimal(buffer_, p - 1, record.line);
      case VerdictColumn::Provisional:
        return buffer_.plain(p - 1, verdict.provisional ? "true" : "false");
      default:
        break;
    }
    text_.clear();
    append_verdict_text(text_, column, record, verdict, options_, times_);
    if (text_.empty()) return buffer_.plain(p - 1, "null");
    return column == VerdictColumn::FlowEndReason ? number_value(buffer_, p, text_)
                                                  : quoted_value(buffer_, p, text_);
  }

  WriterOptions options_;
  JsonBuffer buffer_;
  TimeText times_;
  std::vector<JsonLiteral> keys_;
  std::string text_;
};

}  // namespace

std::unique_ptr<RecordWriter> make_ndjson_writer(const WriterOptions& options) {
  return std::make_unique<NdjsonWriter>(options);
}

std::unique_ptr<RecordWriter> make_ndjson_columns_writer(const WriterOptions& options) {
  return std::make_unique<NdjsonColumnsWriter>(options);
}

}  // namespace endreason
