#include "server/audit/checkpoint.h"

#include <gtest/gtest.h>

#include <cstring>

#include "server/audit/base64.h"
#include "tests/server/audit/trees.h"

namespace naru::server {
namespace {

using test::StoredTree;

// The examples of the specifications, c2sp.org/tlog-checkpoint, tlog-cosignature and tlog-witness.
constexpr std::string_view kBody =
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
constexpr std::string_view kLogLine =
    "— example.com/behind-the-sofa "
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
constexpr std::string_view kWitnessLine =
    "— witness.example.com/w1 "
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";
constexpr std::string_view kProofLines =
    "PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
    "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n";

std::string signed_example() { return std::string(kBody) + "\n" + std::string(kLogLine) + std::string(kWitnessLine); }

TEST(Checkpoint, TheExampleOfTheSpecificationIsReadAndWrittenAlike) {
  const auto signed_checkpoint = parse_signed_checkpoint(signed_example());
  ASSERT_TRUE(signed_checkpoint);
  const Checkpoint& checkpoint = signed_checkpoint->checkpoint;
  EXPECT_EQ(checkpoint.origin, "example.com/behind-the-sofa");
  EXPECT_EQ(checkpoint.tree.size, 20852163U);
  EXPECT_EQ(to_base64(checkpoint.tree.root), "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=");
  EXPECT_EQ(to_text(checkpoint), kBody);
  EXPECT_EQ(to_text(signed_checkpoint->note), signed_example());
  const auto& witness = signed_checkpoint->note.signatures.at(1);
  EXPECT_EQ(witness.bytes.size(), 72U);
  // The time in the example's cosignature is the one in the example's message.
  std::uint64_t time_s = 0;
  for (std::size_t i = 0; i < 8; ++i) time_s = time_s << 8 | static_cast<unsigned char>(witness.bytes[i]);
  EXPECT_EQ(time_s, 1679315147U);
}

TEST(Checkpoint, KeepsExtensionLines) {
  const auto checkpoint = parse_checkpoint(std::string(kBody) + "one\ntwo words\n");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->extensions, (std::vector<std::string>{"one", "two words"}));
  EXPECT_EQ(to_text(*checkpoint), std::string(kBody) + "one\ntwo words\n");
}

TEST(Checkpoint, MalformedOnesAreRefused) {
  const std::string root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
  const std::vector<std::string> malformed = {"",
                                              "a\n",
                                              "a\n1\n",
                                              "\n1\n" + root,
                                              "a\n01\n" + root,
                                              "a\n+1\n" + root,
                                              "a\n-1\n" + root,
                                              "a\n 1\n" + root,
                                              "a\n1x\n" + root,
                                              "a\n\n" + root,
                                              "a\n9223372036854775808\n" + root,
                                              "a\n18446744073709551616\n" + root,
                                              "a\n1\nCsUY\n",
                                              "a\n1\n" + root.substr(0, root.size() - 1),
                                              "a\n1\n" + root + "\n",
                                              "a\n1\n" + root + "\nb\n",
                                              "a\n1\n" + root + "b"};
  for (const std::string& text : malformed) EXPECT_FALSE(parse_checkpoint(text)) << text;
  EXPECT_TRUE(parse_checkpoint("a\n0\n" + root));
  EXPECT_TRUE(parse_checkpoint("a\n9223372036854775807\n" + root));
}

TEST(Checkpoint, TheWitnessRequestOfTheSpecificationIsReadAndWrittenAlike) {
  const std::string text = "old 20852014\n" + std::string(kProofLines) + "\n" + signed_example();
  const auto request = parse_witness_request(text);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->old_size, 20852014U);
  EXPECT_EQ(request->proof.size(), 4U);
  EXPECT_EQ(to_text(*request), text);
}

TEST(Checkpoint, MalformedWitnessRequestsAreRefused) {
  const std::string note = signed_example(), proof(kProofLines);
  std::string many;
  for (int i = 0; i < 64; ++i) many += proof.substr(0, 45);
  for (const std::string& text :
       {std::string(), std::string("old 1\n"), "old 1\n" + note.substr(0, 30), "old\n\n" + note, "old  1\n\n" + note,
        "old 01\n\n" + note, "old -1\n\n" + note, "Old 1\n\n" + note, "old 1\n" + proof + note, "old 1\nabc\n\n" + note,
        "old 1\n" + many + "\n" + note, "old 1\n" + proof.substr(0, 40) + "\n\n" + note, "old 1\r\n\r\n" + note}) {
    EXPECT_FALSE(parse_witness_request(text)) << text;
  }
}

/// A receipt of a small log, and what checks it.
struct SmallLog {
  SigningKey key{"example.com/log", KeyType::log, std::string(32, 's')};
  StoredTree tree{11};
  Receipt receipt(std::uint64_t index) const {
    const TreeHead head = tree.head(11);
    const Checkpoint checkpoint{"example.com/log", head, {}};
    const std::string text = to_text(checkpoint);
    return {StoredTree::leaf(index),
            index,
            inclusion_proof(index, 11, tree.source()),
            {checkpoint, Note{text, {key.sign(text)}}}};
  }
};

TEST(Receipt, HasTheLinesOfTheSpecification) {
  const SmallLog log;
  const std::string text = to_text(log.receipt(3));
  EXPECT_TRUE(text.starts_with("c2sp.org/tlog-proof@v1\nextra bGVhZiAz\nindex 3\n"));
  EXPECT_NE(text.find("=\n\nexample.com/log\n11\n"), std::string::npos);
  Receipt without = log.receipt(3);
  without.extra.clear();
  EXPECT_TRUE(to_text(without).starts_with("c2sp.org/tlog-proof@v1\nindex 3\n"));
  EXPECT_EQ(parse_receipt(to_text(without))->extra, "");
}

TEST(Receipt, IsReadAsItWasWritten) {
  const SmallLog log;
  for (std::uint64_t index = 0; index < 11; ++index) {
    const std::string text = to_text(log.receipt(index));
    const auto receipt = parse_receipt(text);
    ASSERT_TRUE(receipt);
    EXPECT_EQ(to_text(*receipt), text);
    EXPECT_TRUE(verify_inclusion(leaf_hash(receipt->extra), receipt->index, receipt->checkpoint.checkpoint.tree,
                                 receipt->proof));
  }
}

TEST(Receipt, EveryChangedBitIsFound) {
  const SmallLog log;
  const std::string text = to_text(log.receipt(6));
  for (std::size_t bit = 0; bit < 8 * text.size(); ++bit) {
    std::string changed = text;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ (1 << (bit % 8)));
    const auto receipt = parse_receipt(changed);
    const bool holds = receipt && is_signed_by(receipt->checkpoint.note, log.key.verifier()) &&
                       verify_inclusion(leaf_hash(receipt->extra), receipt->index, receipt->checkpoint.checkpoint.tree,
                                        receipt->proof);
    EXPECT_FALSE(holds) << "bit " << bit << " of:\n" << changed;
  }
}

TEST(Receipt, MalformedOnesAreRefused) {
  const SmallLog log;
  const std::string text = to_text(log.receipt(6));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{10}, std::size_t{23}, text.find("index"), text.size() - 1}) {
    EXPECT_FALSE(parse_receipt(text.substr(0, size)));
  }
  const std::string tail = text.substr(text.find("index"));
  EXPECT_TRUE(parse_receipt("c2sp.org/tlog-proof@v1\n" + tail));
  EXPECT_FALSE(parse_receipt("c2sp.org/tlog-proof@v2\n" + tail));
  EXPECT_FALSE(parse_receipt("c2sp.org/tlog-proof@v1\nextra !\n" + tail));
  EXPECT_FALSE(parse_receipt("c2sp.org/tlog-proof@v1\nextra eA==\nextra eA==\n" + tail));
  EXPECT_FALSE(parse_receipt("c2sp.org/tlog-proof@v1\nindex 06\n" + tail.substr(8)));
}

}  // namespace
}  // namespace naru::server
