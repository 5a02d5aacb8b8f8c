// SPDX-License-Identifier: Apache-2.0
#include "model/vocabulary.hpp"

#include <array>

#include "base/short_load.hpp"

namespace endreason {
namespace {

template <class Enum>
struct Alias {
  std::string_view spelling;  // normalised: lower case, dashes
  Enum value;
};

// "drop-reset": the logging service's word for a deny whose application default sends a reset
// (KB kA10g000000ClltCAC: discard, RST to the client).
constexpr auto kActionAliases = std::to_array<Alias<Action>>({
    {"dropicmp", Action::DropIcmp},
    {"drop-reset", Action::ResetClient},
    {"resetboth", Action::ResetBoth},
    {"resetclient", Action::ResetClient},
    {"resetserver", Action::ResetServer},
    {"allowed", Action::Allow},
    {"denied", Action::Deny},
    {"dropped", Action::Drop},
});
constexpr auto kEndReasonAliases = std::to_array<Alias<EndReason>>({
    {"n-a", EndReason::NotEnded},
    {"na", EndReason::NotEnded},
    {"decrypt-unsupported-param", EndReason::DecryptUnsupportParam},
    {"age-out", EndReason::AgedOut},
    {"resource-unavailable", EndReason::ResourcesUnavailable},
});
constexpr auto kNoSubtypeAliases = std::array<Alias<Subtype>, 0>{};
constexpr auto kNoActionSourceAliases = std::array<Alias<ActionSource>, 0>{};

constexpr std::size_t kLongestWord = 40;

// Lower case, blanks and underscores as dashes, surrounding blanks dropped.
std::string_view normalise(std::string_view text, std::array<char, kLongestWord>& buffer) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  if (text.size() > buffer.size()) return {};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    buffer[i] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c == ' ' || c == '_' ? '-' : c;
  }
  return {buffer.data(), text.size()};
}

template <class Rows>
bool find_row(const Rows& rows, std::string_view text, std::size_t& row) {
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string_view name = rows[i].log_name;
    if (name.size() == text.size() && equal_bytes(name.data(), text.data(), name.size())) {
      row = i;
      return true;
    }
  }
  return false;
}

template <class Enum, class Rows, class Aliases>
Enum from_text(const Rows& rows, const Aliases& aliases, std::string_view text) {
  if (text.empty()) return Enum::Absent;
  std::size_t row = 0;
  if (find_row(rows, text, row)) return rows[row].value;
  std::array<char, kLongestWord> buffer;
  const std::string_view word = normalise(text, buffer);
  if (word.empty()) return text.size() > kLongestWord ? Enum::Unrecognized : Enum::Absent;
  if (find_row(rows, word, row)) return rows[row].value;
  for (const auto& alias : aliases)
    if (alias.spelling == word) return alias.value;
  return Enum::Unrecognized;
}

}  // namespace

Action action_from(std::string_view text) {
  return from_text<Action>(kActions, kActionAliases, text);
}

EndReason end_reason_from(std::string_view text) {
  return from_text<EndReason>(kEndReasons, kEndReasonAliases, text);
}

Subtype subtype_from(std::string_view text) {
  return from_text<Subtype>(kSubtypes, kNoSubtypeAliases, text);
}

ActionSource action_source_from(std::string_view text) {
  return from_text<ActionSource>(kActionSources, kNoActionSourceAliases, text);
}

AppStatus app_status_from(std::string_view text) {
  if (text.empty()) return AppStatus::Absent;
  // Most applications start with another letter: they are told apart by one byte.
  const char first = static_cast<char>(text[0] | 0x20);
  if (first != 'i' && first != 'n' && first != 'u') return AppStatus::Identified;
  std::size_t row = 0;
  if (find_row(kAppStatuses, text, row)) return kAppStatuses[row].value;
  std::array<char, kLongestWord> buffer;
  const std::string_view word = normalise(text, buffer);
  if (!word.empty() && find_row(kAppStatuses, word, row)) return kAppStatuses[row].value;
  return AppStatus::Identified;
}

}  // namespace endreason
