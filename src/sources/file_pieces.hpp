// SPDX-License-Identifier: Apache-2.0
// A file that is complete -> pieces for a PieceSink: whole lines, about a megabyte at once, each
// with the place behind it. Documents (JSON, XML) stay whole; a header row of an export goes before
// every piece, because its lines mean nothing without it. No state between calls.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "sources/byte_source.hpp"
#include "sources/file_place.hpp"

namespace endreason {

struct PieceOptions {
  std::string_view sender, key;
  PieceSink take;
  std::function<bool()> stopped;                 // while nothing is taken: whether to give up
  std::function<bool(std::string_view)> header;  // whether a line is a header row of an export
};

// Passes over what `place` says was received. The end is known when the last piece is taken: it has
// `stamp`. False: stopped before that. An error comes behind what could be read.
[[nodiscard]] Result<bool> read_pieces(ByteSource& source, const FilePlace& place,
                                       std::uint64_t stamp, const PieceOptions& options);

// Whether the file of which `source` is the beginning has been read up to the place: the same bytes
// stand in front of it. Reads that far.
[[nodiscard]] Result<bool> continues_at(ByteSource& source, const FilePlace& place);

}  // namespace endreason
