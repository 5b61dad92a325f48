/// From stacks to cases: which stacks a recipe takes, under which pseudonyms.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "pipeline/pixels/stack_face.h"
#include "pipeline/project_key.h"
#include "pipeline/recipe.h"
#include "pipeline/scan.h"

namespace naru {

/// One image to be made, 3-D or 4-D. Everything in here but `stacks` and `policy_sha256` may leave the hospital.
struct CasePlan {
  std::vector<std::size_t> stacks;               ///< indices into Scan::stacks: one, or the volumes of a 4-D image
  std::optional<dicom::StackSequence> sequence;  ///< of a 4-D image: its axis; `stacks` as above
  std::string case_id, patient, study, series;
  std::string modality;
  std::optional<std::string_view> body_part, manufacturer;
  Recipe recipe;              ///< as OUT tells of it, see deliverable: its lists of words make no difference to a case
  std::string recipe_sha256;  ///< of `recipe`
  std::size_t words_withheld = 0;  ///< how many words the hospital's own recipe has besides
  std::string policy_sha256;       ///< of the hospital's own recipe, words and all
  /// Where text is blanked, by stack (see pixels/case_text.h); not part of the fingerprint, since it follows from it.
  std::vector<std::vector<dicom::PixelBox>> text_boxes;
  std::shared_ptr<const FaceRemoval> face;  ///< what is taken out of every stack; follows from the fingerprint as well
  std::optional<std::string_view> split;    ///< "train", "val" or "test"
  std::optional<NyulLandmarks> nyul_standard;  ///< see nyul_standard.h; a part of the fingerprint
  /// Hash over all that decides the case's bytes and its line: recipe (with its words), key, version, device, image
  /// path, patient, findings, and the identity of every input file in order.
  std::string fingerprint;
};

struct PlanOptions {
  std::optional<Recipe> recipe;  ///< empty: ct-1mm or mr-1mm by modality
  std::string device;            ///< as Executor::description
  /// UIDs of series that people looked at and released: they may say Burned In Annotation.
  std::set<std::string, std::less<>> released;
};

/// Marks the stacks that are not taken: their inputs become `excluded` (not_selected) or `quarantined` (text_suspected,
/// where a slice says Burned In Annotation, no rule of the recipe blanks its device, and no person released it). A part
/// of plan_cases, for those who make no cases.
/// @param recipe, released as in PlanOptions
void mark_untaken(Scan& scan, const std::optional<Recipe>& recipe,
                  const std::set<std::string, std::less<>>& released = {});

/// Plans the accepted and repaired stacks, those of a sequence as one case, sorted by case id. The others are
/// marked in `scan`, see mark_untaken. Patients are told apart by Patient ID with its issuer (see PatientIssuers);
/// without an id, every study is a patient of its own.
std::vector<CasePlan> plan_cases(Scan& scan, const ProjectKey& key, const PlanOptions& options);

}  // namespace naru
