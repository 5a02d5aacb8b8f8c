// SPDX-License-Identifier: Apache-2.0
// XmlNode: an element of a configuration that was exported as XML, with its line and the mark that
// somebody has understood it. A plain tree without a trace of the XML reader; cold code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace endreason {

class XmlNode {
 public:
  std::string tag;
  std::string name;  // the attribute of that name, which entries have
  std::string uuid;  // likewise, which rules have
  std::string text;  // without the blanks around it
  std::uint32_t line = 0;
  std::vector<XmlNode> children;

  // The first child with this tag, or null. Finding an element marks it as understood.
  const XmlNode* find(std::string_view tag) const;
  // Down a path such as "layer3/ip"; the elements on the way are marked.
  const XmlNode* at(std::string_view path) const;
  // The text at a path; empty when there is none.
  std::string_view text_at(std::string_view path) const;
  // The children with this tag, marked: entries, members.
  std::vector<const XmlNode*> all(std::string_view tag) const;
  // The entry of this name among the children, marked; null when there is none.
  const XmlNode* entry(std::string_view name) const;
  // The texts of <member> below a path.
  std::vector<std::string> members(std::string_view path) const;

  void understood() const { understood_ = true; }
  // With everything below it: read, and of no account for what we do.
  void understood_wholly() const;
  bool is_understood() const { return understood_; }

 private:
  mutable bool understood_ = false;
};

// What nobody has understood, by its path with the names of entries left out.
struct NotUnderstood {
  std::string path;         // "/config/devices/entry/vsys/entry/rulebase/nat"
  std::size_t count = 0;    // elements of that path
  std::size_t entries = 0;  // named entries in them
  std::uint32_t line = 0;   // of the first
};
std::vector<NotUnderstood> not_understood(const XmlNode& root);

// The text of a file as a tree; `name` is for messages.
Result<XmlNode> parse_xml(const std::string& text, const std::string& name);

}  // namespace endreason
