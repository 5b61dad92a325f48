#include "server/audit/key_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "tests/server/support/databases.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class KeyStoreFile : public ::testing::Test {
 protected:
  fs::path file() const { return folder_ / "master.key"; }
  void write_key(mode_t mode, const std::string& text = std::string(64, 'a') + "\n") {
    naru::test::spill(file(), text);
    ::chmod(file().c_str(), mode);
  }
  std::string problem(bool create = false) {
    try {
      KeyStore keys(file(), create);
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::key_invalid);
      return error.what();
    }
  }
  naru::test::TempFolder folder_;
};

TEST_F(KeyStoreFile, IsMadeOnFirstUseForItsOwnerAlone) {
  EXPECT_THAT(problem(), HasSubstr("does not exist"));
  EXPECT_FALSE(fs::exists(file())) << "not made where that was not asked for";
  EXPECT_EQ(problem(true), "");
  struct stat status {};
  ASSERT_EQ(::stat(file().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(status.st_nlink, 1U);
  EXPECT_EQ(naru::test::slurp(file()).size(), 65U);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_.path()), {}), 1) << "no temporary is left";
  const std::string made = naru::test::slurp(file());
  EXPECT_EQ(problem(true), "");
  EXPECT_EQ(naru::test::slurp(file()), made) << "never made anew";
}

TEST_F(KeyStoreFile, IsRefusedWhereOthersCouldHaveReadIt) {
  for (const mode_t mode : {0604, 0602, 0666, 0620, 0644}) {
    write_key(mode);
    EXPECT_THAT(problem(true), HasSubstr("open to others")) << std::oct << mode;
    fs::remove(file());
  }
}

TEST_F(KeyStoreFile, IsTakenFromTheSystemsCredentials) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make root's files";
  write_key(0440);  // as systemd shows a credential that an access list opens to the service
  EXPECT_EQ(problem(), "");
  ASSERT_EQ(::chown(file().c_str(), 0, 1), 0);
  EXPECT_THAT(problem(), HasSubstr("open to others"));
}

TEST_F(KeyStoreFile, IsRefusedWhereMalformedOrALinkOrAFolder) {
  write_key(0600, "short\n");
  EXPECT_THAT(problem(true), HasSubstr("64 hexadecimal digits"));
  fs::remove(file());
  naru::test::spill(folder_ / "elsewhere", std::string(64, 'a'));
  ::chmod((folder_ / "elsewhere").c_str(), 0600);
  fs::create_symlink(folder_ / "elsewhere", file());
  EXPECT_THAT(problem(true), HasSubstr("is a link"));
  fs::remove(file());
  fs::create_symlink(folder_ / "nowhere", file());
  EXPECT_THAT(problem(true), HasSubstr("is a link"));
  EXPECT_FALSE(fs::exists(folder_ / "nowhere"));
  fs::remove(file());
  fs::create_directory(file());
  EXPECT_NE(problem(true), "");
}

TEST_F(KeyStoreFile, ASealOpensForItsPurposeAlone) {
  const KeyStore keys(file(), true);
  for (const std::string& secret : {std::string(), std::string("s"), std::string(1000, '\0')}) {
    EXPECT_EQ(keys.unseal("grant", keys.seal("grant", secret)), secret);
    EXPECT_THROW(keys.unseal("token", keys.seal("grant", secret)), Error);
  }
  const std::string sealed = keys.seal("grant", "s");
  EXPECT_NE(keys.seal("grant", "s"), sealed) << "a random nonce";
  EXPECT_THROW(keys.unseal("grant", ""), Error);
  EXPECT_THROW(keys.unseal("grant", "no base64!"), Error);
  EXPECT_THROW(keys.unseal("grant", sealed.substr(4)), Error);
}

TEST_F(KeyStoreFile, EveryChangedCharacterOfASealIsFound) {
  const KeyStore keys(file(), true);
  const std::string sealed = keys.seal("grant", "a secret");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    std::string changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_THROW(keys.unseal("grant", changed), Error) << i;
  }
}

TEST_F(KeyStoreFile, ASealDoesNotOpenUnderAnotherMasterKey) {
  const KeyStore keys(file(), true), other(folder_ / "other.key", true);
  EXPECT_THROW(other.unseal("grant", keys.seal("grant", "s")), Error);
}

TEST_F(KeyStoreFile, ADerivedKeyFollowsFromMasterKeyAndPurpose) {
  const KeyStore keys(file(), true), again(file(), false), other(folder_ / "other.key", true);
  const std::string key = keys.derived("links");
  EXPECT_EQ(key.size(), 32U);
  EXPECT_EQ(again.derived("links"), key);
  EXPECT_NE(keys.derived("links2"), key);
  EXPECT_NE(other.derived("links"), key);
}

class KeyStoreSecrets : public ::testing::TestWithParam<test::DatabaseCase> {
 protected:
  std::string secret(const KeyStore& keys, std::string_view name) {
    return in_transaction(*database_, Access::write,
                          [&](Transaction& transaction) { return keys.secret(transaction, name, 32, 5); });
  }
  naru::test::TempFolder folder_;
  const std::unique_ptr<Database> database_ = GetParam().make();
};
NARU_FOR_EACH_DATABASE(KeyStoreSecrets);

TEST_P(KeyStoreSecrets, AreMadeOnceAndNeverStoredInTheClear) {
  const KeyStore keys(folder_ / "master.key", true);
  const std::string made = secret(keys, "ledger");
  EXPECT_EQ(made.size(), 32U);
  EXPECT_EQ(secret(keys, "ledger"), made);
  EXPECT_NE(secret(keys, "other"), made);
  const KeyStore again(folder_ / "master.key", false);
  EXPECT_EQ(secret(again, "ledger"), made);
  const auto rows = in_transaction(*database_, Access::read, [](Transaction& transaction) {
    return transaction.query("SELECT sealed FROM sealed_keys ORDER BY name");
  });
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_THAT(rows[0].text(0), Not(HasSubstr(made)));
}

TEST_P(KeyStoreSecrets, AreNoneOfAnotherNameOrMasterKey) {
  const KeyStore keys(folder_ / "master.key", true), other(folder_ / "other.key", true);
  secret(keys, "ledger");
  EXPECT_THROW(secret(other, "ledger"), Error);
  in_transaction(*database_, Access::write,
                 [](Transaction& transaction) { transaction.execute("UPDATE sealed_keys SET name = 'other'"); });
  EXPECT_THROW(secret(keys, "other"), Error) << "a secret under another name is another purpose";
}

}  // namespace
}  // namespace naru::server
