# Who may include whom (docs/architecture.md). Run as
#   cmake -DROOT=<repository> -DSCRATCH=<folder> -P layering.cmake
# First the check itself is checked: in a scratch tree each planted wrong include must be found, and nothing else.

cmake_minimum_required(VERSION 3.25)

# For each folder: what of the project its files may include. A word with a dot is one header.
set(may_include_core core)
set(may_include_kernels core kernels)
set(may_include_dicom core dicom)
set(may_include_pipeline core kernels dicom pipeline)
set(may_include_server core pipeline server dicom/storage_scp.h)  # which receives what the server keeps
set(may_include_cli core pipeline cli kernels/executor.h  # the pipeline is given an executor
  dicom/instance.h                                        # `doctor` lists the codecs
  server/serve.h server/audit_verify.h)                   # commands of the server: decision 0017
set(folders core kernels dicom pipeline server cli)

# Foreign headers and the only places that may see them.
set(libraries cuda curl dcmtk http itk tesseract sql)
set(headers_of_cuda "^(cuda|cub/|thrust/|cooperative_groups|nvrtc|nvtx3/|device_launch_parameters)")
set(places_of_cuda kernels)
set(headers_of_curl "^curl/")
set(places_of_curl server/auth)
set(headers_of_dcmtk "^dcmtk/")
set(places_of_dcmtk dicom tests/dicom tests/support)
set(headers_of_http "^(boost/(beast|asio)|httplib|drogon/|crow|uwebsockets|microhttpd|evhttp|pistache/)")
set(places_of_http server/http)
set(headers_of_itk "^(itk[A-Z]|itk_|vnl/)")
set(places_of_itk pipeline/outputs pipeline/pixels pipeline/restore tests benchmarks)
set(headers_of_sql "^(sqlite3|libpq-fe|pqxx/|soci/|postgresql/)")
set(places_of_sql server/store)
set(headers_of_tesseract "^(tesseract|leptonica)/")
set(places_of_tesseract pipeline/pixels)

# Sets `result` to TRUE where `path` is one of `places` or lies below one.
function(lies_in path places result)
  set(${result} FALSE PARENT_SCOPE)
  foreach(place IN LISTS places)
    string(FIND "${path}/" "${place}/" at)
    if(at EQUAL 0)
      set(${result} TRUE PARENT_SCOPE)
    endif()
  endforeach()
endfunction()

# Appends to `problems` what is wrong with `file` including `header`.
function(check_include file header problems)
  string(REGEX MATCH "^[^/]+" folder "${file}")
  string(REGEX MATCH "^[^/]+" wanted "${header}")
  set(found "${${problems}}")
  if(folder IN_LIST folders AND wanted IN_LIST folders AND header MATCHES "/")
    lies_in("${header}" "${may_include_${folder}}" allowed)
    if(NOT allowed)
      list(APPEND found "${file}: ${folder}/ may not include ${header}")
    endif()
  endif()
  foreach(library IN LISTS libraries)
    if(header MATCHES "${headers_of_${library}}")
      lies_in("${file}" "${places_of_${library}}" allowed)
      if(NOT allowed)
        list(JOIN places_of_${library} " " places)
        list(APPEND found "${file}: ${header} belongs to ${library}, which only ${places} may see")
      endif()
    endif()
  endforeach()
  set(${problems} "${found}" PARENT_SCOPE)
endfunction()

# Checks every source below `root`; `count` is how many includes were looked at.
function(check_tree root problems count)
  set(found "")
  set(looked_at 0)
  foreach(folder IN LISTS folders ITEMS tests benchmarks examples)
    file(GLOB_RECURSE files RELATIVE ${root} ${root}/${folder}/*.h ${root}/${folder}/*.cpp ${root}/${folder}/*.cu
      ${root}/${folder}/*.cuh ${root}/${folder}/*.in)
    foreach(file IN LISTS files)
      file(STRINGS ${root}/${file} lines REGEX "^[ \t]*#[ \t]*include[ \t]*[<\"]")
      foreach(line IN LISTS lines)
        string(REGEX REPLACE "^[^<\"]*[<\"]([^>\"]+)[>\"].*$" "\\1" header "${line}")
        math(EXPR looked_at "${looked_at} + 1")
        check_include("${file}" "${header}" found)
      endforeach()
    endforeach()
  endforeach()
  set(${problems} "${found}" PARENT_SCOPE)
  set(${count} ${looked_at} PARENT_SCOPE)
endfunction()

# "file header" that must be refused, and that must pass.
set(wrong
  "core/a.h kernels/executor.h" "core/b.cpp dicom/stack.h" "kernels/a.cpp dicom/stack.h" "dicom/a.cpp kernels/buffer.h"
  "dicom/b.h pipeline/scan.h" "pipeline/a.cpp cli/command.h" "pipeline/b.cpp server/jobs/job_state.h"
  "cli/a.cpp kernels/resample.h" "server/routes/a.cpp dicom/stack.h" "server/b.cpp kernels/buffer.h"
  "cli/b.cpp server/jobs/job_state.h" "pipeline/c.cpp cuda_runtime_api.h" "core/c.cpp cuda/std/array"
  "tests/kernels/a.cpp cub/cub.cuh" "pipeline/d.cpp dcmtk/config/osconfig.h" "tests/pipeline/a.cpp dcmtk/dcmdata/dctk.h"
  "server/routes/c.cpp boost/beast.hpp" "cli/c.cpp httplib.h" "kernels/b.cpp itkImage.h" "pipeline/e.cpp itkImage.h"
  "dicom/c.cpp itkGDCMImageIO.h" "cli/d.cpp tesseract/baseapi.h" "server/jobs/a.cpp sqlite3.h"
  "server/http/c.cpp curl/curl.h")
set(right
  "kernels/c.cu core/volume.h" "kernels/cuda/a.cpp cuda_runtime_api.h" "dicom/d.cpp dicom/dcmtk/codecs.h"
  "dicom/dcmtk/e.cpp dcmtk/dcmdata/dctk.h" "tests/support/a.cpp dcmtk/dcmdata/dctk.h" "pipeline/f.cpp kernels/resample.h"
  "server/http/a.cpp boost/beast.hpp" "pipeline/outputs/a.cpp itkImage.h" "benchmarks/kernels/a.cpp itkImage.h"
  "cli/f.cpp kernels/executor.h" "cli/e.cpp vector" "pipeline/pixels/a.cpp tesseract/baseapi.h" "server/store/a.cpp sqlite3.h"
  "server/auth/a.cpp curl/curl.h"
  "cli/g.cpp server/serve.h")

file(REMOVE_RECURSE ${SCRATCH})
foreach(row IN LISTS wrong right)
  string(REPLACE " " ";" row "${row}")
  list(GET row 0 file)
  list(GET row 1 header)
  file(WRITE ${SCRATCH}/${file} "#pragma once\n  #  include <${header}>  // \"planted\"\n")
endforeach()
check_tree(${SCRATCH} planted_problems planted_count)
list(LENGTH wrong wrong_count)
list(LENGTH planted_problems problem_count)
foreach(row IN LISTS wrong)
  string(REPLACE " " ";" row "${row}")
  list(GET row 0 file)
  if(NOT "${planted_problems}" MATCHES "${file}: ")
    message(SEND_ERROR "the check does not see the wrong include planted in ${file}")
  endif()
endforeach()
if(NOT problem_count EQUAL wrong_count)
  message(SEND_ERROR "${wrong_count} wrong includes were planted, ${problem_count} found: ${planted_problems}")
endif()

check_tree(${ROOT} problems count)
if(count LESS 100)
  message(SEND_ERROR "only ${count} includes were found below ${ROOT}: is it the repository?")
endif()
foreach(problem IN LISTS problems)
  message(SEND_ERROR "${problem}")
endforeach()
message(STATUS "${count} includes, ${problem_count} planted faults found")
