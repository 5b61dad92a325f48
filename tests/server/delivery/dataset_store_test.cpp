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

}  // namespace
}  // namespace naru::server::test
