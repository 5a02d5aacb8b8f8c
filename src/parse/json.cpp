// SPDX-License-Identifier: Apache-2.0
#include "parse/json.hpp"

#include <cstdint>
#include <cstring>
#include <string>

#include "model/traffic_record.hpp"
#include "parse/json_members.hpp"
#include "parse/keyed_record.hpp"

#include <simdjson.h>

namespace endreason {
namespace {

namespace sj = simdjson;
namespace od = simdjson::ondemand;

constexpr unsigned kDepthMax = 32;
constexpr std::size_t kFoundMax = 32;  // bytes of a broken place that a reject shows

// Objects that hold the record without being a part of its keys' names.
constexpr auto kTransparent =
    std::to_array<std::string_view>({"_source", "result", "fields", "json", "jsonPayload", "record",
                                     "entry", "payload", "data", "body"});

std::string_view expected_of(sj::error_code error) {
  switch (error) {
    case sj::UTF8_ERROR:
      return "UTF-8 text";
    case sj::UNCLOSED_STRING:
      return "a closing quote";
    case sj::UNESCAPED_CHARS:
      return "no control characters inside strings";
    case sj::DEPTH_ERROR:
      return "at most 32 levels of nesting";
    case sj::INCOMPLETE_ARRAY_OR_OBJECT:
      return "the end of the object";
    case sj::STRING_ERROR:
      return "a string with valid escapes";
    case sj::NUMBER_ERROR:
      return "a number, true, false or null";
    case sj::TRAILING_CONTENT:
      return "nothing behind the object";
    default:
      return "a JSON object";
  }
}

bool is_number(std::string_view text) {
  if (text.empty()) return false;
  for (const char c : text)
    if (!((c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E'))
      return false;
  return text[0] == '-' || (text[0] >= '0' && text[0] <= '9');
}

// Tables with holes turn whole numbers into decimals (443.0); the column means 443.
std::string_view without_zero_fraction(std::string_view number) {
  const std::size_t dot = number.find('.');
  if (dot == std::string_view::npos || dot == 0) return number;
  if (number.find_first_not_of('0', dot + 1) != std::string_view::npos) return number;
  return number.substr(0, dot);
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= ' ') text.remove_suffix(1);
  return text;
}

// How much of an object that ends too early is whole members: up to its last comma outside of all
// nested values; 0 when the object does not end too early.
std::size_t whole_members(std::string_view text) {
  std::size_t depth = 0;
  std::size_t comma = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      in_string = c != '"';
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (depth <= 1) return 0;
      --depth;
    } else if (c == ',' && depth == 1) {
      comma = i;
    }
  }
  return comma;
}

}  // namespace

class JsonReader::Impl {
 public:
  explicit Impl(const KeyNames& names) : keyed_(names) {}
  ReadStatus read(std::string_view text, TrafficRecord& record, std::string_view& inner);

 private:
  ReadStatus read_whole(std::string_view text, std::size_t members, TrafficRecord& record,
                        std::string_view& inner);
  ReadStatus malformed(sj::error_code error, std::size_t offset);
  void copy_padded(std::string_view text);
  sj::error_code object(od::object object, unsigned depth);
  sj::error_code member(std::string_view key, od::value value, unsigned depth);
  sj::error_code nested(std::string_view key, od::value value, unsigned depth);
  sj::error_code array(od::value value, unsigned depth);
  sj::error_code whole(od::value value, od::json_type type, std::string_view& text);
  sj::error_code element(od::value value, unsigned depth);
  sj::error_code scalar(od::value value, std::string_view& text, bool& is_string);
  void put(std::string_view key, std::string_view value, bool is_string);
  void append_key(std::string_view key);
  std::string_view in_text(std::string_view padded_part) const;

  KeyedRecord keyed_;
  od::parser parser_;
  std::string padded_;
  std::string_view text_;
  std::string path_;    // "srcloc." while inside {"srcloc":{..}}
  std::string joined_;  // elements of the array being read
  std::string inner_;
  std::string_view raw_line_;
  std::size_t raw_rank_ = kRawLineKeys.size();
};

JsonReader::JsonReader(const KeyNames& names) : impl_(std::make_unique<Impl>(names)) {}
JsonReader::~JsonReader() = default;

ReadStatus JsonReader::read(std::string_view text, TrafficRecord& record, std::string_view& inner) {
  return impl_->read(text, record, inner);
}

// The library reads a padded copy; the record borrows from the caller's text at the same place.
std::string_view JsonReader::Impl::in_text(std::string_view padded_part) const {
  return text_.substr(static_cast<std::size_t>(padded_part.data() - padded_.data()),
                      padded_part.size());
}

sj::error_code JsonReader::Impl::scalar(od::value value, std::string_view& text, bool& is_string) {
  const std::string_view token = trimmed(value.raw_json_token());
  is_string = !token.empty() && token[0] == '"';
  if (is_string) {
    if (token.size() >= 2 && token.back() == '"' && token.find('\\') == std::string_view::npos) {
      text = in_text(token.substr(1, token.size() - 2));
      return sj::SUCCESS;
    }
    return value.get_string().get(text);
  }
  if (token == "null") {
    text = {};
    return sj::SUCCESS;
  }
  if (token != "true" && token != "false" && !is_number(token)) return sj::NUMBER_ERROR;
  text = without_zero_fraction(in_text(token));
  return sj::SUCCESS;
}

void JsonReader::Impl::append_key(std::string_view key) {
  if (key.starts_with('@')) key.remove_prefix(1);  // an XML attribute
  path_ += key;
}

void JsonReader::Impl::put(std::string_view key, std::string_view value, bool is_string) {
  if (is_string) {
    const std::size_t rank = raw_line_rank(key);
    if (rank < raw_rank_ && looks_like_log_line(value)) {
      raw_rank_ = rank;
      raw_line_ = keyed_.keep(value);
    }
  }
  keyed_.put(Dialect::Object, key, value);
}

// An object or array as it stands in the text.
sj::error_code JsonReader::Impl::whole(od::value value, od::json_type type,
                                       std::string_view& text) {
  if (type == od::json_type::array) {
    od::array list;
    if (const auto error = value.get_array().get(list)) return error;
    return list.raw_json().get(text);
  }
  od::object inside;
  if (const auto error = value.get_object().get(inside)) return error;
  return inside.raw_json().get(text);
}

sj::error_code JsonReader::Impl::element(od::value value, unsigned depth) {
  od::json_type type;
  if (const auto error = value.type().get(type)) return error;
  if (depth >= kDepthMax) return sj::DEPTH_ERROR;
  std::string_view text;
  if (type == od::json_type::object || type == od::json_type::array) {
    if (const auto error = whole(value, type, text)) return error;
    text = trimmed(text);
  } else {
    bool is_string = false;
    if (const auto error = scalar(value, text, is_string)) return error;
  }
  if (!joined_.empty()) joined_ += ',';
  joined_ += text;
  return sj::SUCCESS;
}

sj::error_code JsonReader::Impl::array(od::value value, unsigned depth) {
  od::array list;
  if (const auto error = value.get_array().get(list)) return error;
  joined_.clear();
  for (auto item : list) {
    od::value one;
    if (const auto error = std::move(item).get(one)) return error;
    if (const auto error = element(one, depth + 1)) return error;
  }
  put(path_, joined_, false);
  return sj::SUCCESS;
}

sj::error_code JsonReader::Impl::nested(std::string_view key, od::value value, unsigned depth) {
  od::object inside;
  if (const auto error = value.get_object().get(inside)) return error;
  if (!path_.empty() || !is_one_of(kTransparent, key)) {
    append_key(key);
    path_ += '.';
  }
  return object(inside, depth + 1);
}

// path_ holds where we are, ending in '.', and is left as it was found.
sj::error_code JsonReader::Impl::member(std::string_view key, od::value value, unsigned depth) {
  od::json_type type;
  if (const auto error = value.type().get(type)) return error;
  const std::size_t length = path_.size();
  sj::error_code error = sj::SUCCESS;
  if (type == od::json_type::object) {
    error = nested(key, value, depth);
  } else if (type == od::json_type::array) {
    append_key(key);
    error = array(value, depth);
  } else {
    std::string_view text;
    bool is_string = false;
    error = scalar(value, text, is_string);
    // "#text" is what stands between an element's tags: the value of the object's own key.
    if (key == "#text" && length > 0)
      path_.pop_back();
    else
      append_key(key);
    if (error == sj::SUCCESS) put(path_, text, is_string);
    if (key == "#text" && length > 0) path_ += '.';
  }
  path_.resize(length);
  return error;
}

sj::error_code JsonReader::Impl::object(od::object object, unsigned depth) {
  if (depth >= kDepthMax) return sj::DEPTH_ERROR;
  for (auto item : object) {
    od::field field;
    if (const auto error = std::move(item).get(field)) return error;
    std::string_view key;
    if (const auto error = field.unescaped_key().get(key)) return error;
    if (const auto error = member(key, field.value(), depth)) return error;
  }
  return sj::SUCCESS;
}

ReadStatus JsonReader::Impl::malformed(sj::error_code error, std::size_t offset) {
  const std::string_view found =
      offset < text_.size() ? text_.substr(offset, kFoundMax) : std::string_view{};
  return keyed_.reject(RejectReason::Malformed, {}, expected_of(error), found);
}

void JsonReader::Impl::copy_padded(std::string_view text) {
  padded_.resize(text.size() + sj::SIMDJSON_PADDING);
  std::memcpy(padded_.data(), text.data(), text.size());
  std::memset(padded_.data() + text.size(), 0, sj::SIMDJSON_PADDING);
}

// A record that was cut short keeps its whole members and is partial.
ReadStatus JsonReader::Impl::read(std::string_view text, TrafficRecord& record,
                                  std::string_view& inner) {
  const ReadStatus status = read_whole(text, 0, record, inner);
  if (status.kind != ReadKind::Rejected || status.reject.reason != RejectReason::Malformed)
    return status;
  const std::size_t members = whole_members(text);
  if (members == 0) return status;
  const Reject reject = status.reject;  // its texts lie in `text` or are static
  const ReadStatus partial = read_whole(text, members, record, inner);
  record.partial = true;
  if (partial.kind == ReadKind::Traffic || partial.kind == ReadKind::Other) return partial;
  inner = {};
  return {ReadKind::Rejected, {}, reject};
}

// `members`: read this much as if it were closed there; 0: all of the text.
ReadStatus JsonReader::Impl::read_whole(std::string_view text, std::size_t members,
                                        TrafficRecord& record, std::string_view& inner) {
  inner = {};
  const std::size_t given = text.size();
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= ' ') text.remove_prefix(1);
  keyed_.begin(text, record, InputFormat::Json);
  text_ = text;
  path_.clear();
  raw_line_ = {};
  raw_rank_ = kRawLineKeys.size();
  if (text.empty()) return malformed(sj::EMPTY, 0);
  copy_padded(text);
  std::size_t length = text.size();
  if (members > 0) {
    length = members - (given - text.size());
    padded_[length] = '}';
    ++length;
    std::memset(padded_.data() + length, 0, padded_.size() - length);
  }
  od::document document;
  sj::error_code error = parser_.iterate(padded_.data(), length, padded_.size()).get(document);
  if (error != sj::SUCCESS) return malformed(error, 0);
  od::object root;
  error = document.get_object().get(root);
  if (error == sj::SUCCESS) error = object(root, 0);
  const char* at = nullptr;
  if (error == sj::SUCCESS && document.current_location().get(at) == sj::SUCCESS)
    error = sj::TRAILING_CONTENT;
  if (error != sj::SUCCESS) {
    const bool known = document.current_location().get(at) == sj::SUCCESS && at != nullptr;
    return malformed(error, known ? static_cast<std::size_t>(at - padded_.data()) : 0);
  }
  const bool addressed = record.has(Field::Src) || record.has(Field::Dst);
  if (!addressed && !raw_line_.empty()) {
    inner_.assign(raw_line_);
    inner = inner_;
    return {};
  }
  return keyed_.finish();
}

}  // namespace endreason
