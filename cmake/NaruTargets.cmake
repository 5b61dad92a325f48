# How Naru's own targets are made: one library per folder, one test program per folder of tests.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

add_link_options(-Wl,--as-needed)  # DCMTK's package names many libraries; a program starts faster without those it leaves

find_program(NARU_CCACHE ccache)
if(NARU_CCACHE)
  # What ccache asks for where headers are precompiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${NARU_CCACHE})
  set(CMAKE_CUDA_COMPILER_LAUNCHER ${NARU_CCACHE})
endif()

# naru_precompile(TARGET HEADERS...): reads the standard library's headers and these once for all files of a target, where
# there are many, not again for each. Each file names what it needs all the same: the build of the preset tidy has nothing
# precompiled.
function(naru_precompile target)
  get_target_property(sources ${target} SOURCES)
  list(LENGTH sources count)
  if(NOT NARU_PRECOMPILE OR count LESS 8)
    return()
  endif()
  target_precompile_headers(${target} PRIVATE <algorithm> <array> <chrono> <cmath> <cstdint> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <vector> ${ARGN})
  # GCC forgets which of these lines are the standard library's own, and would warn of them.
  target_compile_options(${target} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-restrict>)
endfunction()

# naru_unite(TARGET COUNT): compiles its files by COUNT as one. Nothing changes for a file that has options of its own.
function(naru_unite target count)
  if(NARU_UNITY AND count)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE ${count})
    # GCC takes what one file keeps to itself for something that others see, where it was included.
    target_compile_options(${target} PRIVATE
      $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-shadow;-Wshadow=local;-Wno-subobject-linkage>)
  endif()
endfunction()

# Options of our own targets alone: what we include from others is "system" to the compiler.
function(naru_own target)
  set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wcast-qual -Woverloaded-virtual)
  if(NARU_WERROR)
    list(APPEND warnings -Werror)
  endif()
  target_compile_options(${target} PRIVATE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")
  if(NARU_SANITIZE)
    target_compile_options(${target} PRIVATE
      "$<$<COMPILE_LANGUAGE:CXX>:-fsanitize=${NARU_SANITIZE};-fno-omit-frame-pointer;-fno-sanitize-recover=all>")
    # GCC's guess is wrong about the standard library once its code is instrumented (<regex>).
    target_compile_options(${target} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-Wno-maybe-uninitialized>)
    target_link_options(${target} PRIVATE -fsanitize=${NARU_SANITIZE})
  endif()
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()

# naru_library(core SOURCES ... PUBLIC libs... PRIVATE libs... PRECOMPILE headers... UNITE count): the static library
# naru_core.
function(naru_library name)
  cmake_parse_arguments(ARG "" "UNITE" "SOURCES;PUBLIC;PRIVATE;PRECOMPILE" ${ARGN})
  add_library(naru_${name} STATIC ${ARG_SOURCES})
  naru_own(naru_${name})
  target_include_directories(naru_${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(naru_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
  naru_precompile(naru_${name} ${ARG_PRECOMPILE})
  naru_unite(naru_${name} "${ARG_UNITE}")
endfunction()

# naru_test(core SOURCES ... LIBS ... PRECOMPILE headers... UNITE count): the program core_tests, each TEST a ctest; with
# SHARDS N, all of them as N.
function(naru_test name)
  cmake_parse_arguments(ARG "" "SHARDS;UNITE" "SOURCES;LIBS;PRECOMPILE" ${ARGN})
  add_executable(${name}_tests ${ARG_SOURCES})
  naru_own(${name}_tests)
  if(CMAKE_BUILD_TYPE STREQUAL "Release")
    target_compile_options(${name}_tests PRIVATE $<$<COMPILE_LANGUAGE:CXX>:-O1>)  # tests are compiled more than run
  endif()
  target_link_libraries(${name}_tests PRIVATE ${ARG_LIBS} GTest::gtest GTest::gmock GTest::gtest_main)
  naru_precompile(${name}_tests <gtest/gtest.h> <gmock/gmock.h> ${ARG_PRECOMPILE})
  naru_unite(${name}_tests "${ARG_UNITE}")
  if(ARG_SHARDS)
    math(EXPR last "${ARG_SHARDS} - 1")
    foreach(shard RANGE ${last})
      add_test(NAME ${name}.shard_${shard} COMMAND ${name}_tests --gtest_brief=1)
      set_tests_properties(${name}.shard_${shard} PROPERTIES TIMEOUT 900 COST 70
        ENVIRONMENT "GTEST_TOTAL_SHARDS=${ARG_SHARDS};GTEST_SHARD_INDEX=${shard}")
    endforeach()
    return()
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name}_tests TEST_PREFIX "${name}." DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300)
endfunction()
