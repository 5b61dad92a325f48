/// A ledger with a dataset in it, written to a folder as its readers get it: for tests of what reads such files.
#pragma once

#include <cstdint>
#include <filesystem>

namespace naru::server::test {

/// Writes below `folder`:
///   ledger/             the exported tiles and checkpoint of `size` leaves, cosigned by a witness
///   ledger.key, witness.key   verifier keys
///   old.checkpoint      the checkpoint of the first half
///   dataset/            two files and their SHA256SUMS
///   dataset.tlog-proof  the receipt that the dataset was published, leaf number size - 1
/// @pre size > 0
void write_sample_ledger(const std::filesystem::path& folder, std::uint64_t size);

}  // namespace naru::server::test
