#include "server/delivery/links.h"

#include <gtest/gtest.h>

#include "server/audit/key_store.h"
#include "tests/server/support/error_code.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {
namespace {

class Links : public testing::Test {
 protected:
  std::optional<ErrorCode> code_of(const std::string& path, const std::string& object = "dataset-1.tar",
                                   std::int64_t now_ms = 0) {
    return code_if_thrown([&] { link_of(keys_, request_for(Method::get, path), object, now_ms); });
  }
  naru::test::TempFolder folder_;
  KeyStore keys_{folder_ / "master.key", true};
  const Link link_{"dataset-1.tar", "c0ffee", "grant-1", 1'000'000};
  const std::string path_ = signed_path(keys_, link_);
};

TEST_F(Links, SayForWhomAndWhatTheyWereMade) {
  const auto link = link_of(keys_, request_for(Method::get, path_), "dataset-1.tar", 0);
  ASSERT_TRUE(link);
  EXPECT_EQ(link->credential, "c0ffee");
  EXPECT_EQ(link->grant_id, "grant-1");
  EXPECT_EQ(link->expires_ms, 1'000'000);
}

TEST_F(Links, LastUntilTheirEndAndNoLonger) {
  EXPECT_EQ(code_of(path_, "dataset-1.tar", 999'999), std::nullopt);
  EXPECT_EQ(code_of(path_, "dataset-1.tar", 1'000'000), ErrorCode::unauthenticated);
}

TEST_F(Links, AreGoodForNothingElse) {
  EXPECT_EQ(code_of(path_, "dataset-2.tar"), ErrorCode::unauthenticated);
  for (std::size_t i = path_.find('?') + 1; i < path_.size(); ++i) {
    std::string changed = path_;
    changed[i] = changed[i] == 'x' ? 'y' : 'x';
    std::optional<Link> link;
    // Where the name of the signature itself was changed, there is none.
    const auto code =
        code_if_thrown([&] { link = link_of(keys_, request_for(Method::get, changed), "dataset-1.tar", 0); });
    EXPECT_FALSE(link.has_value()) << i;
    const bool is_signed = changed.find("&signature=") != std::string::npos;
    EXPECT_EQ(code, is_signed ? std::optional(ErrorCode::unauthenticated) : std::nullopt) << i;
  }
}

TEST_F(Links, OfAnotherServerAreNotOurs) {
  const KeyStore other(folder_ / "other.key", true);
  EXPECT_EQ(code_if_thrown([&] { link_of(other, request_for(Method::get, path_), "dataset-1.tar", 0); }),
            ErrorCode::unauthenticated);
}

TEST_F(Links, ARequestWithoutASignatureHasNone) {
  EXPECT_FALSE(link_of(keys_, request_for(Method::get, "/api/v1/data/dataset-1.tar"), "dataset-1.tar", 0).has_value());
}

}  // namespace
}  // namespace naru::server::test
