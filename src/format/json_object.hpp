// SPDX-License-Identifier: Apache-2.0
// JsonObject: one JSON object written front to back from dotted paths: "source.nat.ip" opens the
// objects source and nat when they are not open. Paths below one object must come one after the
// other; a path given twice would give a key twice. Names in paths are our own, of letters, digits
// and underscores, and must live until close(); a name from a log goes through member(). One
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace endreason {

class JsonObject {
 public:
  // Appends to `out`, which must live until close().
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }
  JsonObject(const JsonObject&) = delete;
  JsonObject& operator=(const JsonObject&) = delete;

  void text(std::string_view path, std::string_view value);
  void number(std::string_view path, std::uint64_t value);
  void number(std::string_view path, std::int64_t value);
  void boolean(std::string_view path, bool value);
  // An array of strings: begin_list(), any number of items, end_list().
  void begin_list(std::string_view path);
  void item(std::string_view value);
  void item(std::string_view name, std::string_view value);  // "name=value"
  void end_list();
  // A member of any name, dots and quotes included, in the object "panw.panos.extra.".
  void member(std::string_view object, std::string_view name, std::string_view value);
  // As JSON writes this text: a number when it is one that stays exact, else a string.
  void number_text(std::string_view path, std::string_view value);
  // The same, nothing when the text is empty.
  void text_if(std::string_view path, std::string_view value) {
    if (!value.empty()) text(path, value);
  }
  void number_text_if(std::string_view path, std::string_view value) {
    if (!value.empty()) number_text(path, value);
  }
  // Closes all that is open.
  void close();

 private:
  void key(std::string_view path);
  void enter(std::string_view object);
  void separate();

  std::string& out_;
  std::string_view open_;  // the path of the objects that are open: "source.nat."
  bool first_ = true;      // nothing was written yet in the innermost object
};

}  // namespace endreason
