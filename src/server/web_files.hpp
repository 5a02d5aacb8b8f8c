// SPDX-License-Identifier: Apache-2.0
// The web pages that are built into the program: a path to a file in memory.
//
// The files are made from web/ when the program is built (web/CMakeLists.txt). Where that could not
// be done, one plain page stands in their place and says so. Constant data; safe to share.
#pragma once

#include <optional>
#include <span>
#include <string_view>

namespace endreason {

// Every view is of constant data that lives as long as the program.
struct WebFile {
  std::string_view content_type;   // with its charset
  std::string_view etag;           // quoted, of the contents
  std::string_view cache_control;  // a file whose name holds a hash may be kept for ever
  std::string_view content_security_policy;
  std::string_view bytes;  // as they are
  std::string_view gzip;   // the same, compressed; empty when that saves nothing
};

// What a GET of `path` (without a query) is answered with. A path that names no file, and has no
// dot behind its last slash, is a page's address: it gives index.html, which reads the address
// itself. nullopt: there is no such file.
std::optional<WebFile> find_web_file(std::string_view path);

// A file as web/tools/embed.mjs writes it down. The table is sorted by path.
struct EmbeddedWebFile {
  std::string_view path;  // with its leading slash
  WebFile file;
};
std::span<const EmbeddedWebFile> embedded_web_files();

}  // namespace endreason
