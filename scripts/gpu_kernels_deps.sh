#!/bin/sh
# Brings the few libraries that the preset gpu-kernels needs into .deps/ (ignored by git), so that kernels can be tested
# and measured on a GPU machine that has nothing but nvcc, a C++ compiler, cmake and ninja (or make, with
# -G 'Unix Makefiles' behind the preset).
#
# On a Debian 12 machine with its package index up to date, without root:
#   scripts/gpu_kernels_deps.sh
# Then take the tree with .deps/ to the GPU machine and run there:
#   cmake --preset gpu-kernels
#   cmake --build --preset gpu-kernels
#   ctest --preset gpu-kernels
#   benchmarks/run.py --machine h100 build/gpu-kernels/bin
# The libraries in .deps/ are found at run time through the programs' RPATH; nothing has to be installed.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd)
packages="libtbb-dev libtbb12 libtbbmalloc2 libtbbbind-2-5 libfmt-dev libfmt9 libspdlog-dev libspdlog1.10
  libgtest-dev libgmock-dev googletest libbenchmark-dev libbenchmark1debian libssl-dev libssl3"

downloads=$(mktemp -d)
trap 'rm -rf "$downloads"' EXIT
(cd "$downloads" && apt-get download $packages)

rm -rf "$root/.deps"
mkdir -p "$root/.deps"
for package in "$downloads"/*.deb; do
  dpkg-deb -x "$package" "$root/.deps"
done

# Some headers lie where only the system's compiler looks for them by itself.
cp -r "$root/.deps/usr/include/x86_64-linux-gnu/openssl" "$root/.deps/usr/include/"

# What no build reads only makes the folder heavy to carry.
rm -rf "$root/.deps/usr/share" "$root/.deps/usr/src"
find "$root/.deps" \( -name 'libcrypto.a' -o -name 'libssl.a' \) -delete
du -sh "$root/.deps"
