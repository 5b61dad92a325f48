#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "tests/cli/program.h"
#include "tests/server/support/sample_ledger.h"

namespace naru {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::Finished;
using ::testing::HasSubstr;

/// `naru audit verify` as those use it who got a dataset, or a copy of a hospital's ledger.
class AuditProgramTest : public ::testing::Test {
 protected:
  void SetUp() override { server::test::write_sample_ledger(folder_.path(), 300); }
  std::string path(std::string_view name) const { return (folder_ / name).string(); }
  Finished verify(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"audit", "verify"});
    arguments.insert(arguments.end(), {"--key", path("ledger.key")});
    return test::run_naru(arguments, folder_.path());
  }
  test::TempFolder folder_;
};

TEST_F(AuditProgramTest, ExplainsItselfWithAnExample) {
  const Finished help = test::run_naru({"audit", "verify", "--help"}, folder_.path());
  EXPECT_EQ(help.status, 0);
  EXPECT_THAT(help.out, HasSubstr("Example:\n  naru audit verify"));
}

TEST_F(AuditProgramTest, ALedgerReceiptAndCheckpointThatHoldExitWithZero) {
  const Finished all = verify(
      {"--witness", path("witness.key"), path("ledger"), path("dataset.tlog-proof"), "--dataset", path("dataset")});
  EXPECT_EQ(all.status, 0) << all.out << all.err;
  EXPECT_THAT(all.out, HasSubstr("ledger of 300 leaves, 300 entries read"));
  EXPECT_THAT(all.out, HasSubstr("receipt for leaf 299 of 300: {\"actor\":\"server\""));
  EXPECT_THAT(all.out, HasSubstr("hospital.example/naru: everything is as promised\n"));
  EXPECT_EQ(verify({path("ledger"), path("old.checkpoint")}).status, 0);
  EXPECT_EQ(verify({path("ledger"), path("old.checkpoint"), "--witness", path("witness.key")}).status, 1)
      << "the witness saw the whole ledger alone";
}

TEST_F(AuditProgramTest, PrintsOneJsonDocument) {
  const Finished finished = verify({path("dataset.tlog-proof"), "--json", "--quiet"});
  EXPECT_EQ(finished.status, 0);
  EXPECT_EQ(finished.err, "");
  const json document = json::parse(finished.out);
  EXPECT_EQ(document["schema"], "naru.audit/1");
  EXPECT_EQ(document["whole"], true);
  EXPECT_EQ(document["inputs"][0]["leaf"]["kind"], "dataset.published");
}

TEST_F(AuditProgramTest, SaysWhatDiffersAndWhereAndExitsWithOne) {
  const fs::path bundle = folder_ / "ledger/tile/entries/001.p/44";
  std::string bytes = test::slurp(bundle);
  bytes[20] = static_cast<char>(bytes[20] ^ 1);
  test::spill(bundle, bytes);
  const Finished finished = verify({path("ledger")});
  EXPECT_EQ(finished.status, 1);
  EXPECT_THAT(finished.out, HasSubstr("tile/entries/001.p/44: leaf 256 "));
  EXPECT_THAT(finished.out, HasSubstr("1 differences"));
}

TEST_F(AuditProgramTest, ADatasetThatWasChangedIsNotTheReceipts) {
  test::spill(folder_ / "dataset/a.txt", "changed\n");
  const Finished file = verify({path("dataset.tlog-proof"), "--dataset", path("dataset")});
  EXPECT_EQ(file.status, 1);
  EXPECT_THAT(file.out, HasSubstr("a.txt: has another SHA-256"));
  test::spill(folder_ / "dataset/SHA256SUMS", "");
  const Finished sums = verify({path("dataset.tlog-proof"), "--dataset", path("dataset")});
  EXPECT_EQ(sums.status, 1);
  EXPECT_THAT(sums.out, HasSubstr("no receipt that was given is this dataset's"));
}

TEST_F(AuditProgramTest, UsageErrorsExitWithTwo) {
  EXPECT_EQ(test::run_naru({"audit"}, folder_.path()).status, 2);
  EXPECT_EQ(test::run_naru({"audit", "verify", path("ledger")}, folder_.path()).status, 2) << "no key";
  EXPECT_EQ(verify({}).status, 2);
  const Finished key = test::run_naru({"audit", "verify", path("ledger"), "--key", "nonsense"}, folder_.path());
  EXPECT_EQ(key.status, 2);
  EXPECT_THAT(key.err, HasSubstr("--key must be a verifier key"));
  EXPECT_EQ(verify({path("nothing")}).status, 1);
}

TEST_F(AuditProgramTest, ADatasetHoldsWithItsReceiptInIt) {
  fs::copy_file(folder_ / "dataset.tlog-proof", folder_ / "dataset/receipt.tlog-proof");
  const Finished whole = verify({path("dataset/receipt.tlog-proof"), "--dataset", path("dataset")});
  EXPECT_EQ(whole.status, 0) << whole.out << whole.err;
  test::spill(folder_ / "dataset/receipt.tlog-proof", "notes");
  const Finished other = verify({path("dataset.tlog-proof"), "--dataset", path("dataset")});
  EXPECT_EQ(other.status, 1);
  EXPECT_THAT(other.out, HasSubstr("receipt.tlog-proof: is not in SHA256SUMS"));
}

}  // namespace
}  // namespace naru
