#include "pipeline/pixels/case_text.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "dicom/pixels.h"
#include "pipeline/pixels/text_detector.h"

namespace naru {

namespace {

/// One stack, some slices at a time. T as read_slices has it.
template <class T>
class StackLook {
 public:
  StackLook(const Scan& scan, std::size_t stack, const FindInSlice& find, Executor& executor, const CancelToken& cancel)
      : scan_(scan), index_(stack), stack_(scan.stacks[stack]), find_(find), executor_(executor), cancel_(cancel) {
    look.columns = stack_.grid.size.x;
    look.rows = stack_.grid.size.y;
    look.frames.resize(static_cast<std::size_t>(stack_.grid.size.z));
  }

  /// @return why a slice could not be read
  std::optional<CaseFailure> run(std::int64_t slices_at_once, InputHashes& hashes) {
    std::vector<T> voxels(static_cast<std::size_t>(slices_at_once) * slice_voxels());
    for (std::int64_t begin = 0; begin < stack_.grid.size.z; begin += slices_at_once) {
      const SliceRange range{begin, std::min(begin + slices_at_once, stack_.grid.size.z)};
      const auto part = std::span(voxels).first(static_cast<std::size_t>(range.count()) * slice_voxels());
      if (const auto failure = read_slices(scan_, index_, range, part, executor_, cancel_, hashes)) return failure;
      executor_.parallel_for(range.count(), 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t n = first; n < last; ++n) {
          cancel_.throw_if_canceled();
          look_at(range.begin + n, part.subspan(static_cast<std::size_t>(n) * slice_voxels(), slice_voxels()));
        }
      });
    }
    if (std::ranges::find(fails_, true) != fails_.end()) {
      look.problem = Code::text_suspected;
      look.frames.clear();
    }
    return std::nullopt;
  }

  TextLook look;

 private:
  std::size_t slice_voxels() const { return static_cast<std::size_t>(look.columns * look.rows); }

  void look_at(std::int64_t k, std::span<const T> stored) {
    std::vector<float> values(stored.size());
    const std::size_t n = instance_at(stack_, k);
    const dicom::Instance& instance = scan_.candidates[stack_.instances[n]].instance;
    const float sign = instance.pixels.photometric_interpretation == "MONOCHROME1" ? -1.0F : 1.0F;
    std::ranges::transform(stored, values.begin(), [&](T bits) { return sign * number(bits); });
    auto window = instance.window;
    if (window) window = {sign * as_read(window->black, n), sign * as_read(window->white, n)};
    try {
      look.frames[static_cast<std::size_t>(k)] = find_({values.data(), {look.columns, look.rows, 1}}, window);
    } catch (const std::exception&) {
      fails_[static_cast<std::size_t>(k)] = true;  // out of memory, or a defect
    }
  }

  float number(T bits) const {
    if constexpr (std::is_same_v<T, float>) {
      return bits;
    } else {
      return stack_.dtype == DType::uint16 ? static_cast<float>(bits)
                                           : static_cast<float>(static_cast<std::int16_t>(bits));
    }
  }

  /// A stored value of one instance, as read_slices gives it.
  double as_read(double stored, std::size_t n) const {
    if (!stack_.slice_rescales.empty()) {
      return stack_.slice_rescales[n].slope * stored + stack_.slice_rescales[n].intercept;
    }
    return stack_.stored_offsets.empty() ? stored : stored + stack_.stored_offsets[n];
  }

 public:
  /// The instance of slice k; of a missing slice the one before it.
  static std::size_t instance_at(const dicom::Stack& stack, std::int64_t k) {
    if (stack.k_of_instance.empty()) return static_cast<std::size_t>(k);
    const auto after = std::ranges::upper_bound(stack.k_of_instance, k);
    return static_cast<std::size_t>(after - stack.k_of_instance.begin()) - 1;
  }

 private:
  const Scan& scan_;
  std::size_t index_;
  const dicom::Stack& stack_;
  const FindInSlice& find_;
  Executor& executor_;
  const CancelToken& cancel_;
  std::vector<char> fails_ = std::vector<char>(static_cast<std::size_t>(stack_.grid.size.z));
};

/// Slices that are read together: as many as memory allows beside the detector's maps, at least one a thread.
std::int64_t slices_at_once(const dicom::Stack& stack, std::uint64_t memory_limit_bytes, int thread_count) {
  constexpr std::uint64_t kBytesPerVoxel = 4, kMost = 64;
  const auto slice_voxels = static_cast<std::uint64_t>(stack.grid.size.x * stack.grid.size.y);
  const auto threads = static_cast<std::uint64_t>(thread_count);
  const std::uint64_t maps = threads * (kTextWorkBytes + 4 * kBytesPerVoxel * slice_voxels);
  const std::uint64_t rest = memory_limit_bytes > maps ? memory_limit_bytes - maps : 0;
  const std::uint64_t count = std::clamp(rest / (kBytesPerVoxel * slice_voxels), threads, kMost);
  return std::min(static_cast<std::int64_t>(count), stack.grid.size.z);
}

}  // namespace

CaseText find_text(const Scan& scan, const CasePlan& plan, const FindInSlice& find, std::uint64_t memory_limit_bytes,
                   const Executor& executor, const CancelToken& cancel) {
  CaseText result;
  Executor reader = Executor::cpu(executor.thread_count());
  std::vector<TextLook> looks;
  const auto look_at = [&]<class T>(T, std::size_t index) {
    StackLook<T> stack(scan, index, find, reader, cancel);
    result.failure =
        stack.run(slices_at_once(scan.stacks[index], memory_limit_bytes, reader.thread_count()), result.hashes);
    looks.push_back(std::move(stack.look));
  };
  for (const std::size_t index : plan.stacks) {
    scan.stacks[index].dtype == DType::float32 ? look_at(float{}, index) : look_at(std::uint16_t{}, index);
    if (result.failure) return result;
  }
  TextDecision decision = decide_text(looks, text_handling(plan.recipe.text));
  result.hold = decision.hold;
  result.boxes = std::move(decision.boxes);
  for (const JudgedText& text : decision.texts) {
    const dicom::Stack& stack = scan.stacks[plan.stacks[text.file]];
    const std::size_t n = StackLook<float>::instance_at(stack, text.frame);
    result.found.push_back({scan.input_of_candidate[stack.instances[n]], text.frame, text.found, text.verdict});
  }
  return result;
}

template <class T>
void blank_text(std::span<T> voxels, Size3 slab, std::int64_t begin, std::span<const dicom::PixelBox> boxes,
                bool is_inverted) {
  const auto slice_voxels = static_cast<std::size_t>(slab.x * slab.y);
  for (std::int64_t n = 0; n < slab.z && !boxes.empty(); ++n) {
    const auto slice = voxels.subspan(static_cast<std::size_t>(n) * slice_voxels, slice_voxels);
    const auto [low, high] = std::ranges::minmax(slice);
    for (const dicom::PixelBox& box : boxes) {
      if (box.frame >= 0 && box.frame != begin + n) continue;
      const std::int64_t x_begin = std::max<std::int64_t>(box.x, 0), x_end = std::min(box.x + box.width, slab.x);
      for (std::int64_t y = std::max<std::int64_t>(box.y, 0); y < std::min(box.y + box.height, slab.y); ++y) {
        if (x_end <= x_begin) continue;
        const auto row =
            slice.subspan(static_cast<std::size_t>(y * slab.x + x_begin), static_cast<std::size_t>(x_end - x_begin));
        std::ranges::fill(row, is_inverted ? high : low);
      }
    }
  }
}

template void blank_text(std::span<std::int16_t>, Size3, std::int64_t, std::span<const dicom::PixelBox>, bool);
template void blank_text(std::span<std::uint16_t>, Size3, std::int64_t, std::span<const dicom::PixelBox>, bool);
template void blank_text(std::span<float>, Size3, std::int64_t, std::span<const dicom::PixelBox>, bool);

}  // namespace naru
