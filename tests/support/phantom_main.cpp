// naru_phantom: writes a synthetic CT or MR series for scripts, benchmarks and trying things out.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <map>

#include "tests/support/phantom.h"

namespace naru::test {

namespace {

struct Directions {
  Vec3 row, column;
};
const std::map<std::string, Directions> kOrientations = {
    {"axial", {{1, 0, 0}, {0, 1, 0}}},
    {"sagittal", {{0, 1, 0}, {0, 0, -1}}},
    {"coronal", {{1, 0, 0}, {0, 0, -1}}},
    {"oblique", {{0.96, 0.28, 0}, {-0.224, 0.768, 0.6}}},
};

/// Sets what follows from the other options: names of their own for each seed, the centre of the volume at zero.
void complete(PhantomOptions& options) {
  options.patient_id = "PHANTOM-" + std::to_string(options.seed);
  options.study_uid = "2.999.1." + std::to_string(options.seed + 1);
  options.series_uid = options.study_uid + ".1";
  options.origin_mm = {};
  options.origin_mm = -1 * phantom_grid(options).center_in_patient();
  if (options.modality == "MR") {
    options.rescale.reset();
    options.is_signed = false;
    options.bits_stored = 12;
  }
}

int run(int argc, char** argv) {
  PhantomOptions options;
  std::string out, orientation = "axial", syntax = "explicit";
  std::vector<std::int64_t> size{options.size.x, options.size.y, options.size.z};
  std::vector<double> spacing(options.spacing_mm.begin(), options.spacing_mm.end());
  std::map<std::string, Fault> faults;
  for (const auto& row : all_faults()) faults.emplace(row.name, row.fault);
  std::map<std::string, std::string> syntaxes;
  for (const auto& row : all_syntaxes()) syntaxes.emplace(row.name, row.uid);

  CLI::App app{"Writes a synthetic DICOM series"};
  app.add_option("--out", out, "folder to write into")->required();
  app.add_option("--modality", options.modality)->check(CLI::IsMember({"CT", "MR"}));
  app.add_option("--size", size, "columns, rows, slices")->expected(3);
  app.add_option("--spacing", spacing, "mm along columns, rows, slices")->expected(3);
  app.add_option("--seed", options.seed, "another patient for each");
  app.add_option("--noise", options.noise, "standard deviation of noise, e.g. 12 for CT")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--transfer-syntax", syntax)->check(CLI::IsMember(syntaxes));
  app.add_option("--orientation", orientation)->check(CLI::IsMember(kOrientations));
  app.add_option("--fault", options.fault)->transform(CLI::CheckedTransformer(faults));
  app.add_option("--token", options.token, "text planted in every text element");
  CLI11_PARSE(app, argc, argv);

  options.size = {size[0], size[1], size[2]};
  options.spacing_mm = {spacing[0], spacing[1], spacing[2]};
  options.row_direction = kOrientations.at(orientation).row;
  options.column_direction = kOrientations.at(orientation).column;
  options.transfer_syntax_uid = syntaxes.at(syntax);
  complete(options);
  try {
    std::printf("%zu files\n", write_series(options, out).files.size());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "naru_phantom: %s\n", error.what());
    return 1;
  }
  return 0;
}

}  // namespace

}  // namespace naru::test

int main(int argc, char** argv) { return naru::test::run(argc, argv); }
