// SPDX-License-Identifier: Apache-2.0
#include "config/xml_node.hpp"

#include <algorithm>
#include <map>

namespace endreason {
namespace {

std::size_t entries_below(const XmlNode& node) {
  std::size_t count = 0;
  for (const XmlNode& child : node.children)
    count += child.tag == "entry" ? 1 : entries_below(child);
  return count;
}

void collect(const XmlNode& node, const std::string& path,
             std::map<std::string, NotUnderstood>& found) {
  if (!node.is_understood()) {
    NotUnderstood& item = found[path];
    if (item.count++ == 0) item.line = node.line;
    item.path = path;
    item.entries += node.tag == "entry" ? 1 : entries_below(node);
    return;
  }
  for (const XmlNode& child : node.children) collect(child, path + "/" + child.tag, found);
}

}  // namespace

const XmlNode* XmlNode::find(std::string_view wanted) const {
  const auto child = std::ranges::find(children, wanted, &XmlNode::tag);
  if (child == children.end()) return nullptr;
  child->understood();
  return &*child;
}

const XmlNode* XmlNode::at(std::string_view path) const {
  const XmlNode* node = this;
  while (node != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    node = node->find(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return node;
}

std::string_view XmlNode::text_at(std::string_view path) const {
  const XmlNode* node = at(path);
  return node == nullptr ? std::string_view() : std::string_view(node->text);
}

std::vector<const XmlNode*> XmlNode::all(std::string_view wanted) const {
  std::vector<const XmlNode*> found;
  for (const XmlNode& child : children) {
    if (child.tag != wanted) continue;
    child.understood();
    found.push_back(&child);
  }
  return found;
}

const XmlNode* XmlNode::entry(std::string_view wanted) const {
  for (const XmlNode& child : children) {
    if (child.tag != "entry" || child.name != wanted) continue;
    child.understood();
    return &child;
  }
  return nullptr;
}

std::vector<std::string> XmlNode::members(std::string_view path) const {
  std::vector<std::string> texts;
  const XmlNode* list = at(path);
  if (list == nullptr) return texts;
  for (const XmlNode* member : list->all("member")) texts.push_back(member->text);
  return texts;
}

void XmlNode::understood_wholly() const {
  understood();
  for (const XmlNode& child : children) child.understood_wholly();
}

std::vector<NotUnderstood> not_understood(const XmlNode& root) {
  std::map<std::string, NotUnderstood> found;
  collect(root, "/" + root.tag, found);
  std::vector<NotUnderstood> list;
  for (auto& [path, item] : found) list.push_back(std::move(item));
  return list;
}

}  // namespace endreason
