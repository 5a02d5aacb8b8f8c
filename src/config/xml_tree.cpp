// SPDX-License-Identifier: Apache-2.0
// The only file of this room that knows pugixml: its nodes become XmlNodes.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <pugixml.hpp>

#include "config/xml_node.hpp"

namespace endreason {
namespace {

// Bounds against documents made to exhaust memory; real configurations have a few million elements
// at most and are twenty deep.
constexpr std::size_t kMostNodes = 8'000'000;
constexpr std::size_t kDeepest = 64;

std::string trimmed(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return std::string(text);
}

// Lines by offset, for offsets that mostly rise.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}
  std::uint32_t at(std::ptrdiff_t offset) {
    const auto wanted =
        std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(offset, 0)), text_.size());
    if (wanted < at_) {
      at_ = 0;
      line_ = 1;
    }
    line_ += static_cast<std::uint32_t>(
        std::count(text_.begin() + static_cast<std::ptrdiff_t>(at_),
                   text_.begin() + static_cast<std::ptrdiff_t>(wanted), '\n'));
    at_ = wanted;
    return line_;
  }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
  std::uint32_t line_ = 1;
};

class Builder {
 public:
  explicit Builder(std::string_view text) : lines_(text) {}

  // False when there is too much of it.
  bool fill(const pugi::xml_node& from, XmlNode& into, std::size_t depth) {
    if (++nodes_ > kMostNodes || depth > kDeepest) return false;
    into.tag = from.name();
    into.name = from.attribute("name").value();
    into.uuid = from.attribute("uuid").value();
    into.line = lines_.at(from.offset_debug());
    for (const pugi::xml_node& child : from.children()) {
      if (child.type() == pugi::node_pcdata || child.type() == pugi::node_cdata)
        into.text += child.value();
      if (child.type() != pugi::node_element) continue;
      if (!fill(child, into.children.emplace_back(), depth + 1)) return false;
    }
    into.text = trimmed(into.text);
    return true;
  }

 private:
  Lines lines_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<XmlNode> parse_xml(const std::string& text, const std::string& name) {
  pugi::xml_document document;
  const pugi::xml_parse_result parsed =
      document.load_buffer(text.data(), text.size(), pugi::parse_default, pugi::encoding_utf8);
  if (!parsed)
    return fail(Error::Code::Usage,
                fmt::format("{}:{}: not XML: {}", name, Lines(text).at(parsed.offset),
                            parsed.description()));
  XmlNode root;
  if (!Builder(text).fill(document.document_element(), root, 0))
    return fail(Error::Code::Usage,
                fmt::format("{}: more than {} elements, or more than {} within each other; this is "
                            "no configuration",
                            name, kMostNodes, kDeepest));
  return root;
}

}  // namespace endreason
