#include "core/shared_library.h"

#include <gmock/gmock.h>

namespace naru {
namespace {

template <class Work>
std::string error_of(const Work& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(SharedLibrary, GivesAFunctionByItsName) {
  double (*cosine)(double) = nullptr;
  SharedLibrary("libm.so.6", "install libc6", ErrorCode::config_invalid).get("cos", cosine);
  EXPECT_EQ(cosine(0), 1);
}

TEST(SharedLibrary, NamesItselfAndTheRemedyWhereItIsMissing) {
  const std::string error =
      error_of([] { SharedLibrary("libnothere.so.1", "install the package nothere", ErrorCode::config_invalid); });
  EXPECT_THAT(error, testing::HasSubstr("libnothere.so.1"));
  EXPECT_THAT(error, testing::HasSubstr("install the package nothere"));
}

TEST(SharedLibrary, NamesTheFunctionThatItLacks) {
  const SharedLibrary library("libm.so.6", "install libc6", ErrorCode::config_invalid);
  void (*nothing)() = nullptr;
  EXPECT_THAT(error_of([&] { library.get("no_such_function", nothing); }), testing::HasSubstr("no_such_function"));
}

}  // namespace
}  // namespace naru
