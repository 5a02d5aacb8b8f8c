// SPDX-License-Identifier: Apache-2.0
// SettingNode: one value of the configuration file that knows where it stands: file, line and path.
// Checked reading: each call gives the value, or an Error that names file, line, setting, what was
// expected and what was found. A plain tree without a trace of the YAML reader; cold code.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

class SettingNode {
 public:
  enum class Kind : std::uint8_t { Empty, Text, List, Map };

  Kind kind() const { return kind_; }
  const std::string& key() const { return key_; }    // in its map; empty elsewhere
  const std::string& path() const { return path_; }  // "sessions.capacity", "applications[2].port"
  std::size_t line() const { return line_; }
  // Of a list in order, of a map in the order of the file; a map's have distinct keys.
  std::span<const SettingNode> children() const { return children_; }
  // The child of a map with this key, or null.
  const SettingNode* find(std::string_view key) const;

  // An Error about this node: "file:line: path: what".
  tl::unexpected<Error> wrong(std::string_view what) const;
  // "unknown timer 'x' (did you mean 'y'?)", for the key of this node.
  tl::unexpected<Error> unknown(std::string_view kind,
                                std::span<const std::string_view> known) const;

  Result<std::string> text() const;  // not empty
  // `unit` stands behind the range in the message: "seconds", "%".
  Result<std::uint64_t> number(std::uint64_t min, std::uint64_t max,
                               std::string_view unit = "") const;
  Result<bool> yes_or_no() const;
  // The place of the text in `words`.
  Result<std::size_t> one_of(std::span<const std::string_view> words) const;
  // A list, or one text in place of a list of one. Nothing at all is an empty list.
  Result<std::vector<std::string>> texts() const;
  // The children of a list; `example` shows one.
  Result<std::span<const SettingNode>> list(std::string_view example) const;
  // The children of a map; nothing at all is an empty map.
  Result<std::span<const SettingNode>> pairs(std::string_view example) const;

 private:
  friend class SettingTree;
  std::shared_ptr<const std::string> file_;
  std::string key_, path_, text_;
  std::vector<SettingNode> children_;
  std::size_t line_ = 0;
  Kind kind_ = Kind::Empty;
};

// One key that a section knows, and what reads its value into Target.
template <class Target>
struct SettingRow {
  std::string_view key;
  Result<void> (*read)(const SettingNode& value, Target& into);
};

// Reads a map by the table of its keys; an unknown key is an error that names the nearest one and
// them all.
template <class Target, std::size_t N>
Result<void> read_section(const SettingNode& map, const std::array<SettingRow<Target>, N>& rows,
                          Target& into) {
  auto values = map.pairs("key: value");
  if (!values) return tl::unexpected(values.error());
  for (const SettingNode& value : *values) {
    const SettingRow<Target>* found = nullptr;
    for (const SettingRow<Target>& row : rows)
      if (row.key == value.key()) found = &row;
    if (found == nullptr) {
      std::array<std::string_view, N> known;
      for (std::size_t i = 0; i < N; ++i) known[i] = rows[i].key;
      return value.unknown("setting", known);
    }
    if (auto done = found->read(value, into); !done) return done;
  }
  return {};
}

// The text of a YAML file as a tree; `name` is for messages. Nothing in the file is an empty map.
Result<SettingNode> parse_yaml(const std::string& text, const std::string& name);

}  // namespace endreason
