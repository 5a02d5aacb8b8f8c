// SPDX-License-Identifier: Apache-2.0
// The only file that knows yaml-cpp: its nodes become SettingNodes.
#include <exception>
#include <set>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "config/setting_node.hpp"

namespace endreason {

// Anchors let a few lines stand for millions of values, or for themselves: both have an end here.
constexpr std::size_t kMostNodes = 1'000'000;
constexpr std::size_t kDeepest = 32;

class SettingTree {
 public:
  explicit SettingTree(const std::string& name)
      : file_(std::make_shared<const std::string>(name)) {}

  Result<SettingNode> root(const YAML::Node& yaml) {
    SettingNode node;
    if (auto done = fill(yaml, node, 0); !done) return tl::unexpected(done.error());
    node.line_ = std::max<std::size_t>(node.line_, 1);
    return node;
  }

 private:
  Result<void> fill(const YAML::Node& yaml, SettingNode& node, std::size_t depth) {
    node.file_ = file_;
    if (node.line_ == 0) node.line_ = line_of(yaml);
    if (++nodes_ > kMostNodes || depth > kDeepest)
      return node.wrong("too many or too deep values behind it; write them out without anchors");
    if (yaml.IsScalar()) {
      node.kind_ = SettingNode::Kind::Text;
      node.text_ = yaml.Scalar();
    } else if (yaml.IsSequence()) {
      node.kind_ = SettingNode::Kind::List;
      return items(yaml, node, depth);
    } else if (yaml.IsMap()) {
      node.kind_ = SettingNode::Kind::Map;
      return values(yaml, node, depth);
    }
    return {};
  }

  Result<void> items(const YAML::Node& yaml, SettingNode& node, std::size_t depth) {
    for (const YAML::Node& item : yaml) {
      SettingNode child;
      child.path_ = fmt::format("{}[{}]", node.path_, node.children_.size());
      if (auto done = fill(item, child, depth + 1); !done) return done;
      node.children_.push_back(std::move(child));
    }
    return {};
  }

  Result<void> values(const YAML::Node& yaml, SettingNode& node, std::size_t depth) {
    std::set<std::string> keys;
    for (const auto& item : yaml) {
      SettingNode child;
      child.file_ = file_;
      child.line_ = line_of(item.first);
      if (!item.first.IsScalar()) return child.wrong("a key must be a plain text");
      child.key_ = item.first.Scalar();
      child.path_ = node.path_.empty() ? child.key_ : node.path_ + "." + child.key_;
      if (!keys.insert(child.key_).second)
        return child.wrong("set twice; which of them holds? Leave one out");
      if (auto done = fill(item.second, child, depth + 1); !done) return done;
      // A text is said to be wrong where it stands, a map or a list where its key stands.
      if (child.kind_ == SettingNode::Kind::Text) child.line_ = line_of(item.second);
      node.children_.push_back(std::move(child));
    }
    return {};
  }

  static std::size_t line_of(const YAML::Node& yaml) {
    return static_cast<std::size_t>(std::max(yaml.Mark().line, -1) + 1);
  }

  std::shared_ptr<const std::string> file_;
  std::size_t nodes_ = 0;
};

Result<SettingNode> parse_yaml(const std::string& text, const std::string& name) {
  try {
    return SettingTree(name).root(YAML::Load(text));
  } catch (const YAML::ParserException& e) {
    return fail(Error::Code::Usage,
                fmt::format("{}:{}: not YAML: {}", name, e.mark.line + 1, e.msg));
  } catch (const std::exception& e) {  // yaml-cpp throws on odd documents; nothing of ours does
    return fail(Error::Code::Usage, fmt::format("{}: cannot be read as YAML: {}", name, e.what()));
  }
}

}  // namespace endreason
