// SPDX-License-Identifier: Apache-2.0
#include "parse/key_names.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "parse/key_tables.hpp"

namespace endreason {
namespace {

constexpr unsigned char lower(char c) {
  return static_cast<unsigned char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

// FNV-1a over the lower-case bytes: keys are short, and spellings of one key must meet.
std::uint32_t hash_of(std::string_view key) {
  std::uint32_t h = 2166136261u;
  for (const char c : key) h = (h ^ lower(c)) * 16777619u;
  return h;
}

bool same_but_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

// The query language's ".value" is the scalar inside a typed field; exports often drop it.
constexpr std::string_view kValueSuffix = ".value";

constexpr bool is_key_char(char c) {
  return c > ' ' && c != '=' && c != '"' && c != '\'' && c != '\x7f';
}

// CEF keys that mean something else, or the opposite, to another writer: not for mixed dialects.
constexpr bool ambiguous(std::string_view key) {
  return key == "in" || key == "out" || key == "cat" || key.starts_with("cs") ||
         key.starts_with("cn") || key.starts_with("c6a") || key.starts_with("flex");
}

}  // namespace

void KeyNames::Table::grow() {
  std::vector<Slot> old = std::move(slots_);
  slots_.assign(old.empty() ? 64 : old.size() * 2, Slot{});
  count_ = 0;
  for (const Slot& slot : old)
    if (!slot.key.empty()) insert(slot.key, slot.meaning, false);
}

void KeyNames::Table::insert(std::string_view key, KeyMeaning meaning, bool replace) {
  if (key.empty()) return;
  if ((count_ + 1) * 3 > slots_.size()) grow();  // at most a third full: short probes
  std::size_t i = hash_of(key) & (slots_.size() - 1);
  while (!slots_[i].key.empty()) {
    if (slots_[i].key == key) {
      if (replace) slots_[i].meaning = meaning;
      return;
    }
    i = (i + 1) & (slots_.size() - 1);
  }
  slots_[i] = {std::string(key), meaning};
  ++count_;
}

const KeyMeaning* KeyNames::Table::find(std::string_view key) const {
  if (count_ == 0) return nullptr;
  const KeyMeaning* near = nullptr;
  for (std::size_t i = hash_of(key) & (slots_.size() - 1); !slots_[i].key.empty();
       i = (i + 1) & (slots_.size() - 1)) {
    if (slots_[i].key == key) return &slots_[i].meaning;
    if (near == nullptr && same_but_case(slots_[i].key, key)) near = &slots_[i].meaning;
  }
  return near;
}

void KeyNames::column(Dialect dialect, std::string_view key, Field field, bool weak) {
  table(dialect).insert(key, {KeyMeaning::Kind::Column, field, weak, 0}, false);
}

void KeyNames::flag(Dialect dialect, std::string_view key, std::uint32_t mask) {
  table(dialect).insert(key, {KeyMeaning::Kind::Flag, Field::Flags, false, mask}, false);
}

void KeyNames::add_variables(Dialect dialect) {
  for (const FieldInfo& row : kFields) column(dialect, row.log_name, row.value);
}

void KeyNames::add_service_query(Dialect dialect) {
  for (const ServiceName& row : kServiceNames) {
    column(dialect, row.query, row.field);
    if (row.query.ends_with(kValueSuffix))
      column(dialect, row.query.substr(0, row.query.size() - kValueSuffix.size()), row.field);
  }
  for (const ServiceFlagName& row : kServiceFlagNames) flag(dialect, row.query, row.mask);
}

void KeyNames::add_cef() {
  // The first row of a key counts, so each writer's own names go first.
  for (const KeyRow& row : kFirewallCefNames) column(Dialect::CefFirewall, row.key, row.field);
  for (const KeyRow& row : kServiceCefNames)
    column(Dialect::CefService, row.key, row.field, row.weak);
  for (const ServiceName& row : kServiceNames) {
    column(Dialect::CefService, row.cef, row.field);
    column(Dialect::CefFirewall, row.cef, row.field);
    column(Dialect::CefLabel, row.https, row.field);
  }
  for (const KeyRow& row : kFirewallCefNames) column(Dialect::CefService, row.key, row.field);
  for (const ServiceFlagName& row : kServiceFlagNames) {
    flag(Dialect::CefService, row.cef, row.mask);
    flag(Dialect::CefFirewall, row.cef, row.mask);
  }
  for (const KeyRow& row : kCefLabelNames) column(Dialect::CefLabel, row.key, row.field);
  for (const Dialect d : {Dialect::CefFirewall, Dialect::CefService, Dialect::CefLabel})
    add_variables(d);
}

void KeyNames::add_leef() {
  for (const KeyRow& row : kFirewallLeefNames) column(Dialect::Leef, row.key, row.field, row.weak);
  for (const ServiceName& row : kServiceNames) column(Dialect::Leef, row.leef, row.field);
  for (const ServiceName& row : kServiceNames) column(Dialect::Leef, row.https, row.field);
  for (const ServiceFlagName& row : kServiceFlagNames) flag(Dialect::Leef, row.leef, row.mask);
  add_variables(Dialect::Leef);
}

void KeyNames::add_objects() {
  for (const Dialect d : {Dialect::Object, Dialect::Pairs}) {
    add_variables(d);
    for (const LogFlagInfo& row : kLogFlags) flag(d, row.log_name, row.mask);
    for (const KeyRow& row : kObjectNames) column(d, row.key, row.field, row.weak);
    for (const ServiceName& row : kServiceNames) column(d, row.https, row.field);
    for (const ServiceFlagName& row : kServiceFlagNames) flag(d, row.https, row.mask);
    add_service_query(d);
  }
  for (const KeyRow& row : kFirewallLeefNames)
    if (!ambiguous(row.key)) column(Dialect::Pairs, row.key, row.field, row.weak);
  for (const ServiceName& row : kServiceNames)
    if (!ambiguous(row.leef)) column(Dialect::Pairs, row.leef, row.field);
  for (const KeyRow& row : kFirewallCefNames)
    if (!ambiguous(row.key)) column(Dialect::Pairs, row.key, row.field);
}

KeyNames::KeyNames() {
  add_cef();
  add_leef();
  add_objects();
}

Result<void> KeyNames::add(std::string_view key, Field field) {
  if (key.empty() || !std::all_of(key.begin(), key.end(), is_key_char))
    return fail(Error::Code::Usage,
                fmt::format("aliases: \"{}\": a key has no blanks, quotes or '='; write the "
                            "name as it stands in the log, before its '='",
                            key));
  user_.insert(key, {KeyMeaning::Kind::Column, field, false, 0}, true);
  return {};
}

KeyMeaning KeyNames::find(Dialect dialect, std::string_view key) const {
  if (!user_.empty())
    if (const KeyMeaning* m = user_.find(key)) return *m;
  const KeyMeaning* m = tables_[static_cast<std::size_t>(dialect)].find(key);
  return m != nullptr ? *m : KeyMeaning{};
}

}  // namespace endreason
