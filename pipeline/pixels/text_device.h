/// Where the text detector's network runs.
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "core/volume.h"
#include "kernels/executor.h"
#include "kernels/text_pyramid.h"

namespace naru {

/// On the thread that asks; or on a GPU, of which each thread has a stream to itself while it asks. Each stream keeps
/// the weights that it was first given. A GPU that fails, or has no memory left, gives way to the thread, with one line
/// in the log. Thread-safe.
class TextDevice {
 public:
  TextDevice() = default;  ///< on the thread that asks

  /// On the GPU of `executor`, where that has one. @pre `executor` outlives it
  explicit TextDevice(Executor& executor);

  /// @param make a stream; called from several threads
  explicit TextDevice(std::function<Executor()> make) : make_(std::move(make)) {}

  /// As detect_text_at_all_scales has it, of a slice in host memory. @param network one for all calls, outlives this
  std::vector<float> probability(const TextNetwork& network, VolumeView<const float> slice, const TextWindows& windows,
                                 std::int64_t longest = 0);

 private:
  struct Stream {
    Executor executor;
    ReachableTextNetwork network;
  };
  std::optional<Stream> take_stream(const TextNetwork& network);  ///< none where the thread is to look itself
  void note_failure(bool is_for_good);

  std::function<Executor()> make_;
  std::mutex mutex_;
  std::vector<Stream> idle_;
  bool is_lost_ = false, was_said_ = false;
};

}  // namespace naru
