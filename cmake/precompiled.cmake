# SPDX-License-Identifier: Apache-2.0
# What most files include, read by the compiler once a build instead of once a file. Where nothing is
# optimised that is a third to a half of its time. The program itself goes without in a release build,
# which shows that each file includes what it uses.
set(ENDREASON_PRECOMPILE "" CACHE STRING "Precompile headers that most files include: tests, or all")

if(ENDREASON_PRECOMPILE)
  if(CCACHE_PROGRAM)
    # ccache takes files with a precompiled header only so (its manual, "Precompiled headers").
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE_PROGRAM})
  endif()
  set(often <algorithm> <array> <cstdint> <cstring> <filesystem> <fstream> <functional> <map> <memory>
    <mutex> <optional> <random> <set> <span> <string> <string_view> <thread> <unordered_map> <utility>
    <vector> <fmt/format.h>)
  function(er_precompile_flags target)
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      # The time of a header would be kept, and no cache could know the same header again.
      target_compile_options(${target} PRIVATE "SHELL:-Xclang -fno-pch-timestamp")
    else()
      # GCC 12 takes what comes out of such a header for no system header's, and reports arrays inside
      # its own strings.
      target_compile_options(${target} PRIVATE -fpch-preprocess -Wno-array-bounds)
    endif()
  endfunction()
  # er_precompiled(<name> <library> <header>...): the target that others take it from.
  function(er_precompiled name)
    file(WRITE ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp "")
    add_library(${name} OBJECT ${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp)
    target_link_libraries(${name} PRIVATE fmt::fmt ${ARGN})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/src)
    er_flags(${name})
    er_precompile_flags(${name})
  endfunction()
  if(ENDREASON_PRECOMPILE STREQUAL "all")
    foreach(name precompiled precompiled_optimized)
      er_precompiled(${name})
      er_fuzzed(${name})
      target_precompile_headers(${name} PRIVATE ${often})
    endforeach()
    target_compile_options(precompiled_optimized PRIVATE -O1)
  endif()
  if(ENDREASON_TESTS)
    er_precompiled(precompiled_test GTest::gtest)
    target_precompile_headers(precompiled_test PRIVATE ${often} <gtest/gtest.h>)
    target_compile_options(precompiled_test PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1>")
  endif()
endif()

# er_precompile(<target> <precompiled | precompiled_optimized | precompiled_test>)
function(er_precompile target from)
  if(TARGET ${from})
    target_precompile_headers(${target} REUSE_FROM ${from})
    er_precompile_flags(${target})
  endif()
endfunction()
