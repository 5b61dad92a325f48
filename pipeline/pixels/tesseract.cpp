#include "pipeline/pixels/tesseract.h"

#include <optional>

#include "core/shared_library.h"

namespace naru {

namespace {

std::optional<Tesseract> load() {
  try {
    const SharedLibrary library("libtesseract.so.5", "install the package libtesseract5", ErrorCode::config_invalid);
    Tesseract loaded{};
    library.get("TessVersion", loaded.version);
    library.get("TessDeleteText", loaded.delete_text);
    library.get("TessDeleteTextArray", loaded.delete_text_array);
    library.get("TessBaseAPICreate", loaded.create);
    library.get("TessBaseAPIDelete", loaded.destroy);
    library.get("TessBaseAPISetVariable", loaded.set_variable);
    library.get("TessBaseAPIInit2", loaded.init);
    library.get("TessBaseAPIGetLoadedLanguagesAsVector", loaded.loaded_languages);
    library.get("TessBaseAPISetImage", loaded.set_image);
    library.get("TessBaseAPISetSourceResolution", loaded.set_source_resolution);
    library.get("TessBaseAPISetPageSegMode", loaded.set_page_seg_mode);
    library.get("TessBaseAPIGetUTF8Text", loaded.utf8_text);
    library.get("TessBaseAPIClear", loaded.clear);
    return loaded;
  } catch (const Error&) {
    return std::nullopt;  // the reader says that nothing is read
  }
}

}  // namespace

const Tesseract* tesseract() {
  static const std::optional<Tesseract> loaded = load();
  return loaded ? &*loaded : nullptr;
}

}  // namespace naru
