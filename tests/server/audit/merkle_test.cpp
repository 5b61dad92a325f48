#include "server/audit/merkle.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "tests/server/audit/trees.h"

namespace naru::server {
namespace {

using test::StoredTree;

constexpr std::uint64_t kSizes = 130;  // past one tile's half, with every shape of edge below

/// One line of merkle_vectors.tsv, which merkle_vectors.py made from the recursive definitions of RFC 6962.
struct Vector {
  std::string kind;
  std::uint64_t a = 0, b = 0;
  std::vector<Hash> hashes;
};

std::vector<Vector> read_vectors() {
  std::ifstream file(NARU_ROOT "/tests/server/audit/merkle_vectors.tsv");
  std::vector<Vector> vectors;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    Vector vector;
    std::string hashes;
    fields >> vector.kind >> vector.a >> vector.b >> hashes;
    std::istringstream list(hashes);
    for (std::string hash; std::getline(list, hash, ',');) vector.hashes.push_back(hash_from_hex(hash).value());
    vectors.push_back(std::move(vector));
  }
  return vectors;
}

/// The leaves that merkle_vectors.py takes: the eight of the reference tests, then "leaf 8", ...
std::vector<std::string> vector_leaves() {
  using namespace std::string_literals;
  std::vector<std::string> leaves = {
      "", "\0"s, "\x10", "\x20\x21", "\x30\x31", "\x40\x41\x42\x43", "PQRSTUVW", "`abcdefghijklmno"};
  for (int i = 8; i < 40; ++i) leaves.push_back("leaf " + std::to_string(i));
  return leaves;
}

TEST(Merkle, RootsAndProofsAreThoseOfTheRfc) {
  std::map<std::pair<int, std::uint64_t>, Hash> stored;
  std::vector<Hash> roots;
  GrowingTree tree;
  roots.push_back(tree.root());
  for (const std::string& leaf : vector_leaves()) {
    tree.append(leaf_hash(leaf), [&](int level, std::uint64_t number, const Hash& hash) {
      stored[{level, number}] = hash;
    });
    roots.push_back(tree.root());
  }
  const HashSource source = [&](int level, std::uint64_t number) { return stored.at({level, number}); };
  const auto vectors = read_vectors();
  ASSERT_GT(vectors.size(), 500U);
  for (const Vector& vector : vectors) {
    const std::vector<Hash> hashes = vector.kind == "root"        ? std::vector{root_hash(vector.a, source)}
                                     : vector.kind == "inclusion" ? inclusion_proof(vector.a, vector.b, source)
                                                                  : consistency_proof(vector.a, vector.b, source);
    EXPECT_EQ(hashes, vector.hashes) << vector.kind << ' ' << vector.a << ' ' << vector.b;
    if (vector.kind != "root") continue;
    EXPECT_EQ(roots.at(vector.a), vector.hashes.front()) << vector.a;
  }
}

TEST(Merkle, EveryLeafOfEveryTreeHasAProofThatHolds) {
  const StoredTree tree(kSizes);
  for (std::uint64_t size = 1; size <= kSizes; ++size) {
    const TreeHead head = tree.head(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(index, size, tree.source());
      EXPECT_TRUE(verify_inclusion(leaf_hash(StoredTree::leaf(index)), index, head, proof)) << index << '/' << size;
    }
  }
}

TEST(Merkle, EveryTreeIsABeginningOfEveryLongerOne) {
  const StoredTree tree(kSizes);
  for (std::uint64_t size = 0; size <= kSizes; ++size) {
    for (std::uint64_t old_size = 0; old_size <= size; ++old_size) {
      const auto proof = consistency_proof(old_size, size, tree.source());
      EXPECT_TRUE(verify_consistency(tree.head(old_size), tree.head(size), proof)) << old_size << '/' << size;
    }
  }
}

Hash with_bit_flipped(Hash hash, int bit) {
  hash[static_cast<std::size_t>(bit) / 8] ^= std::byte{1} << (bit % 8);
  return hash;
}

TEST(Merkle, EveryChangedBitOfAnInclusionProofIsFound) {
  const StoredTree tree(kSizes);
  for (const std::uint64_t size : {2, 3, 7, 8, 9, 64, 100, 130}) {
    const TreeHead head = tree.head(size);
    for (const std::uint64_t index : {std::uint64_t{0}, size / 2, size - 1}) {
      const Hash leaf = leaf_hash(StoredTree::leaf(index));
      const auto proof = inclusion_proof(index, size, tree.source());
      for (int bit = 0; bit < 256; ++bit) {
        for (std::size_t i = 0; i < proof.size(); ++i) {
          auto changed = proof;
          changed[i] = with_bit_flipped(changed[i], bit);
          EXPECT_FALSE(verify_inclusion(leaf, index, head, changed));
        }
        EXPECT_FALSE(verify_inclusion(with_bit_flipped(leaf, bit), index, head, proof));
        EXPECT_FALSE(verify_inclusion(leaf, index, {size, with_bit_flipped(head.root, bit)}, proof));
      }
    }
  }
}

TEST(Merkle, AnInclusionProofHoldsForItsIndexAloneAndWhole) {
  const StoredTree tree(kSizes);
  for (const std::uint64_t size : {1, 2, 3, 7, 8, 9, 100}) {
    const TreeHead head = tree.head(size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const Hash leaf = leaf_hash(StoredTree::leaf(index));
      auto proof = inclusion_proof(index, size, tree.source());
      for (std::uint64_t other = 0; other <= size; ++other) {
        EXPECT_EQ(verify_inclusion(leaf, other, head, proof), other == index);
      }
      proof.push_back(leaf);
      EXPECT_FALSE(verify_inclusion(leaf, index, head, proof));
      proof.pop_back();
      if (proof.empty()) continue;
      proof.pop_back();
      EXPECT_FALSE(verify_inclusion(leaf, index, head, proof));
    }
  }
}

TEST(Merkle, EveryChangedBitOfAConsistencyProofIsFound) {
  const StoredTree tree(kSizes);
  for (const std::uint64_t size : {2, 3, 7, 8, 9, 64, 100, 130}) {
    const TreeHead head = tree.head(size);
    for (const std::uint64_t old_size : {std::uint64_t{1}, size / 2, size - 1}) {
      const TreeHead old_head = tree.head(old_size);
      const auto proof = consistency_proof(old_size, size, tree.source());
      for (int bit = 0; bit < 256; ++bit) {
        for (std::size_t i = 0; i < proof.size(); ++i) {
          auto changed = proof;
          changed[i] = with_bit_flipped(changed[i], bit);
          EXPECT_FALSE(verify_consistency(old_head, head, changed));
        }
        EXPECT_FALSE(verify_consistency({old_size, with_bit_flipped(old_head.root, bit)}, head, proof));
        EXPECT_FALSE(verify_consistency(old_head, {size, with_bit_flipped(head.root, bit)}, proof));
      }
    }
  }
}

TEST(Merkle, AConsistencyProofHoldsWholeAndForItsSizesAlone) {
  const StoredTree tree(kSizes);
  for (const std::uint64_t size : {2, 3, 7, 8, 9, 100}) {
    for (std::uint64_t old_size = 1; old_size < size; ++old_size) {
      auto proof = consistency_proof(old_size, size, tree.source());
      EXPECT_FALSE(verify_consistency(tree.head(size), tree.head(old_size), proof)) << "a tree that shrank";
      EXPECT_FALSE(verify_consistency({old_size, tree.head(size).root}, tree.head(size), proof));
      proof.push_back(tree.head(1).root);
      EXPECT_FALSE(verify_consistency(tree.head(old_size), tree.head(size), proof));
      proof.pop_back();
      proof.pop_back();
      EXPECT_FALSE(verify_consistency(tree.head(old_size), tree.head(size), proof));
    }
  }
  const std::vector<Hash> one = {tree.head(1).root};
  EXPECT_FALSE(verify_consistency(tree.head(5), tree.head(5), one));
  EXPECT_FALSE(verify_consistency(tree.head(0), tree.head(5), one));
  EXPECT_FALSE(verify_consistency({0, tree.head(3).root}, tree.head(5), {})) << "an empty tree has one root";
}

TEST(Merkle, AProofOfAMillionLeavesAsksForFewHashes) {
  int count = 0;
  const HashSource source = [&](int, std::uint64_t) {
    ++count;
    return Hash{};
  };
  constexpr std::uint64_t kSize = (std::uint64_t{1} << 20) - 1;  // the most ragged edge
  for (const std::uint64_t index : {std::uint64_t{0}, kSize / 3, kSize - 1}) {
    count = 0;
    EXPECT_LE(inclusion_proof(index, kSize, source).size(), 20U);
    EXPECT_LE(count, 40);
    count = 0;
    EXPECT_LE(consistency_proof(index + 1, kSize, source).size(), 21U);
    EXPECT_LE(count, 40);
  }
}

TEST(Merkle, ReadsHashesOfSixtyFourDigitsAlone) {
  const Hash hash = leaf_hash("x");
  EXPECT_EQ(hash_from_hex(to_hex(hash)), hash);
  EXPECT_FALSE(hash_from_hex(""));
  EXPECT_FALSE(hash_from_hex(to_hex(hash).substr(1)));
  EXPECT_FALSE(hash_from_hex(to_hex(hash) + "0"));
  EXPECT_FALSE(hash_from_hex("g" + to_hex(hash).substr(1)));
}

}  // namespace
}  // namespace naru::server
