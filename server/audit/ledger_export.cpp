#include <fmt/format.h>

#include "pipeline/files.h"
#include "server/audit/ledger.h"
#include "server/audit/ledger_rows.h"

namespace naru::server {

namespace {

namespace fs = std::filesystem;

void make_folders(const fs::path& folder) {
  std::error_code failure;
  fs::create_directories(folder, failure);
  if (failure) throw write_error(failure.value(), "a folder of the exported ledger");
}

/// The tree that `folder` holds already; the empty one, where it holds none.
TreeHead exported_tree(const fs::path& folder, const VerifierKey& key) {
  std::error_code absent;
  if (!fs::exists(folder / "checkpoint", absent)) return {0, root_hash(0, {})};
  const auto text = read_file(folder / "checkpoint", kMaxNoteBytes);
  const auto exported = text ? parse_signed_checkpoint(*text) : std::nullopt;
  if (!exported || !is_signed_by(exported->note, key)) {
    throw Error(ErrorCode::ledger_invalid,
                "the folder to export to holds a checkpoint that is not of this ledger: choose another one");
  }
  return exported->checkpoint.tree;
}

void write_tile(const std::string& bytes, const fs::path& file) {
  make_folders(file.parent_path());
  write_file(file, bytes);
}

/// Partial tiles whose full tile is there are needed by nobody.
void remove_partial(const Tile& tile, const fs::path& folder) {
  if (tile.width != kTileWidth) return;
  std::error_code ignored;
  fs::remove_all(fs::path((folder / path_of(tile)).string() + ".p"), ignored);
}

}  // namespace

std::uint64_t Ledger::require_exported(Transaction& transaction, const fs::path& folder) const {
  const TreeHead exported = exported_tree(folder, key_->verifier());
  if (exported.size <= ledger_size(transaction) &&
      root_hash(exported.size, stored_hashes(transaction)) == exported.root) {
    return exported.size;
  }
  throw ledger_error("it is not what was exported before");
}

void Ledger::export_tiles(const fs::path& folder) {
  make_folders(folder);
  checkpoint();
  const auto [tiles, note, cosigned] = in_transaction(database_, Access::read, [&](Transaction& transaction) {
    const auto last = last_checkpoint(transaction).value();
    const std::uint64_t exported_size = require_exported(transaction, folder);
    return std::tuple(tiles_between(exported_size, last.checkpoint.tree.size), to_text(last.note),
                      cosigned_checkpoint(transaction));
  });
  // What a tile holds never changes, so each is read for itself: others need not wait for the disk.
  for (const Tile& tile : tiles) write_tile(this->tile(tile).value(), folder / path_of(tile));
  sync_file_system(folder);  // the checkpoint promises what is on the disk
  write_file(folder / "checkpoint", note);
  if (cosigned) write_file(folder / "checkpoint.cosigned", to_text(cosigned->note));
  sync_file_system(folder);
  for (const Tile& tile : tiles) remove_partial(tile, folder);
}

}  // namespace naru::server
