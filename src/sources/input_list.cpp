// SPDX-License-Identifier: Apache-2.0
#include "sources/input_list.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sources/compression.hpp"
#include "sources/file_source.hpp"

namespace endreason {
namespace {

namespace fs = std::filesystem;

std::string reason_text(int error) {
  return std::generic_category().message(error);
}

std::optional<std::uint64_t> stored_bytes(const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

// Collects what lies below one folder. Depth is held on a list, not on the stack.
class FolderWalk {
 public:
  explicit FolderWalk(InputList& list) : list_(list) {}

  void walk(const std::string& folder) {
    const std::size_t first = list_.inputs.size();
    waiting_.push_back(folder);
    while (!waiting_.empty()) {
      const std::string next = std::move(waiting_.back());
      waiting_.pop_back();
      read_folder(next);
    }
    std::sort(list_.inputs.begin() + static_cast<std::ptrdiff_t>(first), list_.inputs.end(),
              [](const Input& a, const Input& b) { return a.path < b.path; });
  }

 private:
  void skip(std::string path, SkipReason reason, std::string detail = {}) {
    list_.skipped.push_back({std::move(path), reason, std::move(detail)});
  }

  void read_folder(const std::string& folder) {
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    for (; !error && entries != fs::directory_iterator(); entries.increment(error))
      add_entry(entries->path().string(), entries->path().filename().string());
    if (error) skip(folder, SkipReason::Unreadable, error.message());
  }

  void add_entry(const std::string& path, const std::string& name) {
    if (name.starts_with('.')) return skip(path, SkipReason::Hidden);
    struct stat link {};
    struct stat target {};
    if (::lstat(path.c_str(), &link) != 0 || ::stat(path.c_str(), &target) != 0)
      return skip(path, SkipReason::Unreadable, reason_text(errno));
    if (S_ISDIR(target.st_mode)) {
      if (S_ISLNK(link.st_mode)) return skip(path, SkipReason::LinkToFolder);
      waiting_.push_back(path);
      return;
    }
    if (!S_ISREG(target.st_mode)) return skip(path, SkipReason::NotAFile);
    if (::access(path.c_str(), R_OK) != 0)
      return skip(path, SkipReason::Unreadable, reason_text(errno));
    list_.inputs.push_back({path, stored_bytes(target)});
  }

  InputList& list_;
  std::vector<std::string> waiting_;
};

Result<bool> add_named(const std::string& path, InputList& list) {
  if (path.empty())
    return fail(Error::Code::Usage,
                "an empty file name: give a file, a folder, or - for standard "
                "input");
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    return fail(Error::Code::Io, fmt::format("{}: {}", path, reason_text(errno)));
  if (S_ISSOCK(status.st_mode))
    return fail(
        Error::Code::Io,
        fmt::format("{}: a socket cannot be read as a file; pipe its bytes in, as in `... | "
                    "endreason explain -`",
                    path));
  if (::access(path.c_str(), R_OK) != 0)
    return fail(Error::Code::Io, fmt::format("{}: cannot be read: {}", path, reason_text(errno)));
  if (S_ISDIR(status.st_mode)) {
    FolderWalk(list).walk(path);
  } else {
    list.inputs.push_back({path, stored_bytes(status)});
  }
  return true;
}

}  // namespace

std::optional<std::uint64_t> InputList::total_bytes() const {
  std::uint64_t total = 0;
  for (const Input& input : inputs) {
    if (!input.bytes) return std::nullopt;
    total += *input.bytes;
  }
  return total;
}

Result<InputList> list_inputs(std::span<const std::string> paths) {
  InputList list;
  bool standard_input_named = false;
  for (const std::string& path : paths) {
    if (path != "-") {
      if (const auto added = add_named(path, list); !added) return tl::unexpected(added.error());
      continue;
    }
    if (std::exchange(standard_input_named, true))
      return fail(Error::Code::Usage, "- is named twice: standard input can be read only once");
    struct stat status {};
    const bool known = ::fstat(STDIN_FILENO, &status) == 0;
    list.inputs.push_back({path, known ? stored_bytes(status) : std::nullopt});
  }
  return list;
}

Result<std::unique_ptr<ByteSource>> open_input(const Input& input) {
  if (input.is_standard_input()) return decompressed(FileSource::standard_input());
  auto file = FileSource::open(input.path);
  if (!file) return tl::unexpected(file.error());
  return decompressed(std::move(*file));
}

}  // namespace endreason
