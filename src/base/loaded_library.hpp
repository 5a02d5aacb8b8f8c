// SPDX-License-Identifier: Apache-2.0
// LoadedLibrary: a shared library that is loaded when it is first needed. Loading one with all that
// it needs takes up to milliseconds, which commands that do without are spared. Its room lists the
// functions that it calls (see store/duckdb_calls.hpp), as a macro that puts each into another:
// ENDREASON_DECLARE_CALL declares a pointer to it, which hides the header's own name within the
// namespace, and ENDREASON_FIND_CALL says where load_functions() puts its address.
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

  // A function's name, and where its address goes.
  class Call {
   public:
    template <class Function>
    Call(const char* name, Function& place)
        : name_(name), place_(&place), find_([](const LoadedLibrary& library, const Call& call) {
            return library.find(call.name_, *static_cast<Function*>(call.place_));
          }) {}
    bool find_in(const LoadedLibrary& library) const { return find_(library, *this); }

   private:
    const char* name_;
    void* place_;
    bool (*find_)(const LoadedLibrary&, const Call&);
  };

 private:
  LoadedLibrary(void* handle, std::string_view what) : handle_(handle), what_(what) {}
  void* symbol(const char* name) const;

  void* handle_;
  std::string what_;
};

// Loads the first of the files and finds all of its functions.
Result<void> load_functions(std::initializer_list<const char*> files, std::string_view what,
                            std::initializer_list<LoadedLibrary::Call> calls);

#define ENDREASON_DECLARE_CALL(name) inline decltype(&::name) name = nullptr;
#define ENDREASON_FIND_CALL(name) LoadedLibrary::Call{#name, name},

}  // namespace endreason
