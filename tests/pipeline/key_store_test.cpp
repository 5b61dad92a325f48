#include "pipeline/key_store.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "core/error.h"
#include "tests/support/temp_folder.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;

class KeyStoreTest : public ::testing::Test {
 protected:
  KeyStoreTest() { ::setenv("XDG_STATE_HOME", folder_.path().c_str(), 1); }
  fs::path keys() const { return folder_ / "naru/keys"; }
  std::string id_of(const fs::path& name) const { return ProjectKey::load(keys() / name).id(); }
  std::set<std::string> names() const {
    std::set<std::string> result;
    for (const auto& entry : fs::directory_iterator(keys())) result.insert(entry.path().filename());
    return result;
  }
  /// "act key" of every line of the log.
  std::vector<std::string> acts() const {
    std::vector<std::string> result;
    std::istringstream text(test::slurp(keys() / "log.jsonl"));
    for (std::string line; std::getline(text, line);) {
      const auto json = nlohmann::json::parse(line);
      result.push_back(json["act"].get<std::string>() + " " + json["key"].get<std::string>());
    }
    return result;
  }
  test::TempFolder folder_;
};

TEST_F(KeyStoreTest, RotationMakesANewKeyAndKeepsTheOldOneReadable) {
  const auto sealed = ProjectKey::of_project("liver").seal("who");
  const std::string first = id_of("liver.key");
  const KeyRotation rotation = rotate_key("liver");
  EXPECT_EQ(rotation.old_id, first);
  EXPECT_EQ(id_of("liver.key"), rotation.new_id);
  EXPECT_NE(rotation.new_id, first);
  const fs::path kept = keys() / ("liver." + first + ".key");
  EXPECT_EQ(ProjectKey::load(kept).unseal(sealed), "who");
  struct stat status {};
  ASSERT_EQ(::stat(kept.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
  EXPECT_EQ(status.st_nlink, 1U);
  EXPECT_EQ(ProjectKey::of_project("liver").id(), rotation.new_id);
  EXPECT_THAT(acts(), ElementsAre("create " + first, "rotate " + rotation.new_id));
}

TEST_F(KeyStoreTest, RotationNeedsAKeyAndSaysWhereKeysComeFrom) {
  try {
    rotate_key("liver");
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::key_invalid);
    EXPECT_THAT(error.what(), ::testing::AllOf(::testing::HasSubstr("liver"), ::testing::HasSubstr("naru key list"),
                                               ::testing::HasSubstr("naru deidentify")));
  }
  EXPECT_THROW(rotate_key("../evil"), Error);
  EXPECT_EQ(names(), std::set<std::string>{"log.jsonl"});
}

TEST_F(KeyStoreTest, ListsTheCurrentKeyFirstAndReadsNothingElse) {
  create_key("liver");
  create_key("lung");
  const KeyRotation rotation = rotate_key("liver");
  test::spill(keys() / "notes.txt", "x");
  test::spill(keys() / "a b.key", "no project has this name");
  test::spill(keys() / "lung.0123456789abcdef.key", "not a key");
  const auto liver = list_keys("liver");
  ASSERT_EQ(liver.size(), 2U);
  EXPECT_TRUE(liver[0].is_current);
  EXPECT_EQ(liver[0].id, rotation.new_id);
  EXPECT_FALSE(liver[1].is_current);
  EXPECT_EQ(liver[1].id, rotation.old_id);
  EXPECT_NEAR(static_cast<double>(liver[0].made_at), static_cast<double>(std::time(nullptr)), 60);
  const auto all = list_keys(std::nullopt);
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(all[2].project, "lung");
  EXPECT_EQ(all[3].id, "");
}

TEST_F(KeyStoreTest, AKeyUnderAnotherKeysNameIsNotTakenForIt) {
  create_key("liver");
  fs::copy_file(keys() / "liver.key", keys() / "liver.0123456789abcdef.key");
  EXPECT_EQ(list_keys("liver")[1].id, "");
}

TEST_F(KeyStoreTest, ListingWhereThereAreNoKeysMakesNothing) {
  EXPECT_TRUE(list_keys(std::nullopt).empty());
  EXPECT_FALSE(fs::exists(keys()));
}

TEST_F(KeyStoreTest, DestructionOverwritesAndRemovesAllKeysOfTheProjectAlone) {
  create_key("liver");
  create_key("lung");
  const KeyRotation rotation = rotate_key("liver");
  const std::string secret = test::slurp(keys() / "liver.key");
  fs::create_hard_link(keys() / "liver.key", folder_ / "witness");
  EXPECT_THAT(destroy_keys("liver", std::nullopt), ElementsAre(rotation.new_id, rotation.old_id));
  EXPECT_EQ(names(), (std::set<std::string>{"log.jsonl", "lung.key"}));
  EXPECT_EQ(test::slurp(folder_ / "witness"), std::string(secret.size(), '\0'));
  EXPECT_THAT(acts(), ::testing::IsSupersetOf({"destroy " + rotation.new_id, "destroy " + rotation.old_id}));
  EXPECT_THROW(destroy_keys("liver", std::nullopt), Error);
}

TEST_F(KeyStoreTest, DestructionById) {
  create_key("liver");
  const KeyRotation rotation = rotate_key("liver");
  EXPECT_THROW(destroy_keys("liver", "0123456789abcdef"), Error);
  EXPECT_THROW(destroy_keys("liver", ""), Error);
  EXPECT_EQ(names().size(), 3U);
  EXPECT_THAT(destroy_keys("liver", rotation.old_id), ElementsAre(rotation.old_id));
  EXPECT_EQ(names(), (std::set<std::string>{"liver.key", "log.jsonl"}));
  EXPECT_THAT(destroy_keys("liver", rotation.new_id), ElementsAre(rotation.new_id));
  EXPECT_EQ(names(), std::set<std::string>{"log.jsonl"});
}

TEST_F(KeyStoreTest, DestructionReachesKeysThatCannotBeReadAndLeftovers) {
  create_key("liver");
  ::chmod((keys() / "liver.key").c_str(), 0444);
  test::spill(keys() / "liver.0123456789abcdef.key", "broken");
  test::spill(keys() / "liver.key.tmp", "left by a run that was cut off");
  destroy_keys("liver", std::nullopt);
  EXPECT_EQ(names(), std::set<std::string>{"log.jsonl"});
}

TEST_F(KeyStoreTest, WhatCannotBeLoggedIsNotDone) {
  create_key("liver");
  const std::string id = id_of("liver.key");
  fs::remove(keys() / "log.jsonl");
  fs::create_directory(keys() / "log.jsonl");
  EXPECT_THROW(rotate_key("liver"), Error);
  EXPECT_THROW(destroy_keys("liver", std::nullopt), Error);
  EXPECT_THROW(create_key("lung"), Error);
  EXPECT_EQ(id_of("liver.key"), id);
  EXPECT_EQ(names(), (std::set<std::string>{"liver.key", "log.jsonl"}));
  EXPECT_EQ(ProjectKey::of_project("liver").id(), id);  // use needs no log
}

/// The states in which a rotation can be cut off: the new key waits under a temporary name; the old one has two names.
TEST_F(KeyStoreTest, RotationGoesOnAfterOneThatWasCutOff) {
  create_key("liver");
  const std::string first = id_of("liver.key");
  test::spill(keys() / "liver.key.tmp", "half a k");
  fs::create_hard_link(keys() / "liver.key", keys() / ("liver." + first + ".key"));
  EXPECT_EQ(ProjectKey::of_project("liver").id(), first);
  const KeyRotation rotation = rotate_key("liver");
  EXPECT_EQ(rotation.old_id, first);
  EXPECT_EQ(names(), (std::set<std::string>{"liver.key", "liver." + first + ".key", "log.jsonl"}));
}

/// A key's creation that was cut off after it got its name left a second name; removing that must not wipe the key.
TEST_F(KeyStoreTest, ALeftOverSecondNameIsRemovedWithoutHarm) {
  create_key("liver");
  const std::string first = id_of("liver.key");
  fs::create_hard_link(keys() / "liver.key", keys() / "liver.key.tmp");
  const KeyRotation rotation = rotate_key("liver");
  EXPECT_EQ(id_of("liver." + first + ".key"), first);
  EXPECT_EQ(id_of("liver.key"), rotation.new_id);
}

TEST_F(KeyStoreTest, RotationRefusesWhereAnotherFileHasTheOldKeysName) {
  create_key("liver");
  const std::string first = id_of("liver.key");
  create_key("lung");
  fs::copy_file(keys() / "lung.key", keys() / ("liver." + first + ".key"));
  EXPECT_THROW(rotate_key("liver"), Error);
  EXPECT_EQ(id_of("liver.key"), first);
}

TEST_F(KeyStoreTest, RunsAtTheSameTimeLoseNoKeyAndNeverMissOne) {
  constexpr int kProcesses = 4, kRotations = 8;
  create_key("liver");
  for (int n = 0; n < kProcesses; ++n) {
    if (::fork() != 0) continue;
    bool is_made = false;
    for (int i = 0; i < kRotations; ++i) {
      ProjectKey::of_project("liver", &is_made);
      if (is_made) ::_exit(1);
      rotate_key("liver");
    }
    ::_exit(0);
  }
  for (int n = 0; n < kProcesses; ++n) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  const auto all = list_keys("liver");
  EXPECT_EQ(all.size(), static_cast<std::size_t>(kProcesses * kRotations + 1));
  EXPECT_TRUE(std::none_of(all.begin(), all.end(), [](const StoredKey& key) { return key.id.empty(); }));
  EXPECT_EQ(acts().size(), all.size());
}

TEST_F(KeyStoreTest, FirstUsesAtTheSameTimeAgreeOnOneKey) {
  for (int n = 0; n < 6; ++n) {
    if (::fork() != 0) continue;
    const std::string id = ProjectKey::of_project("liver").id();
    ::_exit(ProjectKey::of_project("liver").id() == id ? 0 : 1);
  }
  for (int n = 0; n < 6; ++n) {
    int status = -1;
    ::wait(&status);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(names(), (std::set<std::string>{"liver.key", "log.jsonl"}));
  EXPECT_EQ(acts().size(), 1U);
}

}  // namespace
}  // namespace naru
