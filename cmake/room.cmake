# SPDX-License-Identifier: Apache-2.0
# er_room(<name> SOURCES ... [DEPENDS er::x ...] [LIBRARIES ...] [TESTS ...])
# One static library a folder of src/: warnings as errors, sanitizers, include root src/.
# LIBRARIES are third parties that only this room may see. TESTS become one GoogleTest binary, <name>_test.
function(er_flags target)
  target_compile_options(${target} PRIVATE
    -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Woverloaded-virtual -Wsuggest-override
    -Wconversion -Wno-sign-conversion -Wnull-dereference -Werror)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 reports these from inside its own standard library at -O2 (GCC bugs 105329, 105651).
    target_compile_options(${target} PRIVATE -Wno-restrict -Wno-null-dereference -Wno-stringop-overflow)
  endif()
  if(ENDREASON_SANITIZE STREQUAL "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio has a fence, which the sanitizer does not follow; the locks around it are what it follows.
    target_compile_options(${target} PRIVATE -Wno-tsan)
  endif()
  if(ENDREASON_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${ENDREASON_SANITIZE}
      -fno-sanitize-recover=all -fno-omit-frame-pointer)
    # The sanitizer's library calls dlopen for us, and a program's RUNPATH counts for its own calls
    # only; the older RPATH counts for those of its libraries, too (the database is loaded that way).
    target_link_options(${target} PRIVATE -fsanitize=${ENDREASON_SANITIZE} -Wl,--disable-new-dtags)
  endif()
endfunction()

# Where fuzz targets are built, each room and target tells libFuzzer which ways it went.
function(er_fuzzed target)
  if(ENDREASON_FUZZ)
    target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
  endif()
endfunction()

function(er_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;DEPENDS;LIBRARIES;TESTS" ${ARGN})
  add_library(${name} STATIC ${ROOM_SOURCES})
  add_library(er::${name} ALIAS ${name})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME er_${name})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${name} PUBLIC ${ROOM_DEPENDS} PRIVATE fmt::fmt ${ROOM_LIBRARIES})
  set_property(GLOBAL APPEND PROPERTY ENDREASON_ROOMS ${name})
  er_flags(${name})
  er_fuzzed(${name})
  if(ENDREASON_SANITIZE AND name MATCHES "^(decode|session|appid|inspect|dataplane|parse)$")
    # Tests and fuzz targets put millions of packets and lines through these.
    target_compile_options(${name} PRIVATE -O1)
    er_precompile(${name} precompiled_optimized)
  else()
    er_precompile(${name} precompiled)
  endif()
  if(ENDREASON_TESTS AND ROOM_TESTS)
    add_executable(${name}_test ${ROOM_TESTS})
    target_link_libraries(${name}_test PRIVATE ${name} fmt::fmt GTest::gtest GTest::gtest_main
      source_folder_for_test Threads::Threads)
    er_flags(${name}_test)
    er_precompile(${name}_test precompiled_test)
    # The room is what is to be optimised, and not what asks it.
    target_compile_options(${name}_test PRIVATE "$<$<CONFIG:RelWithDebInfo>:-O1>")
    target_compile_options(${name}_test PRIVATE -Wno-dangling-else)  # EXPECT_* behind a bare if
    add_test(NAME ${name} COMMAND ${name}_test)
  endif()
endfunction()
