# What a build makes for people, and where it lies. The build tree and an installation have the
# same shape, so that a program finds the plugin beside itself in both:
#
#                    build tree (build/<preset>/)       installed (PREFIX/)
#   the command      bin/coeval                         bin/coeval
#   the plugin       lib/coeval/libcoeval_arrow.so      lib/coeval/libcoeval_arrow.so
#   its Arrow        in the wheel, by RPATH             lib/coeval-arrow/   (renamed copies)
#   Python package   python/coeval/ (.py are links)     not part of it
#     its plugin     python/coeval/lib -> lib/coeval
#
# The Python wheel (pyproject.toml): coeval/*.py, coeval/_core.*.so, coeval/bin/coeval, and in
# coeval/lib/ the plugin, its Arrow and the other shared libraries, all renamed (bundle.py).

# coeval_program(name source... LIBS ...): an executable that is installed.
function(coeval_program name)
  cmake_parse_arguments(ARG "" "" "LIBS" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin" ENABLE_EXPORTS OFF)
  if(SKBUILD)
    install(TARGETS ${name} RUNTIME DESTINATION coeval/bin COMPONENT wheel)
    coeval_wheel_part(${name} coeval/bin/${name})
  else()
    install(TARGETS ${name} RUNTIME DESTINATION bin)
  endif()
endfunction()

# coeval_plugin(target): a MODULE library becomes lib/coeval/lib<target>.so, and is installed with
# private copies of the Arrow libraries that it needs.
function(coeval_plugin target)
  set_target_properties(${target} PROPERTIES
    PREFIX lib LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/lib/coeval")
  if(SKBUILD)
    install(TARGETS ${target} LIBRARY DESTINATION coeval/lib COMPONENT wheel)
    coeval_wheel_part(${target} coeval/lib/lib${target}.so)
  else()
    install(TARGETS ${target} LIBRARY DESTINATION lib/coeval)
    coeval_install_private_arrow(${target} lib/coeval lib/coeval-arrow)
  endif()
endfunction()

# coeval_python_extension(name SOURCES ... LIBS ...): the nanobind module python/coeval/<name>, and
# the build tree's package: links to the .py files beside it, so that
# PYTHONPATH=build/<preset>/python imports what was just built and just written.
function(coeval_python_extension name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  coeval_present_files(ARG_SOURCES ${ARG_SOURCES})
  find_package(Python 3.11 REQUIRED COMPONENTS Interpreter Development.Module)
  execute_process(COMMAND "${Python_EXECUTABLE}" -m nanobind --cmake_dir
    OUTPUT_STRIP_TRAILING_WHITESPACE OUTPUT_VARIABLE nanobind_ROOT COMMAND_ERROR_IS_FATAL ANY)
  find_package(nanobind CONFIG REQUIRED)
  nanobind_add_module(${name} NB_STATIC NB_DOMAIN coeval NOMINSIZE NB_SUPPRESS_WARNINGS
                      ${ARG_SOURCES})
  target_compile_options(nanobind-static PRIVATE -w)
  target_include_directories(${name} PRIVATE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/python)
  target_link_libraries(${name} PRIVATE ${ARG_LIBS})
  coeval_precompile(${name} <nanobind/nanobind.h> <nanobind/stl/string.h>)
  set(package "${CMAKE_BINARY_DIR}/python/coeval")
  set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${package}")
  if(SKBUILD)
    install(TARGETS ${name} LIBRARY DESTINATION coeval COMPONENT wheel)
    coeval_wheel_part(${name} "coeval/$<TARGET_FILE_NAME:${name}>")
    return()
  endif()
  file(MAKE_DIRECTORY "${package}")
  file(CREATE_LINK "${CMAKE_BINARY_DIR}/lib/coeval" "${package}/lib" SYMBOLIC)
  file(GLOB entries CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/python/coeval/*")
  foreach(entry IN LISTS entries)
    get_filename_component(leaf "${entry}" NAME)
    if(NOT leaf STREQUAL "__pycache__")
      file(CREATE_LINK "${entry}" "${package}/${leaf}" SYMBOLIC)
    endif()
  endforeach()
endfunction()

# Remembers what goes into the wheel, and where.
function(coeval_wheel_part target path)
  set_property(GLOBAL APPEND PROPERTY COEVAL_WHEEL_TARGETS ${target})
  set_property(GLOBAL APPEND PROPERTY COEVAL_WHEEL_FILES "${path}")
endfunction()

# Called once, after all parts: gives the wheel its own copies of every shared library.
function(coeval_finish_wheel)
  get_property(targets GLOBAL PROPERTY COEVAL_WHEEL_TARGETS)
  add_custom_target(wheel_parts DEPENDS ${targets})
  if(NOT SKBUILD)
    return()
  endif()
  get_property(paths GLOBAL PROPERTY COEVAL_WHEEL_FILES)
  list(TRANSFORM paths PREPEND "\${CMAKE_INSTALL_PREFIX}/")
  list(JOIN paths "\" \"" paths)
  install(CODE "
    execute_process(COMMAND \"${Python_EXECUTABLE}\" \"${CMAKE_SOURCE_DIR}/tools/bundle.py\"
        --from \"${COEVAL_ARROW_LIBDIR}\" --into \"\${CMAKE_INSTALL_PREFIX}/coeval/lib\" \"${paths}\"
      COMMAND_ERROR_IS_FATAL ANY)" COMPONENT wheel)
endfunction()

# At installation: copies of the Arrow libraries that the plugin needs, renamed so that they never
# meet a pyarrow of another version in one process, and the plugin pointed at them.
function(coeval_install_private_arrow target plugin_folder library_folder)
  install(CODE "
    set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
    execute_process(COMMAND \"${Python_EXECUTABLE}\" \"${CMAKE_SOURCE_DIR}/tools/bundle.py\"
        --only \"^lib(arrow|parquet)\" --from \"${COEVAL_ARROW_LIBDIR}\"
        --into \"\${prefix}/${library_folder}\"
        \"\${prefix}/${plugin_folder}/$<TARGET_FILE_NAME:${target}>\"
      COMMAND_ERROR_IS_FATAL ANY)")
endfunction()
