// SPDX-License-Identifier: Apache-2.0
// Any bytes through the keyed readers and the document splitters. Every text of a record must be
// readable, a reject must say what was expected, and extents must be in order and inside what was
// fed. A text that begins as its format does goes to that reader whole; else the first byte
// selects.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "model/traffic_record.hpp"
#include "parse/cef.hpp"
#include "parse/export_csv.hpp"
#include "parse/json.hpp"
#include "parse/json_splitter.hpp"
#include "parse/leef.hpp"
#include "parse/name_value.hpp"
#include "parse/xml.hpp"
#include "parse/xml_splitter.hpp"

namespace {

using endreason::DocumentSplitter;
using endreason::ReadKind;
using endreason::ReadStatus;
using endreason::TrafficRecord;

enum class Target : std::uint8_t { Cef, Leef, Json, JsonStream, Xml, XmlStream, Export, Pairs };
constexpr std::size_t kTargetCount = 8;

struct Readers {
  endreason::KeyNames names;
  endreason::CefReader cef{names};
  endreason::LeefReader leef{names};
  endreason::JsonReader json{names};
  endreason::XmlReader xml{names};
  endreason::ExportRowReader exported{names};
  endreason::NameValueReader pairs{names};
  TrafficRecord record;
};

void require(bool fine) {
  if (!fine) std::abort();
}

// Touches every byte, so that a sanitizer sees a text that is not there.
void touch(std::string_view text) {
  volatile unsigned sum = 0;
  for (const char c : text) sum = sum + static_cast<unsigned char>(c);
}

void check(const ReadStatus& status, const TrafficRecord& record) {
  touch(status.type);
  touch(status.reject.found);
  touch(status.reject.column_name);
  require(status.kind != ReadKind::Rejected || !status.reject.expected.empty());
  require(status.kind != ReadKind::Other || !status.type.empty());
  for (const auto& row : endreason::kFields) touch(record.text(row.value));
  for (const auto& extra : record.extras) {
    touch(extra.name);
    touch(extra.value);
    require(!extra.value.empty());
  }
}

void read_json(Readers& r, std::string_view text) {
  std::string_view inner;
  ReadStatus status = r.json.read(text, r.record, inner);
  for (int depth = 0; depth < 3 && !inner.empty(); ++depth) {
    touch(inner);
    const std::string_view line = inner;
    status = r.json.read(line, r.record, inner);
  }
  if (inner.empty()) check(status, r.record);
}

template <class Splitter>
void split(Readers& r, std::string_view text, std::size_t piece, bool xml) {
  Splitter splitter(1, 4096);
  std::uint64_t line = 0;
  const auto drain = [&] {
    for (endreason::SplitRecord found; splitter.next(found);) {
      require(found.line >= line);
      line = found.line;
      touch(found.text);
      require(found.text.size() <= 4096 + piece + 65536);
      if (xml)
        check(r.xml.read(found.text, r.record), r.record);
      else
        read_json(r, found.text);
    }
  };
  std::size_t fed = 0;
  while (fed < text.size() && !splitter.done()) {
    const std::string_view part = text.substr(fed, piece);
    splitter.feed(part);
    fed += part.size();
    drain();
    require(splitter.consumed() <= fed);
  }
  if (!splitter.done()) splitter.finish();
  drain();
  if (splitter.done()) {
    touch(splitter.rest());
    require(splitter.consumed() + splitter.rest().size() == fed);
    require(text.substr(static_cast<std::size_t>(splitter.consumed()), splitter.rest().size()) ==
            splitter.rest());
  } else {
    require(splitter.consumed() == fed);
  }
}

void read_export(Readers& r, std::string_view text) {
  const std::size_t eol = text.find('\n');
  const auto own = endreason::export_layout(text.substr(0, eol), r.names);
  static const auto fixed =
      endreason::export_layout("Type,Source,Destination,Rule,Action,Source Port,Type,x", r.names);
  if (eol == std::string_view::npos) return;
  const auto& layout = own ? *own : *fixed;
  const std::string_view row = text.substr(eol + 1);
  check(r.exported.read(row, layout, r.record), r.record);
}

Target target_of(std::string_view& text) {
  if (text.starts_with("CEF:")) return Target::Cef;
  if (text.starts_with("LEEF:")) return Target::Leef;
  if (text[0] == '{' || text[0] == '[') return Target::JsonStream;
  if (text[0] == '<') return Target::XmlStream;
  const auto selected = static_cast<std::size_t>(static_cast<unsigned char>(text[0]));
  text.remove_prefix(1);
  return static_cast<Target>(selected % kTargetCount);
}

void run(Readers& r, Target target, std::string_view text) {
  const std::size_t piece = 1 + text.size() % 97;
  switch (target) {
    case Target::Cef:
      return check(r.cef.read(text, r.record), r.record);
    case Target::Leef:
      return check(r.leef.read(text, r.record), r.record);
    case Target::Json:
      return read_json(r, text);
    case Target::JsonStream:
      return split<endreason::JsonSplitter>(r, text, piece, false);
    case Target::Xml:
      return check(r.xml.read(text, r.record), r.record);
    case Target::XmlStream:
      return split<endreason::XmlSplitter>(r, text, piece, true);
    case Target::Export:
      return read_export(r, text);
    case Target::Pairs:
      return check(r.pairs.read(text, r.record), r.record);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto readers = std::make_unique<Readers>();
  if (size == 0) return 0;
  // An exact copy on the heap: a read behind its end is seen.
  const std::string_view given(reinterpret_cast<const char*>(data), size);
  const std::unique_ptr<char[]> copy(new char[size]);
  given.copy(copy.get(), size);
  std::string_view text(copy.get(), size);
  const Target target = target_of(text);
  run(*readers, target, text);
  return 0;
}
