/// Where a job's work and its results are, and what of the machine it gets: what the runner needs and no thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace naru::server {

/// The job whose dataset would have this name: the way back from dataset_id_of.
std::string job_id_of_dataset(std::string_view dataset_id);

/// Threads of one of `worker_count` workers that share `threads` (0: all of the machine).
int threads_of_one(int threads, int worker_count);

/// What --device the worker is given: the GPU of its place, where the job may have one and there are several.
std::string device_for(std::string_view asked, std::size_t gpu_count, std::optional<std::size_t> gpu);

/// Moves OUT to its place by one rename that a power cut keeps. Where the dataset is there already, OUT is left alone.
/// @throws Error{output_unwritable, disk_full}
void place_dataset(const std::filesystem::path& out, const std::filesystem::path& dataset);

}  // namespace naru::server
