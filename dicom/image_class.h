/// How likely an image shows text, by what its header says it is.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace naru::dicom {

enum class ImageClass : std::uint8_t {
  captured,  ///< "A": made to show text: captures, screen saves, dose and patient pages, film, ultrasound, photographs
  original,  ///< "B": as a scanner acquired it
  derived,   ///< "C": localizers, and what was made of other images: reformats, projections, maps
};

/// Anything but NO that Burned In Annotation states counts as YES.
bool is_stated_burned_in(std::string_view annotation);

/// Burned In Annotation that says anything but NO makes any image one of class A; NO makes none of another class.
/// Source: PS3.3 C.7.6.1.1.2 (Image Type), PS3.4 B.5 (SOP classes), vendors' values of Image Type.
ImageClass image_class(std::string_view sop_class_uid, std::span<const std::string> image_type,
                       std::string_view burned_in_annotation);

/// Why an image shows text by its kind, in words for people; empty where it does not. Those are images of class A, but
/// for ultrasound and visible light whose Burned In Annotation is NO and that show no label of a slide: without a rule
/// for their device, or a person, they must not leave.
std::string_view text_by_kind(std::string_view sop_class_uid, std::span<const std::string> image_type,
                              std::string_view burned_in_annotation);
bool shows_text_by_kind(std::string_view sop_class_uid, std::span<const std::string> image_type,
                        std::string_view burned_in_annotation);

/// True where Image Type says that the picture is one of text: a screen save, a dose or patient page.
bool names_a_page(std::span<const std::string> image_type);

/// True where Image Type says that the picture is one of surfaces in a volume, as seen from somewhere: a volume
/// rendering or a shaded surface. Projections (MIP) and reformats (MPR) are none.
bool names_a_rendering(std::span<const std::string> image_type);

/// "A", "B" or "C".
std::string_view name(ImageClass image_class);

}  // namespace naru::dicom
