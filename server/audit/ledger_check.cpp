#include <fmt/format.h>

#include <bit>
#include <map>

#include "core/error.h"
#include "server/audit/ledger.h"
#include "server/audit/ledger_rows.h"

namespace naru::server {

namespace {

constexpr std::uint64_t kPage = 1024;

/// Reads the tree from its leaves, a page at a time, and compares.
class TreeCheck {
 public:
  explicit TreeCheck(Transaction& transaction) : transaction_(transaction), size_(ledger_size(transaction)) {}

  void check() {
    check_counts();
    check_checkpoints();  // of the empty tree
    for (std::uint64_t first = 0; first < size_; first += kPage) {
      for (const std::string& leaf : stored_leaves(transaction_, first, kPage)) check_leaf(leaf);
    }
    if (checkpoint_count_ != count("ledger_checkpoints")) throw ledger_error("it is shorter than its last checkpoint");
  }

 private:
  std::uint64_t count(std::string_view table) {
    return static_cast<std::uint64_t>(transaction_.query(fmt::format("SELECT COUNT(*) FROM {}", table))[0].integer(0));
  }

  /// Neither more nor fewer rows than a tree of this size has: what is there but not looked at below is found here.
  void check_counts() {
    const std::uint64_t leaf_count = count("ledger_leaves");
    if (leaf_count != size_) throw ledger_error(fmt::format("it has {} leaves and says {}", leaf_count, size_));
    const std::uint64_t hash_count = size_ * 2 - static_cast<std::uint64_t>(std::popcount(size_));
    if (count("ledger_hashes") != hash_count) throw ledger_error("it has more or fewer hashes than its leaves give");
  }

  void check_leaf(const std::string& leaf) {
    const std::uint64_t number = tree_.size();
    if (number % kPage == 0) read_hashes(number);
    tree_.append(leaf_hash(leaf), [&](int level, std::uint64_t n, const Hash& hash) {
      const Hash stored = level < kPageLevels ? hashes_.at({level, n}) : stored_hashes(transaction_, level, n, 1)[0];
      if (stored != hash)
        throw ledger_error(fmt::format("hash {} of level {} does not follow from the leaves", n, level));
    });
    check_checkpoints();
  }

  /// The hashes that complete subtrees within one page have, in few statements.
  void read_hashes(std::uint64_t first) {
    hashes_.clear();
    const std::uint64_t count = std::min(kPage, size_ - first);
    for (int level = 0; level < kPageLevels; ++level) {
      const std::uint64_t n = first >> level;
      const auto page = stored_hashes(transaction_, level, n, ((first + count) >> level) - n);
      for (std::size_t i = 0; i < page.size(); ++i) hashes_[{level, n + i}] = page[i];
    }
  }

  /// Compares the tree as it is now with the checkpoint of its size, if there is one.
  void check_checkpoints() {
    if (checkpoints_.empty() && !all_read_) read_checkpoints();
    const auto found = checkpoints_.begin();
    if (found == checkpoints_.end() || found->first != tree_.size()) return;
    const auto checkpoint = parse_signed_checkpoint(found->second);
    if (!checkpoint || checkpoint->checkpoint.tree != TreeHead{tree_.size(), tree_.root()}) {
      throw ledger_error(fmt::format("its first {} leaves are not those of their checkpoint", tree_.size()));
    }
    checkpoints_.erase(found);
    ++checkpoint_count_;
  }

  void read_checkpoints() {
    const Rows rows =
        transaction_.query("SELECT size, note FROM ledger_checkpoints WHERE size > $1 ORDER BY size LIMIT $2",
                           {last_read_, static_cast<std::int64_t>(kPage)});
    for (const Row& row : rows) checkpoints_[static_cast<std::uint64_t>(last_read_ = row.integer(0))] = row.text(1);
    all_read_ = rows.size() < kPage;
  }

  static constexpr int kPageLevels = std::bit_width(kPage);
  Transaction& transaction_;
  const std::uint64_t size_;
  GrowingTree tree_;
  std::map<std::pair<int, std::uint64_t>, Hash> hashes_;
  std::map<std::uint64_t, std::string> checkpoints_;
  std::int64_t last_read_ = -1;
  bool all_read_ = false;
  std::uint64_t checkpoint_count_ = 0;
};

}  // namespace

void Ledger::check_at_start(const std::filesystem::path& exported) {
  in_transaction(database_, Access::read, [&](Transaction& transaction) {
    TreeCheck(transaction).check();
    const auto last = last_checkpoint(transaction);
    if (!last) throw ledger_error("it has leaves without a checkpoint");
    // One of the empty tree promises nothing, under whatever origin.
    const bool is_own = last->checkpoint.origin == origin_ && is_signed_by(last->note, key_->verifier());
    if (!is_own && last->checkpoint.tree.size > 0) {
      throw ledger_error(
          "its last checkpoint is of another origin, or not signed by its key (was the origin or the "
          "master key changed?)");
    }
    require_exported(transaction, exported);
  });
}

}  // namespace naru::server
