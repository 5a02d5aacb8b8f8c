// SPDX-License-Identifier: Apache-2.0
#include "parse/xml.hpp"

#include <array>
#include <optional>
#include <string>

#include "model/traffic_record.hpp"
#include "parse/keyed_record.hpp"

#include <pugixml.hpp>

namespace endreason {
namespace {

constexpr std::size_t kFoundMax = 32;  // bytes of a broken place that a reject shows

constexpr std::string_view kEntryExpected = "an <entry> element of a log query's result";
constexpr std::string_view kAnswerExpected = "log entries; the firewall answered with an error";
constexpr std::string_view kNoEntries = "log entries; the document has none";

std::string_view expected_of(pugi::xml_parse_status status) {
  switch (status) {
    case pugi::status_end_element_mismatch:
      return "the end tag of the open element";
    case pugi::status_bad_attribute:
      return "an attribute with its value in quotes";
    case pugi::status_bad_start_element:
    case pugi::status_bad_end_element:
      return "a well-formed tag";
    case pugi::status_bad_cdata:
      return "the end of the CDATA section";
    case pugi::status_no_document_element:
      return "an XML element";
    default:
      return "well-formed XML";
  }
}

}  // namespace

class XmlReader::Impl {
 public:
  explicit Impl(const KeyNames& names) : keyed_(names) {}
  ReadStatus read(std::string_view text, TrafficRecord& record);

 private:
  void put_attributes(const pugi::xml_node& node, std::string_view prefix);
  void put_child(const pugi::xml_node& child);
  ReadStatus reject_answer(const pugi::xml_node& root);

  KeyedRecord keyed_;
  std::optional<pugi::xml_document> document_;  // from the first one on: most logs have none
  std::string joined_;
  std::string name_;
};

XmlReader::XmlReader(const KeyNames& names) : impl_(std::make_unique<Impl>(names)) {}
XmlReader::~XmlReader() = default;

ReadStatus XmlReader::read(std::string_view text, TrafficRecord& record) {
  return impl_->read(text, record);
}

void XmlReader::Impl::put_attributes(const pugi::xml_node& node, std::string_view prefix) {
  for (const pugi::xml_attribute& attribute : node.attributes()) {
    name_.assign(prefix);
    if (!prefix.empty()) name_ += '.';
    name_ += attribute.name();
    keyed_.put_extra(name_, attribute.value());
  }
}

// <monitortag>x</monitortag>, or a list: <member>a</member><member>b</member> is "a,b".
void XmlReader::Impl::put_child(const pugi::xml_node& child) {
  put_attributes(child, child.name());
  const pugi::xml_node first = child.first_child();
  if (!first) return;
  if (first == child.last_child() && first.type() != pugi::node_element) {
    keyed_.put(Dialect::Object, child.name(), first.value());
    return;
  }
  joined_.clear();
  for (const pugi::xml_node& part : child.children()) {
    const bool element = part.type() == pugi::node_element;
    if (element && !joined_.empty()) joined_ += ',';
    joined_ += element ? part.child_value() : part.value();
  }
  keyed_.put(Dialect::Object, child.name(), joined_);
}

// <response status="error"><result><msg>Invalid credentials</msg></result></response>
ReadStatus XmlReader::Impl::reject_answer(const pugi::xml_node& root) {
  const bool error = std::string_view(root.attribute("status").value()) == "error";
  const pugi::xml_node message =
      root.find_node([](const pugi::xml_node& n) { return std::string_view(n.name()) == "msg"; });
  std::string_view said = message.child_value();
  if (said.empty() && message) said = message.child("line").child_value();
  return keyed_.reject(RejectReason::NotALog, root.name(), error ? kAnswerExpected : kNoEntries,
                       said);
}

ReadStatus XmlReader::Impl::read(std::string_view text, TrafficRecord& record) {
  keyed_.begin(text, record, InputFormat::Xml);
  if (!document_) document_.emplace();
  const pugi::xml_parse_result result = document_->load_buffer(
      text.data(), text.size(), pugi::parse_default | pugi::parse_trim_pcdata, pugi::encoding_utf8);
  const pugi::xml_node root = document_->document_element();
  const std::string_view name = root.name();
  // A cut entry keeps its children but for the last one, which may be half of itself.
  const bool cut = !result && name == "entry" && text.find("</entry>") == std::string_view::npos &&
                   root.child("src").next_sibling();
  if (!result && !cut) {
    const auto offset = static_cast<std::size_t>(result.offset);
    return keyed_.reject(
        RejectReason::Malformed, {}, expected_of(result.status),
        offset < text.size() ? text.substr(offset, kFoundMax) : text.substr(0, kFoundMax));
  }
  if (name == "response") return reject_answer(root);
  if (name != "entry")
    return keyed_.reject(RejectReason::NotALog, {}, kEntryExpected, text.substr(0, kFoundMax));
  put_attributes(root, {});
  for (const pugi::xml_node& child : root.children())
    if (child.type() == pugi::node_element && !(cut && child == root.last_child()))
      put_child(child);
  record.partial = cut;
  return keyed_.finish();
}

}  // namespace endreason
