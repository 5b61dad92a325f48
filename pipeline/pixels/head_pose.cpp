#include "pipeline/pixels/head_pose.h"

#include <itkImage.h>
#include <itkLinearInterpolateImageFunction.h>
#include <itkMeanSquaresImageToImageMetric.h>
#include <itkPowellOptimizer.h>
#include <itkSimilarity3DTransform.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "pipeline/pixels/head_model.h"

namespace naru {

namespace {

using Image = itk::Image<float, 3>;
using Transform = itk::Similarity3DTransform<double>;
using Metric = itk::MeanSquaresImageToImageMetric<Image, Image>;
using Samples = Metric::FixedImageIndexContainer;
using Parameters = Transform::ParametersType;

constexpr double kFarMm = 12;          // differences beyond say nothing of where the head lies
constexpr double kLowestMm = -76;      // of the average head: jaws and necks differ too much
constexpr double kHeadHeightMm = 260;  // below the vertex: what lies lower is no head
constexpr std::size_t kMostSamples = 12'000;
constexpr double kWorst = 1e6;

/// A box in the frame of the average head.
struct Box {
  Vec3 low, high;
  bool holds(const Vec3& point) const {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      if (point[axis] < low[axis] || point[axis] > high[axis]) return false;
    }
    return true;
  }
};
constexpr Box kHeadBox = {{-112, -44, kLowestMm}, {112, 228, 144}};
constexpr Box kFaceBox = {{-50, -60, kLowestMm}, {50, 45, 45}};

float cut_off(double mm) { return static_cast<float>(std::clamp(mm, -kFarMm, kFarMm)); }

Image::Pointer image_of(const Size3& size, const Vec3& origin, double cell_mm) {
  const auto image = Image::New();
  const auto length = [](std::int64_t n) { return static_cast<itk::SizeValueType>(n); };
  image->SetRegions(Image::SizeType{{length(size.x), length(size.y), length(size.z)}});
  image->SetOrigin(origin.data());
  image->SetSpacing(Image::SpacingType(cell_mm));
  image->Allocate();
  return image;
}

/// Distances to the skin, mm, in the patient's frame.
Image::Pointer image_of(const HeadShape& shape, Executor& executor) {
  const PatientGrid& grid = shape.grid;
  const auto image = image_of(grid.size, grid.origin_mm, grid.cell_mm);
  const auto to_inside = squared_distance(shape.inside, executor);
  const auto to_outside = squared_distance(complement(shape.inside), executor);
  for (std::size_t n = 0; n < to_inside.size(); ++n) {
    const double cells = std::sqrt(static_cast<double>(to_inside[n])) - std::sqrt(static_cast<double>(to_outside[n]));
    image->GetBufferPointer()[n] = cut_off(cells * grid.cell_mm);
  }
  return image;
}

/// The same of the average head, in its own frame. It does not change: one serves all.
Image::ConstPointer average_head() {
  static const Image::ConstPointer kMade = [] {
    constexpr double kCellMm = 4;
    const auto cells = [&](std::size_t axis) {
      return static_cast<std::int64_t>((kHeadBox.high[axis] - kHeadBox.low[axis]) / kCellMm) + 1;
    };
    const PatientGrid grid{{cells(0), cells(1), cells(2)}, kHeadBox.low, kCellMm};
    const auto image = image_of(grid.size, grid.origin_mm, grid.cell_mm);
    float* value = image->GetBufferPointer();
    for (std::int64_t z = 0; z < grid.size.z; ++z) {
      for (std::int64_t y = 0; y < grid.size.y; ++y) {
        for (std::int64_t x = 0; x < grid.size.x; ++x)
          *value++ = cut_off(distance_to_average_head(grid.center(x, y, z)));
      }
    }
    return Image::ConstPointer(image);
  }();
  return kMade;
}

/// Cells that were scanned and that `is_wanted` names, kMostSamples at most, evenly spread.
template <class IsWanted>
Samples samples_of(const HeadShape& shape, const IsWanted& is_wanted) {
  Samples all, some;
  const Size3& size = shape.grid.size;
  for (std::int64_t z = 0; z < size.z; z += 2) {
    for (std::int64_t y = 0; y < size.y; y += 2) {
      for (std::int64_t x = 0; x < size.x; x += 2) {
        if (shape.scanned.at(x, y, z) && is_wanted(shape.grid.center(x, y, z))) all.push_back({{x, y, z}});
      }
    }
  }
  const std::size_t step = all.size() / kMostSamples + 1;
  for (std::size_t n = 0; n < all.size(); n += step) some.push_back(all[n]);
  return some;
}

/// Mean squares as ITK has them; very large where the heads do not meet.
class Cost : public itk::SingleValuedCostFunction {
 public:
  using Self = Cost;
  using Pointer = itk::SmartPointer<Self>;
  itkFactorylessNewMacro(Self);

  void set(Image::ConstPointer fixed, const Samples& samples, Transform::Pointer transform) {
    metric_->SetFixedImage(fixed);
    metric_->SetMovingImage(average_head());
    metric_->SetTransform(transform);
    metric_->SetInterpolator(itk::LinearInterpolateImageFunction<Image, double>::New());
    metric_->SetFixedImageRegion(fixed->GetBufferedRegion());
    metric_->SetNumberOfWorkUnits(1);  // sums in one order
    metric_->SetFixedImageIndexes(samples);
    metric_->Initialize();
  }

  MeasureType GetValue(const ParametersType& parameters) const override {
    try {
      return metric_->GetValue(parameters);
    } catch (const itk::ExceptionObject&) {
      return kWorst;  // too few samples fall on the average head
    }
  }
  void GetDerivative(const ParametersType&, DerivativeType&) const override {}  // Powell's method asks for none
  unsigned int GetNumberOfParameters() const override { return metric_->GetNumberOfParameters(); }

 private:
  Metric::Pointer metric_ = Metric::New();
};

struct Fit {
  Parameters parameters;
  double cost = kWorst;
};

/// @param start head_from_patient: versor, translation, scale
Fit fit(const Image::ConstPointer& fixed, const Samples& samples, const Vec3& centre_mm, const Parameters& start) {
  const auto transform = Transform::New();
  transform->SetCenter(centre_mm.data());
  const auto cost = Cost::New();
  cost->set(fixed, samples, transform);
  // Powell's method goes through its parameters one by one, by a step that the scale divides.
  itk::PowellOptimizer::ScalesType scales(7);
  for (unsigned int n = 0; n < 7; ++n) scales[n] = n < 3 ? 20 : n < 6 ? 0.25 : 33;
  const auto optimizer = itk::PowellOptimizer::New();
  optimizer->SetCostFunction(cost);
  optimizer->SetMaximize(false);
  optimizer->SetScales(scales);
  optimizer->SetStepLength(1);
  optimizer->SetStepTolerance(0.02);
  optimizer->SetValueTolerance(1e-3);
  optimizer->SetMaximumIteration(12);
  optimizer->SetMaximumLineIteration(20);
  optimizer->SetInitialPosition(start);
  optimizer->StartOptimization();
  return {optimizer->GetCurrentPosition(), cost->GetValue(optimizer->GetCurrentPosition())};
}

/// The best of several starts.
Fit best_fit(const Image::ConstPointer& fixed, const Samples& samples, const Vec3& centre_mm,
             const std::vector<Parameters>& starts, Executor& executor) {
  std::vector<Fit> fits(starts.size());
  if (samples.empty()) return {starts.front(), kWorst};
  executor.parallel_for(static_cast<std::int64_t>(starts.size()), 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t n = begin; n < end; ++n) {
      fits[static_cast<std::size_t>(n)] = fit(fixed, samples, centre_mm, starts[static_cast<std::size_t>(n)]);
    }
  });
  return *std::ranges::min_element(fits, {}, &Fit::cost);
}

Affine head_from_patient(const Parameters& parameters, const Vec3& centre_mm) {
  const auto transform = Transform::New();
  transform->SetCenter(centre_mm.data());
  transform->SetParameters(parameters);
  Affine map;
  for (unsigned int r = 0; r < 3; ++r) {
    for (unsigned int c = 0; c < 3; ++c) map.rows[r][c] = transform->GetMatrix()[r][c];
    map.rows[r][3] = transform->GetOffset()[r];
  }
  return map;
}

/// Where the centre of the head may be: below the vertex, in the middle of what lies there. Empty without a head.
std::optional<Vec3> first_centre(const HeadShape& shape) {
  const Size3& size = shape.grid.size;
  constexpr double kCapMm = 80, kCentreBelowVertexMm = 90;
  std::int64_t top = -1;
  const auto plane = static_cast<std::size_t>(size.x * size.y);
  for (std::int64_t z = size.z - 1; z >= 0 && top < 0; --z) {
    const auto slice = std::span(shape.inside.cells).subspan(static_cast<std::size_t>(z) * plane, plane);
    if (std::ranges::any_of(slice, [](std::uint8_t cell) { return cell != 0; })) top = z;
  }
  if (top < 0) return std::nullopt;
  Vec3 sum{};
  double count = 0;
  const auto lowest = top - static_cast<std::int64_t>(kCapMm / shape.grid.cell_mm);
  for (std::int64_t z = std::max<std::int64_t>(0, lowest); z <= top; ++z) {
    for (std::int64_t y = 0; y < size.y; ++y) {
      for (std::int64_t x = 0; x < size.x; ++x) {
        if (!shape.inside.at(x, y, z)) continue;
        sum = sum + shape.grid.center(x, y, z);
        ++count;
      }
    }
  }
  Vec3 centre = (1 / count) * sum;
  centre[2] = shape.grid.center(0, 0, top)[2] - kCentreBelowVertexMm;
  return centre;
}

HeadPose pose_of(const Affine& to_head, double scale) {
  HeadPose pose;
  pose.patient_from_head = inverse(to_head);
  pose.scale = 1 / scale;
  const auto turn = [&](std::size_t r, std::size_t c) { return pose.patient_from_head.rows[r][c] / pose.scale; };
  constexpr double kDegrees = 180 / std::numbers::pi;
  pose.pitch_degrees = kDegrees * std::atan2(-turn(1, 2), turn(2, 2));
  pose.roll_degrees = kDegrees * std::asin(std::clamp(turn(0, 2), -1.0, 1.0));
  pose.yaw_degrees = kDegrees * std::atan2(-turn(0, 1), turn(0, 0));
  return pose;
}

double overlap_of(const HeadShape& shape, const Samples& samples, const Affine& to_head) {
  double both = 0, sum = 0;
  for (const auto& at : samples) {
    const Vec3 point = to_head(shape.grid.center(at[0], at[1], at[2]));
    if (!kHeadBox.holds(point)) continue;
    const bool is_here = shape.inside.at(at[0], at[1], at[2]), is_there = distance_to_average_head(point) < 0;
    both += is_here && is_there ? 2 : 0;
    sum += (is_here ? 1 : 0) + (is_there ? 1 : 0);
  }
  return sum > 0 ? both / sum : 0;
}

std::vector<Parameters> starts_of(const Vec3& centre_mm) {
  std::vector<Parameters> starts;
  for (const double pitch : {0.0, -0.35, 0.35}) {  // radians; turned about the centre of the head
    Parameters start(7);
    start.Fill(0);
    start[0] = std::sin(pitch / 2);
    for (unsigned int axis = 0; axis < 3; ++axis) start[3 + axis] = kCentreOfAverageHead[axis] - centre_mm[axis];
    start[6] = 1;
    starts.push_back(start);
  }
  return starts;
}

/// The face may be higher or lower than the average of a head of this size, a child's above all.
std::vector<Parameters> face_starts_of(const Parameters& whole) {
  std::vector<Parameters> starts;
  for (const double mm : {0.0, 10.0, 20.0, -10.0}) {
    starts.push_back(whole);
    starts.back()[5] += mm;
  }
  return starts;
}

}  // namespace

Vec3 HeadPose::nasion_mm() const { return patient_from_head(kNasionOfAverageHead); }

std::optional<HeadPose> register_head(const HeadShape& shape, Executor& executor) {
  const auto centre = first_centre(shape);
  if (!centre) return std::nullopt;
  const Image::ConstPointer fixed(image_of(shape, executor));
  const double lowest = (*centre)[2] - kHeadHeightMm / 2;
  const Samples head = samples_of(shape, [&](const Vec3& point) { return point[2] >= lowest; });
  const Fit whole = best_fit(fixed, head, *centre, starts_of(*centre), executor);
  if (whole.cost >= kWorst) return std::nullopt;
  const Affine to_head = head_from_patient(whole.parameters, *centre);
  const Samples face = samples_of(shape, [&](const Vec3& point) { return kFaceBox.holds(to_head(point)); });
  const Fit refined = best_fit(fixed, face, *centre, face_starts_of(whole.parameters), executor);
  if (refined.cost >= kWorst) return std::nullopt;
  HeadPose pose = pose_of(head_from_patient(refined.parameters, *centre), refined.parameters[6]);
  pose.overlap = overlap_of(shape, head, to_head);
  return pose;
}

}  // namespace naru
