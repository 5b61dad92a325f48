/// What every result gets beside the elements of its source: what it is, and what was done to it.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "dicom/deidentify/rewrite.h"

namespace naru::dicom {

/// Specific Character Set of a result with texts that are not ASCII.
inline constexpr std::string_view kUtf8 = "ISO_IR 192";

struct Addition;

class Additions {
 public:
  /// @param context must outlive this
  /// @param has_set the source's data set states a character set, which is written where it stands
  Additions(const RewriteContext& context, bool has_set);

  /// True for an attribute that is written here, whatever the source has of it.
  bool have(Tag tag) const;

  /// Writes those up to `tag` that were not yet written.
  void write_up_to(Tag tag, DataSetWriter& writer);

 private:
  const RewriteContext& context_;
  std::vector<const Addition*> planned_;  ///< by tag
  std::size_t written_ = 0;
};

}  // namespace naru::dicom
