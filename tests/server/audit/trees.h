/// Trees to compare with: every hash of every complete subtree, held in memory.
#pragma once

#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "server/audit/merkle.h"

namespace naru::server::test {

/// Leaves "leaf 0", "leaf 1", ... and a source of their hashes that counts how often it is asked.
class StoredTree {
 public:
  explicit StoredTree(std::uint64_t size) {
    GrowingTree tree;
    for (std::uint64_t i = 0; i < size; ++i) {
      tree.append(leaf_hash(leaf(i)), [&](int level, std::uint64_t number, const Hash& hash) {
        hashes_[{level, number}] = hash;
      });
    }
  }
  static std::string leaf(std::uint64_t index) { return "leaf " + std::to_string(index); }

  HashSource source() const {
    return [this](int level, std::uint64_t number) {
      ++question_count;
      const auto found = hashes_.find({level, number});
      if (found == hashes_.end()) throw std::out_of_range("an incomplete subtree was asked for");
      return found->second;
    };
  }
  TreeHead head(std::uint64_t size) const { return {size, root_hash(size, source())}; }

  mutable int question_count = 0;

 private:
  std::map<std::pair<int, std::uint64_t>, Hash> hashes_;
};

}  // namespace naru::server::test
