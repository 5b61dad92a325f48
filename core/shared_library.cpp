#include "core/shared_library.h"

#include <fmt/format.h>

#include <utility>

namespace naru {

SharedLibrary::SharedLibrary(std::string name, std::string remedy, ErrorCode code)
    : name_(std::move(name)),
      remedy_(std::move(remedy)),
      code_(code),
      handle_(::dlopen(name_.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) throw Error(code_, fmt::format("the library {} is not there: {}", name_, remedy_));
}

void SharedLibrary::fail(const char* symbol) const {
  throw Error(code_, fmt::format("the library {} lacks {}: {}", name_, symbol, remedy_));
}

}  // namespace naru
