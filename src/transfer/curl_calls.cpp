// SPDX-License-Identifier: Apache-2.0
#include "transfer/curl_calls.hpp"

namespace endreason {
namespace {

Result<void> load() {
  // Its interface has had this number since 2006; Debian's other build of it has a name of its own.
  auto found = load_functions({"libcurl.so.4", "libcurl-gnutls.so.4"}, "libcurl",
                              {ENDREASON_CURL_CALLS(ENDREASON_FIND_CALL)});
  if (found && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return fail(Error::Code::Io, "libcurl cannot start; install endreason as a whole");
  return found;
}

}  // namespace

Result<void> load_curl() {
  static const Result<void> loaded = load();
  return loaded;
}

}  // namespace endreason
