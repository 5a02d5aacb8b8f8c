// SPDX-License-Identifier: Apache-2.0
#include "parse/document_splitter.hpp"

#include <algorithm>

namespace endreason {

void DocumentSplitter::feed(std::string_view bytes) {
  const std::uint64_t keep = std::min(hold(), pos_);
  buffer_.erase(0, static_cast<std::size_t>(keep - base_));
  base_ = keep;
  buffer_.append(bytes);
}

bool DocumentSplitter::next(SplitRecord& record) {
  Extent extent;
  if (done_ || !scan(extent)) return false;
  if (extent.how == SplitEnd::TooLong)
    extent.end = std::min(extent.end, extent.begin + kTooLongShown);
  record = {between(extent.begin, extent.end), extent.line, extent.how};
  return true;
}

bool DocumentSplitter::skip_line(Extent& extent) {
  const std::size_t eol = since(pos_).find('\n');
  const bool ends = eol != std::string_view::npos;
  pos_ = ends ? pos_ + eol : fed();
  if (!ends && !finished_ && (skip_reported_ || pos_ - skip_from_ <= limit_)) return false;
  if (!skip_reported_) {
    extent = {skip_from_, pos_, skip_line_, SplitEnd::Cut};
    if (pos_ - skip_from_ > limit_) extent.how = SplitEnd::TooLong;
  }
  const bool report = !skip_reported_;
  skip_reported_ = true;
  if (ends || finished_) skipping_ = false;
  if (ends) step_line();
  return report;
}

}  // namespace endreason
