#include "server/delivery/dataset_store.h"

#include <gtest/gtest.h>

#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

class DatasetStore : public testing::TestWithParam<DatabaseCase> {
 protected:
  DeliveryWorld world_{GetParam()};
};
NARU_FOR_EACH_DATABASE(DatasetStore);

TEST_P(DatasetStore, MakesAReceiptAgainOfWhichAPowerCutLeftNothing) {
  const std::string id = world_.publish(world_.grant(world_.proposal()));
  const Dataset dataset = world_.access(world_.steward, id).dataset;
  const DatasetFile whole = receipt_file(world_.server.services, dataset);
  EXPECT_EQ(receipt_file(world_.server.services, dataset).sha256, whole.sha256) << "the same ever after";
  std::filesystem::resize_file(receipt_folder(world_.server.services, id) / whole.path, 0);
  EXPECT_EQ(receipt_file(world_.server.services, dataset).sha256, whole.sha256);
}

TEST_P(DatasetStore, RemovesWhatAServerThatWasKilledLeftOfADestroyedDataset) {
  const std::string id = world_.publish(world_.grant(world_.proposal()));
  const auto folder = dataset_folder(world_.server.services, id);
  const auto record = world_.server.config.data / "reports/job-1/record.json";
  std::filesystem::create_directories(record.parent_path());
  write_file(record, R"({"schema":"naru.record/1","destruction_date":null})");
  finish_destructions(world_.server.services);
  EXPECT_TRUE(std::filesystem::exists(folder)) << "it is published";
  world_.write([&](Transaction& t) {  // what is committed when the server is killed
    t.execute("UPDATE datasets SET state = 'destroyed', destroyed_ms = $1 WHERE id = $2",
              {world_.server.clock.now_ms(), id});
  });
  world_.server.clock.advance(86'400'000);
  finish_destructions(world_.server.services);
  EXPECT_FALSE(std::filesystem::exists(folder));
  const auto json = nlohmann::json::parse(read_file(record, 10000).value_or(""));
  EXPECT_EQ(json["destruction_date"], "2026-01-01") << "when it was destroyed";
}

}  // namespace
}  // namespace naru::server::test
