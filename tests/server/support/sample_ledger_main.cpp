// naru_sample_ledger FOLDER SIZE: writes a ledger with a dataset in it, for scripts and for trying things out.
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "tests/server/support/sample_ledger.h"

int main(int argc, char** argv) try {
  const std::uint64_t size = argc == 3 ? std::strtoull(argv[2], nullptr, 10) : 0;
  if (size == 0) {
    std::fprintf(stderr, "usage: naru_sample_ledger FOLDER SIZE\n");
    return 2;
  }
  naru::server::test::write_sample_ledger(argv[1], size);
  return 0;
} catch (const std::exception& problem) {
  std::fprintf(stderr, "naru_sample_ledger: %s\n", problem.what());
  return 1;
}
