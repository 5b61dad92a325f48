/// A shared library that is loaded when it is first needed. Linked to the program it would cost every command its
/// start: Tesseract and libcurl bring 40 others along.
#pragma once

#include <dlfcn.h>

#include <string>

#include "core/error.h"

namespace naru {

/// Stays loaded until the process ends.
class SharedLibrary {
 public:
  /// @param remedy what to do where it is not installed, e.g. "install the package libpq5"
  /// @throws Error{code} naming the library and the remedy
  SharedLibrary(std::string name, std::string remedy, ErrorCode code);

  /// Sets `function` to the library's function of that name. @throws Error{code}
  template <class Function>
  void get(const char* symbol, Function& function) const {
    function = reinterpret_cast<Function>(::dlsym(handle_, symbol));
    if (function == nullptr) fail(symbol);
  }

 private:
  [[noreturn]] void fail(const char* symbol) const;

  std::string name_, remedy_;
  ErrorCode code_;
  void* handle_;
};

}  // namespace naru
