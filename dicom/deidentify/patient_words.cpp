#include "dicom/deidentify/patient_words.h"

#include <algorithm>
#include <deque>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace naru::dicom {

namespace {

/// What was made for the last few keys.
template <class Value>
class LastMade {
 public:
  template <class Make>
  std::shared_ptr<const Value> of(const Identifiers& key, Make make) {
    {
      const std::lock_guard lock(mutex_);
      const auto found = std::ranges::find(made_, key, &Made::first);
      if (found != made_.end()) return found->second;
    }
    // Without the lock: two threads may make the same, and both are good.
    auto value = std::make_shared<const Value>(make());
    const std::lock_guard lock(mutex_);
    if (made_.size() == kMostKept) made_.pop_front();
    made_.emplace_back(key, value);
    return value;
  }

 private:
  static constexpr std::size_t kMostKept = 4;
  using Made = std::pair<Identifiers, std::shared_ptr<const Value>>;
  std::mutex mutex_;
  std::deque<Made> made_;
};

}  // namespace

struct PatientWords::State {
  State(Identifiers all, const DeidentifyPolicy& policy)
      : identifiers(std::move(all)),
        search(identifiers),
        keep_words(policy.keep_words),
        remove_words(policy.remove_words) {}

  Identifiers identifiers;
  ProofSearch search;
  std::vector<std::string> keep_words, remove_words;
  LastMade<DescriptorCleaner> cleaners;
  LastMade<ProofSearch> searches;
};

PatientWords::PatientWords(Identifiers identifiers, const DeidentifyPolicy& policy) {
  for (const auto category : kIdentifierCategories) {
    auto& values = identifiers.*category;
    std::ranges::sort(values);
    values.erase(std::ranges::unique(values).begin(), values.end());
  }
  state_ = std::make_unique<State>(std::move(identifiers), policy);
}
PatientWords::~PatientWords() = default;
PatientWords::PatientWords(PatientWords&&) noexcept = default;
PatientWords& PatientWords::operator=(PatientWords&&) noexcept = default;
const Identifiers& PatientWords::identifiers() const { return state_->identifiers; }
const ProofSearch& PatientWords::search() const { return state_->search; }

std::shared_ptr<const DescriptorCleaner> PatientWords::cleaner(const Identifiers& own) const {
  return state_->cleaners.of(own, [&] {
    return DescriptorCleaner(joined(own, state_->identifiers), state_->keep_words, state_->remove_words);
  });
}

std::shared_ptr<const ProofSearch> PatientWords::search_of(const Identifiers& own) const {
  return state_->searches.of(own, [&] { return ProofSearch(own); });
}

}  // namespace naru::dicom
