/// Which files are de-identified at all.
#pragma once

#include <optional>

#include "core/code.h"
#include "dicom/deidentify/deidentify.h"

namespace naru::dicom {

/// Why a file is of no kind that can be de-identified: its class is not handled, or it has no UIDs.
std::optional<Code> check_source(const DeidSource& source);

}  // namespace naru::dicom
