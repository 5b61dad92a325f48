#include "server/audit/ledger_leaf.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "server/audit/ledger.h"

namespace naru::server {
namespace {

LedgerEvent event() {
  return {"dataset.published", "org-1", "user-7", "dataset-5f", {{"sha256", std::string(64, 'a')}, {"files", 3}}};
}

bool is_taken(const LedgerEvent& event) {
  try {
    leaf_text(0, 0, event);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::request_invalid);
    EXPECT_EQ(std::string(error.what()).find("KIM"), std::string::npos) << "what was refused is not repeated";
    return false;
  }
}

bool takes_detail(const nlohmann::ordered_json& value) {
  LedgerEvent changed = event();
  changed.detail["field"] = value;
  return is_taken(changed);
}

TEST(LedgerLeaf, IsOneLineWithSortedKeys) {
  LedgerEvent e = event();
  e.detail = {{"b", {{"z", true}, {"a", nullptr}}}, {"a", {1, "two"}}};
  EXPECT_EQ(leaf_text(12, 1700000000123, e),
            R"({"actor":"user-7","at_ms":1700000000123,"detail":{"a":[1,"two"],"b":{"a":null,"z":true}},)"
            R"("kind":"dataset.published","number":12,"object_id":"dataset-5f","organisation_id":"org-1",)"
            R"("schema":"naru.ledger-leaf/1"})");
}

TEST(LedgerLeaf, IsTheSameTextForTheSameFacts) {
  LedgerEvent a = event(), b = event();
  a.detail = {{"x", 1}, {"y", 2}};
  b.detail = {{"y", 2}, {"x", 1}};
  EXPECT_EQ(leaf_text(0, 5, a), leaf_text(0, 5, b));
}

TEST(LedgerLeaf, TakesIdsHashesAndCodes) {
  for (const char* const word :
       {"job-5f0c", "DUO:0000042", "0.1.0", "2026-017", "ct-1mm", "QUEUED", "42", "sha256/abc="}) {
    EXPECT_TRUE(takes_detail(word)) << word;
  }
  for (const std::size_t digits : {16, 32, 64}) {
    EXPECT_TRUE(takes_detail(std::string(digits, '1'))) << "a hash, or what it begins with, may have digits alone";
  }
}

TEST(LedgerLeaf, RefusesWhatCouldBeAPatients) {
  for (const char* const text :
       {"KIM^MINSU", "KIM MINSU", "KIM\tMINSU", "KIM,MINSU", "김민수", "kim@hospital.example", "1.2.840.113619.2.55.3",
        "2.25.329800735698586629295641978511506172918", "900101-1234567", "9001011234567", "1980-01-31", "1980.01.31",
        "1980/01/31", "19800131", "00123456", "192.168.0.1", ""}) {
    EXPECT_FALSE(takes_detail(text)) << text;
    EXPECT_FALSE(takes_detail({{"deeper", {text}}})) << text;
    LedgerEvent changed = event();
    changed.actor = text;
    EXPECT_FALSE(is_taken(changed)) << text;
    changed = event();
    changed.object_id = text;
    EXPECT_EQ(is_taken(changed), changed.object_id.empty()) << text;
    changed = event();
    changed.organisation_id = text;
    EXPECT_EQ(is_taken(changed), changed.organisation_id.empty()) << text;
  }
  EXPECT_FALSE(takes_detail(1.5));
  LedgerEvent changed = event();
  changed.detail["KIM MINSU"] = 1;
  EXPECT_FALSE(is_taken(changed)) << "a key is text as well";
  changed.detail = nlohmann::ordered_json::array({1});
  EXPECT_FALSE(is_taken(changed));
}

TEST(LedgerLeaf, RefusesWhatIsTooLongOrTooDeep) {
  EXPECT_TRUE(takes_detail(std::string(128, 'a')));
  EXPECT_FALSE(takes_detail(std::string(129, 'a')));
  nlohmann::ordered_json many = nlohmann::ordered_json::array();
  for (int i = 0; i < 100; ++i) many.push_back(std::string(100, 'a'));
  EXPECT_FALSE(takes_detail(many));
  nlohmann::ordered_json deep = 1;
  for (int i = 0; i < 5; ++i) deep = nlohmann::ordered_json::array({deep});
  EXPECT_FALSE(takes_detail(deep));
}

TEST(LedgerLeaf, KindsAreAnObjectAndWhatBecameOfIt) {
  for (const char* const kind :
       {"", "job", "job.", ".created", "Job.created", "job.created.twice", "job created", "job.1"}) {
    LedgerEvent changed = event();
    changed.kind = kind;
    EXPECT_FALSE(is_taken(changed)) << kind;
  }
}

}  // namespace
}  // namespace naru::server
