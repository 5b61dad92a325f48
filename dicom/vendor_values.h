/// What vendors write into private elements instead of, or before, the standard's attributes: diffusion, scaling and
/// kinds of images.
#pragma once

#include <optional>
#include <string>

#include "dicom/header_values.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// Fills b-value and gradient direction of `plane.timing`. The standard's attributes come first, then, by the names of
/// the private blocks: Siemens (0019,100C/0E) and Philips (2001,1003), (2005,10B0-B2), both in the patient frame;
/// GE (0043,1039) and (0019,10BB-BD), UIH (0065,1009/37) and Canon's Image Comments, in the image's frame.
/// The direction is a unit vector; b = 0 and averages over directions have none.
/// @pre the plane's directions are set
/// Source: PS3.3 C.8.13.5.9 (MR Diffusion); the vendors' conformance statements; for the sign of GE's axes
/// dcm2niix. GE's, Canon's and UIH's directions were not held against those of another program.
void read_diffusion(const HeaderValues& header, Instance& plane);

/// ASL Context (0018,9257) or, in classic images, Philips' label type (2005,1429): 0 M0, 1 control, 2 label.
std::optional<std::int64_t> read_asl_context(const HeaderValues& header);

/// Complex Image Component (0008,9208) or, in classic images, GE's kind of image (0043,102F), in the standard's words.
std::string read_complex_component(const HeaderValues& header);

/// Philips' own scale of MR values, or empty.
std::optional<PhilipsScale> read_philips_scale(const HeaderValues& header);

}  // namespace naru::dicom
