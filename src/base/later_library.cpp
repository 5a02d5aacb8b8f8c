// SPDX-License-Identifier: Apache-2.0
#include "base/later_library.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <dlfcn.h>

namespace endreason {
namespace {

[[noreturn]] void give_up(const LaterLibrary& library) {
  constexpr int kExitIo = 4;
  const char* why = ::dlerror();
  std::fprintf(stderr, "endreason: a library cannot be loaded (%s); install %s%s\n",
               why != nullptr ? why : library.file, *library.package != '\0' ? "the package " : "",
               *library.package != '\0' ? library.package : library.file);
  std::_Exit(kExitIo);
}

}  // namespace

void load_now(const LaterLibrary& library) noexcept {
  const int error_before = errno;
  void* handle = ::dlopen(library.file, RTLD_LAZY | RTLD_LOCAL);
  if (handle == nullptr) give_up(library);
  void** place = library.places;
  for (const char* name = library.names; *name != '\0'; name += std::strlen(name) + 1, ++place) {
    void* function = ::dlsym(handle, name);
    if (function == nullptr) give_up(library);
    // Others may be jumping by this place: they load, too, and write the same.
    __atomic_store_n(place, function, __ATOMIC_RELEASE);
  }
  errno = error_before;
}

}  // namespace endreason
