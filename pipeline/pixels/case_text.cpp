#include "pipeline/pixels/case_text.h"

#include <algorithm>
#include <atomic>
#include <nlohmann/json.hpp>
#include <tuple>
#include <type_traits>
#include <utility>

#include "core/log.h"
#include "pipeline/pixels/text_detector.h"
#include "pipeline/pixels/text_evidence.h"
#include "pipeline/review/held.h"

namespace naru {

namespace {

using Boxes = std::span<const dicom::PixelBox>;

constexpr std::uint64_t kMostSlicesAtOnce = 64;

/// Of one slice, as floats.
std::uint64_t slice_bytes(const dicom::Stack& stack) {
  return static_cast<std::uint64_t>(stack.grid.size.x * stack.grid.size.y) * sizeof(float);
}

/// The instance of slice k; of a missing slice the one before it.
std::size_t instance_at(const dicom::Stack& stack, std::int64_t k) {
  if (stack.k_of_instance.empty()) return static_cast<std::size_t>(k);
  const auto after = std::ranges::upper_bound(stack.k_of_instance, k);
  return static_cast<std::size_t>(after - stack.k_of_instance.begin()) - 1;
}

const dicom::Instance& instance_of(const Scan& scan, const dicom::Stack& stack, std::int64_t k) {
  return scan.candidates[stack.instances[instance_at(stack, k)]].instance;
}

/// True where large values, as read_slices gives them, are black.
bool is_inverted(const dicom::Stack& stack, const dicom::Instance& instance) {
  return (instance.pixels.photometric_interpretation == "MONOCHROME1") != (stack.rescale.slope < 0);
}

/// How the values of a slice are meant to be seen, as read_slices gives them; turned over where large ones are black.
dicom::ShownValues shown_of(const Scan& scan, const dicom::Stack& stack, std::int64_t k) {
  const std::size_t n = instance_at(stack, k);
  const dicom::Instance& instance = instance_of(scan, stack, k);
  const auto as_read = [&](double stored) {
    if (!stack.slice_rescales.empty()) {
      return stack.slice_rescales[n].slope * stored + stack.slice_rescales[n].intercept;
    }
    return stack.stored_offsets.empty() ? stored : stored + stack.stored_offsets[n];
  };
  const double sign = is_inverted(stack, instance) ? -1 : 1;
  dicom::ShownValues shown;
  const auto window_as_read = [&](const dicom::StoredWindow& window) {
    const double a = sign * as_read(window.black), b = sign * as_read(window.white);
    return dicom::StoredWindow{std::min(a, b), std::max(a, b)};
  };
  if (instance.window) shown.window = window_as_read(*instance.window);
  for (const dicom::StoredWindow& window : instance.more_windows) shown.more_windows.push_back(window_as_read(window));
  if (instance.padding_value) {
    shown.padding_value = static_cast<std::int64_t>(sign * as_read(static_cast<double>(*instance.padding_value)));
  }
  return shown;
}

/// Large where the slice is to look bright.
template <class T>
std::vector<float> seen_values(std::span<const T> voxels, bool is_inverted) {
  std::vector<float> values(voxels.begin(), voxels.end());
  if (is_inverted) {
    for (float& value : values) value = -value;
  }
  return values;
}

template <class T>
std::optional<CaseFailure> read_range(const Scan& scan, std::size_t stack, SliceRange range, std::span<T> voxels,
                                      Executor& executor, const CancelToken& cancel, InputHashes& hashes) {
  using Read = std::conditional_t<std::is_same_v<T, float>, float, std::uint16_t>;
  const std::span<Read> read(reinterpret_cast<Read*>(voxels.data()), voxels.size());
  return read_slices(scan, stack, range, read, executor, cancel, hashes);
}

/// One stack, some slices at a time. T is int16, uint16 or float, as the stack is stored or read.
template <class T>
class StackLook {
 public:
  StackLook(const Scan& scan, std::size_t stack, const FindInSlice& find, Executor& executor, const CancelToken& cancel)
      : scan_(scan), index_(stack), stack_(scan.stacks[stack]), find_(find), executor_(executor), cancel_(cancel) {
    look.columns = stack_.grid.size.x;
    look.rows = stack_.grid.size.y;
    look.frames.resize(static_cast<std::size_t>(stack_.grid.size.z));
  }

  /// @param boxes are blanked before the look. @return why a slice could not be read
  std::optional<CaseFailure> run(std::int64_t slices_at_once, Boxes boxes, InputHashes& hashes) {
    std::vector<T> voxels(static_cast<std::size_t>(slices_at_once) * slice_voxels());
    for (std::int64_t begin = 0; begin < stack_.grid.size.z; begin += slices_at_once) {
      const SliceRange range{begin, std::min(begin + slices_at_once, stack_.grid.size.z)};
      const auto part = std::span(voxels).first(static_cast<std::size_t>(range.count()) * slice_voxels());
      if (const auto failure = read_range(scan_, index_, range, part, executor_, cancel_, hashes)) return failure;
      blank_text(part, scan_, stack_, range, boxes);
      executor_.parallel_for(range.count(), 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t n = first; n < last; ++n) {
          cancel_.throw_if_canceled();
          look_at(range.begin + n, part.subspan(static_cast<std::size_t>(n) * slice_voxels(), slice_voxels()));
        }
      });
    }
    if (has_failed_ || !is_possible(look)) {
      look.problem = Code::text_suspected;
      look.frames.clear();
    }
    return std::nullopt;
  }

  TextLook look;

 private:
  std::size_t slice_voxels() const { return static_cast<std::size_t>(look.columns * look.rows); }

  void look_at(std::int64_t k, std::span<const T> voxels) {
    const std::vector<float> values = seen_values(voxels, is_inverted(stack_, instance_of(scan_, stack_, k)));
    try {
      look.frames[static_cast<std::size_t>(k)] =
          find_({values.data(), {look.columns, look.rows, 1}}, shown_of(scan_, stack_, k));
    } catch (const std::exception&) {
      has_failed_ = true;  // out of memory, or a defect
    }
  }

  const Scan& scan_;
  std::size_t index_;
  const dicom::Stack& stack_;
  const FindInSlice& find_;
  Executor& executor_;
  const CancelToken& cancel_;
  std::atomic<bool> has_failed_ = false;
};

/// Looks at all stacks of a plan.
class CaseLook {
 public:
  CaseLook(const Scan& scan, const CasePlan& plan, const FindInSlice& find, std::uint64_t memory_limit_bytes,
           int thread_count, const CancelToken& cancel)
      : scan_(scan),
        plan_(plan),
        find_(find),
        memory_limit_bytes_(memory_limit_bytes),
        executor_(Executor::cpu(threads_for(memory_limit_bytes, thread_count))),
        cancel_(cancel) {}

  /// @param boxes by stack, or none. @return what each stack shows; `failure` is set where one could not be read
  std::vector<TextLook> run(std::span<const std::vector<dicom::PixelBox>> boxes, CaseText& result) {
    std::vector<TextLook> looks;
    for (std::size_t n = 0; n < plan_.stacks.size() && !result.failure; ++n) {
      const Boxes own = boxes.empty() ? Boxes() : Boxes(boxes[n]);
      switch (scan_.stacks[plan_.stacks[n]].dtype) {
        case DType::int16: looks.push_back(look_at<std::int16_t>(n, own, result)); break;
        case DType::uint16: looks.push_back(look_at<std::uint16_t>(n, own, result)); break;
        case DType::float32: looks.push_back(look_at<float>(n, own, result)); break;
      }
    }
    return looks;
  }

 private:
  static int threads_for(std::uint64_t memory_limit_bytes, int most) {
    const std::uint64_t room = std::max<std::uint64_t>(1, memory_limit_bytes / kTextWorkBytes);
    return static_cast<int>(std::min<std::uint64_t>(room, static_cast<std::uint64_t>(most)));
  }

  template <class T>
  TextLook look_at(std::size_t n, Boxes boxes, CaseText& result) {
    StackLook<T> stack(scan_, plan_.stacks[n], find_, executor_, cancel_);
    stack.look.regions = regions_of(plan_.recipe, scan_, scan_.stacks[plan_.stacks[n]]);
    result.failure = stack.run(slices_at_once(scan_.stacks[plan_.stacks[n]]), boxes, result.hashes);
    return std::move(stack.look);
  }

  /// As many as memory allows beside the detector's maps: one a thread, or more where there is room.
  std::int64_t slices_at_once(const dicom::Stack& stack) const {
    const auto threads = static_cast<std::uint64_t>(executor_.thread_count());
    const std::uint64_t maps = threads * kTextWorkBytes;
    const std::uint64_t room = memory_limit_bytes_ > maps ? (memory_limit_bytes_ - maps) / slice_bytes(stack) : 0;
    const std::uint64_t count = std::clamp(room, threads, std::max(threads, kMostSlicesAtOnce));
    return std::min(static_cast<std::int64_t>(count), stack.grid.size.z);
  }

  const Scan& scan_;
  const CasePlan& plan_;
  const FindInSlice& find_;
  std::uint64_t memory_limit_bytes_;
  Executor executor_;
  const CancelToken& cancel_;
};

/// A missing slice is the blend of its neighbours: what they show is blanked there too.
void add_boxes_of_missing_slices(const dicom::Stack& stack, std::vector<dicom::PixelBox>& boxes) {
  if (stack.k_of_instance.empty()) return;
  const auto is_missing = [&](std::int64_t k) {
    return k >= 0 && k < stack.grid.size.z && !std::ranges::binary_search(stack.k_of_instance, k);
  };
  const std::size_t count = boxes.size();
  for (std::size_t n = 0; n < count; ++n) {
    if (boxes[n].frame < 0) continue;
    for (const std::int64_t step : {-1, 1}) {
      dicom::PixelBox copy = boxes[n];
      for (copy.frame += step; is_missing(copy.frame); copy.frame += step) boxes.push_back(copy);
    }
  }
}

std::size_t input_of(const Scan& scan, const CasePlan& plan, std::size_t volume, std::int64_t slice) {
  const dicom::Stack& stack = scan.stacks[plan.stacks[volume]];
  return scan.input_of_candidate[stack.instances[instance_at(stack, slice)]];
}

/// Decides about what a case shows.
class CaseJudge {
 public:
  CaseJudge(const Scan& scan, const CasePlan& plan, const Rulings& rulings, CaseText& result)
      : scan_(scan), plan_(plan), rulings_(rulings), result_(result) {}

  void decide(std::span<const TextLook> looks) {
    std::vector<std::string> checksums;
    for (const std::size_t input : files_of(scan_, plan_)) checksums.push_back(file(input).sha256);
    const bool is_released = rulings_.releases(plan_.case_id, files_sha256(std::move(checksums)));
    TextDecision decision =
        decide_text(looks, text_handling(plan_.recipe.text),
                    {is_released, [&](const JudgedText& text) { return rulings_.of_region(id_of(text)); }});
    result_.hold = decision.hold;
    result_.needs_release = decision.needs_release;
    result_.because = decision.because;
    result_.boxes = std::move(decision.boxes);
    kept_ = std::move(decision.kept);
    std::set<std::string> ids;
    for (const JudgedText& text : decision.texts) ids.insert(id_of(text));
    add_later_texts(ids);
    result_.found = std::move(decision.texts);
    for (JudgedText& text : result_.found) place(text, text.file);
    for (std::size_t n = 0; n < plan_.stacks.size(); ++n) {
      if (!result_.hold) result_.boxes[n] = both(std::move(result_.boxes[n]), looks[n].regions);
      for (dicom::PixelBox& box : result_.boxes[n]) box = clipped(box, looks[n].columns, looks[n].rows);
      add_boxes_of_missing_slices(scan_.stacks[plan_.stacks[n]], result_.boxes[n]);
    }
  }

  /// @param looks at what was blanked
  void decide_again(std::span<const TextLook> looks) {
    for (std::size_t n = 0; n < looks.size(); ++n) {
      if (looks[n].problem) hold_for_good();
      for (JudgedText& text : shown_texts(looks[n], both(result_.boxes[n], kept_[n]))) {
        place(text, n);
        result_.found.push_back(text);
        result_.hold = Code::text_suspected;
      }
    }
  }

  /// Reads around what was blanked. What cannot be read holds the case.
  void read_again(const WordsOfCase& words_of_case, Executor& executor, const CancelToken& cancel) {
    try {
      const std::optional<dicom::SeenWords> words = words_of_case();
      if (!words) return hold_for_good();
      for (std::size_t n = 0; n < plan_.stacks.size() && !result_.failure; ++n) read_stack(n, *words, executor, cancel);
    } catch (const Error& error) {
      if (error.code() == ErrorCode::canceled) throw;
      hold_for_good();
    } catch (const std::exception&) {
      hold_for_good();  // out of memory, or a defect
    }
  }

 private:
  void hold_for_good() {
    result_.hold = Code::text_suspected;
    result_.can_release = false;
    result_.because = "what was blanked in it could not be looked at again";
  }

  void read_stack(std::size_t n, const dicom::SeenWords& words, Executor& executor, const CancelToken& cancel) {
    const std::int64_t slices = scan_.stacks[plan_.stacks[n]].grid.size.z;
    std::set<std::int64_t> wanted;
    for (std::int64_t k = 0; k < slices; ++k) {
      if (!boxes_to_read(result_.boxes[n], k, slices).empty()) wanted.insert(k);
    }
    const auto read = [&](std::int64_t k, VolumeView<const float> slice, const dicom::ShownValues& shown) {
      const auto covered = both(boxes_in_frame(result_.boxes[n], k), boxes_in_frame(kept_[n], k));
      const auto found = find_words_beside(slice, shown, boxes_to_read(result_.boxes[n], k, slices), covered, words,
                                           TextReader::built_in());
      if (!found) return;
      JudgedText text{n, k, {*found, false}, TextVerdict::read, 0};
      place(text, n);
      result_.found.push_back(text);
      result_.hold = Code::text_suspected;
    };
    result_.failure = show_slices(scan_, plan_.stacks[n], wanted, executor, cancel, read);
  }

  /// With its checksum, which `scan_` does not have yet.
  InputRecord file(std::size_t input) const {
    InputRecord record = scan_.inputs[input];
    const auto hash = result_.hashes.find(input);
    if (hash != result_.hashes.end()) record.sha256 = hash->second;
    return record;
  }

  /// @param text with `file` as an index into the stacks of the plan
  std::string id_of(JudgedText text) const {
    place(text, text.file);
    const InputRecord record = file(text.file);
    return region_id(record.sop_instance_uid, record.sha256, place_in(plan_, text), text.found.region);
  }

  void place(JudgedText& text, std::size_t volume) const {
    text.volume = volume;
    text.file = input_of(scan_, plan_, volume, text.frame);
  }

  /// What only a second look had found, and people decided about since.
  void add_later_texts(const std::set<std::string>& known) {
    for (const Decision* one : rulings_.regions_of(plan_.case_id)) {
      const std::size_t volume = one->region.value("volume", std::size_t{0});
      if (known.contains(one->id) || volume >= plan_.stacks.size()) continue;
      const dicom::PixelBox box = box_of(one->region);
      if (box.frame < 0 || box.frame >= scan_.stacks[plan_.stacks[volume]].grid.size.z) continue;
      if (!is_of(one->region, file(input_of(scan_, plan_, volume, box.frame)))) continue;
      result_.later.push_back(one);
      if (!result_.hold) (one->ruling == Ruling::redact ? result_.boxes : kept_)[volume].push_back(box);
    }
  }

  const Scan& scan_;
  const CasePlan& plan_;
  const Rulings& rulings_;
  CaseText& result_;
  std::vector<std::vector<dicom::PixelBox>> kept_;  ///< by stack of the plan
};

}  // namespace

std::vector<dicom::PixelBox> regions_of(const Recipe& recipe, const dicom::Instance& slice) {
  if (recipe.regions.empty()) return {};
  return policy_of(recipe).regions_for({slice.modality, slice.manufacturer, slice.model, slice.rows, slice.columns});
}

std::vector<dicom::PixelBox> regions_of(const Recipe& recipe, const Scan& scan, const dicom::Stack& stack) {
  std::vector<dicom::PixelBox> all;
  if (recipe.regions.empty()) return all;
  std::set<std::tuple<std::string_view, std::string_view, std::string_view>> devices;
  for (const std::size_t candidate : stack.instances) {
    const dicom::Instance& slice = scan.candidates[candidate].instance;
    if (!devices.emplace(slice.modality, slice.manufacturer, slice.model).second) continue;
    all = both(std::move(all), regions_of(recipe, slice));
  }
  return all;
}

void warn_of_idle_regions(const Recipe& recipe, const Scan& scan) {
  dicom::DeidentifyPolicy policy = policy_of(recipe);
  for (std::size_t n = 0; n < recipe.regions.size(); ++n) {
    const dicom::PixelRegion& rule = recipe.regions[n];
    policy.regions = {rule};
    const bool fits = std::ranges::any_of(scan.candidates, [&](const dicom::Candidate& candidate) {
      const dicom::Instance& slice = candidate.instance;
      return !policy.regions_for({slice.modality, slice.manufacturer, slice.model, slice.rows, slice.columns}).empty();
    });
    if (fits) continue;
    log::warning("[[pixels.regions]] number {} ({} {}, {} x {}) fits no image: nothing was blanked by it", n + 1,
                 Public{rule.modality}, Public{rule.manufacturer}, rule.columns, rule.rows);
  }
}

nlohmann::ordered_json place_in(const CasePlan& plan, const JudgedText& text) {
  nlohmann::ordered_json place = {{"slice", text.frame}};
  if (plan.stacks.size() > 1) place["volume"] = text.volume;
  return place;
}

std::set<std::size_t> files_of(const Scan& scan, const CasePlan& plan) {
  std::set<std::size_t> files;
  for (const std::size_t stack : plan.stacks) {
    for (const std::size_t candidate : scan.stacks[stack].instances) files.insert(scan.input_of_candidate[candidate]);
  }
  return files;
}

std::uint64_t text_memory_bytes(const Scan& scan, const CasePlan& plan, int thread_count) {
  const auto threads = static_cast<std::uint64_t>(thread_count);
  std::uint64_t most = 0;
  for (const std::size_t stack : plan.stacks) most = std::max(most, slice_bytes(scan.stacks[stack]));
  return threads * kTextWorkBytes + std::max(threads, kMostSlicesAtOnce) * most;
}

CaseText find_text(const Scan& scan, const CasePlan& plan, const FindInSlice& find, std::uint64_t memory_limit_bytes,
                   const Executor& executor, const CancelToken& cancel, const Rulings& rulings,
                   const WordsOfCase& words) {
  CaseText result;
  CaseLook look(scan, plan, find, memory_limit_bytes, executor.thread_count(), cancel);
  CaseJudge judge(scan, plan, rulings, result);
  const std::vector<TextLook> looks = look.run({}, result);
  if (result.failure) return result;
  judge.decide(looks);
  const bool is_blanked = std::ranges::any_of(result.boxes, [](const auto& boxes) { return !boxes.empty(); });
  if (result.hold || !is_blanked) return result;
  const std::vector<TextLook> again = look.run(result.boxes, result);
  if (result.failure) return result;
  judge.decide_again(again);
  if (!result.hold && words && TextReader::built_in().is_ready()) {
    Executor reading = Executor::cpu(executor.thread_count());
    judge.read_again(words, reading, cancel);
  }
  return result;
}

namespace {

/// As show_slices, of a stack whose stored type is settled.
template <class T>
std::optional<CaseFailure> show_slices_of(const Scan& scan, std::size_t stack, const std::set<std::int64_t>& slices,
                                          Executor& executor, const CancelToken& cancel, const UseSlice& use) {
  constexpr std::int64_t kMostSlices = 32, kMostVoxels = std::int64_t{1} << 24;
  const dicom::Stack& of = scan.stacks[stack];
  const Size3 plane{of.grid.size.x, of.grid.size.y, 1};
  const auto slice_voxels = static_cast<std::size_t>(plane.voxel_count());
  const std::int64_t most = std::clamp<std::int64_t>(kMostVoxels / plane.voxel_count(), 1, kMostSlices);
  for (auto next = slices.begin(); next != slices.end();) {
    const auto begin = next;
    std::int64_t end = *begin;
    while (next != slices.end() && *next < *begin + most) end = *next++ + 1;
    std::vector<T> voxels(static_cast<std::size_t>(end - *begin) * slice_voxels);
    InputHashes hashes;
    const auto failure = read_range(scan, stack, {*begin, end}, std::span(voxels), executor, cancel, hashes);
    if (failure) return failure;
    for (auto k = begin; k != next; ++k) {
      cancel.throw_if_canceled();
      const auto slice =
          std::span<const T>(voxels).subspan(static_cast<std::size_t>(*k - *begin) * slice_voxels, slice_voxels);
      const std::vector<float> values = seen_values(slice, is_inverted(of, instance_of(scan, of, *k)));
      use(*k, {values.data(), plane}, shown_of(scan, of, *k));
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<CaseFailure> show_slices(const Scan& scan, std::size_t stack, const std::set<std::int64_t>& slices,
                                       Executor& executor, const CancelToken& cancel, const UseSlice& use) {
  switch (scan.stacks[stack].dtype) {
    case DType::int16: return show_slices_of<std::int16_t>(scan, stack, slices, executor, cancel, use);
    case DType::uint16: return show_slices_of<std::uint16_t>(scan, stack, slices, executor, cancel, use);
    default: return show_slices_of<float>(scan, stack, slices, executor, cancel, use);
  }
}

namespace {

template <class T>
void fill_boxes(std::span<T> slice, std::int64_t width, std::int64_t k, Boxes boxes, T value) {
  const auto height = static_cast<std::int64_t>(slice.size()) / width;
  for (const dicom::PixelBox& box : boxes) {
    if (box.frame >= 0 && box.frame != k) continue;
    const std::int64_t x_begin = std::max<std::int64_t>(box.x, 0), x_end = std::min(box.x + box.width, width);
    for (std::int64_t y = std::max<std::int64_t>(box.y, 0); y < std::min(box.y + box.height, height); ++y) {
      if (x_end <= x_begin) continue;
      std::ranges::fill(
          slice.subspan(static_cast<std::size_t>(y * width + x_begin), static_cast<std::size_t>(x_end - x_begin)),
          value);
    }
  }
}

}  // namespace

template <class T>
void blank_slice(std::span<T> voxels, std::int64_t width, std::int64_t slice, std::span<const dicom::PixelBox> boxes,
                 bool is_inverted) {
  const auto [low, high] = std::ranges::minmax(voxels);
  fill_boxes(voxels, width, slice, boxes, is_inverted ? high : low);
}

void mark_text(std::span<std::int16_t> marks, Size3 size, SliceRange range, std::span<const dicom::PixelBox> boxes,
               std::int16_t mark) {
  const auto slice_voxels = static_cast<std::size_t>(size.x * size.y);
  for (std::int64_t k = range.begin; k < range.end; ++k) {
    fill_boxes(marks.subspan(static_cast<std::size_t>(k - range.begin) * slice_voxels, slice_voxels), size.x, k, boxes,
               mark);
  }
}

template <class T>
void blank_text(std::span<T> voxels, const Scan& scan, const dicom::Stack& stack, SliceRange range,
                std::span<const dicom::PixelBox> boxes) {
  if (boxes.empty()) return;
  const auto slice_voxels = static_cast<std::size_t>(stack.grid.size.x * stack.grid.size.y);
  for (std::int64_t k = range.begin; k < range.end; ++k) {
    const auto slice = voxels.subspan(static_cast<std::size_t>(k - range.begin) * slice_voxels, slice_voxels);
    blank_slice(slice, stack.grid.size.x, k, boxes, is_inverted(stack, instance_of(scan, stack, k)));
  }
}

template void blank_slice(std::span<std::int16_t>, std::int64_t, std::int64_t, Boxes, bool);
template void blank_slice(std::span<std::uint16_t>, std::int64_t, std::int64_t, Boxes, bool);
template void blank_slice(std::span<float>, std::int64_t, std::int64_t, Boxes, bool);
template void blank_text(std::span<std::int16_t>, const Scan&, const dicom::Stack&, SliceRange, Boxes);
template void blank_text(std::span<std::uint16_t>, const Scan&, const dicom::Stack&, SliceRange, Boxes);
template void blank_text(std::span<float>, const Scan&, const dicom::Stack&, SliceRange, Boxes);

}  // namespace naru
