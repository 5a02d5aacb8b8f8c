// SPDX-License-Identifier: Apache-2.0
#include "parse/name_value.hpp"

#include "parse/key_value_pairs.hpp"

namespace endreason {
namespace {

// An address and one more column, or three columns: less may be any text that holds a '='.
constexpr unsigned kColumnsWithAddress = 2;
constexpr unsigned kColumnsWithout = 3;
constexpr std::string_view kPairsExpected = "src= or dst= and another column of a traffic log";

}  // namespace

void NameValueReader::put(std::string_view key, std::string_view value, char quote) {
  if (quote == 0 && value == "-") return;  // the custom for "nothing"
  const char doubled[2] = {quote, quote};
  if (quote == 0 || value.find({doubled, 2}) == std::string_view::npos) {
    keyed_.put(Dialect::Pairs, key, value);
    return;
  }
  unquoted_.clear();
  for (std::size_t i = 0; i < value.size(); ++i) {
    unquoted_ += value[i];
    if (value[i] == quote && i + 1 < value.size() && value[i + 1] == quote) ++i;
  }
  keyed_.put(Dialect::Pairs, key, unquoted_);
}

ReadStatus NameValueReader::read(std::string_view text, TrafficRecord& record) {
  keyed_.begin(text, record, InputFormat::NameValue);
  PairScanner pairs(text, PairScanner::Style::Loose);
  for (KeyValue pair; pairs.next(pair);) put(pair.key, pair.value, pair.quote);
  const bool addressed = record.has(Field::Src) || record.has(Field::Dst);
  if (keyed_.columns() < (addressed ? kColumnsWithAddress : kColumnsWithout))
    return keyed_.reject(RejectReason::NotALog, {}, kPairsExpected, text.substr(0, 64));
  return keyed_.finish();
}

}  // namespace endreason
