#include "dicom/deidentify/additions.h"

#include <algorithm>
#include <array>

#include "dicom/deidentify/method.h"
#include "dicom/header_values.h"

namespace naru::dicom {

struct Addition {
  Tag tag;
  bool (*applies)(const RewriteContext&);
  void (*write)(DataSetWriter&, const RewriteContext&);
};

namespace {

bool always(const RewriteContext&) { return true; }

PixelsCleaned cleaned(const RewriteContext& context) { return {context.pixels.is_redacted, context.pixels.is_defaced}; }

constexpr std::array kAdditions = {
    Addition{kSpecificCharacterSet, [](const RewriteContext& c) { return c.facts.sets.has_non_ascii(); },
             [](DataSetWriter& w, const RewriteContext&) { w.element(kSpecificCharacterSet, vr("CS"), kUtf8); }},
    Addition{kPatientIdentityRemoved, always,
             [](DataSetWriter& w, const RewriteContext& c) {
               const bool keeps_one = std::ranges::any_of(c.policy.attributes, keeps_identity);
               w.element(kPatientIdentityRemoved, vr("CS"), keeps_one ? "NO" : "YES");
             }},
    Addition{kDeidMethod, always,
             [](DataSetWriter& w, const RewriteContext& c) { write_method(w, c.policy, c.version, cleaned(c)); }},
    Addition{kDeidMethodCodes, always,
             [](DataSetWriter& w, const RewriteContext& c) { write_method_codes(w, c.policy, cleaned(c)); }},
    Addition{kBurnedInAnnotation, [](const RewriteContext& c) { return c.pixels.has_no_text; },
             [](DataSetWriter& w, const RewriteContext&) { w.element(kBurnedInAnnotation, vr("CS"), "NO"); }},
    Addition{kRecognizableVisualFeatures, [](const RewriteContext& c) { return c.pixels.is_defaced; },
             [](DataSetWriter& w, const RewriteContext&) { w.element(kRecognizableVisualFeatures, vr("CS"), "NO"); }},
    Addition{kLongitudinalTemporalInformationModified, always,
             [](DataSetWriter& w, const RewriteContext& c) { write_longitudinal(w, c.policy); }},
};
static_assert(std::ranges::is_sorted(kAdditions, {}, &Addition::tag));

}  // namespace

Additions::Additions(const RewriteContext& context, bool has_set) : context_(context) {
  for (const Addition& addition : kAdditions) {
    const bool is_there = has_set && addition.tag == kSpecificCharacterSet;
    if (addition.applies(context) && !is_there) planned_.push_back(&addition);
  }
}

bool Additions::have(Tag tag) const { return std::ranges::find(planned_, tag, &Addition::tag) != planned_.end(); }

void Additions::write_up_to(Tag tag, DataSetWriter& writer) {
  if (written_ == planned_.size() || planned_[written_]->tag > tag) return;
  writer.set_own(true);
  while (written_ < planned_.size() && planned_[written_]->tag <= tag) planned_[written_++]->write(writer, context_);
  writer.set_own(false);
}

}  // namespace naru::dicom
