// SPDX-License-Identifier: Apache-2.0
// XmlSplitter: finds the <entry>..</entry> elements of XML API results. Comments and CDATA are
// stepped over; entries of the answer's <meta> part are not log records. An answer without entries
// (an error, a job number) is given whole. A document that breaks off (a new <entry> inside an
// entry, a line of something else) gives the open entry as Cut. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parse/document_splitter.hpp"

namespace endreason {

class XmlSplitter : public DocumentSplitter {
 public:
  using DocumentSplitter::DocumentSplitter;

 private:
  static constexpr std::size_t kAnswerBytesMax = 64u << 10;  // of a document without entries
  static constexpr std::size_t kTagBytesMax = 64u << 10;

  enum class Markup : std::uint8_t { Open, SelfClosing, Close, Other, Unfinished, Bad };

  bool scan(Extent& extent) override;
  std::uint64_t hold() const override;
  bool step(Extent& extent);
  bool step_text();
  Markup read_markup(std::string_view& name, std::uint64_t& end);
  std::uint64_t find_end(std::string_view mark);
  std::uint64_t find_tag_end() const;
  void pass(std::uint64_t end);
  bool open_tag(std::string_view name, bool self_closing, std::uint64_t end, Extent& extent);
  bool close_tag(std::string_view name, std::uint64_t end, Extent& extent);
  bool end_root(Extent& extent);
  bool broken(Extent& extent);
  bool take_open(std::uint64_t end, SplitEnd how, Extent& extent);
  void forget_document();

  std::size_t depth_ = 0;
  std::size_t entry_depth_ = 0;  // depth of the open entry's parent
  std::size_t meta_depth_ = 0;   // depth of the open <meta>; 0: none
  bool entry_open_ = false;
  bool answer_kept_ = false;  // the document from its root on, as long as no entry was seen
  bool has_logs_ = false;
  std::uint64_t begin_ = 0;  // of the open entry, or of the root
  std::uint64_t begin_line_ = 0;
  std::uint64_t searched_ = 0;  // where find_end left off
};

}  // namespace endreason
