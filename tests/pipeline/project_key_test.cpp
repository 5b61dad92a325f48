#include "pipeline/project_key.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "core/digest.h"
#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

const std::string kKeyText = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n";

class ProjectKeyTest : public ::testing::Test {
 protected:
  ProjectKey key_from(const std::string& text, const char* name = "k.key") {
    test::spill(folder_ / name, text);
    ::chmod((folder_ / name).c_str(), 0600);
    return ProjectKey::load(folder_ / name);
  }
  test::TempFolder folder_;
};

// HMAC-SHA-256(HMAC-SHA-256(key, "naru.pseudonym/1"), "patient" 00 "12345"), first 8 bytes, computed with Python's
// hmac.
TEST_F(ProjectKeyTest, PseudonymsAreTheHmacThatTheHeaderStates) {
  EXPECT_EQ(key_from(kKeyText).pseudonym("patient", "12345"), "patient-08d3b9b045ec46a4");
}

// HMAC-SHA-256(key, "naru.pseudonym/1") under which Python's hmac gives the tag of "uid" 00 "1.2.3".
TEST_F(ProjectKeyTest, AllPseudonymsComeFromTheSubkeyForPseudonyms) {
  const ProjectKey key = key_from(kKeyText);
  EXPECT_EQ(to_hex(key.pseudonym_key().tag("uid", "1.2.3")),
            "c99a94baa353386abad17a9e399fd00f435d917ca5dd6df437304526cfcb72b4");
  EXPECT_EQ(key.pseudonym_key().pseudonym("patient", "12345"), key.pseudonym("patient", "12345"));
}

// HMAC-SHA-256(HMAC-SHA-256(key, "naru.fraction/1"), "split" 00 "12345") by Python's hmac, upper 53 bits over 2^53.
TEST_F(ProjectKeyTest, FractionsAreTheUpperBitsOfTheirTag) {
  EXPECT_EQ(key_from(kKeyText).fraction("split", "12345"), 0x1.72690eba482d8p-4);
}

TEST_F(ProjectKeyTest, PseudonymsDifferByKeyKindAndIdentifier) {
  const ProjectKey key = key_from(kKeyText);
  std::string other_text = kKeyText;
  other_text[0] = 'f';
  const ProjectKey other = key_from(other_text, "other.key");
  EXPECT_EQ(key.pseudonym("patient", "1"), key.pseudonym("patient", "1"));
  EXPECT_NE(key.pseudonym("patient", "1"), other.pseudonym("patient", "1"));
  EXPECT_NE(key.pseudonym("patient", "1").substr(8), key.pseudonym("study", "1").substr(6));
  EXPECT_NE(key.pseudonym("patient", "1"), key.pseudonym("patient", "2"));
  EXPECT_NE(key.id(), other.id());
}

TEST_F(ProjectKeyTest, FractionsAreSpreadEvenly) {
  const ProjectKey key = key_from(kKeyText);
  double sum = 0;
  for (int i = 0; i < 4000; ++i) {
    const double fraction = key.fraction("split", std::to_string(i));
    ASSERT_GE(fraction, 0);
    ASSERT_LT(fraction, 1);
    sum += fraction;
  }
  EXPECT_NEAR(sum / 4000, 0.5, 0.02);  // four standard errors
}

TEST_F(ProjectKeyTest, RefusesAKeyThatOthersCanRead) {
  test::spill(folder_ / "open.key", kKeyText);
  ::chmod((folder_ / "open.key").c_str(), 0644);
  EXPECT_THROW(ProjectKey::load(folder_ / "open.key"), Error);
}

TEST_F(ProjectKeyTest, RefusesMalformedOrMissingKeys) {
  EXPECT_THROW(key_from("00"), Error);
  EXPECT_THROW(key_from(kKeyText + "00"), Error);
  EXPECT_THROW(key_from("zz" + kKeyText.substr(2)), Error);
  EXPECT_THROW(key_from(""), Error);
  EXPECT_THROW(key_from(std::string(64, '\0')), Error);  // what a destroyed key leaves for a moment
  EXPECT_THROW(key_from(kKeyText + std::string(300, ' ')), Error);
  EXPECT_THROW(ProjectKey::load(folder_ / "absent.key"), Error);
  EXPECT_FALSE(ProjectKey::load_if_sound(folder_ / "absent.key"));
}

TEST_F(ProjectKeyTest, AKeyOfDigitsIsTheKeyOfAFileWithThem) {
  const std::string digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
  test::spill(folder_ / "key", digits + "\n");
  ::chmod((folder_ / "key").c_str(), 0400);
  EXPECT_EQ(ProjectKey::from_hex(digits).id(), ProjectKey::load(folder_ / "key").id());
  for (const std::string& wrong : {std::string(), digits + "0", digits.substr(1), digits.substr(1) + "g"}) {
    EXPECT_THROW(ProjectKey::from_hex(wrong), Error) << wrong.size();
  }
}

TEST_F(ProjectKeyTest, RefusesWhatIsNoRegularFile) {
  std::filesystem::create_directory(folder_ / "folder.key");
  ::chmod((folder_ / "folder.key").c_str(), 0700);
  EXPECT_THROW(ProjectKey::load(folder_ / "folder.key"), Error);
  ASSERT_EQ(::mkfifo((folder_ / "pipe.key").c_str(), 0600), 0);
  EXPECT_THROW(ProjectKey::load(folder_ / "pipe.key"), Error);  // and does not wait for a writer
}

TEST_F(ProjectKeyTest, RefusesTheKeyOfAnotherUser) {
  key_from(kKeyText);
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(::chown((folder_ / "k.key").c_str(), 12345, 12345), 0);
  EXPECT_THROW(ProjectKey::load(folder_ / "k.key"), Error);
}

TEST_F(ProjectKeyTest, SavesOnlyToANewFileAndPrivately) {
  const ProjectKey key = ProjectKey::random();
  EXPECT_NE(key.id(), ProjectKey::random().id());
  const auto file = folder_ / "saved.key";
  key.save(file);
  struct stat status {};
  ASSERT_EQ(::stat(file.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(ProjectKey::load(file).id(), key.id());
  EXPECT_THROW(ProjectKey::random().save(file), Error);
  EXPECT_EQ(ProjectKey::load(file).id(), key.id());
}

TEST_F(ProjectKeyTest, ProjectNamesDoNotCollideWithRotatedKeys) {
  EXPECT_TRUE(is_project_name("liver-2.v1"));
  EXPECT_FALSE(is_project_name("liver.0123456789abcdef"));
  EXPECT_TRUE(is_project_name("liver.0123456789abcde"));
  EXPECT_FALSE(is_project_name(""));
  EXPECT_FALSE(is_project_name(".hidden"));
  EXPECT_FALSE(is_project_name("a/b"));
  EXPECT_EQ(rotated_key_id("liver.0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(rotated_key_id(".0123456789abcdef"), "0123456789abcdef");
  EXPECT_EQ(rotated_key_id("0123456789abcdef"), "");
}

TEST_F(ProjectKeyTest, MakesAPrivateKeyOnFirstUseAndKeepsIt) {
  ::setenv("XDG_STATE_HOME", folder_.path().c_str(), 1);
  bool created = false;
  const std::string id = ProjectKey::of_project("liver", &created).id();
  EXPECT_TRUE(created);
  struct stat status {};
  ASSERT_EQ(::stat((folder_.path() / "naru/keys/liver.key").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(ProjectKey::of_project("liver", &created).id(), id);
  EXPECT_FALSE(created);
  EXPECT_NE(ProjectKey::of_project("lung").id(), id);
  EXPECT_THROW(ProjectKey::of_project("../evil"), Error);
}

TEST_F(ProjectKeyTest, UnsealsOnlyWhatTheSameKeySealedUnchanged) {
  const ProjectKey key = key_from(kKeyText);
  auto sealed = key.seal("patient 1 is X");
  EXPECT_EQ(key.unseal(sealed), "patient 1 is X");
  EXPECT_NE(sealed, key.seal("patient 1 is X"));  // random nonce
  std::string other_text = kKeyText;
  other_text[5] = 'f';
  EXPECT_THROW(key_from(other_text, "other.key").unseal(sealed), Error);
  sealed.back() ^= std::byte{1};
  EXPECT_THROW(key.unseal(sealed), Error);
  EXPECT_THROW(key.unseal(std::span(sealed).first(5)), Error);
}

}  // namespace
}  // namespace naru
