/// What belongs to the Application ends where the Application may wait.
#pragma once

#include <memory>
#include <utility>

#include "server/http/handler_pool.h"

namespace naru::server {

/// Destroys what it holds on the pool.
template <class T>
class ReleaseOnPool {
 public:
  explicit ReleaseOnPool(HandlerPool& pool, std::shared_ptr<T> held = nullptr) : pool_(pool), held_(std::move(held)) {}
  ~ReleaseOnPool() {
    if (held_) pool_.submit([held = std::move(held_)]() mutable { held = nullptr; });
  }
  ReleaseOnPool(const ReleaseOnPool&) = delete;

  void hold(std::shared_ptr<T> held) { held_ = std::move(held); }
  T* operator->() const { return held_.get(); }

 private:
  HandlerPool& pool_;
  std::shared_ptr<T> held_;
};

}  // namespace naru::server
