# The libraries that Coeval is built on, as targets. All are Debian 12 packages
# (tools/apt-packages.txt); Arrow is in arrow.cmake. A room names them in LIBS:
#
#   coeval::dep_fmt          fmt, formatting                     <fmt/...>
#   coeval::dep_spdlog       spdlog with the same fmt            <spdlog/...>
#   coeval::dep_simdjson     JSON in                             <simdjson.h>
#   coeval::dep_yaml         YAML in                             <yaml-cpp/yaml.h>
#   coeval::dep_cli11        command line                        <CLI/CLI.hpp>
#   coeval::dep_sleef        deterministic math                  <sleef.h>
#   coeval::dep_re2          regular expressions                 <re2/re2.h>
#   coeval::dep_cctz         time zones                          <cctz/...>
#   coeval::dep_utf8proc     Unicode                             <utf8proc.h>
#   coeval::dep_xxhash       XXH3 (header only, XXH_INLINE_ALL)  <xxhash.h>
#   coeval::dep_robin_map    hash maps (header only)             <tsl/robin_map.h>
#   coeval::dep_fast_float   text to double (header only)        <fast_float/fast_float.h>
#   coeval::dep_rocksdb      RocksDB                             <rocksdb/...>
#   coeval::dep_sqlite       SQLite                              <sqlite3.h>
#   coeval::dep_boost        Boost 1.81 headers: Beast, Asio     <boost/...>
#   coeval::dep_openssl      libssl and libcrypto                <openssl/...>
#   coeval::dep_prometheus   prometheus-cpp core                 <prometheus/...>
#   coeval::dep_zlib         zlib                                <zlib.h>
#   coeval::dep_threads      pthread (linked everywhere)
#   coeval::dep_dl           dlopen
#   coeval::dep_gtest        GoogleTest and GoogleMock (tests get it, with main)
#   coeval::dep_benchmark    Google Benchmark (benches get it, with main)
#
# Also sets Python_EXECUTABLE: the project's .venv when it is there.

function(coeval_dependency name)
  add_library(coeval_dep_${name} INTERFACE)
  target_link_libraries(coeval_dep_${name} INTERFACE ${ARGN})
  add_library(coeval::dep_${name} ALIAS coeval_dep_${name})
endfunction()

# A library without a CMake package: found by header and name.
function(coeval_plain_dependency name header library)
  find_path(COEVAL_${name}_INCLUDE ${header} REQUIRED)
  mark_as_advanced(COEVAL_${name}_INCLUDE)
  add_library(coeval_dep_${name} INTERFACE)
  target_include_directories(coeval_dep_${name} SYSTEM INTERFACE "${COEVAL_${name}_INCLUDE}")
  if(library)
    find_library(COEVAL_${name}_LIBRARY NAMES ${library} REQUIRED)
    mark_as_advanced(COEVAL_${name}_LIBRARY)
    target_link_libraries(coeval_dep_${name} INTERFACE "${COEVAL_${name}_LIBRARY}")
  endif()
  add_library(coeval::dep_${name} ALIAS coeval_dep_${name})
endfunction()

set(THREADS_PREFER_PTHREAD_FLAG ON)
find_package(Threads REQUIRED)
coeval_dependency(threads Threads::Threads)
coeval_dependency(dl ${CMAKE_DL_LIBS})

find_package(fmt 9 REQUIRED)
coeval_dependency(fmt fmt::fmt)
find_package(spdlog REQUIRED)
coeval_dependency(spdlog spdlog::spdlog)
find_package(simdjson REQUIRED)
coeval_dependency(simdjson simdjson::simdjson)
find_package(yaml-cpp REQUIRED)
coeval_dependency(yaml yaml-cpp)
find_package(CLI11 REQUIRED)
coeval_dependency(cli11 CLI11::CLI11)
find_package(FastFloat REQUIRED)
coeval_dependency(fast_float FastFloat::fast_float)
find_package(RocksDB REQUIRED)
coeval_dependency(rocksdb RocksDB::rocksdb-shared)
find_package(SQLite3 REQUIRED)
coeval_dependency(sqlite SQLite::SQLite3)
find_package(Boost 1.81 REQUIRED)
coeval_dependency(boost Boost::headers Threads::Threads)
find_package(OpenSSL REQUIRED)
coeval_dependency(openssl OpenSSL::SSL OpenSSL::Crypto)
find_package(ZLIB REQUIRED)
coeval_dependency(zlib ZLIB::ZLIB)
find_package(prometheus-cpp REQUIRED CONFIG)
coeval_dependency(prometheus prometheus-cpp::core)
coeval_plain_dependency(sleef sleef.h sleef)
coeval_plain_dependency(re2 re2/re2.h re2)
coeval_plain_dependency(cctz cctz/time_zone.h cctz)
coeval_plain_dependency(utf8proc utf8proc.h utf8proc)
coeval_plain_dependency(xxhash xxhash.h "")
# Not by its CMake package: nanobind would take the target for its own, which must be newer.
coeval_plain_dependency(robin_map tsl/robin_map.h "")

if(COEVAL_TESTS OR COEVAL_FUZZERS)
  find_package(GTest REQUIRED)
  coeval_dependency(gtest GTest::gmock GTest::gtest)
  coeval_dependency(gtest_main GTest::gmock_main GTest::gmock GTest::gtest)
endif()
if(COEVAL_BENCHES)
  find_package(benchmark REQUIRED)
  coeval_dependency(benchmark benchmark::benchmark benchmark::benchmark_main)
endif()

if(NOT Python_EXECUTABLE AND EXISTS "${CMAKE_SOURCE_DIR}/.venv/bin/python")
  set(Python_EXECUTABLE "${CMAKE_SOURCE_DIR}/.venv/bin/python")
endif()
find_package(Python 3.11 REQUIRED COMPONENTS Interpreter OPTIONAL_COMPONENTS Development.Module)
