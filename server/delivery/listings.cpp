#include "server/delivery/listings.h"

#include <algorithm>

namespace naru::server {

std::shared_ptr<const DatasetListing> Listings::get(Services& services, const Dataset& dataset) {
  const std::lock_guard lock(mutex_);  // held while reading: those who ask for the same wait instead of reading too
  const auto found =
      std::ranges::find_if(newest_first_, [&](const auto& listing) { return listing->dataset.id == dataset.id; });
  if (found != newest_first_.end()) {
    newest_first_.splice(newest_first_.begin(), newest_first_, found);
  } else {
    newest_first_.push_front(std::make_shared<const DatasetListing>(list_dataset(services, dataset)));
    if (newest_first_.size() > kMaxCount) newest_first_.pop_back();
  }
  return newest_first_.front();
}

}  // namespace naru::server
