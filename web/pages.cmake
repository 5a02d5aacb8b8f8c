# SPDX-License-Identifier: Apache-2.0
# er_build_pages(VARIABLE BUILT): sets VARIABLE to the source file with the pages of web/ in it, and BUILT
# to whether they are in it. er_test_pages(): their types and their unit tests, for ctest.
# What they are built with is fetched when the build is configured, so that building needs no network;
# again only when package-lock.json has changed.
option(ENDREASON_PAGES "Build the web pages into the program (needs nodejs and npm)" ON)

function(er_fetch_page_packages folder result)
  set(${result} OFF PARENT_SCOPE)
  find_program(NPM_PROGRAM npm)
  find_program(NODE_PROGRAM NAMES node nodejs)
  if(NOT NPM_PROGRAM OR NOT NODE_PROGRAM)
    message(WARNING "The web pages are not built: npm is missing. Install the packages nodejs and "
                    "npm and configure again; `endreason serve` shows a page that says so until then.")
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${folder}/package-lock.json)
  file(LOCK ${folder}/.fetch-lock GUARD FUNCTION TIMEOUT 300)
  file(SHA256 ${folder}/package-lock.json wanted)
  set(fetched "")
  if(EXISTS ${folder}/node_modules/.fetched)
    file(READ ${folder}/node_modules/.fetched fetched)
  endif()
  if(NOT fetched STREQUAL wanted)
    message(STATUS "Fetching what the web pages are built with (npm ci)")
    execute_process(COMMAND ${NPM_PROGRAM} ci --ignore-scripts --no-audit --no-fund --loglevel=error
      --fetch-retries=2 --fetch-retry-mintimeout=1000 --fetch-retry-maxtimeout=4000
      WORKING_DIRECTORY ${folder} RESULT_VARIABLE status OUTPUT_VARIABLE said ERROR_VARIABLE said)
    if(NOT status EQUAL 0)
      message(WARNING "The web pages are not built: npm ci in ${folder} failed. When the npm registry "
                      "can be reached, configure again; `endreason serve` shows a page that says so "
                      "until then. npm said:\n${said}")
      return()
    endif()
    file(WRITE ${folder}/node_modules/.fetched ${wanted})
  endif()
  set(${result} ON PARENT_SCOPE)
endfunction()

function(er_test_pages)
  find_program(NODE_PROGRAM NAMES node nodejs)
  set(web ${PROJECT_SOURCE_DIR}/web)
  add_test(NAME pages_unit COMMAND ${NODE_PROGRAM} test/run.mjs WORKING_DIRECTORY ${web})
  add_test(NAME pages_types COMMAND ${NODE_PROGRAM} node_modules/typescript/bin/tsc --noEmit WORKING_DIRECTORY ${web})
endfunction()

function(er_build_pages variable built_variable)
  set(web ${PROJECT_SOURCE_DIR}/web)
  set(fetched OFF)
  if(ENDREASON_PAGES)
    er_fetch_page_packages(${web} fetched)
  endif()
  set(${built_variable} ${fetched} PARENT_SCOPE)
  if(NOT fetched)
    set(${variable} ${PROJECT_SOURCE_DIR}/src/server/web_files/web_files_missing.cpp PARENT_SCOPE)
    return()
  endif()
  file(GLOB_RECURSE inputs CONFIGURE_DEPENDS ${web}/src/* ${web}/public/*)
  set(built ${CMAKE_CURRENT_BINARY_DIR}/embedded_web_files.cpp)
  set(dist ${CMAKE_CURRENT_BINARY_DIR}/dist)
  add_custom_command(OUTPUT ${built}
    COMMAND ${NODE_PROGRAM} node_modules/vite/bin/vite.js build --logLevel error --outDir ${dist}
    COMMAND ${NODE_PROGRAM} tools/embed.mjs ${dist} ${built}
    WORKING_DIRECTORY ${web}
    DEPENDS ${inputs} ${web}/index.html ${web}/vite.config.ts ${web}/tools/embed.mjs
            ${web}/package-lock.json
    COMMENT "Building the web pages" VERBATIM)
  set(${variable} ${built} PARENT_SCOPE)
endfunction()
