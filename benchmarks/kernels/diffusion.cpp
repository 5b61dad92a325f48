#include "kernels/diffusion.h"

#include "benchmarks/kernels/measure.h"

namespace naru::bench {

namespace {

/// One iteration: its input stays what it is.
void run(benchmark::State& state, const Place& place, Size3 size) {
  auto in = float_ring(size.voxel_count(), *place.executor);
  Ring<float> out(size.voxel_count(), *place.executor);
  measure(state, place, {size.voxel_count(), size.voxel_count() * 8}, [&] {
    diffuse_curvature({in.next(), size}, {out.next(), size}, {0.8, 0.8, 1}, {.iterations = 1}, *place.executor);
  });
}

}  // namespace

void add_diffusion() { add_cases("curvature_diffusion_float32", Where::everywhere, run); }

}  // namespace naru::bench
