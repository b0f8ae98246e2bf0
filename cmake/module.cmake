# coeval_module(<name> ...): one folder of src/, one static library coeval_<name>.
#
#   DEPS            rooms it includes from (layers.txt says which it may); TEST_DEPS: its tests too
#   LIBS            libraries from dependencies.cmake, seen by users of its headers
#   PRIVATE_LIBS    libraries that only its .cc files include
#   HEADERS         each is compiled alone by the target all_verify_interface_header_sets
#   PUBLIC_HEADERS  its headers under include/coeval/
#   SOURCES
#   TESTS           x_test.cc -> executable <name>_x_test, ctest <name>.x_test, label fast
#   THREAD_TESTS    the same, labels fast and threads: .ci/run repeats them under tsan
#   SLOW_TESTS      label slow: part of `make prove`, not of `make test`
#   SERVER_TESTS    label server: start processes or listen on a port
#   TESTING_HEADERS, TESTING_SOURCES   what tests share: library coeval_<name>_testing, which
#                   other rooms name as TEST_DEPS <name>_testing
#   BENCHES         x_bench.cc -> executable <name>_x_bench (with -DCOEVAL_BENCHES=ON)
#   FUZZERS         x_fuzz.cc  -> executable <name>_x_fuzz (with -DCOEVAL_FUZZERS=ON); its corpus,
#                   if any, is the folder <name>/x_fuzz_corpus
#
# ctest runs a test in the source folder, with COEVAL_SOURCE_DIR, COEVAL_BUILD_DIR and
# COEVAL_PYTHON in its environment.

# Drops files that are not there yet, with a warning: several rooms may be under construction.
# With COEVAL_WERROR a missing file is an error.
function(coeval_present_files output)
  set(present)
  foreach(file IN LISTS ARGN)
    if(EXISTS "${CMAKE_CURRENT_SOURCE_DIR}/${file}" OR (IS_ABSOLUTE "${file}" AND EXISTS "${file}"))
      list(APPEND present "${file}")
    elseif(COEVAL_WERROR)
      message(FATAL_ERROR "${CMAKE_CURRENT_SOURCE_DIR}: ${file} is named but missing")
    else()
      message(WARNING "${CMAKE_CURRENT_SOURCE_DIR}: ${file} is named but missing; left out")
    endif()
  endforeach()
  set(${output} "${present}" PARENT_SCOPE)
endfunction()

function(coeval_test module file labels)
  get_filename_component(stem "${file}" NAME_WE)
  set(target ${module}_${stem})
  add_executable(${target} ${file})
  target_link_libraries(${target} PRIVATE ${ARGN} coeval::dep_gtest_main)
  coeval_precompile_test(${target})
  set(timeout 600)
  if("slow" IN_LIST labels)
    set(timeout 7200)
  endif()
  # The thread sanitizer's map of memory does not fit every kernel's random addresses.
  set(launcher "")
  if(COEVAL_SANITIZE MATCHES "thread")
    set(launcher setarch -R)
  endif()
  add_test(NAME ${module}.${stem} COMMAND ${launcher} $<TARGET_FILE:${target}>
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${module}.${stem} PROPERTIES
    LABELS "${module};${labels}" TIMEOUT ${timeout}
    ENVIRONMENT "COEVAL_SOURCE_DIR=${CMAKE_SOURCE_DIR};COEVAL_ARROW_PLUGIN=${CMAKE_BINARY_DIR}/lib/coeval/libcoeval_arrow.so;COEVAL_BUILD_DIR=${CMAKE_BINARY_DIR};COEVAL_PYTHON=${Python_EXECUTABLE}")
endfunction()

function(coeval_module name)
  set(lists DEPS TEST_DEPS LIBS PRIVATE_LIBS PUBLIC_HEADERS HEADERS SOURCES TESTS THREAD_TESTS
      SLOW_TESTS SERVER_TESTS TESTING_HEADERS TESTING_SOURCES BENCHES FUZZERS)
  cmake_parse_arguments(ARG "" "" "${lists}" ${ARGN})
  if(ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "coeval_module(${name}): unknown ${ARG_UNPARSED_ARGUMENTS}")
  endif()
  list(TRANSFORM ARG_PUBLIC_HEADERS PREPEND ${CMAKE_SOURCE_DIR}/include/coeval/)
  foreach(list HEADERS PUBLIC_HEADERS SOURCES TESTS THREAD_TESTS SLOW_TESTS SERVER_TESTS
               TESTING_HEADERS TESTING_SOURCES BENCHES FUZZERS)
    coeval_present_files(ARG_${list} ${ARG_${list}})
  endforeach()
  list(TRANSFORM ARG_DEPS PREPEND coeval_)
  list(TRANSFORM ARG_TEST_DEPS PREPEND coeval_)

  set(library coeval_${name})
  coeval_library(${library} "${ARG_HEADERS};${ARG_PUBLIC_HEADERS}" "${ARG_SOURCES}"
                 "${ARG_DEPS};${ARG_LIBS}" "${ARG_PRIVATE_LIBS}")
  set(tested ${library} ${ARG_TEST_DEPS})
  if(COEVAL_TESTS AND (ARG_TESTING_HEADERS OR ARG_TESTING_SOURCES))
    coeval_library(${library}_testing "${ARG_TESTING_HEADERS}" "${ARG_TESTING_SOURCES}"
                   "${library};${ARG_TEST_DEPS};coeval::dep_gtest" "")
    list(APPEND tested ${library}_testing)
  endif()
  list(APPEND tested ${ARG_PRIVATE_LIBS})

  if(COEVAL_TESTS)
    foreach(kind "TESTS:fast" "THREAD_TESTS:fast;threads" "SLOW_TESTS:slow" "SERVER_TESTS:server")
      string(REGEX MATCH "^([A-Z_]+):(.*)$" _ "${kind}")
      set(labels "${CMAKE_MATCH_2}")
      foreach(file IN LISTS ARG_${CMAKE_MATCH_1})
        coeval_test(${name} ${file} "${labels}" ${tested})
        if(labels MATCHES threads)
          get_filename_component(stem "${file}" NAME_WE)
          set_property(GLOBAL APPEND PROPERTY COEVAL_THREAD_TARGETS ${name}_${stem})
        endif()
      endforeach()
    endforeach()
  endif()
  if(COEVAL_BENCHES)
    foreach(file IN LISTS ARG_BENCHES)
      get_filename_component(stem "${file}" NAME_WE)
      add_executable(${name}_${stem} ${file})
      target_link_libraries(${name}_${stem} PRIVATE ${tested} coeval::dep_benchmark)
      set_property(GLOBAL APPEND PROPERTY COEVAL_BENCH_TARGETS ${name}_${stem})
    endforeach()
  endif()
  if(COEVAL_FUZZERS)
    foreach(file IN LISTS ARG_FUZZERS)
      get_filename_component(stem "${file}" NAME_WE)
      add_executable(${name}_${stem} ${file})
      # Without TEST_DEPS: what tests share is not there where only fuzzers are built.
      target_link_libraries(${name}_${stem} PRIVATE ${library} ${ARG_PRIVATE_LIBS})
      target_link_options(${name}_${stem} PRIVATE -fsanitize=fuzzer)
      set_property(GLOBAL APPEND PROPERTY COEVAL_FUZZ_TARGETS ${name}_${stem})
    endforeach()
  endif()
endfunction()

# A static library, or an INTERFACE one when there is nothing to compile yet.
function(coeval_library library headers sources public_libs private_libs)
  if(sources)
    add_library(${library} STATIC ${sources})
    set(scope PUBLIC)
    target_link_libraries(${library} PRIVATE ${private_libs})
    coeval_precompile(${library})
  else()
    add_library(${library} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${library} ${scope} ${CMAKE_SOURCE_DIR}/src)
  if(EXISTS "${CMAKE_SOURCE_DIR}/include")
    target_include_directories(${library} ${scope} ${CMAKE_SOURCE_DIR}/include)
  endif()
  list(REMOVE_ITEM headers "")
  if(headers)
    set(bases ${CMAKE_SOURCE_DIR}/src)
    if(EXISTS "${CMAKE_SOURCE_DIR}/include")
      list(APPEND bases ${CMAKE_SOURCE_DIR}/include)
    endif()
    target_sources(${library} ${scope} FILE_SET HEADERS BASE_DIRS ${bases} FILES ${headers})
    set_target_properties(${library} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  endif()
  target_link_libraries(${library} ${scope} ${public_libs} coeval::dep_threads)
endfunction()

# Called once at the end: the targets that gather what the rooms brought.
function(coeval_finish_modules)
  get_property(benches GLOBAL PROPERTY COEVAL_BENCH_TARGETS)
  add_custom_target(benches DEPENDS ${benches})
  get_property(fuzzers GLOBAL PROPERTY COEVAL_FUZZ_TARGETS)
  add_custom_target(fuzzers DEPENDS ${fuzzers})
  get_property(thread_tests GLOBAL PROPERTY COEVAL_THREAD_TARGETS)
  add_custom_target(thread_tests DEPENDS ${thread_tests})
  if(COEVAL_FUZZERS)
    string(REPLACE ";" "\n" text "${fuzzers}")
    file(WRITE "${CMAKE_BINARY_DIR}/fuzzers.txt" "${text}\n")
  endif()
endfunction()
