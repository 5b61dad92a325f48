#include "server/delivery/send_object.h"

#include <gtest/gtest.h>

#include "server/delivery/dataset_object.h"
#include "tests/server/delivery/delivery_world.h"

namespace naru::server::test {
namespace {

class SendObject : public testing::TestWithParam<DatabaseCase> {
 protected:
  std::string etag(const std::string& object_id) {
    const DatasetAccess access = world_.access(world_.engineer, dataset_);
    const DatasetListing listing = list_dataset(world_.server.services, access.dataset);
    const Request head = request_for(Method::head, "/");
    const Response response =
        send_object(world_.server.services, head, access, listing, find_object(listing, object_id).value());
    return std::string(response.headers.find("ETag").value());
  }
  DeliveryWorld world_{GetParam()};
  const Grant grant_ = world_.grant(world_.proposal());
  const std::string dataset_ = world_.publish(grant_);
};
NARU_FOR_EACH_DATABASE(SendObject);

TEST_P(SendObject, TheTagOfATarIsAnotherOneWhereItsReceiptIs) {
  const std::string tar = object_id_of_tar(dataset_), image = object_id_of_file(dataset_, "images/1.nii.gz");
  const std::string tar_tag = etag(tar), image_tag = etag(image);
  EXPECT_EQ(etag(tar), tar_tag);
  world_.grant(world_.proposal());  // the ledger grows
  world_.server.ledger.checkpoint();
  EXPECT_EQ(etag(tar), tar_tag);
  std::filesystem::remove_all(receipt_folder(world_.server.services, dataset_));
  EXPECT_NE(etag(tar), tar_tag) << "a receipt for more leaves";
  EXPECT_EQ(etag(image), image_tag);
}

}  // namespace
}  // namespace naru::server::test
