/// Internal to the phantom: one slice before it becomes a file.
#pragma once

#include <dcmtk/config/osconfig.h>
// osconfig.h comes first in every DCMTK program.
#include <dcmtk/dcmdata/dcdatset.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/phantom.h"

namespace naru::test {

struct PhantomSlice {
  Vec3 position_mm{};
  Vec3 row_direction{}, column_direction{};
  int instance_number = 0;
  int identifier = 0;  ///< last component of the SOP Instance UID, and the file's number
  std::string image_type;
  std::optional<Rescale> rescale;
  double added_value = 0;                   ///< what another phase differs by
  std::function<void(DcmDataset&)> damage;  ///< applied last
  bool is_cut = false;                      ///< the file ends early
};

/// Changes the sound slices of a series as the fault says.
void apply_fault(const PhantomOptions& options, std::vector<PhantomSlice>& slices);

/// Text elements with harmless values, or with the token in all of them.
void put_texts(const PhantomOptions& options, DcmDataset& data_set);

}  // namespace naru::test
