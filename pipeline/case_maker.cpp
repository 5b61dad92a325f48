#include "pipeline/case_maker.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "core/digest.h"
#include "pipeline/case_held.h"
#include "pipeline/case_store.h"
#include "pipeline/pixels/case_text.h"
#include "pipeline/pixels/stack_face.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/pixels/text_pictures.h"

namespace naru {

namespace {

using Json = nlohmann::ordered_json;

/// Lines of pixels.jsonl.
Json evidence_of(const Scan& scan, const CasePlan& plan, const CaseText& text) {
  const bool is_held = text.hold.has_value();
  Json lines = Json::array();
  for (const JudgedText& one : text.found) {
    InputRecord file = scan.inputs[one.file];
    const auto hash = text.hashes.find(one.file);
    if (hash != text.hashes.end()) file.sha256 = hash->second;
    lines.push_back(text_evidence(file, plan.case_id, place_in(plan, one), one, is_held));
  }
  for (const Decision* one : text.later) {
    const Size3 size = scan.stacks[plan.stacks[one->region.value("volume", std::size_t{0})]].grid.size;
    lines.push_back(text_evidence(*one, is_held, size.x, size.y));
  }
  return lines;
}

/// Draws what was found in a case; the lines then name their pictures. A slice that cannot be read again has none.
/// @param plan whose `text_boxes` hold what rules for the device blank, so far
/// @param boxes what is blanked, by stack of the plan; none where the case is held
void draw_case(const Scan& scan, const CasePlan& plan, const std::vector<std::vector<dicom::PixelBox>>& boxes,
               Json& evidence, Executor& executor, const CancelToken& cancel, const TakePicture& take) {
  using Place = std::pair<std::size_t, std::int64_t>;  // volume, slice
  std::vector<Json*> lines;
  for (Json& line : evidence) lines.push_back(&line);
  std::vector<std::map<std::int64_t, FrameToDraw>> frames(plan.stacks.size());
  std::vector<std::set<std::int64_t>> slices(plan.stacks.size());
  for (auto& [place, what] : frames_to_draw<Place>(lines, [&](std::size_t n) {
         return Place(lines[n]->value("volume", std::size_t{0}), lines[n]->at("slice").get<std::int64_t>());
       })) {
    const auto& [volume, k] = place;
    what.covers = both(std::move(what.covers), both(boxes_in_frame(boxes[volume], k), plan.text_boxes[volume]));
    frames[volume][k] = std::move(what);
    slices[volume].insert(k);
  }
  TextPictures pictures(plan.case_id, take);
  std::size_t rank = 0;
  for (std::size_t volume = 0; volume < plan.stacks.size(); ++volume) {
    const auto draw = [&](std::int64_t k, VolumeView<const float> slice, const dicom::ShownValues& shown) {
      pictures.add(rank++, slice, shown, frames[volume].at(k));
    };
    show_slices(scan, plan.stacks[volume], slices[volume], executor, cancel, draw);
  }
  pictures.finish();
}

}  // namespace

CaseEnd CaseMaker::make(CasePlan plan) {
  CaseEnd end;
  end.plan = std::move(plan);
  if (!heed_decisions(end)) return end;
  const auto file = job_.staging.cases() / (end.plan.case_id + ".json");
  end.record = load_finished_case(file, end.plan, job_.staging.out());
  end.is_resumed = end.record.has_value();
  if (end.is_resumed) return end;
  CaseRecord looks;
  if (look_for_text(end, looks) && look_for_face(end, looks)) make_image(end, std::move(looks));
  if (end.record) store_case(file, end.plan, *end.record);
  return end;
}

/// False where people took the case out. What they decided becomes a part of its fingerprint.
bool CaseMaker::heed_decisions(CaseEnd& end) const {
  CasePlan& plan = end.plan;
  const std::string face = face_id(plan.case_id);
  const std::string state = job_.rulings.state_of(plan.case_id) + job_.rulings.state_of(face);
  if (state.empty()) return true;
  plan.fingerprint += state;
  plan.fingerprint = sha256_hex(plan.fingerprint);
  const bool is_face = job_.rulings.excluded(face).has_value();
  const auto reason = is_face ? job_.rulings.excluded(face) : job_.rulings.excluded(plan.case_id);
  if (reason) end.hold = CaseHold{Disposition::excluded, *reason, is_face};
  return !reason;
}

/// False where the case is held for its text, or cannot be read.
bool CaseMaker::look_for_text(CaseEnd& end, CaseRecord& looks) {
  CasePlan& plan = end.plan;
  for (const std::size_t stack : plan.stacks) {
    plan.text_boxes.push_back(regions_of(plan.recipe, job_.scan, job_.scan.stacks[stack]));
  }
  if (!plan.recipe.looks_for_text()) return true;
  const Span span(Stage::compute, "text");
  const std::uint64_t wanted = text_memory_bytes(job_.scan, plan, executor_.thread_count());
  const std::uint64_t memory_bytes = std::min(wanted, memory_.limit_bytes());
  const MemoryBudget::Share share(memory_, memory_bytes);
  const auto find = [&](VolumeView<const float> slice, const dicom::ShownValues& shown) {
    return TextDetector::built_in().find(slice, shown, plan.recipe.text_thresholds(), text_device_);
  };
  CaseText text = find_text(job_.scan, plan, find, memory_bytes, executor_, job_.cancel, job_.rulings,
                            [&] { return job_.words(plan); });
  end.hashes.merge(text.hashes);
  end.failure = text.failure;
  if (end.failure) return false;
  text.hashes = end.hashes;
  looks.text_evidence = evidence_of(job_.scan, plan, text);
  Executor reader = Executor::cpu(executor_.thread_count());
  draw_case(job_.scan, plan, text.boxes, looks.text_evidence, reader, job_.cancel,
            [&](const std::string& path, const auto& png) {
              if (text.hold) return write_picture(job_.staging.report(), path, png);
              looks.text_pictures[path] = base64(png);
            });
  plan.text_boxes = std::move(text.boxes);
  if (!text.hold) return true;
  end.text_evidence = std::move(looks.text_evidence);
  end.hold = CaseHold{Disposition::quarantined, *text.hold,       false,
                      text.needs_release,       text.can_release, std::string(text.because)};
  return false;
}

/// False where the case is held for its face, or cannot be read. A 4-D image has one face.
bool CaseMaker::look_for_face(CaseEnd& end, CaseRecord& looks) {
  CasePlan& plan = end.plan;
  if (!plan.recipe.looks_for_faces()) return true;
  const Span span(Stage::compute, "face");
  std::uint64_t wanted = 0;
  for (const std::size_t stack : plan.stacks) {
    wanted = std::max(wanted, face_memory_bytes(job_.scan, stack, executor_.thread_count()));
  }
  const std::uint64_t memory_bytes = std::min(wanted, memory_.limit_bytes());
  const MemoryBudget::Share share(memory_, memory_bytes);
  Executor reader = Executor::cpu(executor_.thread_count());
  StackFace face = find_face(job_.scan, plan.stacks, memory_bytes, reader, job_.cancel, end.hashes);
  end.failure = face.failure;
  if (end.failure) return false;
  const auto is_part = [&](std::size_t stack) { return job_.fine_together.contains(stack); };
  if (!face.may_show && std::ranges::any_of(plan.stacks, is_part)) {
    face.may_show = true;
    face.because = name(FaceDoubt::unknown_shape);
  }
  const bool can_go = !face.may_show || (face.cut && face_handling(plan.recipe.face) == FaceHandling::remove);
  const bool is_held = !can_go && !is_released(plan);
  Json evidence = {{"case", plan.case_id}};
  evidence.update(face_evidence(face, is_held));
  if (face.cut && can_go) plan.face = std::make_shared<const FaceRemoval>(std::move(*face.cut));
  (is_held ? end.face_evidence : looks.face_evidence) = std::move(evidence);
  if (is_held)
    end.hold =
        CaseHold{Disposition::quarantined, Code::face_present, true, true, true, "face: " + std::string(face.because)};
  return !is_held;
}

/// True where people judged the face of this case, with these very files, and let it go as it is.
bool CaseMaker::is_released(const CasePlan& plan) const {
  const std::string face = face_id(plan.case_id);
  return job_.rulings.is_known(face) && job_.rulings.releases(face, files_sha256(job_.scan, files_of(job_.scan, plan)));
}

void CaseMaker::make_image(CaseEnd& end, CaseRecord looks) {
  auto outcome = runner_.run(job_.scan, end.plan, job_.staging.out(), job_.cancel, std::move(end.hashes));
  end.hashes = std::move(outcome.hashes);
  end.failure = outcome.failure;
  end.record = std::move(outcome.record);
  if (!end.record) return;
  end.record->text_evidence = std::move(looks.text_evidence);
  end.record->text_pictures = std::move(looks.text_pictures);
  end.record->face_evidence = std::move(looks.face_evidence);
}

HeldEntry entry_of(const Scan& scan, const CasePlan& plan, const CaseHold& hold) {
  HeldEntry entry = held_entry(scan, plan, hold.disposition, hold.reason);
  if (hold.is_face) entry.id = face_id(plan.case_id);
  entry.needs_release = hold.is_face || hold.needs_release;
  entry.can_release = hold.can_release;
  entry.because = hold.because;
  return entry;
}

}  // namespace naru
