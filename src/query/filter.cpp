// SPDX-License-Identifier: Apache-2.0
#include "query/filter.hpp"

#include <utility>

#include "query/filter_parser.hpp"
#include "query/filter_value.hpp"

namespace endreason {
namespace {

void append_comparison(std::string& out, const FilterComparison& c) {
  out += "( ";
  out += c.subject.name;
  out += ' ';
  out += info(c.op).log_name;
  out += ' ';
  if (c.values.size() > 1) out += "( ";
  for (const auto& value : c.values) {
    out += spelled(value);
    out += ' ';
  }
  out += c.values.size() > 1 ? ") )" : ")";
}

// Depth is bounded by kFilterHeightMax.
void append_node(std::string& out, const FilterNode& node) {
  if (node.kind == FilterNode::Kind::Compare) {
    append_comparison(out, node.comparison);
    return;
  }
  std::string_view between = node.kind == FilterNode::Kind::And ? " and " : " or ";
  if (node.kind == FilterNode::Kind::Not) out += "not ";
  bool first = true;
  for (const auto& child : node.children) {
    if (!first) out += between;
    first = false;
    const bool group = child.kind == FilterNode::Kind::And || child.kind == FilterNode::Kind::Or;
    if (group) out += "( ";
    append_node(out, child);
    if (group) out += " )";
  }
}

}  // namespace

Filter::Filter(FilterNode tree)
    : tree_(std::make_shared<const FilterNode>(std::move(tree))), program_(*tree_) {}

Result<Filter> Filter::parse(std::string_view text, std::optional<std::int64_t> now_utc_micros) {
  auto tree = parse_filter(text, now_utc_micros);
  if (!tree) return tl::unexpected(tree.error());
  return Filter(*std::move(tree));
}

std::string Filter::explain() const {
  std::string out;
  append_node(out, *tree_);
  return out;
}

}  // namespace endreason
