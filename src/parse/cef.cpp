// SPDX-License-Identifier: Apache-2.0
#include "parse/cef.hpp"

#include "parse/key_value_pairs.hpp"

namespace endreason {
namespace {

constexpr auto kSlotKeys = std::to_array<std::string_view>(
    {"cs1", "cs2", "cs3", "cs4", "cs5", "cs6", "cn1", "cn2", "cn3", "flexString1", "flexString2",
     "flexNumber1", "flexNumber2", "c6a1", "c6a2", "c6a3", "c6a4"});
constexpr std::string_view kLabelSuffix = "Label";
constexpr std::string_view kServiceProduct = "LF";

constexpr std::string_view kHeaderExpected = "CEF:0| and six more header fields, each ended by '|'";
constexpr std::string_view kVendorExpected = "CEF by Palo Alto Networks";

}  // namespace

// Cuts the header at its pipes; \| is no pipe. `body` is where the pairs begin.
bool CefReader::split_header(std::string_view text, std::size_t& body) {
  std::size_t begin = 0;
  std::size_t field = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '|') {
      header_[field] = text.substr(begin, i - begin);
      begin = i + 1;
      if (++field == kHeaderCount) {
        body = begin;
        return true;
      }
    }
  }
  return false;
}

Dialect CefReader::dialect() const {
  if (header_[Product] == kServiceProduct) return Dialect::CefService;
  if (header_[Product] == "PAN-OS") return Dialect::CefFirewall;
  // Another product name: the logging service puts the log type first.
  return header_[Signature] == "TRAFFIC" ? Dialect::CefService : Dialect::CefFirewall;
}

// The firewall's template writes "$subtype|$type", the logging service "$type|$subtype".
std::string_view CefReader::type_and_subtype(std::string_view& subtype) const {
  const bool type_first = header_[Signature] == "TRAFFIC" ||
                          (header_[Name] != "TRAFFIC" && header_[Product] == kServiceProduct);
  subtype = header_[type_first ? Name : Signature];
  return header_[type_first ? Signature : Name];
}

bool CefReader::keep_slot(std::string_view key, std::string_view value) {
  if (key.size() < 3 || (key[0] != 'c' && key[0] != 'f')) return false;
  const bool is_label = key.ends_with(kLabelSuffix);
  const std::string_view base = is_label ? key.substr(0, key.size() - kLabelSuffix.size()) : key;
  for (std::size_t i = 0; i < kSlotKeys.size(); ++i) {
    if (kSlotKeys[i] != base) continue;
    (is_label ? slots_[i].label : slots_[i].value) = value;
    slots_[i].key = base;
    return true;
  }
  return false;
}

void CefReader::put(Dialect dialect, std::string_view key, std::string_view value) {
  if (value.find('\\') == std::string_view::npos) {
    keyed_.put(dialect, key, value);
    return;
  }
  // No column holds a line break, but CORP\nancy is a user: \n stands for itself there.
  const bool is_column = keyed_.names().find(dialect, key).kind == KeyMeaning::Kind::Column;
  unescape_cef(value, !is_column, unescaped_);
  keyed_.put(dialect, key, unescaped_);
}

// A label that we know says which column the slot holds; otherwise its number does.
void CefReader::settle_slots(Dialect dialect) {
  for (const Slot& slot : slots_) {
    if (slot.value.empty()) continue;
    if (slot.label.empty()) {
      put(dialect, slot.key, slot.value);
      continue;
    }
    const KeyMeaning labelled = keyed_.names().find(Dialect::CefLabel, slot.label);
    if (labelled.kind == KeyMeaning::Kind::Column)
      put(Dialect::CefLabel, slot.label, slot.value);
    else if (keyed_.names().find(dialect, slot.key).kind == KeyMeaning::Kind::Column)
      put(dialect, slot.key, slot.value);
    else
      put(dialect, slot.label, slot.value);
  }
}

void CefReader::read_pairs(std::string_view body, Dialect dialect) {
  slots_.fill({});
  utc_ = false;
  PairScanner pairs(body, PairScanner::Style::Blank);
  for (KeyValue pair; pairs.next(pair);) {
    if (keep_slot(pair.key, pair.value)) continue;
    if (pair.key == "dtz") utc_ = pair.value == "UTC" || pair.value == "GMT" || pair.value == "Z";
    put(dialect, pair.key, pair.value);
  }
  settle_slots(dialect);
}

ReadStatus CefReader::read(std::string_view text, TrafficRecord& record) {
  keyed_.begin(text, record, InputFormat::Cef);
  std::size_t body = 0;
  if (!split_header(text, body))
    return keyed_.reject(RejectReason::Malformed, "CEF header", kHeaderExpected,
                         text.substr(0, 64));
  if (header_[Vendor].find("alo") == std::string_view::npos)  // Palo Alto Networks, any case of P
    return keyed_.reject(RejectReason::NotALog, "device vendor", kVendorExpected, header_[Vendor]);
  const Dialect writer = dialect();
  record.format = writer == Dialect::CefService ? InputFormat::CefSls : InputFormat::Cef;
  if (writer == Dialect::CefFirewall) keyed_.set_release(header_[Release]);
  std::string_view subtype;
  const std::string_view type = type_and_subtype(subtype);
  keyed_.put_column(Field::Type, "type", type);
  keyed_.put_column(Field::Subtype, "subtype", subtype);
  if (type.empty() || type == "TRAFFIC") read_pairs(text.substr(body), writer);
  if (utc_) keyed_.mark_times_utc();
  // Every template has the action; a line without it was cut before it.
  record.partial = !record.has(Field::Action);
  return keyed_.finish();
}

}  // namespace endreason
