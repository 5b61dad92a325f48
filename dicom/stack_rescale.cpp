#include "dicom/stack_rescale.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/ascii_case.h"
#include "dicom/pixels.h"
#include "dicom/units_terms.h"

namespace naru::dicom {

namespace {

constexpr std::string_view kPrecise = "philips_precise";
/// HU of air: what a CT shows outside the body.
constexpr double kAirHu = -1024;

/// What holds the stored values of every slice; empty where nothing does: values of an int16 and of a uint16.
std::optional<DType> stored_dtype(std::span<const Candidate> candidates, const Stack& stack) {
  const auto is_any = [&](auto is) {
    return std::ranges::any_of(stack.instances,
                               [&](std::size_t index) { return is(candidates[index].instance.pixels); });
  };
  if (!is_any(is_uint16)) return DType::int16;
  const bool has_signed = is_any([](const PixelFormat& format) { return format.is_signed; });
  return has_signed ? std::nullopt : std::optional(DType::uint16);
}

/// What to add to each slice's stored values so that the first slice's rescale serves all; empty where that would not
/// be exact for every value that the slices can hold.
std::optional<std::vector<std::int32_t>> exact_offsets(std::span<const Candidate> candidates, const Stack& stack,
                                                       const StackOptions& options) {
  const double least = stack.dtype == DType::uint16 ? 0 : std::numeric_limits<std::int16_t>::min();
  const double greatest = stack.dtype == DType::uint16 ? std::numeric_limits<std::uint16_t>::max()
                                                       : std::numeric_limits<std::int16_t>::max();
  std::vector<std::int32_t> offsets;
  for (const std::size_t index : stack.instances) {
    const Instance& slice = candidates[index].instance;
    const Rescale own = rescale_of(slice, options.uses_philips_precise);
    const double offset = (own.intercept - stack.rescale.intercept) / stack.rescale.slope;
    const double span = std::ldexp(1.0, slice.pixels.bits_stored);
    const double first = slice.pixels.is_signed ? -span / 2 : 0;
    const auto padding = static_cast<double>(slice.padding_value.value_or(static_cast<std::int64_t>(first)));
    const double low = std::min(first, padding), high = std::max(first + span - 1, padding);
    const bool is_exact = own.slope == stack.rescale.slope && offset == std::floor(offset) && low + offset >= least &&
                          high + offset <= greatest;
    if (!is_exact) return std::nullopt;
    offsets.push_back(static_cast<std::int32_t>(offset));
  }
  return offsets;
}

/// Pixel Padding Value where the header gives one; else air for CT, nothing for others.
double padding_units(const Instance& slice, const Stack& stack, const Rescale& rescale) {
  if (slice.padding_value) return rescale.slope * static_cast<double>(*slice.padding_value) + rescale.intercept;
  return stack.units == "HU" ? kAirHu : 0;
}

/// Slices that state no slope, or no intercept, among others whose own changes values: nobody knows what theirs are.
/// Nor does anybody of a PET without a slope: each of its images has one (PS3.3 C.8.9.4), unless something that is not
/// read takes its place, as a Real World Value Mapping.
std::ptrdiff_t count_silent(std::span<const Candidate> candidates, const StackOptions& options, const Stack& stack) {
  const auto slice = [&](std::size_t index) -> const Instance& { return candidates[index].instance; };
  const auto is_told = [&](double Rescale::*part, double without) {
    return std::ranges::any_of(stack.instances, [&](std::size_t index) {
      return slice(index).has_rescale && rescale_of(slice(index), options.uses_philips_precise).*part != without;
    });
  };
  const bool is_pet = slice(stack.instances.front()).modality == "PT";
  const bool needs_slope = is_pet || is_told(&Rescale::slope, 1), needs_intercept = is_told(&Rescale::intercept, 0);
  return std::ranges::count_if(stack.instances, [&](std::size_t index) {
    const Instance& own = slice(index);
    if (!own.has_rescale) return needs_slope || needs_intercept;
    return (needs_slope && own.lacks_slope) || (needs_intercept && own.lacks_intercept);
  });
}

/// "US" stands for unspecified (PS3.3 C.11.1.1.2).
bool is_specified(std::string_view units) { return !units.empty() && units != "US"; }

/// Of the first slice that specifies some.
std::string units_of(std::span<const Candidate> candidates, const Stack& stack) {
  const auto units = [&](std::size_t index) -> const std::string& { return candidates[index].instance.units; };
  const auto first = std::ranges::find_if(stack.instances, is_specified, units);
  return units(first == stack.instances.end() ? stack.instances.front() : *first);
}

/// Slices whose values are said to be in other units than those of the stack.
std::ptrdiff_t count_other_units(std::span<const Candidate> candidates, const Stack& stack, std::string_view those) {
  return std::ranges::count_if(stack.instances, [&](std::size_t index) {
    const std::string& units = candidates[index].instance.units;
    return is_specified(units) && units != those;
  });
}

bool is_of_philips(const Instance& slice) {
  constexpr std::string_view kPhilips = "PHILIPS";
  return is_equal_but_for_case(std::string_view(slice.manufacturer).substr(0, kPhilips.size()), kPhilips);
}

/// Slices without the private scale, where precise values are asked for.
std::ptrdiff_t count_without_precise(std::span<const Candidate> candidates, const Stack& stack) {
  return std::ranges::count_if(
      stack.instances, [&](std::size_t index) { return !candidates[index].instance.philips_scale.has_value(); });
}

/// Of a CT whose recipe reckons in HU. @param units as found
void judge_hounsfield(std::string_view units, StackDraft& draft) {
  if (draft.stack.units == "HU") return;
  const bool says_other = is_specified(units) && !draft.stack.units.empty();
  draft.add({says_other ? Code::units_not_hu : Code::units_unknown, {}, says_other ? "rejected" : "taken as HU"},
            says_other ? Verdict::reject : Verdict::accept);
}

}  // namespace

Rescale rescale_of(const Instance& slice, bool uses_philips_precise) {
  const Rescale display{slice.rescale_slope, slice.rescale_intercept};
  if (!uses_philips_precise || !slice.philips_scale) return display;
  const double scale_slope = slice.philips_scale->scale_slope;
  return {1 / scale_slope, display.intercept / (display.slope * scale_slope)};
}

bool may_share_units(const Stack& a, const Stack& b) {
  const bool is_one_silent = a.has_rescale != b.has_rescale && a.rescale != b.rescale;
  const bool is_one_precise = (a.rescale_source == kPrecise) != (b.rescale_source == kPrecise);
  return !is_one_silent && !is_one_precise &&
         (a.units == b.units || (!is_specified(a.units) && !is_specified(b.units)));
}

void bring_to_units(std::span<const Candidate> candidates, const StackOptions& options, Stack& stack) {
  stack.slice_rescales.clear();
  for (const std::size_t index : stack.instances) {
    stack.slice_rescales.push_back(rescale_of(candidates[index].instance, options.uses_philips_precise));
  }
  stack.stored_offsets.clear();
  stack.dtype = DType::float32;
  stack.rescale = {};
}

void judge_rescale(std::span<const Candidate> candidates, const StackOptions& options, StackDraft& draft) {
  Stack& stack = draft.stack;
  const Instance& first = candidates[stack.instances.front()].instance;
  const auto dtype = stored_dtype(candidates, stack);
  stack.dtype = dtype.value_or(DType::int16);
  stack.rescale = rescale_of(first, options.uses_philips_precise);
  stack.has_rescale = first.has_rescale;
  if (first.philips_scale) stack.rescale_source = options.uses_philips_precise ? kPrecise : "philips_display";
  const bool is_hounsfield = first.modality == "CT" && first.has_rescale && first.units.empty();
  const std::string units = is_hounsfield ? "HU" : units_of(candidates, stack);  // may be free text
  stack.units = units_term(units).value_or("");
  stack.padding_units = padding_units(first, stack, stack.rescale);
  const auto refuse = [&](std::ptrdiff_t count, std::string_view action) {
    if (count > 0) {
      draft.add({Code::per_slice_rescale, {{"slices", static_cast<double>(count)}}, action}, Verdict::reject);
    }
    return count > 0;
  };
  if (refuse(count_silent(candidates, options, stack), "rejected: these state none")) return;
  if (refuse(count_other_units(candidates, stack, units), "rejected: these are in other units")) return;
  const auto silent = options.uses_philips_precise ? count_without_precise(candidates, stack) : 0;
  const bool are_all_silent = silent == static_cast<std::ptrdiff_t>(stack.instances.size());
  if (!are_all_silent && refuse(silent, "rejected: these lack Philips' scale of precise values")) return;
  if (are_all_silent && first.modality == "MR" && is_of_philips(first)) {
    draft.add({Code::philips_scale_missing, {}, "display values taken"}, Verdict::repair);
  }
  if (options.needs_hounsfield && first.modality == "CT") judge_hounsfield(units, draft);
  const auto others = std::ranges::count_if(stack.instances, [&](std::size_t index) {
    const Instance& slice = candidates[index].instance;
    return rescale_of(slice, options.uses_philips_precise) != stack.rescale || slice.has_rescale != first.has_rescale ||
           (!dtype && slice.pixels.is_signed != first.pixels.is_signed);
  });
  if (others == 0) return;
  const auto offsets = dtype ? exact_offsets(candidates, stack, options) : std::nullopt;
  if (offsets) {
    stack.stored_offsets = *offsets;
  } else {
    bring_to_units(candidates, options, stack);
  }
  draft.add({Code::per_slice_rescale,
             {{"slices", static_cast<double>(others)}},
             offsets ? "brought to the first slice's rescale, exactly" : "brought to units slice by slice"},
            Verdict::repair);
}

}  // namespace naru::dicom
