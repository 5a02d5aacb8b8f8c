# SPDX-License-Identifier: Apache-2.0
# DuckDB::DuckDB, the embedded database: installed, or fetched with the versions that
# third_party/duckdb pins. The library goes beside the program when it was fetched (see src/cli).
set(ENDREASON_DUCKDB_ROOT "" CACHE PATH "Folder with duckdb.h and libduckdb.so (include/ and lib/ below it, too)")
set(_fetched ${PROJECT_SOURCE_DIR}/third_party/duckdb/node_modules)
set(_hints ${ENDREASON_DUCKDB_ROOT})

find_path(DUCKDB_INCLUDE_DIR duckdb.h HINTS ${_hints} PATH_SUFFIXES include)
find_library(DUCKDB_LIBRARY duckdb HINTS ${_hints} PATH_SUFFIXES lib)
if(NOT DUCKDB_INCLUDE_DIR OR NOT DUCKDB_LIBRARY)
  execute_process(COMMAND ${PROJECT_SOURCE_DIR}/tools/fetch-duckdb.sh RESULT_VARIABLE _failed)
  if(_failed)
    message(FATAL_ERROR "endreason needs DuckDB: see third_party/duckdb/README.md")
  endif()
  unset(DUCKDB_INCLUDE_DIR CACHE)
  unset(DUCKDB_LIBRARY CACHE)
  find_path(DUCKDB_INCLUDE_DIR duckdb.h NO_DEFAULT_PATH REQUIRED
    PATHS ${_fetched}/duckdb/src/duckdb/src/include)
  find_library(DUCKDB_LIBRARY duckdb NO_DEFAULT_PATH REQUIRED
    PATHS ${_fetched}/@duckdb/node-bindings-linux-x64)
endif()
string(FIND "${DUCKDB_LIBRARY}" "${PROJECT_SOURCE_DIR}" _at)
if(_at EQUAL 0)
  set(DUCKDB_FETCHED ON)
else()
  set(DUCKDB_FETCHED OFF)
endif()

# It is not linked but loaded when a database is opened (src/store/duckdb_calls.hpp), so the folders
# to look in have to be said: what is built looks where the library was found.
get_filename_component(_folder ${DUCKDB_LIBRARY} DIRECTORY)
get_filename_component(_file ${DUCKDB_LIBRARY} NAME)
list(APPEND CMAKE_BUILD_RPATH ${_folder})
add_library(DuckDB::DuckDB INTERFACE IMPORTED GLOBAL)
set_target_properties(DuckDB::DuckDB PROPERTIES
  INTERFACE_INCLUDE_DIRECTORIES ${DUCKDB_INCLUDE_DIR}
  INTERFACE_COMPILE_DEFINITIONS ENDREASON_DUCKDB_FILE="${_file}")
