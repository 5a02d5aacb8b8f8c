// SPDX-License-Identifier: Apache-2.0
#include "transfer/curl_calls.hpp"

#include "base/loaded_library.hpp"

namespace endreason {
namespace {

Result<void> load() {
  // Its interface has had this number since 2006; Debian's other build of it has a name of its own.
  const auto library = LoadedLibrary::load({"libcurl.so.4", "libcurl-gnutls.so.4"}, "libcurl");
  if (!library) return tl::unexpected(library.error());
  bool found = true;
#define ENDREASON_FIND(name) found = found && library->find(#name, name);
  ENDREASON_CURL_CALLS(ENDREASON_FIND)
#undef ENDREASON_FIND
  if (!found) return tl::unexpected(library->wrong_version());
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
    return fail(Error::Code::Io, "libcurl cannot start; install endreason as a whole");
  return {};
}

}  // namespace

Result<void> load_curl() {
  static const Result<void> loaded = load();
  return loaded;
}

}  // namespace endreason
