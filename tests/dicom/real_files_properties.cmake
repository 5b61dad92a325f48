# Read by ctest. gtest_discover_tests has listed the tests of real_files_tests in real_files_tests_TESTS.
# Where there are no files, a test says so and is skipped; where the reader hangs on one, the time limit ends it.
set_tests_properties(${real_files_tests_TESTS} PROPERTIES SKIP_REGULAR_EXPRESSION "no real files" TIMEOUT 120)
