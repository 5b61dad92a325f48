/// How many studies are through, for those who watch a job's progress.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>

namespace naru {

/// A study is through when the last of its parts, its cases or files, is.
class StudyTally {
 public:
  void expect(const std::string& study) { ++parts_left_[study]; }
  /// @pre the study still has a part that was expected
  void finish(const std::string& study) { done_ += --parts_left_.at(study) == 0; }

  std::size_t total() const { return parts_left_.size(); }
  std::size_t done() const { return done_; }

 private:
  std::unordered_map<std::string, std::size_t> parts_left_;
  std::size_t done_ = 0;
};

}  // namespace naru
