// SPDX-License-Identifier: Apache-2.0
#include "base/loaded_library.hpp"

#include <dlfcn.h>

namespace endreason {
namespace {

std::string reason() {
  const char* why = ::dlerror();
  return why != nullptr ? why : "no reason was given";
}

}  // namespace

Result<LoadedLibrary> LoadedLibrary::load(std::initializer_list<const char*> files,
                                          std::string_view what) {
  std::string why;
  for (const char* file : files) {
    if (void* handle = ::dlopen(file, RTLD_NOW | RTLD_LOCAL)) return LoadedLibrary(handle, what);
    if (why.empty()) why = reason();
  }
  return fail(Error::Code::Io, std::string(what) + "'s library cannot be loaded (" + why +
                                   "); install endreason as a whole, or name the library's folder "
                                   "in LD_LIBRARY_PATH");
}

void* LoadedLibrary::symbol(const char* name) const {
  return ::dlsym(handle_, name);
}

Error LoadedLibrary::wrong_version() const {
  return {Error::Code::Io, what_ +
                               "'s library is of another version than endreason was built with (" +
                               reason() + "); install endreason as a whole"};
}

Result<void> load_functions(std::initializer_list<const char*> files, std::string_view what,
                            std::initializer_list<LoadedLibrary::Call> calls) {
  const auto library = LoadedLibrary::load(files, what);
  if (!library) return tl::unexpected(library.error());
  for (const LoadedLibrary::Call& call : calls)
    if (!call.find_in(*library)) return tl::unexpected(library->wrong_version());
  return {};
}

}  // namespace endreason
