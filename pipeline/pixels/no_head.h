/// What is surely no head: limbs and trunks, by the outline and by the part of the body that the header names.
#pragma once

#include <string_view>

#include "kernels/executor.h"
#include "pipeline/pixels/head_shape.h"

namespace naru {

/// Of an outline over which the average head does not lie (is_head). True for a limb by its name, but for one that is
/// broader than a hand and ends below the top of the scan, as a head does at its vertex, and one with a head beside it;
/// and for a trunk: by its name and a cut across it at the top of the scan, or without a name by cuts at both ends.
/// @param body_part (0018,0015) as found
bool is_surely_no_head(const HeadShape& shape, std::string_view body_part, Executor& executor);

}  // namespace naru
