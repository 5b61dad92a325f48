/// A ledger on a database of its own, and what spoils it.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "core/error.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "tests/server/support/databases.h"
#include "tests/server/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {

class LedgerTest : public ::testing::TestWithParam<DatabaseCase> {
 protected:
  static LedgerEvent event(int i) {
    return {"job.created", "org-1", "user-1", "job-" + std::to_string(i), {{"attempt", i}}};
  }

  std::uint64_t append(Ledger& ledger, const LedgerEvent& event) {
    return in_transaction(*database_, Access::write,
                          [&](Transaction& transaction) { return ledger.append(transaction, event); });
  }
  /// Appends until the ledger has `size` leaves.
  void grow(std::uint64_t size) {
    in_transaction(*database_, Access::write, [&](Transaction& transaction) {
      for (auto i = static_cast<int>(size_); i < static_cast<int>(size); ++i) ledger_.append(transaction, event(i));
    });
    size_ = size;
  }
  void execute(std::string_view sql) {
    in_transaction(*database_, Access::write, [&](Transaction& transaction) { transaction.execute(sql); });
  }
  SignedCheckpoint checkpoint() { return parse_signed_checkpoint(ledger_.checkpoint()).value(); }

  /// What check_at_start says; empty where the ledger is whole.
  std::string problem() {
    try {
      ledger_.check_at_start(folder_ / "ledger");
      return "";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::ledger_invalid);
      return error.what();
    }
  }

  naru::test::TempFolder folder_;
  FakeClock clock_;
  const std::unique_ptr<Database> database_ = GetParam().make();
  KeyStore keys_{folder_ / "master.key", true};
  Ledger ledger_{*database_, keys_, clock_, "hospital.example/naru"};
  std::uint64_t size_ = 0;
};

}  // namespace naru::server::test
