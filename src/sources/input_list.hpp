// SPDX-License-Identifier: Apache-2.0
// What the user named -> the inputs to read, in a fixed order. Folders are read whole; what is left
// out of one is listed with the reason, never dropped in silence.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/enum_table.hpp"
#include "base/result.hpp"
#include "sources/byte_source.hpp"

namespace endreason {

struct Input {
  std::string path;                    // "-" is standard input
  std::optional<std::uint64_t> bytes;  // stored size when listed; none for pipes
  bool is_standard_input() const { return path == "-"; }
};

enum class SkipReason : std::uint8_t { Hidden, LinkToFolder, NotAFile, Unreadable };
struct SkipReasonInfo {
  SkipReason value;
  std::string_view log_name;
  std::string_view meaning;
};
inline constexpr auto kSkipReasons = std::to_array<SkipReasonInfo>({
    {SkipReason::Hidden, "hidden", "its name begins with a dot; name it to have it read"},
    {SkipReason::LinkToFolder, "link-to-folder",
     "a link to a folder is not followed inside a folder; name it to have it read"},
    {SkipReason::NotAFile, "not-a-file",
     "a pipe, socket or device inside a folder is not read; name it to have it read"},
    {SkipReason::Unreadable, "unreadable", "it cannot be read"},
});
static_assert(rows_in_enum_order(kSkipReasons) && log_names_unique(kSkipReasons));

struct Skipped {
  std::string path;
  SkipReason reason{};
  std::string detail;  // the system's words for Unreadable, otherwise empty
};

struct InputList {
  std::vector<Input> inputs;
  std::vector<Skipped> skipped;
  // Stored bytes of all inputs; none when one of them is a pipe.
  std::optional<std::uint64_t> total_bytes() const;
};

// Paths in the order given; within a folder everything below it, in the order of the paths' bytes.
// Fails for a path that does not exist or cannot be read, and for "-" named twice.
[[nodiscard]] Result<InputList> list_inputs(std::span<const std::string> paths);

// Opens an input and undoes its compression, recognised by content.
[[nodiscard]] Result<std::unique_ptr<ByteSource>> open_input(const Input& input);
// The same, or something in its place: a pipe that has been looked into is open already.
using InputOpener = std::function<Result<std::unique_ptr<ByteSource>>(const Input&)>;

}  // namespace endreason
