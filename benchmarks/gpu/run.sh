#!/usr/bin/env bash
# Tests and measures on a GPU machine that has nvcc, a C++ compiler, CMake, ninja or make, and Python with numpy and torch.
#
#   benchmarks/gpu/run.sh MACHINE                          MACHINE is a neutral name such as h100
#   benchmarks/gpu/run.sh MACHINE --bundle TARBALL DICOM   the whole path too, with the program of a bundle made by cpack
#   benchmarks/gpu/run.sh MACHINE --dry-run                all that can be done without a GPU: build, tests on the CPU,
#                                                          the comparison on the CPU, small
#
# What is not installed of the few libraries comes from .deps/, which scripts/gpu_kernels_deps.sh fills beforehand on a
# machine with network. Everything ends in benchmarks/results/MACHINE-COMMIT.json:
#   kernels   each kernel, with % of the copy bandwidth measured on the device
#   gpu       each operation beside torch on the same device, compute-sanitizer, the whole path
#   speed     registers and spilled bytes of each kernel (compiled)
set -eu -o pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../.."
say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'gpu/run.sh: %s\n' "$*" >&2; exit 1; }

[ $# -ge 1 ] || fail 'usage: benchmarks/gpu/run.sh MACHINE [--dry-run | --bundle TARBALL DICOM]'
machine=$1 mode=${2:-}
bin=build/gpu-kernels/bin
python=${PYTHON:-python3}

case $mode in
  '' | --dry-run) ;;
  --bundle) [ $# -eq 4 ] || fail '--bundle wants the tarball and a folder of DICOM files' ;;
  *) fail "unknown option $mode" ;;
esac
"$python" -c 'import numpy, torch' || fail "$python has no numpy or torch: set PYTHON to one that has"
if [ "$mode" != --dry-run ]; then
  "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())' || fail "torch finds no GPU; see --dry-run"
fi

say 'build'
generator=()
command -v ninja >/dev/null || generator=(-G 'Unix Makefiles')
cmake --preset gpu-kernels "${generator[@]}"
cmake --build --preset gpu-kernels -j "$(nproc)"

say 'tests: each on the CPU and on the GPU'
ctest --preset gpu-kernels -j "$(nproc)"

say 'kernels, registers and spills'
if [ "$mode" = --dry-run ]; then
  "$bin/kernels_benchmarks" --benchmark_filter='resample_linear_int16/cpu:1/128x128x64' --benchmark_min_time=0.01
  "$python" benchmarks/run.py --machine "$machine" --gpu cpu --quick "$bin"
else
  "$python" benchmarks/run.py --machine "$machine" "$bin"
  "$python" benchmarks/run.py --machine "$machine" --gpu cuda "$bin"
fi
"$python" benchmarks/run.py --machine "$machine" --speed --only compiled --cuda-build build/gpu-kernels "$bin"

if [ "$mode" = --bundle ]; then
  say 'whole path'
  bundle=$(mktemp -d)
  trap 'rm -rf "$bundle"' EXIT
  tar -xf "$3" -C "$bundle"
  naru=$(find "$bundle" -path '*/bin/naru' | head -n 1)
  [ -n "$naru" ] || fail "$3 holds no bin/naru"
  "$naru" doctor --gpu
  "$python" benchmarks/run.py --machine "$machine" --gpu-path "$4" "$(dirname "$naru")"
fi
