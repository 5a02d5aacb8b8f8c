// SPDX-License-Identifier: Apache-2.0
#include "server/web_files.hpp"

#include <algorithm>

namespace endreason {
namespace {

std::optional<WebFile> find_exactly(std::string_view path) {
  const std::span<const EmbeddedWebFile> files = embedded_web_files();
  const auto found = std::lower_bound(
      files.begin(), files.end(), path,
      [](const EmbeddedWebFile& file, std::string_view wanted) { return file.path < wanted; });
  if (found == files.end() || found->path != path) return std::nullopt;
  return found->file;
}

// True of "/log" and "/session/12", not of "/assets/index-1.js" or "/favicon.ico".
bool is_page_address(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash != std::string_view::npos && path.find('.', slash) == std::string_view::npos;
}

}  // namespace

std::optional<WebFile> find_web_file(std::string_view path) {
  if (std::optional<WebFile> file = find_exactly(path)) return file;
  if (is_page_address(path)) return find_exactly("/index.html");
  return std::nullopt;
}

}  // namespace endreason
