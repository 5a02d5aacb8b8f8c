// SPDX-License-Identifier: Apache-2.0
// LoadedLibrary: a shared library that is loaded when it is first needed. Loading one with all that
// it needs takes up to milliseconds, which commands that do without are spared. Its room lists the
// functions that it calls (see store/duckdb_calls.hpp).
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace endreason {

class LoadedLibrary {
 public:
  // The first of `files` that there is. It stays loaded. `what`: as messages call it.
  static Result<LoadedLibrary> load(std::initializer_list<const char*> files,
                                    std::string_view what);

  // False when the library has no such function.
  template <class Function>
  bool find(const char* name, Function& function) const {
    function = reinterpret_cast<Function>(symbol(name));
    return function != nullptr;
  }
  // What to say where one of the functions was not found.
  Error wrong_version() const;

 private:
  LoadedLibrary(void* handle, std::string_view what) : handle_(handle), what_(what) {}
  void* symbol(const char* name) const;

  void* handle_;
  std::string what_;
};

}  // namespace endreason
