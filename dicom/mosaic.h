/// Images that hold a volume as tiles: Siemens MOSAIC and UIH VFRAME.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/code.h"
#include "dicom/header_values.h"
#include "dicom/instance.h"

namespace naru::dicom {

/// The numbers of one element of Siemens' CSA header ("SV10" and the older form), or empty where there is none.
/// Reads at most the header's bytes and kMaxCsaElements elements of it, whatever these claim.
std::vector<double> csa_numbers(Bytes csa_header, std::string_view name);

/// True where Image Type or the private headers say that the image is tiled.
bool is_mosaic(const HeaderValues& header, const std::vector<std::string>& image_type);

/// The tiles of one image, row by row from the top left; ceil(sqrt(n)) tiles a row.
///   Siemens: position of tile k = Image Position + (columns - tile columns) / 2 * spacing_i * row direction
///     + (rows - tile rows) / 2 * spacing_j * column direction + k * Spacing Between Slices * SliceNormalVector:
///     Image Position belongs to an image of the whole mosaic's size with the slice in its middle.
///   UIH: each tile's own position, from the items of (0065,1051).
/// @param image what the whole image says, with its directions, and with its position for Siemens
/// @return empty where the headers do not say how the tiles lie: then the reason is `mosaic`
std::vector<Instance> read_tiles(const HeaderValues& header, const Instance& image);

/// True where the tiles bring their own positions (UIH), so that the image needs none.
bool has_tile_positions(const HeaderValues& header);

}  // namespace naru::dicom
