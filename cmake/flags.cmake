# Compiler, linker and speed of the build. The flags that decide bits are the same in every
# preset: a value computed in a debug build, a test or a release is the same value.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug or Release" FORCE)
endif()
set(CMAKE_CXX_FLAGS_DEBUG "-Og -g1 -D_GLIBCXX_ASSERTIONS")
set(CMAKE_C_FLAGS_DEBUG "-Og -g1")
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")
set(CMAKE_C_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

# Bits: no contraction, no fast math, no -march=native. x86-64-v2 is every server since 2009.
add_compile_options(-ffp-contract=off -fno-fast-math)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  add_compile_options(-march=x86-64-v2)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
add_compile_options(
  "$<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor;-Wold-style-cast;-Woverloaded-virtual>")
if(COEVAL_WERROR)
  add_compile_options(-Werror)
endif()

# No path of the building machine in a binary, and the same objects from any clone.
file(RELATIVE_PATH COEVAL_SOURCE_FROM_BUILD "${CMAKE_BINARY_DIR}" "${CMAKE_SOURCE_DIR}")
add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
if(COEVAL_SOURCE_FROM_BUILD)
  add_compile_options("-ffile-prefix-map=${COEVAL_SOURCE_FROM_BUILD}=")
endif()

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC 12 sees overlapping copies in std::string's operator+ where there are none (its bug 105651).
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
  # It stops for its own garbage each 128 MiB else: 4 % of a build's time.
  add_compile_options(--param=ggc-min-heapsize=1000000)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  # GCC 12's own std::stable_sort calls what GCC 12 calls deprecated; GCC is silent about it.
  add_compile_options($<$<COMPILE_LANGUAGE:CXX>:-Wno-deprecated-declarations>)
endif()

if(COEVAL_SANITIZE)
  add_compile_options(-fsanitize=${COEVAL_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  if(COEVAL_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    add_compile_options(-Wno-tsan)  # Boost.Asio's fences, which the sanitizer does not see
  endif()
  add_link_options(-fsanitize=${COEVAL_SANITIZE})
  if(COEVAL_SANITIZE MATCHES "undefined")
    # What it knows of each place that it checks is tables of addresses, each of which a program
    # that may lie anywhere in memory names once more: a third of all these programs' bytes.
    add_link_options($<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>)
  endif()
endif()

if(COEVAL_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "COEVAL_FUZZERS needs clang: use the preset 'fuzz'")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(COEVAL_CCACHE ccache)
if(COEVAL_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(COEVAL_ENV env REQUIRED)
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)  # so that it sees such a header
  set(launcher "${COEVAL_ENV}" "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      "CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_ctime,include_file_mtime"
      "${COEVAL_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${launcher}")
  set(CMAKE_C_COMPILER_LAUNCHER "${launcher}")
endif()

find_program(COEVAL_MOLD mold)
if(COEVAL_MOLD)
  add_link_options(-fuse-ld=mold)
endif()
