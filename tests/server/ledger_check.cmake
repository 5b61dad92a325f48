# An exported ledger, judged by a program that has none of our code: tests/oracle/ledger_check.py.
# Run as cmake -DPROGRAM=<naru_sample_ledger> -DPYTHON=... -DCHECK=<ledger_check.py> -DFOLDER=<scratch> -P ledger_check.cmake
cmake_minimum_required(VERSION 3.25)

function(judge folder result)
  execute_process(COMMAND ${PYTHON} ${CHECK} ${folder}/ledger ${folder}/ledger.key ${folder}/dataset.tlog-proof
    RESULT_VARIABLE status OUTPUT_VARIABLE said)
  message(STATUS "${said}")
  set(${result} ${status} PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${FOLDER})
foreach(size 1 2 255 256 257 1000 66000)
  execute_process(COMMAND ${PROGRAM} ${FOLDER}/${size} ${size} COMMAND_ERROR_IS_FATAL ANY)
  judge(${FOLDER}/${size} status)
  if(NOT status EQUAL 0)
    message(SEND_ERROR "the ledger of ${size} leaves does not hold")
  endif()
endforeach()

# The judge is judged: what was changed is found.
file(COPY_FILE ${FOLDER}/257/ledger.key ${FOLDER}/1000/ledger.key)
judge(${FOLDER}/1000 status)
if(status EQUAL 0)
  message(SEND_ERROR "another key's ledger was taken")
endif()
file(COPY_FILE ${FOLDER}/256/ledger/tile/entries/000 ${FOLDER}/257/ledger/tile/entries/000)
judge(${FOLDER}/257 status)
if(status EQUAL 0)
  message(SEND_ERROR "changed entries were taken")
endif()
file(COPY_FILE ${FOLDER}/1/dataset.tlog-proof ${FOLDER}/2/dataset.tlog-proof)
judge(${FOLDER}/2 status)
if(status EQUAL 0)
  message(SEND_ERROR "another ledger's receipt was taken")
endif()
