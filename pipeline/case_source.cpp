#include "pipeline/case_source.h"

#include <algorithm>
#include <cassert>
#include <type_traits>
#include <utility>

#include "core/trace.h"
#include "kernels/diffusion.h"
#include "kernels/intensity.h"
#include "kernels/patient_grid.h"
#include "pipeline/pixels/case_text.h"

namespace naru {

namespace {

/// What a stack's slices are read as: the bits of stored values, or units.
template <class Stored>
using ReadAs = std::conditional_t<std::is_same_v<Stored, float>, float, std::uint16_t>;

/// As much as is stable in three dimensions, for spacings below 1 mm too.
CurvatureDiffusion denoising_of(const Vec3& spacing_mm) {
  CurvatureDiffusion diffusion;
  diffusion.time_step *= std::min(1.0, *std::ranges::min_element(spacing_mm));
  return diffusion;
}

}  // namespace

template <class In>
CaseSource<In>::CaseSource(const Scan& scan, const CasePlan& plan, Executor& executor, const CancelToken& cancel,
                           InputHashes& hashes, std::optional<BiasField>& bias_field)
    : scan_(scan),
      plan_(plan),
      stack_(scan.stacks[plan.stacks.front()]),
      executor_(executor),
      reader_(Executor::cpu(executor.thread_count())),
      cancel_(cancel),
      hashes_(hashes),
      field_(bias_field) {}

template <class In>
std::size_t CaseSource<In>::voxel_count(SliceRange range) const {
  return static_cast<std::size_t>(stack_.grid.size.x * stack_.grid.size.y * range.count());
}

template <class In>
Buffer<In> CaseSource<In>::read(std::size_t volume, SliceRange range) {
  if constexpr (std::is_same_v<In, float>) {
    if (plan_.recipe.restores()) return restored(volume, range);
  }
  return read_stored<In>(volume, range);
}

template <class In>
template <class Stored>
Buffer<Stored> CaseSource<In>::read_stored(std::size_t volume, SliceRange range) {
  auto host = Buffer<Stored>::on_host(voxel_count(range), executor_);
  read_stored_into(host.host(), volume, range);
  return host;
}

template <class In>
void CaseSource<In>::read_into(std::span<In> host, std::size_t volume, SliceRange range) {
  assert(!plan_.recipe.restores());
  read_stored_into(host, volume, range);
}

template <class In>
template <class Stored>
void CaseSource<In>::read_stored_into(std::span<Stored> host, std::size_t volume, SliceRange range) {
  cancel_.throw_if_canceled();
  const std::span<ReadAs<Stored>> values(reinterpret_cast<ReadAs<Stored>*>(host.data()), host.size());
  const auto failure = read_slices(scan_, plan_.stacks[volume], range, values, reader_, cancel_, hashes_);
  if (failure) throw Failed{*failure};
  if (volume < plan_.text_boxes.size()) {
    blank_text(host, scan_, scan_.stacks[plan_.stacks[volume]], range, plan_.text_boxes[volume]);
  }
  if (plan_.face) remove_face(host, stack_.grid, range, *plan_.face, reader_);
}

template <class In>
template <class Stored>
Buffer<float> CaseSource<In>::in_units(const Buffer<Stored>& stored) {
  const IntensityMap rescale{static_cast<float>(stack_.rescale.slope), static_cast<float>(stack_.rescale.intercept)};
  auto units = Buffer<float>::on_host(stored.size(), executor_);
  const Size3 size{static_cast<std::int64_t>(stored.size()), 1, 1};
  apply_intensity(VolumeView<const Stored>{stored.data(), size}, VolumeView<float>{units.data(), size}, rescale,
                  reader_);
  return units;
}

template <class In>
Buffer<float> CaseSource<In>::read_units(std::size_t volume, SliceRange range) {
  if (stack_.dtype == DType::float32) return read_stored<float>(volume, range);
  return stack_.dtype == DType::uint16 ? in_units(read_stored<std::uint16_t>(volume, range))
                                       : in_units(read_stored<std::int16_t>(volume, range));
}

template <class In>
void CaseSource<In>::learn_field(std::int64_t step) {
  if (plan_.recipe.bias_field == "none" || field_) return;
  const Size3& size = stack_.grid.size;
  ShrunkVolume shrunk(size);
  for (std::int64_t k = 0; k < size.z; k += step) {
    shrunk.add(read_units(0, {k, std::min(k + step, size.z)}).host(), k);
  }
  const Span span(Stage::compute, "bias field");
  field_ = estimate_bias_field(shrunk, reader_);
}

template <class In>
Buffer<float> CaseSource<In>::restored(std::size_t volume, SliceRange range) {
  auto units = read_units(volume, range);
  if (field_) field_->divide(units.host(), range.begin, reader_);
  if (plan_.recipe.denoise != "none") {  // of whole volumes: see can_be_slabbed
    assert(range.count() == stack_.grid.size.z);
    denoise(units);
  }
  return units;
}

template <class In>
void CaseSource<In>::denoise(Buffer<float>& units) {
  const Span span(Stage::compute, "denoise");
  auto spare = Buffer<float>::on_host(units.size(), executor_);
  const Vec3 spacing_mm = stack_.grid.spacing_mm();
  const VolumeView<float> result = diffuse_curvature({units.data(), stack_.grid.size}, {spare.data(), stack_.grid.size},
                                                     spacing_mm, denoising_of(spacing_mm), reader_);
  if (result.data == spare.data()) std::swap(units, spare);
}

template <class In>
void CaseSource<In>::mark_into(std::span<std::int16_t> host, std::size_t volume, SliceRange range) {
  cancel_.throw_if_canceled();
  const Size3& size = stack_.grid.size;
  std::ranges::fill(host, std::int16_t{0});
  if (volume < plan_.text_boxes.size()) mark_text(host, size, range, plan_.text_boxes[volume], kMark);
  if (plan_.face) {
    replace_in_cells(VolumeView<std::int16_t>{host.data(), {size.x, size.y, range.count()}}, stack_.grid, range.begin,
                     plan_.face->grid, plan_.face->cells.view(), kMark, reader_);
  }
}

template class CaseSource<std::int16_t>;
template class CaseSource<std::uint16_t>;
template class CaseSource<float>;

}  // namespace naru
