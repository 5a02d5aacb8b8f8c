// SPDX-License-Identifier: Apache-2.0
// Stands in for the pages where they could not be built: says so, and what to do.
#include <array>

#include "server/web_files.hpp"

namespace endreason {
namespace {

constexpr std::string_view kPage =
    "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\"><title>endreason</title></head>\n"
    "<body><h1>endreason is running, without its pages</h1>\n"
    "<p>They were not built into this program, because npm was missing, or could not fetch what "
    "they are built with, when the build was configured.</p>\n"
    "<p>To have them: install the packages nodejs and npm, then\n"
    "<code>cmake --preset release &amp;&amp; cmake --build build</code>.</p>\n"
    "<p>Everything else works: the API stands under <a href=\"/api/v1/status\">/api/v1</a>, "
    "figures under <a href=\"/metrics\">/metrics</a>.</p>\n"
    "</body></html>\n";

constexpr std::array kFiles = {EmbeddedWebFile{"/index.html",
                                               {"text/html; charset=utf-8",
                                                "\"pages-not-built\"",
                                                "no-cache",
                                                "default-src 'none'; frame-ancestors 'none'",
                                                kPage,
                                                {}}}};

}  // namespace

std::span<const EmbeddedWebFile> embedded_web_files() {
  return kFiles;
}

}  // namespace endreason
