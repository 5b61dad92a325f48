/// Listings of the datasets lately asked for. A dataset never changes, so neither does its listing.
#pragma once

#include <list>
#include <memory>
#include <mutex>

#include "server/delivery/dataset_object.h"

namespace naru::server {

class Listings {
 public:
  /// @throws as list_dataset
  std::shared_ptr<const DatasetListing> get(Services& services, const Dataset& dataset);

 private:
  static constexpr std::size_t kMaxCount = 16;
  std::mutex mutex_;
  std::list<std::shared_ptr<const DatasetListing>> newest_first_;
};

}  // namespace naru::server
