#include "tests/server/support/sample_ledger.h"

#include "core/digest.h"
#include "server/audit/key_store.h"
#include "server/audit/ledger.h"
#include "server/store/database.h"
#include "tests/server/support/fake_clock.h"
#include "tests/support/temp_folder.h"

namespace naru::server::test {

namespace {

using naru::test::spill;

std::string sha256_of(std::string_view text) { return naru::sha256_hex(text); }

/// @return the SHA-256 of its SHA256SUMS
std::string write_dataset(const std::filesystem::path& folder) {
  spill(folder / "a.txt", "one\n");
  spill(folder / "images/b.txt", "two\n");
  const std::string sums = sha256_of("one\n") + "  a.txt\n" + sha256_of("two\n") + "  images/b.txt\n";
  spill(folder / "SHA256SUMS", sums);
  return sha256_of(sums);
}

void grow(Database& database, Ledger& ledger, std::uint64_t from, std::uint64_t to) {
  in_transaction(database, Access::write, [&](Transaction& transaction) {
    for (std::uint64_t i = from; i < to; ++i) {
      ledger.append(transaction, {"job.created", "org-1", "user-1", "job-" + std::to_string(i), {{"attempt", 1}}});
    }
  });
}

}  // namespace

void write_sample_ledger(const std::filesystem::path& folder, std::uint64_t size) {
  const naru::test::TempFolder kept;
  const FakeClock clock;
  KeyStore keys(kept / "master.key", true);
  const auto database = open_database("sqlite:" + (kept / "naru.db").string());
  const auto witness_database = open_database("sqlite:" + (kept / "witness.db").string());
  Ledger ledger(*database, keys, clock, "hospital.example/naru");
  const std::vector<std::string> known = {ledger.verifier_key()};
  Ledger witness(*witness_database, keys, clock, "other.example/naru", known);

  const std::string sums_sha256 = write_dataset(folder / "dataset");
  grow(*database, ledger, 0, size / 2);
  spill(folder / "old.checkpoint", ledger.checkpoint());
  grow(*database, ledger, size / 2, size - 1);
  in_transaction(*database, Access::write, [&](Transaction& transaction) {
    ledger.append(transaction, {"dataset.published", "org-1", "server", "dataset-1", {{"sha256", sums_sha256}}});
  });
  ledger.checkpoint();
  const std::vector<VerifierKey> witnesses = {parse_verifier_key(witness.witness_key()).value()};
  ledger.add_cosignatures(size, witness.add_checkpoint(ledger.witness_request(0)).body, witnesses);
  ledger.export_tiles(folder / "ledger");
  spill(folder / "dataset.tlog-proof", ledger.receipt(size - 1));
  spill(folder / "ledger.key", ledger.verifier_key() + "\n");
  spill(folder / "witness.key", witness.witness_key() + "\n");
}

}  // namespace naru::server::test
