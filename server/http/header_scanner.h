/// Finds where the header of a request ends and refuses, before any parser sees it, what parsers disagree about.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace naru::server {

inline constexpr std::size_t kMaxLineBytes = 8 << 10, kMaxHeaderBytes = 32 << 10, kMaxFields = 100;

/// Looks at each byte once, however small the pieces are in which the header comes.
class HeaderScanner {
 public:
  /// `bytes` is all that came so far. Returns the size of the header with its empty line, once that is there.
  /// Lines end with CR LF; a lone CR or LF, a NUL, a line that continues the one before (obs-fold), a field without ':'
  /// and a name that is empty or holds a space are refused.
  /// @throws Error{header_too_large} beyond the limits above; Error{request_invalid}
  std::optional<std::size_t> scan(std::string_view bytes);

 private:
  std::size_t line_begin_ = 0, looked_at_ = 0, lines_ = 0;
};

}  // namespace naru::server
