# SPDX-License-Identifier: Apache-2.0
# er_load_later(PROGRAM NAME...): the program loads lib<NAME>.so when it first calls a function of it,
# not at its start, which costs milliseconds for what most runs never call. Nothing in the sources
# knows: what is linked in before the library has a few instructions under each function's name
# (src/base/later_calls.hpp), and so nothing is left for the library to bring, and --as-needed leaves
# it out. What is missed, a library whose data is used or one of another room, is loaded at the
# start as ever; tests/start_test.sh says so.
# On other processors and under sanitizers everything is loaded at the start.
# The global property ENDREASON_LATER_PACKAGES has the Debian packages that they are from.
function(er_load_later program)
  set(packages "")
  set(libraries "")
  set(files "")
  foreach(name ${ARGN})
    find_library(LATER_${name} NAMES lib${name}.so REQUIRED)
    mark_as_advanced(LATER_${name})
    file(REAL_PATH ${LATER_${name}} file)
    string(REGEX REPLACE "^/usr" "" short ${file})  # as old packages call it
    execute_process(COMMAND dpkg-query --search ${file} ${short} OUTPUT_VARIABLE owner ERROR_QUIET)
    set(package "")
    if(owner MATCHES "^([^:]+):")
      set(package ${CMAKE_MATCH_1})
      list(APPEND packages ${package})
    endif()
    list(APPEND files ${file})
    list(APPEND libraries "${file}|${package}")
  endforeach()
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL x86_64 OR ENDREASON_SANITIZE)
    return()
  endif()
  get_property(rooms GLOBAL PROPERTY ENDREASON_ROOMS)
  list(TRANSFORM rooms REPLACE "(.+)" "$<TARGET_FILE:\\1>" OUTPUT_VARIABLE archives)
  set(made ${CMAKE_CURRENT_BINARY_DIR}/generated/${program}_later.cpp)
  set(tool ${PROJECT_SOURCE_DIR}/tools/later-calls.sh)
  add_custom_command(OUTPUT ${made} DEPENDS ${tool} ${rooms} ${files} VERBATIM
    COMMAND ${tool} ${made} ${libraries} -- ${archives})
  target_sources(${program} PRIVATE ${made})
  target_link_options(${program} PRIVATE -Wl,--as-needed)
  list(REMOVE_DUPLICATES packages)
  set_property(GLOBAL PROPERTY ENDREASON_LATER_PACKAGES ${packages})
endfunction()
