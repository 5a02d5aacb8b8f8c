// SPDX-License-Identifier: Apache-2.0
// JsonSplitter: finds the record objects of a JSON stream: objects back to back or one a line,
// arrays of them however printed, and wrappers
// ({"response":{"result":{"log":{"logs":{"entry":[{..}]}}}}}).
//
// A record is the outermost object with a scalar member that names a log (json_members.hpp); else
// an object that stands alone or in arrays only. A grammar break (a line cut short, say) gives the
// open record as Cut and starts afresh at the next line. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "parse/document_splitter.hpp"

namespace endreason {

class JsonSplitter : public DocumentSplitter {
 public:
  using DocumentSplitter::DocumentSplitter;

 private:
  static constexpr std::size_t kDepthMax = 64;

  // What the last token was, so that a break of the grammar shows at once.
  enum class Last : std::uint8_t { Nothing, Open, Comma, Colon, Key, Value };
  struct Frame {
    std::uint64_t begin;
    std::uint64_t line;
    bool is_object;
    bool marked;  // a member names a log
  };
  struct Span {
    std::uint64_t begin{}, end{};
  };

  bool scan(Extent& extent) override;
  std::uint64_t hold() const override;
  bool step(Extent& extent);
  bool step_string(Extent& extent);
  bool step_scalar(Extent& extent);
  bool between_documents(char c);
  bool open(char c, Extent& extent);
  bool close(char c, Extent& extent);
  bool end_string(Extent& extent);
  bool value_fits() const;
  void take_value(std::uint64_t begin, std::uint64_t end);
  bool broken(Extent& extent);
  bool too_long(Extent& extent);
  bool at_end(Extent& extent);

  std::vector<Frame> frames_;
  std::size_t spent_ = 0;      // the outermost frames that can be no record any more
  std::size_t over_long_ = 0;  // frames up to the one that was given as too long; 0: none is open
  std::size_t objects_ = 0;    // how many of frames_ are objects
  std::size_t marked_ = 0;     // how many of frames_ are marked
  Last last_ = Last::Nothing;
  bool in_string_ = false;
  bool in_scalar_ = false;
  bool began_ = false;       // past a byte order mark
  bool opened_ = false;      // a document was opened, so that commas between objects are fine
  std::uint64_t token_ = 0;  // where the string or scalar began
  Span key_;
};

}  // namespace endreason
