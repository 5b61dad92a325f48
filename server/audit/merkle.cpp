#include "server/audit/merkle.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cassert>

#include "core/digest.h"

namespace naru::server {

namespace {

/// SHA-256 of the pieces, one after the other.
Hash sha256(std::initializer_list<std::span<const std::byte>> pieces) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  for (const auto piece : pieces) {
    crypto_hash_sha256_update(&state, reinterpret_cast<const unsigned char*>(piece.data()), piece.size());
  }
  Hash hash;
  crypto_hash_sha256_final(&state, reinterpret_cast<unsigned char*>(hash.data()));
  return hash;
}

constexpr std::array<std::byte, 1> kLeafPrefix = {std::byte{0}}, kNodePrefix = {std::byte{1}};

/// The hashes of complete subtrees, from left to right, as one tree.
Hash folded(std::span<const Hash> edge) {
  Hash hash = edge.back();
  for (std::size_t i = edge.size() - 1; i-- > 0;) hash = node_hash(edge[i], hash);
  return hash;
}

/// MTH of `count` > 0 leaves from `first`, where `first` is a multiple of the largest power of two up to `count`.
Hash range_hash(std::uint64_t first, std::uint64_t count, const HashSource& source) {
  std::vector<Hash> edge;
  while (count > 0) {
    const int level = std::bit_width(count) - 1;
    edge.push_back(source(level, first >> level));
    first += std::uint64_t{1} << level;
    count -= std::uint64_t{1} << level;
  }
  return folded(edge);
}

/// Where a tree of `count` > 1 leaves is split: the largest power of two below `count`.
std::uint64_t split(std::uint64_t count) { return std::bit_floor(count - 1); }

}  // namespace

std::string to_hex(const Hash& hash) { return naru::to_hex(std::span<const std::byte>(hash)); }

std::optional<Hash> hash_from_hex(std::string_view text) {
  Hash hash;
  std::size_t size = 0;
  if (text.size() != 2 * hash.size() ||
      sodium_hex2bin(reinterpret_cast<unsigned char*>(hash.data()), hash.size(), text.data(), text.size(), nullptr,
                     &size, nullptr) != 0 ||
      size != hash.size()) {
    return std::nullopt;
  }
  return hash;
}

Hash leaf_hash(std::string_view leaf) { return sha256({kLeafPrefix, std::as_bytes(std::span(leaf))}); }

Hash node_hash(const Hash& left, const Hash& right) { return sha256({kNodePrefix, left, right}); }

Hash root_hash(std::uint64_t size, const HashSource& source) {
  return size == 0 ? sha256({}) : range_hash(0, size, source);
}

std::vector<Hash> inclusion_proof(std::uint64_t index, std::uint64_t size, const HashSource& source) {
  assert(index < size);
  std::vector<Hash> proof;
  std::uint64_t first = 0, count = size;
  while (count > 1) {
    const std::uint64_t k = split(count);
    const bool is_left = index - first < k;
    proof.push_back(is_left ? range_hash(first + k, count - k, source) : range_hash(first, k, source));
    first += is_left ? 0 : k;
    count = is_left ? k : count - k;
  }
  std::reverse(proof.begin(), proof.end());
  return proof;
}

std::vector<Hash> consistency_proof(std::uint64_t old_size, std::uint64_t size, const HashSource& source) {
  assert(old_size <= size);
  std::vector<Hash> proof;
  if (old_size == 0 || old_size == size) return proof;
  std::uint64_t first = 0, count = size;
  bool is_old_tree = true;  // `first` is 0 still: the verifier knows the hash of what is left over
  while (old_size - first != count) {
    const std::uint64_t k = split(count);
    const bool is_left = old_size - first <= k;
    proof.push_back(is_left ? range_hash(first + k, count - k, source) : range_hash(first, k, source));
    is_old_tree = is_old_tree && is_left;
    first += is_left ? 0 : k;
    count = is_left ? k : count - k;
  }
  if (!is_old_tree) proof.push_back(range_hash(first, count, source));
  std::reverse(proof.begin(), proof.end());
  return proof;
}

namespace {

/// One step of a proof from `node` to its parent; `last` is the last node of the level. Levels at which the node has no
/// sibling are passed as well.
/// @return whether the sibling stands to the left
bool climb(std::uint64_t& node, std::uint64_t& last) {
  const bool is_left = (node & 1) == 1 || node == last;
  const auto rise = [&] {
    node >>= 1;
    last >>= 1;
  };
  while (is_left && (node & 1) == 0 && node != 0) rise();
  rise();
  return is_left;
}

}  // namespace

bool verify_inclusion(const Hash& leaf, std::uint64_t index, const TreeHead& tree, std::span<const Hash> proof) {
  if (index >= tree.size) return false;
  std::uint64_t node = index, last = tree.size - 1;
  Hash hash = leaf;
  for (const Hash& other : proof) {
    if (last == 0) return false;
    hash = climb(node, last) ? node_hash(other, hash) : node_hash(hash, other);
  }
  return last == 0 && hash == tree.root;
}

bool verify_consistency(const TreeHead& old_tree, const TreeHead& tree, std::span<const Hash> proof) {
  if (old_tree.size > tree.size) return false;
  if (old_tree.size == tree.size) return proof.empty() && old_tree.root == tree.root;
  if (old_tree.size == 0) return proof.empty() && old_tree.root == sha256({});
  if (proof.empty()) return false;
  std::uint64_t node = old_tree.size - 1, last = tree.size - 1;
  const int trailing = std::countr_one(node);
  node >>= trailing;
  last >>= trailing;
  // Where the old tree is one complete subtree, its root is not in the proof.
  const bool is_complete = std::has_single_bit(old_tree.size);
  Hash old_hash = is_complete ? old_tree.root : proof.front();
  Hash hash = old_hash;
  for (const Hash& other : proof.subspan(is_complete ? 0 : 1)) {
    if (last == 0) return false;
    const bool is_left = climb(node, last);
    if (is_left) old_hash = node_hash(other, old_hash);
    hash = is_left ? node_hash(other, hash) : node_hash(hash, other);
  }
  return last == 0 && old_hash == old_tree.root && hash == tree.root;
}

void GrowingTree::append(const Hash& leaf, const OnComplete& on_complete) {
  Hash hash = leaf;
  std::uint64_t number = size_++;
  int level = 0;
  if (on_complete) on_complete(level, number, hash);
  for (; (number & 1) == 1; number >>= 1) {
    hash = node_hash(edge_.back(), hash);
    edge_.pop_back();
    if (on_complete) on_complete(++level, number >> 1, hash);
  }
  edge_.push_back(hash);
}

Hash GrowingTree::root() const { return edge_.empty() ? sha256({}) : folded(edge_); }

}  // namespace naru::server
