// SPDX-License-Identifier: Apache-2.0
// The functions of libcurl that this room calls. They are looked up in the library when the first
// client is made: with the two dozen libraries that it needs in turn, loading it takes
// milliseconds, which commands that ask no server are spared. Room transfer only. The names hide
// the header's own within the namespace, so code calls them as ever; one that is missing here is an
// undefined symbol for the linker.
#pragma once

#include <curl/curl.h>

#include "base/loaded_library.hpp"
#include "base/result.hpp"

#define ENDREASON_CURL_CALLS(CALL) \
  CALL(curl_easy_cleanup)          \
  CALL(curl_easy_getinfo)          \
  CALL(curl_easy_init)             \
  CALL(curl_easy_perform)          \
  CALL(curl_easy_reset)            \
  CALL(curl_easy_setopt)           \
  CALL(curl_easy_strerror)         \
  CALL(curl_free)                  \
  CALL(curl_global_init)           \
  CALL(curl_slist_append)          \
  CALL(curl_slist_free_all)        \
  CALL(curl_url)                   \
  CALL(curl_url_cleanup)           \
  CALL(curl_url_get)               \
  CALL(curl_url_set)

namespace endreason {

ENDREASON_CURL_CALLS(ENDREASON_DECLARE_CALL)

// Before the first call of any of them. Thread-safe; the library stays loaded.
Result<void> load_curl();

}  // namespace endreason
