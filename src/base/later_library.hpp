// SPDX-License-Identifier: Apache-2.0
// LaterLibrary: a shared library that is loaded when one of its functions is first called, without
// a word in the code that calls it. The program is linked with a few instructions of each
// function's name that jump to where a place says; the places first lead to loading
// (cmake/later.cmake makes both). LoadedLibrary, which a room asks for itself, is for what a user
// may want to do without.
#pragma once

namespace endreason {

struct LaterLibrary {
  const char* file;     // as the loader finds it: libssl.so.3
  const char* package;  // what to install where it is missing; may be empty
  const char* names;    // of the functions, each with its NUL; an empty one ends them
  void** places;        // where their addresses go, in the order of the names
};

// Fills the places. Where it cannot, it says why and ends the program (exit code 4), as the loader
// would have done at the start.
void load_now(const LaterLibrary& library) noexcept;

}  // namespace endreason
