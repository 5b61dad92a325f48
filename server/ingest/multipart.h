/// Splits a multipart body (RFC 2046 5.1) as it comes: nothing is held but what a delimiter could begin in.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace naru::server {

inline constexpr std::size_t kMaxParts = 10000;
inline constexpr std::size_t kMaxPartHeaderBytes = std::size_t{8} << 10;

/// A media type with its parameters, e.g. of Content-Type. Names in lower case.
struct MediaType {
  std::string name;                                             ///< "multipart/related"
  std::vector<std::pair<std::string, std::string>> parameters;  ///< unquoted
  std::optional<std::string_view> parameter(std::string_view name) const;
};
/// Empty where `text` is none (RFC 9110 8.3.1).
std::optional<MediaType> parse_media_type(std::string_view text);

/// Told of the parts, in their order.
class PartHandler {
 public:
  virtual ~PartHandler() = default;
  virtual void begin(const MediaType& content_type) = 0;  ///< "text/plain" where the part names none
  virtual void data(std::span<const std::byte> bytes) = 0;
  virtual void end() = 0;
};

class MultipartReader {
 public:
  /// @throws Error{request_invalid} for a boundary that RFC 2046 does not allow
  MultipartReader(std::string_view boundary, PartHandler& handler);

  /// @throws Error{request_invalid} malformed; Error{body_too_large} too many parts, or too long a header of one; what
  /// the handler throws
  void write(std::span<const std::byte> bytes);
  /// @throws Error{request_invalid} where the body ends before its last delimiter
  void finish() const;

 private:
  enum class State { preamble, after_delimiter, header, data, epilogue };
  bool step();
  bool pass_data();
  bool read_delimiter_line();
  bool read_header();
  std::size_t find(std::string_view text) const { return std::string_view(held_).find(text); }

  std::string delimiter_;  ///< CR LF "--" boundary
  PartHandler& handler_;
  State state_ = State::preamble;
  std::string held_;            ///< what was not dealt with yet
  std::size_t skip_bytes_ = 0;  ///< at the front of it, that are no data
  std::size_t part_count_ = 0;
};

}  // namespace naru::server
