#include "pipeline/pixels/text_device.h"

#include <cassert>
#include <utility>

#include "core/log.h"
#include "kernels/executor_like.h"

namespace naru {

TextDevice::TextDevice(Executor& executor) {
  if (executor.is_cuda()) make_ = [&executor] { return executor_like(executor); };
}

std::vector<float> TextDevice::probability(const TextNetwork& network, VolumeView<const float> slice,
                                           const TextWindows& windows, std::int64_t longest) {
  try {
    if (auto stream = take_stream(network)) {
      std::vector<float> result = text_probability(stream->network, slice, windows, stream->executor, longest);
      const std::lock_guard lock(mutex_);
      idle_.push_back(*std::move(stream));
      return result;
    }
  } catch (const Error& error) {
    const bool is_device = error.code() == ErrorCode::device_unavailable;
    if (!is_device && error.code() != ErrorCode::memory_exceeded) throw;
    note_failure(is_device);
  }
  Executor here = Executor::cpu(1);
  return text_probability(ReachableTextNetwork(network, here), slice, windows, here, longest);
}

std::optional<TextDevice::Stream> TextDevice::take_stream(const TextNetwork& network) {
  {
    const std::lock_guard lock(mutex_);
    if (!make_ || is_lost_) return std::nullopt;
    if (!idle_.empty()) {
      assert(&idle_.back().network.network() == &network);
      Stream stream = std::move(idle_.back());
      idle_.pop_back();
      return stream;
    }
  }
  Executor executor = make_();
  ReachableTextNetwork reachable(network, executor);
  return Stream{std::move(executor), std::move(reachable)};
}

/// What lacked memory may have it for the next slice.
void TextDevice::note_failure(bool is_for_good) {
  const std::lock_guard lock(mutex_);
  is_lost_ = is_lost_ || is_for_good;
  if (!std::exchange(was_said_, true)) {
    log::warning("looking for text: the GPU {}: on the CPU instead",
                 Public{is_for_good ? "failed" : "has too little memory"});
  }
}

}  // namespace naru
