#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/print.h"
#include "core/units.h"
#include "dicom/instance.h"
#include "pipeline/pixels/text_reader.h"
#include "pipeline/prepare.h"
#include "pipeline/version.h"

namespace naru::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// One thing that was looked at.
struct Check {
  std::string name, detail;
  bool ok = true;
  bool needed = true;
};

Check check_gpu(bool needed) {
  const CudaStatus cuda = cuda_status();
  if (!cuda.built_in) return {"gpu", "this program was built without CUDA", !needed, needed};
  if (cuda.driver_version == 0) return {"gpu", "no NVIDIA driver; the CPU is used", !needed, needed};
  if (cuda.devices.empty()) return {"gpu", "a driver but no usable GPU; the CPU is used", !needed, needed};
  std::string text;
  for (const CudaDevice& device : cuda.devices) {
    text += fmt::format("cuda:{} {} ({}, compute {}.{}) ", device.index, device.name,
                        format_size_bytes(device.memory_bytes), device.compute_major, device.compute_minor);
  }
  return {"gpu", fmt::format("{}driver {}, runtime {}", text, cuda.driver_version, cuda.runtime_version), true, needed};
}

Check check_codecs() {
  dicom::initialize();
  std::string text;
  for (const auto& syntax : dicom::decodable_transfer_syntaxes())
    text += fmt::format("{}{}", text.empty() ? "" : ", ", syntax.name);
  return {"codecs", text, !text.empty(), true};
}

/// Without it nothing is held up, but what was blanked is not read.
Check check_text_reader() {
  const std::string& reader = TextReader::built_in().name();
  if (!reader.empty()) return {"reader", reader, true, false};
  return {"reader", "no language of Tesseract is installed (tesseract-ocr-eng, tesseract-ocr-kor)", false, false};
}

Check check_disk() {
  std::error_code failure;
  const auto space = fs::space(".", failure);
  if (failure) return {"disk", "free space of the current folder cannot be read", false, false};
  return {"disk", fmt::format("{} free in the current folder", format_size_bytes(space.available)), space.available > 0,
          true};
}

/// Looks and makes nothing: a key comes into being with the first dataset.
Check check_key() {
  try {
    const fs::path file = ProjectKey::file_of_project("default");
    std::error_code failure;
    if (fs::exists(file, failure)) {
      const ProjectKey key = ProjectKey::load(file);
      return {"keys", fmt::format("the key of project \"default\" is ready ({})", key.id()), true, true};
    }
    fs::path folder = file.parent_path();
    while (!fs::exists(folder, failure) && folder.has_relative_path()) folder = folder.parent_path();
    const bool ok = fs::is_directory(folder, failure) && ::access(folder.c_str(), W_OK | X_OK) == 0;
    if (ok) return {"keys", "no key yet; the first 'naru prepare' makes one", true, true};
    return {"keys", fmt::format("no key can be made in {}: check its permissions", folder.string()), false, true};
  } catch (const Error& problem) {
    return {"keys", problem.what(), false, true};
  }
}

std::vector<Check> run_checks(bool gpu_needed) {
  Executor executor = Executor::cpu(0);
  return {
      {"naru", fmt::format("version {}", kVersion)},
      {"cpu", fmt::format("{} threads, kernels use {}", executor.thread_count(), cpu_dispatch())},
      {"memory", fmt::format("{} would be used at most (--memory)", format_size_bytes(default_memory_limit_bytes()))},
      check_gpu(gpu_needed),
      check_codecs(),
      check_text_reader(),
      check_disk(),
      check_key(),
  };
}

int run(bool gpu_needed, const Context& context) {
  const auto checks = run_checks(gpu_needed);
  bool is_well = true;
  Json rows = Json::array();
  for (const Check& check : checks) {
    is_well = is_well && (check.ok || !check.needed);
    rows.push_back({{"name", check.name}, {"ok", check.ok}, {"needed", check.needed}, {"detail", check.detail}});
    if (!context.output.json) print("{:<4} {:<8} {}\n", check.ok ? "ok" : "MISS", check.name, check.detail);
  }
  if (context.output.json) print_json({{"schema", "naru.doctor/1"}, {"ok", is_well}, {"checks", std::move(rows)}});
  return is_well ? kExitDone : kExitFailed;
}

}  // namespace

Action define_doctor(CLI::App& app) {
  auto gpu_needed = std::make_shared<bool>(false);
  app.add_flag("--gpu", *gpu_needed, "count a missing GPU as missing");
  return [gpu_needed](const Context& context) { return run(*gpu_needed, context); };
}

}  // namespace naru::cli
