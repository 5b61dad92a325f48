# shellcheck shell=bash disable=SC2034
# The Debian 12 packages that Naru needs, in one place, and how the missing ones are installed.
# Sourced by quickstart.sh and test.sh; the rows are what CMakeLists.txt and the tests look for.

# What builds and runs the program. ITK's CMake package also asks for GDCM's development files and programs.
naru_program_packages=(
  g++ cmake ninja-build pkg-config ccache ca-certificates
  libdcmtk-dev libtbb-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libspdlog-dev libfmt-dev
  libopenjp2-7-dev libutf8proc-dev
  libdeflate-dev libisal-dev libzstd-dev libsodium-dev libarchive-dev libpng-dev zlib1g-dev libssl-dev libnifti-dev
  libtesseract-dev tesseract-ocr-eng tesseract-ocr-kor
  libboost-dev libsqlite3-dev libpq-dev libcurl4-openssl-dev
  libinsighttoolkit5-dev libgdcm-dev libgdcm-tools
)

# What the tests and benchmarks need on top: Python's readers are independent ones.
naru_test_packages=(
  git libopenjph-dev libgtest-dev libgmock-dev libbenchmark-dev bzip2
  python3 python3-numpy python3-nibabel python3-pydicom python3-pil dcm2niix pigz dicom3tools
  postgresql curl python3-yaml python3-cryptography dcmtk
)

# The peers of `benchmarks/run.py --speed`, on top of those. No test needs them:
#   . scripts/packages.sh; naru_install_missing "${naru_benchmark_packages[@]}"
naru_benchmark_packages=(python3-scipy python3-skimage python3-torch)

naru_say() { printf '== %s\n' "$*" >&2; }

naru_fail() {
  printf 'naru: %s\n' "$*" >&2
  exit 1
}

# Runs a command as root: directly, or through sudo.
naru_as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    printf 'naru: this needs root or sudo: %s\n' "$*" >&2
    return 1
  fi
}

naru_is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

# Installs those of the named packages that are missing. Without any it touches neither apt nor the network.
naru_install_missing() {
  local package missing=()
  for package in "$@"; do
    naru_is_installed "$package" || missing+=("$package")
  done
  [ "${#missing[@]}" -gt 0 ] || return 0
  command -v apt-get >/dev/null || {
    printf 'naru: no apt-get here; install these by other means: %s\n' "${missing[*]}" >&2
    return 1
  }
  naru_say "installing ${missing[*]}"
  naru_as_root apt-get -o DPkg::Lock::Timeout=300 -qq update || return 1
  naru_as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 -qq install -y --no-install-recommends "${missing[@]}" >&2
}
