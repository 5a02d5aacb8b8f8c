// SPDX-License-Identifier: Apache-2.0
#include "config/setting_node.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/nearest_name.hpp"
#include "base/parse_number.hpp"

namespace endreason {
namespace {

// "a, b and c", "a or b": the last two joined by a word.
std::string listing(std::span<const std::string_view> words, std::string_view last_joint) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) text += i + 1 == words.size() ? fmt::format(" {} ", last_joint) : ", ";
    text += words[i];
  }
  return text;
}

std::string suggestion(std::string_view word, std::span<const std::string_view> known) {
  const auto near = nearest_names(word, known, 1);
  return near.empty() ? "" : fmt::format(" (did you mean '{}'?)", near[0]);
}

// What stands there, for the end of a message.
std::string found(const SettingNode& node, std::string_view text) {
  switch (node.kind()) {
    case SettingNode::Kind::Empty:
      return "found nothing";
    case SettingNode::Kind::Text:
      return fmt::format("found '{}'", text);
    case SettingNode::Kind::List:
      return "found a list";
    case SettingNode::Kind::Map:
      return "found a map";
  }
  return {};
}

}  // namespace

const SettingNode* SettingNode::find(std::string_view key) const {
  const auto child = std::ranges::find_if(
      children_, [&](const SettingNode& c) { return kind_ == Kind::Map && c.key_ == key; });
  return child == children_.end() ? nullptr : &*child;
}

tl::unexpected<Error> SettingNode::wrong(std::string_view what) const {
  return fail(Error::Code::Usage, path_.empty()
                                      ? fmt::format("{}:{}: {}", *file_, line_, what)
                                      : fmt::format("{}:{}: {}: {}", *file_, line_, path_, what));
}

tl::unexpected<Error> SettingNode::unknown(std::string_view kind,
                                           std::span<const std::string_view> known) const {
  // Where there are many, all of them are no help in a line.
  constexpr std::size_t kMostListed = 32;
  std::string text =
      fmt::format("{}:{}: unknown {} '{}'{}", *file_, line_, kind, path_, suggestion(key_, known));
  if (known.size() <= kMostListed)
    text += fmt::format("; the {}s are {}", kind, listing(known, "and"));
  return fail(Error::Code::Usage, std::move(text));
}

Result<std::string> SettingNode::text() const {
  if (kind_ == Kind::Text && !text_.empty()) return text_;
  return wrong("expected a text, " + found(*this, text_));
}

Result<std::uint64_t> SettingNode::number(std::uint64_t min, std::uint64_t max,
                                          std::string_view unit) const {
  std::uint64_t value = 0;
  if (kind_ == Kind::Text && parse_decimal(text_, value) && value >= min && value <= max)
    return value;
  return wrong(fmt::format("expected {} to {}{}{}, {}", min, max, unit.empty() ? "" : " ", unit,
                           found(*this, text_)));
}

Result<bool> SettingNode::yes_or_no() const {
  if (kind_ == Kind::Text && (text_ == "yes" || text_ == "true")) return true;
  if (kind_ == Kind::Text && (text_ == "no" || text_ == "false")) return false;
  return wrong("expected yes or no, " + found(*this, text_));
}

Result<std::size_t> SettingNode::one_of(std::span<const std::string_view> words) const {
  const auto word = std::ranges::find(words, std::string_view(text_));
  if (kind_ == Kind::Text && word != words.end())
    return static_cast<std::size_t>(word - words.begin());
  return wrong(fmt::format("expected {}, {}{}", listing(words, "or"), found(*this, text_),
                           kind_ == Kind::Text ? suggestion(text_, words) : ""));
}

Result<std::vector<std::string>> SettingNode::texts() const {
  if (kind_ == Kind::Empty) return std::vector<std::string>{};
  if (kind_ == Kind::Text) return std::vector<std::string>{text_};
  if (kind_ == Kind::Map) return wrong("expected a text or a list of texts, found a map");
  std::vector<std::string> all;
  for (const SettingNode& child : children_) {
    auto one = child.text();
    if (!one) return tl::unexpected(one.error());
    all.push_back(std::move(*one));
  }
  return all;
}

Result<std::span<const SettingNode>> SettingNode::list(std::string_view example) const {
  if (kind_ == Kind::List || kind_ == Kind::Empty) return std::span<const SettingNode>(children_);
  return wrong(fmt::format("expected a list of such as `- {}`, {}", example, found(*this, text_)));
}

Result<std::span<const SettingNode>> SettingNode::pairs(std::string_view example) const {
  if (kind_ == Kind::Map || kind_ == Kind::Empty) return std::span<const SettingNode>(children_);
  return wrong(fmt::format("expected pairs such as `{}`, {}", example, found(*this, text_)));
}

}  // namespace endreason
