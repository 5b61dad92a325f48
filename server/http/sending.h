/// A long body on its way: all that a connection keeps of its request meanwhile, which may be for hours.
#pragma once

#include <filesystem>
#include <memory>
#include <utility>

#include "server/http/exchange.h"
#include "server/http/handler_pool.h"
#include "server/http/long_body.h"
#include "server/http/open_files.h"

namespace naru::server {

class Sending {
 public:
  Sending(HandlerPool& pool, LongBody body) : reader(std::move(body)), pool_(pool) {}
  /// Tells the transfer its end, exactly once, on the pool.
  ~Sending() {
    auto transfer = reader.take_transfer();
    if (!transfer) return;
    pool_.submit([transfer = std::move(transfer), sent = reader.passed_bytes(), is_whole = reader.is_done()]() mutable {
      transfer->finished(sent, is_whole);
      transfer = nullptr;
    });
  }
  Sending(const Sending&) = delete;

  bool may_go_on() const { return !reader.transfer() || reader.transfer()->may_go_on(reader.passed_bytes()); }

  LongBodyReader reader;
  Served served;
  Pace pace;
  std::shared_ptr<const OpenFile> file;           ///< of `opened`
  const std::filesystem::path* opened = nullptr;  ///< a segment's

 private:
  HandlerPool& pool_;
};

}  // namespace naru::server
