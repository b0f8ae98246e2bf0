# Headers that nearly every file reads, parsed once for a build: of the seconds that a file of ours
# costs, more go into the standard library and GoogleTest than into its own lines.
#
#   coeval_precompile(target header...)   a room's library; the headers are beyond the common ones
#   coeval_precompile_test(target)        a test's executable
#
# A file still includes what it uses: the headers' own check, the fuzzers and clang-tidy compile
# without this (COEVAL_PRECOMPILED_HEADERS is OFF in the preset clang). A header belongs here if most
# files read it and none of its macros depend on what a target defines.
option(COEVAL_PRECOMPILED_HEADERS "Parse the common headers once for a build" ON)

if(COEVAL_PRECOMPILED_HEADERS AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC forgets that they are the system's, and shows what it wrongly sees in std::string's
  # operator+ (its bug 105329). Without precompiled headers it warns of these in our own lines.
  foreach(warning array-bounds stringop-overflow stringop-overread)
    add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-${warning}>)
  endforeach()
endif()

set(COEVAL_COMMON_HEADERS
  <algorithm> <array> <charconv> <cmath> <cstddef> <cstdint> <cstring> <functional> <limits> <map>
  <memory> <optional> <set> <span> <string> <string_view> <unordered_map> <utility> <variant>
  <vector>)

# An object library whose precompiled header others use; they must be compiled alike.
function(coeval_precompiled_headers name)
  set(source "${CMAKE_BINARY_DIR}/${name}.cc")
  file(CONFIGURE OUTPUT "${source}" CONTENT "// Nothing: only its precompiled header is of use.\n")
  add_library(${name} OBJECT "${source}")
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

# Tests run once or twice for each time that they are compiled: -O1 costs a quarter less to compile.
# What they test is compiled as ever.
set(COEVAL_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)

if(COEVAL_PRECOMPILED_HEADERS)
  coeval_precompiled_headers(coeval_precompiled ${COEVAL_COMMON_HEADERS})
endif()
if(COEVAL_PRECOMPILED_HEADERS AND COEVAL_TESTS)
  coeval_precompiled_headers(coeval_precompiled_test ${COEVAL_COMMON_HEADERS} <gmock/gmock.h>
                             <gtest/gtest.h>)
  target_link_libraries(coeval_precompiled_test PRIVATE coeval::dep_gtest)
  # As an executable is compiled, not a library.
  set_target_properties(coeval_precompiled_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(coeval_precompiled_test PRIVATE -fPIE ${COEVAL_TEST_OPTIONS})
endif()

function(coeval_precompile target)
  if(COEVAL_PRECOMPILED_HEADERS AND ARGN)
    target_precompile_headers(${target} PRIVATE ${COEVAL_COMMON_HEADERS} ${ARGN})
  elseif(COEVAL_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM coeval_precompiled)
  endif()
endfunction()

function(coeval_precompile_test target)
  target_compile_options(${target} PRIVATE ${COEVAL_TEST_OPTIONS})
  if(COEVAL_PRECOMPILED_HEADERS)
    target_precompile_headers(${target} REUSE_FROM coeval_precompiled_test)
  endif()
endfunction()
