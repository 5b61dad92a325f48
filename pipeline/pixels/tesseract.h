/// Tesseract by its C interface, loaded when it is first needed: most commands read no text.
#pragma once

#include <tesseract/capi.h>

namespace naru {

/// The functions that are used, under their names without "Tess" and "TessBaseAPI".
struct Tesseract {
  decltype(&::TessVersion) version;
  decltype(&::TessDeleteText) delete_text;
  decltype(&::TessDeleteTextArray) delete_text_array;
  decltype(&::TessBaseAPICreate) create;
  decltype(&::TessBaseAPIDelete) destroy;
  decltype(&::TessBaseAPISetVariable) set_variable;
  decltype(&::TessBaseAPIInit2) init;
  decltype(&::TessBaseAPIGetLoadedLanguagesAsVector) loaded_languages;
  decltype(&::TessBaseAPISetImage) set_image;
  decltype(&::TessBaseAPISetSourceResolution) set_source_resolution;
  decltype(&::TessBaseAPISetPageSegMode) set_page_seg_mode;
  decltype(&::TessBaseAPIGetUTF8Text) utf8_text;
  decltype(&::TessBaseAPIClear) clear;
};

/// Loaded once for the process. Null where it is not installed.
const Tesseract* tesseract();

}  // namespace naru
