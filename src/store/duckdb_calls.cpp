// SPDX-License-Identifier: Apache-2.0
#include "store/duckdb_calls.hpp"

#include <dlfcn.h>

#include <string>

#include <fmt/format.h>

namespace endreason {
namespace {

std::string reason() {
  const char* why = ::dlerror();
  return why != nullptr ? why : "no reason was given";
}

template <class Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

Result<void> load() {
  void* library = ::dlopen(ENDREASON_DUCKDB_FILE, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    return fail(Error::Code::Io,
                fmt::format("the database's library cannot be loaded ({}); install endreason as a "
                            "whole, or name the library's folder in LD_LIBRARY_PATH",
                            reason()));
  bool found = true;
#define ENDREASON_FIND(name) found = found && find(library, #name, name);
  ENDREASON_DUCKDB_CALLS(ENDREASON_FIND)
#undef ENDREASON_FIND
  if (found) return {};
  return fail(Error::Code::Io,
              fmt::format("the database's library is of another version than endreason was built "
                          "with ({}); install endreason as a whole",
                          reason()));
}

}  // namespace

Result<void> load_duckdb() {
  static const Result<void> loaded = load();
  return loaded;
}

}  // namespace endreason
