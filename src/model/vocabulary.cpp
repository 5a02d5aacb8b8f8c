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

// The rows of a table by the length of their names: a word is compared with the few of its length.
template <std::size_t N>
struct RowsByLength {
  std::array<std::uint8_t, N> rows{};
  std::array<std::uint8_t, kLongestWord + 2>
      first{};  // of length i; first[i + 1] is behind the last
};
template <class Row, std::size_t N>
consteval RowsByLength<N> rows_by_length(const std::array<Row, N>& table) {
  RowsByLength<N> index;
  std::uint8_t count = 0;
  for (std::size_t length = 0; length <= kLongestWord; ++length) {
    index.first[length] = count;
    for (std::size_t i = 0; i < N && length > 0; ++i)
      if (table[i].log_name.size() == length) index.rows[count++] = static_cast<std::uint8_t>(i);
  }
  index.first[kLongestWord + 1] = count;
  return index;
}
constexpr auto kActionIndex = rows_by_length(kActions);
constexpr auto kAppStatusIndex = rows_by_length(kAppStatuses);
constexpr auto kEndReasonIndex = rows_by_length(kEndReasons);
constexpr auto kSubtypeIndex = rows_by_length(kSubtypes);
constexpr auto kActionSourceIndex = rows_by_length(kActionSources);

template <class Rows, std::size_t N>
bool find_row(const Rows& rows, const RowsByLength<N>& index, std::string_view text,
              std::size_t& row) {
  if (text.size() > kLongestWord) return false;
  for (std::size_t k = index.first[text.size()]; k < index.first[text.size() + 1]; ++k) {
    row = index.rows[k];
    if (equal_bytes(rows[row].log_name.data(), text.data(), text.size())) return true;
  }
  return false;
}

template <class Enum, class Rows, class Index, class Aliases>
Enum from_text(const Rows& rows, const Index& index, const Aliases& aliases,
               std::string_view text) {
  if (text.empty()) return Enum::Absent;
  std::size_t row = 0;
  if (find_row(rows, index, text, row)) return rows[row].value;
  std::array<char, kLongestWord> buffer;
  const std::string_view word = normalise(text, buffer);
  if (word.empty()) return text.size() > kLongestWord ? Enum::Unrecognized : Enum::Absent;
  if (find_row(rows, index, word, row)) return rows[row].value;
  for (const auto& alias : aliases)
    if (alias.spelling == word) return alias.value;
  return Enum::Unrecognized;
}

}  // namespace

Action action_from(std::string_view text) {
  return from_text<Action>(kActions, kActionIndex, kActionAliases, text);
}

EndReason end_reason_from(std::string_view text) {
  return from_text<EndReason>(kEndReasons, kEndReasonIndex, kEndReasonAliases, text);
}

Subtype subtype_from(std::string_view text) {
  return from_text<Subtype>(kSubtypes, kSubtypeIndex, kNoSubtypeAliases, text);
}

ActionSource action_source_from(std::string_view text) {
  return from_text<ActionSource>(kActionSources, kActionSourceIndex, kNoActionSourceAliases, text);
}

AppStatus app_status_from(std::string_view text) {
  if (text.empty()) return AppStatus::Absent;
  // Most applications start with another letter: they are told apart by one byte.
  const char first = static_cast<char>(text[0] | 0x20);
  if (first != 'i' && first != 'n' && first != 'u') return AppStatus::Identified;
  std::size_t row = 0;
  if (find_row(kAppStatuses, kAppStatusIndex, text, row)) return kAppStatuses[row].value;
  std::array<char, kLongestWord> buffer;
  const std::string_view word = normalise(text, buffer);
  if (!word.empty() && find_row(kAppStatuses, kAppStatusIndex, word, row))
    return kAppStatuses[row].value;
  return AppStatus::Identified;
}

}  // namespace endreason
