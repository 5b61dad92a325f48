#include "server/auth/libcurl.h"

#include "core/shared_library.h"

namespace naru::server {

namespace {

Libcurl load_all() {
  const SharedLibrary library("libcurl.so.4", "install the package libcurl4", ErrorCode::config_invalid);
  Libcurl loaded{};
  library.get("curl_global_init", loaded.global_init);
  library.get("curl_free", loaded.free);
  library.get("curl_easy_init", loaded.easy_init);
  library.get("curl_easy_cleanup", loaded.easy_cleanup);
  library.get("curl_easy_setopt", loaded.easy_setopt);
  library.get("curl_easy_perform", loaded.easy_perform);
  library.get("curl_easy_getinfo", loaded.easy_getinfo);
  library.get("curl_easy_strerror", loaded.easy_strerror);
  library.get("curl_easy_escape", loaded.easy_escape);
  library.get("curl_slist_append", loaded.slist_append);
  library.get("curl_slist_free_all", loaded.slist_free_all);
  loaded.global_init(CURL_GLOBAL_DEFAULT);
  return loaded;
}

}  // namespace

const Libcurl& libcurl() {
  static const Libcurl loaded = load_all();
  return loaded;
}

}  // namespace naru::server
