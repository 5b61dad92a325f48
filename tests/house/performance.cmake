# docs/performance.md and its pictures are what benchmarks/render.py makes of the results that the page names. Run as
#   cmake -DROOT=<repository> -DSCRATCH=<folder> -P performance.cmake
# First the check itself is checked, on a copy in which a figure was changed by hand, and what the page must not hide.

cmake_minimum_required(VERSION 3.25)

find_program(python python3 REQUIRED)

# Sets `result` to the exit status of the check in the tree `root`.
function(check_page root result)
  execute_process(COMMAND ${python} -B ${root}/benchmarks/render.py --check RESULT_VARIABLE status ERROR_VARIABLE said)
  message(STATUS "${root}: ${status} ${said}")
  set(${result} ${status} PARENT_SCOPE)
endfunction()

check_page(${ROOT} status)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "render the page again: benchmarks/render.py benchmarks/results/FILE.json")
endif()

execute_process(COMMAND ${python} -B ${ROOT}/tests/house/performance_page_test.py COMMAND_ERROR_IS_FATAL ANY)

foreach(file docs/performance.md docs/images/performance-peers.svg)
  file(REMOVE_RECURSE ${SCRATCH})
  file(COPY ${ROOT}/benchmarks/render.py ${ROOT}/benchmarks/speed ${ROOT}/benchmarks/results DESTINATION ${SCRATCH}/benchmarks)
  file(COPY ${ROOT}/docs/performance.md ${ROOT}/docs/images DESTINATION ${SCRATCH}/docs)
  file(READ ${SCRATCH}/${file} text)
  string(REGEX REPLACE "[1-9] ×" "0 ×" changed "${text}")
  if(changed STREQUAL text)
    message(FATAL_ERROR "${file} holds no ratio that could be changed")
  endif()
  file(WRITE ${SCRATCH}/${file} "${changed}")
  check_page(${SCRATCH} status)
  if(status EQUAL 0)
    message(FATAL_ERROR "a changed figure in ${file} was not noticed")
  endif()
endforeach()
