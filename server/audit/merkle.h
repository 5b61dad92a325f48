/// The Merkle tree of RFC 6962 (the same in RFC 9162) over SHA-256: roots, and proofs that grow with log(size).
///
///   MTH({})    = SHA-256()
///   MTH({d})   = SHA-256(0x00 || d)
///   MTH(D[n])  = SHA-256(0x01 || MTH(D[0:k]) || MTH(D[k:n])), k the largest power of two below n
///
/// A complete subtree is named (level, number): it covers the leaves [number << level, (number + 1) << level). Its hash
/// never changes once its leaves are there, so whoever stores these hashes answers any question about any size with
/// O(log n) of them. Everything here is a pure function over such a source.
/// Source: RFC 6962 section 2.1; the checks of proofs are RFC 9162 sections 2.1.3.2 and 2.1.4.2.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace naru::server {

using Hash = std::array<std::byte, 32>;

std::string to_hex(const Hash& hash);                      ///< 64 lower-case digits
std::optional<Hash> hash_from_hex(std::string_view text);  ///< of exactly 64 digits

Hash leaf_hash(std::string_view leaf);
Hash node_hash(const Hash& left, const Hash& right);

/// The hash of a complete subtree. What it throws passes through.
using HashSource = std::function<Hash(int level, std::uint64_t number)>;

/// The root of the first `size` leaves.
Hash root_hash(std::uint64_t size, const HashSource& source);

/// The hashes that, with the leaf's, give the root: from the leaf's sibling upwards. @pre index < size
std::vector<Hash> inclusion_proof(std::uint64_t index, std::uint64_t size, const HashSource& source);

/// The hashes that show that the first `old_size` of `size` leaves are those of the older tree. Empty where
/// old_size is 0 or size. @pre old_size <= size
std::vector<Hash> consistency_proof(std::uint64_t old_size, std::uint64_t size, const HashSource& source);

/// A tree of a certain size and root.
struct TreeHead {
  std::uint64_t size = 0;
  Hash root{};
  bool operator==(const TreeHead&) const = default;
};

bool verify_inclusion(const Hash& leaf, std::uint64_t index, const TreeHead& tree, std::span<const Hash> proof);

/// True where the tree `old_tree` is a beginning of `tree`. Every tree begins with the empty one.
bool verify_consistency(const TreeHead& old_tree, const TreeHead& tree, std::span<const Hash> proof);

/// A tree that grows leaf by leaf and holds only the hashes of its right edge: for those who read a whole log.
class GrowingTree {
 public:
  /// Called with each complete subtree as it becomes complete, lowest first.
  using OnComplete = std::function<void(int level, std::uint64_t number, const Hash& hash)>;

  void append(const Hash& leaf, const OnComplete& on_complete = {});
  std::uint64_t size() const { return size_; }
  Hash root() const;

 private:
  std::uint64_t size_ = 0;
  std::vector<Hash> edge_;  ///< complete subtrees from left to right, one for each bit of size_
};

}  // namespace naru::server
