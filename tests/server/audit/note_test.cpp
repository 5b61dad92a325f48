#include "server/audit/note.h"

#include <gtest/gtest.h>

#include "server/audit/base64.h"

namespace naru::server {
namespace {

// The example that implementations of signed notes share: golang.org/x/mod/sumdb/note, note_test.go.
constexpr std::string_view kKey = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
constexpr std::string_view kSeed = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";  // type and seed
constexpr std::string_view kText =
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
constexpr std::string_view kLine =
    "— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

std::string example() { return std::string(kText) + "\n" + std::string(kLine); }
std::string seed() { return from_base64(kSeed).value().substr(1); }

TEST(Note, TheSharedExampleIsRight) {
  const auto key = parse_verifier_key(kKey);
  ASSERT_TRUE(key);
  EXPECT_EQ(to_text(*key), kKey);
  const auto note = parse_note(example());
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, kText);
  EXPECT_TRUE(is_signed_by(*note, *key));
}

TEST(Note, SignsTheSharedExampleByteForByte) {
  const SigningKey key("PeterNeumann", KeyType::log, seed());
  EXPECT_EQ(to_text(key.verifier()), kKey);
  EXPECT_EQ(to_text(Note{std::string(kText), {key.sign(kText)}}), example());
}

TEST(Note, EveryChangedBitOfTheTextOrSignatureIsFound) {
  const auto key = parse_verifier_key(kKey).value();
  const Note note = parse_note(example()).value();
  for (std::size_t bit = 0; bit < 8 * note.text.size(); ++bit) {
    Note changed = note;
    changed.text[bit / 8] = static_cast<char>(changed.text[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_FALSE(is_signed_by(changed, key));
  }
  for (std::size_t bit = 0; bit < 8 * note.signatures[0].bytes.size(); ++bit) {
    Note changed = note;
    char& byte = changed.signatures[0].bytes[bit / 8];
    byte = static_cast<char>(byte ^ (1 << (bit % 8)));
    EXPECT_FALSE(is_signed_by(changed, key));
  }
}

TEST(Note, KeysThatDoNotFollowFromTheirPartsAreRefused) {
  const std::string key(kKey);
  for (std::size_t i = 0; i <= key.size(); ++i) {
    for (std::size_t j = i + 1; j <= key.size(); ++j) {
      const bool is_whole = i == 0 && j == key.size();
      EXPECT_EQ(parse_verifier_key(key.substr(i, j - i)).has_value(), is_whole);
    }
  }
  for (std::size_t i = 0; i < key.size(); ++i) {
    std::string changed = key;
    ++changed[i];
    EXPECT_FALSE(parse_verifier_key(changed)) << changed;
  }
  EXPECT_FALSE(parse_verifier_key("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY=="));
  EXPECT_FALSE(parse_verifier_key("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
  EXPECT_FALSE(parse_verifier_key("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"));
}

TEST(Note, MalformedNotesAreRefused) {
  const std::string text(kText), line(kLine), whole = example();
  const std::vector<std::string> malformed = {
      "",
      "\n",
      "\n\n",
      text,
      text + "\n",
      text + line,
      line,
      whole.substr(0, whole.size() - 1),             // no last newline
      text + "\n" + line + "\n",                     // an empty line after the signatures
      text + "\n— PeterNeumann\n",                   // no signature
      text + "\n- PeterNeumann" + line.substr(16),   // a hyphen
      text + "\n— Peter+Neumann" + line.substr(16),  // '+' in the name
      text + "\n— \xe3\x80\x80" + line.substr(16),   // a space of Unicode as the name
      text + "\n— PeterNeumann x08go\n",             // not base64
      text + "\n— PeterNeumann x08gow==\n",          // a key id alone
      "\x01" + whole,
      "\xff" + whole,
      "a\tb\n" + whole,
  };
  for (const std::string& note : malformed) EXPECT_FALSE(parse_note(note)) << note;
  EXPECT_FALSE(parse_note(std::string(kMaxNoteBytes, 'a') + "\n" + whole));
  std::string many = text + "\n";
  for (std::size_t i = 0; i <= kMaxNoteSignatures; ++i) many += line;
  EXPECT_FALSE(parse_note(many));
}

TEST(Note, SignaturesOfStrangersAreIgnoredAndWrongOnesOfTheKeyAreNot) {
  const SigningKey key("PeterNeumann", KeyType::log, seed()), stranger("Eve", KeyType::log, seed());
  const Note note{std::string(kText), {stranger.sign("other\n"), key.sign(kText)}};
  EXPECT_TRUE(is_signed_by(note, key.verifier()));
  EXPECT_FALSE(is_signed_by(note, stranger.verifier()));
  const Note twice{std::string(kText), {key.sign(kText), key.sign("other\n")}};
  EXPECT_FALSE(is_signed_by(twice, key.verifier()));
  EXPECT_FALSE(is_signed_by(Note{std::string(kText), {}}, key.verifier()));
}

TEST(Note, TextMayHoldEmptyLines) {
  const SigningKey key("a", KeyType::log, seed());
  const std::string text = "one\n\ntwo\n";
  const auto note = parse_note(to_text(Note{text, {key.sign(text)}}));
  ASSERT_TRUE(note);
  EXPECT_EQ(note->text, text);
  EXPECT_TRUE(is_signed_by(*note, key.verifier()));
}

TEST(Note, ACosignatureIsOfItsTypeAndTime) {
  const SigningKey witness("witness.example/w1", KeyType::witness, seed());
  const SigningKey log("witness.example/w1", KeyType::log, seed());
  EXPECT_NE(witness.verifier().id, log.verifier().id) << "the type is part of the id";
  Note note{std::string(kText), {witness.sign(kText, 1679315147)}};
  EXPECT_EQ(note.signatures[0].bytes.size(), 72U);
  EXPECT_TRUE(is_signed_by(note, witness.verifier()));
  // A cosignature is the log's kind of signature over two more lines.
  const NoteSignature plain = log.sign("cosignature/v1\ntime 1679315147\n" + std::string(kText));
  EXPECT_EQ(note.signatures[0].bytes.substr(8), plain.bytes);
  for (std::size_t i = 0; i < 8; ++i) {
    Note changed = note;
    changed.signatures[0].bytes[i] ^= 1;
    EXPECT_FALSE(is_signed_by(changed, witness.verifier())) << "byte " << i << " of the time";
  }
  const auto again = parse_verifier_key(to_text(witness.verifier()));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->type, KeyType::witness);
}

}  // namespace
}  // namespace naru::server
