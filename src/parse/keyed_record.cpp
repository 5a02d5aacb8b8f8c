// SPDX-License-Identifier: Apache-2.0
#include "parse/keyed_record.hpp"

#include <algorithm>
#include <cstring>
#include <functional>

#include "base/timestamp.hpp"

namespace endreason {
namespace {

// Words for true, as the logging service (true), the XML API (yes) and others (1) write them.
bool is_true(std::string_view text) {
  return text == "true" || text == "yes" || text == "1" || text == "True" || text == "TRUE" ||
         text == "Yes";
}

// Upper-case copy of a log type; empty when the text is no such word.
std::string_view type_word(std::string_view text, std::array<char, 32>& buffer) {
  if (text.empty() || text.size() > buffer.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    const bool mark = c == '-' || c == '_' || c == ' ' || (c >= '0' && c <= '9');
    if (!letter && (!mark || i == 0)) return {};
    buffer[i] = c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  return {buffer.data(), text.size()};
}

constexpr std::string_view kTypeExpected = "a log type such as TRAFFIC";
constexpr std::string_view kAddressesExpected = "a source or destination address";

}  // namespace

std::string_view TextArena::keep(std::string_view text) {
  if (text.empty()) return {};
  while (block_ < blocks_.size() && blocks_[block_].size - used_ < text.size()) {
    ++block_;
    used_ = 0;
  }
  if (block_ == blocks_.size()) {
    const std::size_t size = std::max(kBlockBytes, text.size());
    blocks_.push_back({std::make_unique<char[]>(size), size});
    used_ = 0;
  }
  char* to = blocks_[block_].bytes.get() + used_;
  std::memcpy(to, text.data(), text.size());
  used_ += text.size();
  return {to, text.size()};
}

void TextArena::clear() {
  // One giant record must not hold its memory for good.
  if (blocks_.size() > 16) blocks_.resize(16);
  std::erase_if(blocks_, [](const Block& b) { return b.size > 16 * kBlockBytes; });
  block_ = used_ = 0;
}

void KeyedRecord::begin(std::string_view text, TrafficRecord& record, InputFormat format) {
  record_ = &record;
  text_ = text;
  arena_.clear();
  record.reset(text.data());
  record.format = format;
  release_ = {};
  weak_.reset();
  flag_bits_ = 0;
  flags_seen_ = false;
  columns_ = 0;
}

bool KeyedRecord::borrowed(std::string_view value) const {
  const std::less_equal<const char*> at_most;
  return at_most(text_.data(), value.data()) &&
         at_most(value.data() + value.size(), text_.data() + text_.size());
}

void KeyedRecord::set_text(Field field, std::string_view value) {
  if (borrowed(value))
    record_->set(field, value);
  else
    record_->set_copy(field, value);
}

void KeyedRecord::put(Dialect dialect, std::string_view key, std::string_view value) {
  const KeyMeaning meaning = names_->find(dialect, key);
  if (meaning.kind == KeyMeaning::Kind::Column) {
    put_column(meaning.field, key, value, meaning.weak);
    return;
  }
  if (meaning.kind == KeyMeaning::Kind::Flag && !value.empty()) {
    flags_seen_ = true;
    if (is_true(value)) flag_bits_ |= meaning.flag_mask;
  }
  put_extra(key, value);
}

void KeyedRecord::put_column(Field field, std::string_view key, std::string_view value, bool weak) {
  if (value.empty()) return;
  // The logging service writes this column as a boolean, the firewall as 1 or 0.
  if (field == Field::Offloaded && (value == "true" || value == "false"))
    value = value == "true" ? "1" : "0";
  const std::size_t i = index_of(field);
  if (record_->has(field)) {
    const std::string_view old = record_->text(field);
    if (old == value) {
      if (!weak) weak_.reset(i);
      return;
    }
    if (weak || !weak_[i]) {
      put_extra(key, value);
      return;
    }
    put_extra(key_of_[i], arena_.keep(old));
  } else {
    ++columns_;
  }
  set_text(field, value);
  key_of_[i] = keep(key);
  weak_[i] = weak;
}

void KeyedRecord::put_extra(std::string_view key, std::string_view value) {
  if (value.empty()) return;
  record_->extras.push_back({keep(key), keep(value)});
}

void KeyedRecord::mark_times_utc() {
  for (const FieldInfo& row : kFields) {
    if (row.kind != FieldKind::Time || !record_->has(row.value)) continue;
    const auto time = parse_time(record_->text(row.value));
    if (!time || time->offset_minutes) continue;
    time_text_.clear();
    append_rfc3339(time_text_, {time->civil.micros, 0, time->fraction_digits});
    record_->set_copy(row.value, time_text_);
  }
}

// A user-defined format may call the subtype "type"; the value tells.
void KeyedRecord::settle_type() {
  const std::string_view type = record_->text(Field::Type);
  if (type.empty() || subtype_from(type) >= Subtype::Absent) return;
  const std::string_view kept = arena_.keep(type);
  const std::string_view subtype = arena_.keep(record_->text(Field::Subtype));
  std::array<char, 32> buffer;
  if (!subtype.empty() && type_word(subtype, buffer) != "TRAFFIC") return;
  set_text(Field::Subtype, kept);
  if (subtype.empty())
    record_->clear(Field::Type);
  else
    set_text(Field::Type, subtype);
}

// True when the record is of another log type, or of none.
bool KeyedRecord::other_type(ReadStatus& status) {
  const std::string_view type = record_->text(Field::Type);
  if (type.empty()) return false;
  std::array<char, 32> buffer;
  const std::string_view word = type_word(type, buffer);
  if (word == "TRAFFIC") return false;
  if (word.empty()) {
    status = reject(RejectReason::WrongType, key_of_[index_of(Field::Type)], kTypeExpected, type);
  } else {
    status = {ReadKind::Other, arena_.keep(word), {}};
  }
  return true;
}

ReadStatus KeyedRecord::reject(RejectReason reason, std::string_view column_name,
                               std::string_view expected, std::string_view found) {
  ReadStatus status;
  status.kind = ReadKind::Rejected;
  const bool inside = !found.empty() && borrowed(found);
  const auto column =
      inside ? static_cast<std::uint32_t>(found.data() - text_.data()) + 1 : std::uint32_t{0};
  status.reject = {reason, column, column_name, expected, keep(found)};
  return status;
}

ReadStatus KeyedRecord::finish() {
  settle_type();
  ReadStatus status;
  if (other_type(status)) return status;
  if (!record_->has(Field::Src) && !record_->has(Field::Dst))
    return reject(RejectReason::MissingColumn, "src", kAddressesExpected, {});
  Misfit misfit{};
  if (!decode_key_columns(*record_, misfit))
    return reject(RejectReason::WrongType, key_of_[index_of(misfit.field)], misfit.expected,
                  record_->text(misfit.field));
  if (flags_seen_ && !record_->knows(Known::Flags)) {
    record_->flags = flag_bits_;
    record_->set_known(Known::Flags);
  }
  record_->version = version_from_config(record_->text(Field::ConfigVer));
  if (record_->version == kVersionUnknown) record_->version = version_from_config(release_);
  status.kind = ReadKind::Traffic;
  return status;
}

}  // namespace endreason
