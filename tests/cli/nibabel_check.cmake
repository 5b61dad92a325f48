# One phantom series through `naru prepare`, then nibabel_check.py over the result.
file(REMOVE_RECURSE ${FOLDER})
file(MAKE_DIRECTORY ${FOLDER})
set(ENV{XDG_STATE_HOME} ${FOLDER}/state)
execute_process(COMMAND ${PHANTOM} --out ${FOLDER}/in --modality CT --size 40 48 12 --spacing 0.7 0.9 2.5
  --orientation ${ORIENTATION} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PROGRAM} prepare ${FOLDER}/in --out ${FOLDER}/out --recipe original-grid --quiet
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PYTHON} ${CHECK} ${FOLDER}/out ${FOLDER}/in COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PROGRAM} prepare ${FOLDER}/in --out ${FOLDER}/out --recipe original-grid --quiet --force
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${PYTHON} ${CHECK} ${FOLDER}/out ${FOLDER}/in COMMAND_ERROR_IS_FATAL ANY)
