# The tree that `cmake --install` makes runs by itself: with nothing in the environment, and with no library from elsewhere
# but glibc's.
cmake_minimum_required(VERSION 3.25)
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER}/state)
set(prefix ${FOLDER}/naru)
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
find_program(env_program env REQUIRED)
set(run ${env_program} -i HOME=${FOLDER} XDG_STATE_HOME=${FOLDER}/state)

execute_process(COMMAND ${run} LD_TRACE_LOADED_OBJECTS=1 ${prefix}/bin/naru OUTPUT_VARIABLE loaded COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE "\n" ";" lines "${loaded}")
set(bundled 0)
foreach(line IN LISTS lines)
  if(line MATCHES "=> ${prefix}/")
    math(EXPR bundled "${bundled} + 1")
  elseif(NOT line MATCHES "^[ \t]*(linux-vdso|/lib64/ld-linux|lib(c|m|mvec|pthread|dl|rt|resolv)\\.so|$)")
    message(SEND_ERROR "not from the bundle: ${line}")
  endif()
endforeach()
if(bundled LESS 20)
  message(SEND_ERROR "only ${bundled} libraries come from the bundle: was it looked at?")
endif()

execute_process(COMMAND ${run} ${prefix}/bin/naru --version OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
if(NOT version MATCHES "^naru [0-9]")
  message(SEND_ERROR "it does not say its version: ${version}")
endif()
execute_process(COMMAND ${PHANTOM} --out ${FOLDER}/in --size 64 64 12 OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${run} ${prefix}/bin/naru prepare ${FOLDER}/in --out ${FOLDER}/out --recipe ct-1mm --quiet
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${run} ${prefix}/bin/naru verify ${FOLDER}/out --quiet OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(file IN ITEMS share/naru/dicom.dic share/naru/tessdata/kor.traineddata share/naru/licenses/libdcmtk17/copyright
    share/naru/licenses/tesseract-ocr-kor/copyright
    README.md LICENSE)
  if(NOT EXISTS ${prefix}/${file})
    message(SEND_ERROR "the bundle lacks ${file}")
  endif()
endforeach()
