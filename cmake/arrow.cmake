# Arrow C++ for the plugin (src/arrow, the only room that sees it). Targets:
#
#   Arrow::arrow  Arrow::arrow_compute  Arrow::arrow_acero  Arrow::arrow_dataset  Arrow::parquet
#   Arrow::all    the five together
#
# An installed Arrow (find_package) is taken first; else the headers and libraries that the
# pyarrow wheel in .venv brings. COEVAL_ARROW_LIBDIR is the folder of the libraries: the plugin of
# the build tree finds them there by RPATH, an installed one carries copies (private_arrow.cmake).
set(COEVAL_ARROW_COMPONENTS arrow arrow_compute arrow_acero arrow_dataset parquet)

find_package(Arrow CONFIG QUIET)
if(Arrow_FOUND)
  find_package(ArrowCompute CONFIG QUIET)
  find_package(ArrowAcero CONFIG REQUIRED)
  find_package(ArrowDataset CONFIG REQUIRED)
  find_package(Parquet CONFIG REQUIRED)
  set(installed_arrow Arrow::arrow_shared)
  set(installed_arrow_compute ArrowCompute::arrow_compute_shared)
  set(installed_arrow_acero ArrowAcero::arrow_acero_shared)
  set(installed_arrow_dataset ArrowDataset::arrow_dataset_shared)
  set(installed_parquet Parquet::parquet_shared)
  foreach(component IN LISTS COEVAL_ARROW_COMPONENTS)
    if(NOT TARGET Arrow::${component})
      add_library(Arrow::${component} INTERFACE IMPORTED)
      if(TARGET ${installed_${component}})
        target_link_libraries(Arrow::${component} INTERFACE ${installed_${component}})
      endif()
    endif()
  endforeach()
  get_target_property(location Arrow::arrow_shared LOCATION)
  get_filename_component(COEVAL_ARROW_LIBDIR "${location}" DIRECTORY)
  message(STATUS "Arrow ${Arrow_VERSION}: installed, ${COEVAL_ARROW_LIBDIR}")
else()
  execute_process(
    COMMAND ${Python_EXECUTABLE} -c
            "import pyarrow as p; print(p.get_include(), p.get_library_dirs()[0], p.__version__, sep=';')"
    OUTPUT_VARIABLE wheel OUTPUT_STRIP_TRAILING_WHITESPACE
    RESULT_VARIABLE failed ERROR_VARIABLE message)
  if(failed)
    message(FATAL_ERROR "Arrow: neither an installed Arrow nor the pyarrow wheel was found by "
                        "${Python_EXECUTABLE}; run tools/bootstrap.sh, or configure with "
                        "-DCOEVAL_WITH_ARROW=OFF\n${message}")
  endif()
  list(GET wheel 0 include)
  list(GET wheel 1 COEVAL_ARROW_LIBDIR)
  list(GET wheel 2 version)
  foreach(component IN LISTS COEVAL_ARROW_COMPONENTS)
    file(GLOB library "${COEVAL_ARROW_LIBDIR}/lib${component}.so.[0-9]*")
    list(LENGTH library count)
    if(NOT count EQUAL 1)
      message(FATAL_ERROR "Arrow: expected one lib${component}.so.N in ${COEVAL_ARROW_LIBDIR}, "
                          "found ${count}; remove .venv and run tools/bootstrap.sh")
    endif()
    add_library(Arrow::${component} SHARED IMPORTED)
    set_target_properties(Arrow::${component} PROPERTIES
      IMPORTED_LOCATION "${library}" IMPORTED_NO_SONAME OFF
      INTERFACE_INCLUDE_DIRECTORIES "${include}")
  endforeach()
  message(STATUS "Arrow ${version}: pyarrow wheel, ${COEVAL_ARROW_LIBDIR}")
endif()

add_library(Arrow::all INTERFACE IMPORTED)
foreach(component IN LISTS COEVAL_ARROW_COMPONENTS)
  target_link_libraries(Arrow::all INTERFACE Arrow::${component})
endforeach()
