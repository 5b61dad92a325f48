/// Walks over the bytes of a LongBody.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string_view>
#include <utility>

#include "server/http/message.h"

namespace naru::server {

class LongBodyReader {
 public:
  /// The segments have to hold bytes [first, first + size_bytes): otherwise `is_short`.
  explicit LongBodyReader(LongBody body);

  bool is_short() const { return is_short_; }
  bool is_done() const { return left_bytes_ == 0; }
  std::uint64_t passed_bytes() const { return body_.size_bytes - left_bytes_; }

  /// What is next, within one segment and at most 1 MiB. Only where neither done nor short.
  struct Piece {
    std::string_view bytes;                       ///< where `file` is null
    const std::filesystem::path* file = nullptr;  ///< bytes [offset, offset + size_bytes)
    std::shared_ptr<const OpenFile> opened;       ///< of `file`, where it came with the segment
    std::uint64_t offset = 0, size_bytes = 0;
    bool is_last = false;
  };
  Piece piece() const;
  void pass(std::uint64_t bytes);  ///< at most piece().size_bytes

  Transfer* transfer() const { return body_.transfer.get(); }
  std::shared_ptr<Transfer> take_transfer() { return std::move(body_.transfer); }

 private:
  void skip_passed_segments();

  LongBody body_;
  std::size_t segment_ = 0;
  std::uint64_t offset_ = 0, left_bytes_ = 0;  ///< offset in the segment
  bool is_short_ = false;
};

}  // namespace naru::server
