/// libcurl, loaded when it is first needed: most commands ask no other server.
#pragma once

#include <curl/curl.h>

namespace naru::server {

/// The functions of libcurl that are used, under their names without "curl_".
struct Libcurl {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_free) free;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_perform) easy_perform;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_easy_escape) easy_escape;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
};

/// Loaded and started once for the process. @throws Error{config_invalid} where it is not installed
const Libcurl& libcurl();

}  // namespace naru::server
