#!/usr/bin/env bash
# Builds everything and runs every test, on a fresh Debian 12 machine too.
#
#   scripts/test.sh            JOBS=N sets how many things are done at once (default: all cores)
#
# The CUDA backend is built where nvcc is found. Real DICOM files are used in addition where they are found: in the
# folder that NARU_REAL_DICOM names, or in ../shared/dicom beside the repository.
set -eu -o pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
# shellcheck source=scripts/packages.sh
. scripts/packages.sh

naru_install_missing "${naru_program_packages[@]}" "${naru_test_packages[@]}" || naru_fail 'packages are missing'

jobs=${JOBS:-$(nproc)}
preset=cpu
if command -v nvcc >/dev/null || [ -x /usr/local/cuda/bin/nvcc ]; then preset=cuda; fi

if [ -z "${NARU_REAL_DICOM:-}" ] && [ -f ../shared/dicom/unpack.sh ]; then
  if [ ! -d build/real-dicom ]; then
    naru_say 'unpacking real DICOM files'
    rm -rf build/real-dicom.partial
    mkdir -p build
    bash ../shared/dicom/unpack.sh "$root/build/real-dicom.partial"
    mv build/real-dicom.partial build/real-dicom
  fi
  export NARU_REAL_DICOM="$root/build/real-dicom"
fi

naru_say "preset $preset, $jobs jobs, real DICOM: ${NARU_REAL_DICOM:-none}"
cmake --preset "$preset"
cmake --build --preset "$preset" -j "$jobs"
ctest --preset "$preset" --output-on-failure -j "$((jobs + 1))"  # one more than cores: tests of the server wait as much as they compute
