#include "server/store/libpq.h"

#include "core/shared_library.h"

namespace naru::server {

namespace {

Libpq load_all() {
  const SharedLibrary library("libpq.so.5", "install the package libpq5, or use sqlite:PATH",
                              ErrorCode::config_invalid);
  Libpq loaded{};
#define NARU_LOAD(name) library.get("PQ" #name, loaded.name)
  NARU_LOAD(clear);
  NARU_LOAD(cmdStatus);
  NARU_LOAD(cmdTuples);
  NARU_LOAD(connectdbParams);
  NARU_LOAD(conninfoFree);
  NARU_LOAD(conninfoParse);
  NARU_LOAD(consumeInput);
  NARU_LOAD(enterPipelineMode);
  NARU_LOAD(errorMessage);
  NARU_LOAD(exitPipelineMode);
  NARU_LOAD(finish);
  NARU_LOAD(freemem);
  NARU_LOAD(ftype);
  NARU_LOAD(getisnull);
  NARU_LOAD(getlength);
  NARU_LOAD(getResult);
  NARU_LOAD(getvalue);
  NARU_LOAD(isBusy);
  NARU_LOAD(nfields);
  NARU_LOAD(ntuples);
  NARU_LOAD(pipelineSync);
  NARU_LOAD(resultErrorField);
  NARU_LOAD(resultStatus);
  NARU_LOAD(sendPrepare);
  NARU_LOAD(sendQuery);
  NARU_LOAD(sendQueryParams);
  NARU_LOAD(sendQueryPrepared);
  NARU_LOAD(setNoticeReceiver);
  NARU_LOAD(socket);
  NARU_LOAD(status);
  NARU_LOAD(transactionStatus);
#undef NARU_LOAD
  return loaded;
}

}  // namespace

const Libpq& libpq() {
  static const Libpq loaded = load_all();
  return loaded;
}

}  // namespace naru::server
