// SPDX-License-Identifier: Apache-2.0
// The words of the filter language that are not columns of the log: fields that mean either side,
// verdict fields, names of flags; and the vocabulary that a field's values come from.
// Constant tables; safe to share.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "query/filter_ast.hpp"

namespace endreason {

// By any name, case ignored: a column of the log, an alias of one, or a field of this room.
std::optional<FilterSubject> find_subject(std::string_view name);
std::optional<FilterOp> find_operator(std::string_view word);

// All names that find_subject takes and that a user may have meant, for "did you mean".
const std::vector<std::string_view>& subject_names();

// What a field holds, which decides the operators and the literals it takes.
enum class ValueClass : std::uint8_t {
  Text,
  App,
  Word,
  Protocol,
  Number,
  Port,
  Address,
  Flags,
  Time
};
ValueClass value_class(const FilterSubject& subject);
// "a port, 0 to 65535"
std::string_view expectation(ValueClass value);
std::span<const FilterOp> operators_of(ValueClass value);

// The words that a field of class Word can hold, in enum order; the enumerator is the index. Empty
// for a column of words that is kept as text (type). Rows without a spelling are empty texts.
std::vector<std::string_view> vocabulary_of(const FilterSubject& subject);
// The enumerators that `word` names, as bits, by any spelling that a log may use; 0 when none.
std::uint64_t word_bits(const FilterSubject& subject, std::string_view word);

// Bits of the flags column by the word of `( flags has nat )`; 0 when it is none.
std::uint32_t flag_bits(std::string_view word);
std::vector<std::string_view> flag_names();

}  // namespace endreason
