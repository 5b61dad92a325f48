#include <cstdio>

#include "benchmarks/kernels/measure.h"

int main(int argc, char** argv) {
  using namespace naru;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  for (const bench::Place& place : bench::places()) {
    benchmark::AddCustomContext("copy_gb_per_s_" + place.name, std::to_string(place.copy_bytes_per_second / 1e9));
  }
  benchmark::AddCustomContext("cpu_dispatch", cpu_dispatch());
  if (cuda_status().devices.empty()) std::fputs("NOTE: no GPU here: nothing was measured on one\n", stderr);
  bench::add_resample();
  bench::add_separable();
  bench::add_affine();
  bench::add_labels();
  bench::add_intensity();
  bench::add_diffusion();
  bench::add_piecewise();
  bench::add_float16();
  bench::add_orient();
  bench::add_statistics();
  bench::add_foreground_box();
  bench::add_components();
  bench::add_morphology();
  bench::add_patient_grid();
  bench::add_straighten();
  bench::add_text_network();
  bench::add_text_pyramid();
  benchmark::RunSpecifiedBenchmarks();
}
