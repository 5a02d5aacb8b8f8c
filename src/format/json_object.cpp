// SPDX-License-Identifier: Apache-2.0
#include "format/json_object.hpp"

#include <charconv>

#include "format/json_text.hpp"

namespace endreason {
namespace {

template <class Number>
void append_number(std::string& out, Number value) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, end);
}

// Length of the part up to and with its last dot.
std::size_t parent_size(std::string_view path) {
  return path.rfind('.') + 1;
}

}  // namespace

void JsonObject::enter(std::string_view object) {
  if (object == open_) return;
  // Close what the new object is not in, then open what is missing.
  while (!object.starts_with(open_)) {
    out_ += '}';
    open_ = open_.substr(0, parent_size(open_.substr(0, open_.size() - 1)));
    first_ = false;
  }
  for (std::string_view rest = object.substr(open_.size()); !rest.empty();) {
    const std::size_t name_size = rest.find('.');
    separate();
    out_.append("\"").append(rest.substr(0, name_size)).append("\":{");
    rest.remove_prefix(name_size + 1);
    first_ = true;
  }
  open_ = object;
}

void JsonObject::separate() {
  if (!first_) out_ += ',';
  first_ = false;
}

void JsonObject::key(std::string_view path) {
  const std::size_t parent = parent_size(path);
  enter(path.substr(0, parent));
  separate();
  out_.append("\"").append(path.substr(parent)).append("\":");
}

void JsonObject::member(std::string_view object, std::string_view name, std::string_view value) {
  enter(object);
  separate();
  append_json_string(out_, name);
  out_ += ':';
  append_json_string(out_, value);
}

void JsonObject::text(std::string_view path, std::string_view value) {
  key(path);
  append_json_string(out_, value);
}

void JsonObject::number(std::string_view path, std::uint64_t value) {
  key(path);
  append_number(out_, value);
}

void JsonObject::number(std::string_view path, std::int64_t value) {
  key(path);
  append_number(out_, value);
}

void JsonObject::boolean(std::string_view path, bool value) {
  key(path);
  out_ += value ? "true" : "false";
}

void JsonObject::begin_list(std::string_view path) {
  key(path);
  out_ += '[';
  first_ = true;
}

void JsonObject::item(std::string_view value) {
  separate();
  append_json_string(out_, value);
}

void JsonObject::item(std::string_view name, std::string_view value) {
  separate();
  append_json_string(out_, name);
  out_.back() = '=';  // in place of the closing quote
  const std::size_t joint = out_.size();
  append_json_string(out_, value);
  out_.erase(joint, 1);
}

void JsonObject::end_list() {
  out_ += ']';
  first_ = false;
}

void JsonObject::number_text(std::string_view path, std::string_view value) {
  key(path);
  if (is_json_number(value)) {
    out_ += value;
  } else {
    append_json_string(out_, value);
  }
}

void JsonObject::close() {
  for (const char c : open_)
    if (c == '.') out_ += '}';
  open_ = {};
  out_ += '}';
}

}  // namespace endreason
