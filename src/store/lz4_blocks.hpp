// SPDX-License-Identifier: Apache-2.0
// Bytes as ClickHouse's compressed blocks (method LZ4), which every version takes as the body of a
// request with decompress=1. Their checksum is left zero: the request says that it is not to be
// looked at, as nothing looks at one of a plain body. The same bytes give the same blocks.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endreason {

// What the request has to say besides.
inline constexpr std::string_view kLz4Parameters =
    "&decompress=1&http_native_compression_disable_checksumming_on_decompress=1";

// Of all pieces, one behind the other. An error where there is no library; the bytes can be sent as
// they are then.
Result<std::string> lz4_blocks(std::span<const std::string_view> pieces);

}  // namespace endreason
