// SPDX-License-Identifier: Apache-2.0
#include "parse/key_names.hpp"

#include <algorithm>
#include <utility>

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

// The rows of one dialect. The first of a key counts, so each writer's own names go first.
class KeyNames::OwnNames {
 public:
  explicit OwnNames(Dialect dialect) : dialect_(dialect) {
    switch (dialect_) {
      case Dialect::CefFirewall:
        add_cef_of_firewall();
        break;
      case Dialect::CefService:
        add_cef_of_service();
        break;
      case Dialect::CefLabel:
        add_cef_labels();
        break;
      case Dialect::Leef:
        add_leef();
        break;
      case Dialect::Object:
      case Dialect::Pairs:
        add_objects();
        break;
    }
  }
  Table take() { return std::move(table_); }

 private:
  void column(std::string_view key, Field field, bool weak = false) {
    table_.insert(key, {KeyMeaning::Kind::Column, field, weak, 0}, false);
  }
  void flag(std::string_view key, std::uint32_t mask) {
    table_.insert(key, {KeyMeaning::Kind::Flag, Field::Flags, false, mask}, false);
  }
  void add_variables() {
    for (const FieldInfo& row : kFields) column(row.log_name, row.value);
  }
  void add_cef_of_firewall() {
    for (const KeyRow& row : kFirewallCefNames) column(row.key, row.field);
    for (const ServiceName& row : kServiceNames) column(row.cef, row.field);
    for (const ServiceFlagName& row : kServiceFlagNames) flag(row.cef, row.mask);
    add_variables();
  }
  void add_cef_of_service() {
    for (const KeyRow& row : kServiceCefNames) column(row.key, row.field, row.weak);
    for (const ServiceName& row : kServiceNames) column(row.cef, row.field);
    for (const KeyRow& row : kFirewallCefNames) column(row.key, row.field);
    for (const ServiceFlagName& row : kServiceFlagNames) flag(row.cef, row.mask);
    add_variables();
  }
  void add_cef_labels() {
    for (const ServiceName& row : kServiceNames) column(row.https, row.field);
    for (const KeyRow& row : kCefLabelNames) column(row.key, row.field);
    add_variables();
  }
  void add_leef() {
    for (const KeyRow& row : kFirewallLeefNames) column(row.key, row.field, row.weak);
    for (const ServiceName& row : kServiceNames) column(row.leef, row.field);
    for (const ServiceName& row : kServiceNames) column(row.https, row.field);
    for (const ServiceFlagName& row : kServiceFlagNames) flag(row.leef, row.mask);
    add_variables();
  }
  void add_objects() {
    add_variables();
    for (const LogFlagInfo& row : kLogFlags) flag(row.log_name, row.mask);
    for (const KeyRow& row : kObjectNames) column(row.key, row.field, row.weak);
    for (const ServiceName& row : kServiceNames) column(row.https, row.field);
    for (const ServiceFlagName& row : kServiceFlagNames) flag(row.https, row.mask);
    add_service_query();
    if (dialect_ == Dialect::Pairs) add_unambiguous();
  }
  void add_service_query() {
    for (const ServiceName& row : kServiceNames) {
      column(row.query, row.field);
      if (row.query.ends_with(kValueSuffix))
        column(row.query.substr(0, row.query.size() - kValueSuffix.size()), row.field);
    }
    for (const ServiceFlagName& row : kServiceFlagNames) flag(row.query, row.mask);
  }
  void add_unambiguous() {
    for (const KeyRow& row : kFirewallLeefNames)
      if (!ambiguous(row.key)) column(row.key, row.field, row.weak);
    for (const ServiceName& row : kServiceNames)
      if (!ambiguous(row.leef)) column(row.leef, row.field);
    for (const KeyRow& row : kFirewallCefNames)
      if (!ambiguous(row.key)) column(row.key, row.field);
  }

  Dialect dialect_;
  Table table_;
};

// A log has keys of one or two dialects, most have none: a table costs as much as a hundred lines.
template <Dialect dialect>
const KeyNames::Table& KeyNames::made() {
  static const Table table = OwnNames(dialect).take();
  return table;
}

const KeyNames::Table& KeyNames::own(Dialect dialect) {
  switch (dialect) {
    case Dialect::CefFirewall:
      return made<Dialect::CefFirewall>();
    case Dialect::CefService:
      return made<Dialect::CefService>();
    case Dialect::CefLabel:
      return made<Dialect::CefLabel>();
    case Dialect::Leef:
      return made<Dialect::Leef>();
    case Dialect::Object:
      return made<Dialect::Object>();
    case Dialect::Pairs:
      break;
  }
  return made<Dialect::Pairs>();
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
  const KeyMeaning* m = own(dialect).find(key);
  return m != nullptr ? *m : KeyMeaning{};
}

}  // namespace endreason
