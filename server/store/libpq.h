/// PostgreSQL's client library, loaded when it is first needed: linked to the program it would cost every command about
/// 8 ms of start (with what it brings along: Kerberos, LDAP, ...), and a machine without it could not run SQLite.
#pragma once

#include <libpq-fe.h>

namespace naru::server {

/// The functions of libpq that are used, under their names without "PQ".
struct Libpq {
  decltype(&::PQclear) clear;
  decltype(&::PQcmdStatus) cmdStatus;
  decltype(&::PQcmdTuples) cmdTuples;
  decltype(&::PQconnectdbParams) connectdbParams;
  decltype(&::PQconninfoFree) conninfoFree;
  decltype(&::PQconninfoParse) conninfoParse;
  decltype(&::PQconsumeInput) consumeInput;
  decltype(&::PQenterPipelineMode) enterPipelineMode;
  decltype(&::PQerrorMessage) errorMessage;
  decltype(&::PQexitPipelineMode) exitPipelineMode;
  decltype(&::PQfinish) finish;
  decltype(&::PQfreemem) freemem;
  decltype(&::PQftype) ftype;
  decltype(&::PQgetisnull) getisnull;
  decltype(&::PQgetlength) getlength;
  decltype(&::PQgetResult) getResult;
  decltype(&::PQgetvalue) getvalue;
  decltype(&::PQisBusy) isBusy;
  decltype(&::PQnfields) nfields;
  decltype(&::PQntuples) ntuples;
  decltype(&::PQpipelineSync) pipelineSync;
  decltype(&::PQresultErrorField) resultErrorField;
  decltype(&::PQresultStatus) resultStatus;
  decltype(&::PQsendPrepare) sendPrepare;
  decltype(&::PQsendQuery) sendQuery;
  decltype(&::PQsendQueryParams) sendQueryParams;
  decltype(&::PQsendQueryPrepared) sendQueryPrepared;
  decltype(&::PQsetNoticeReceiver) setNoticeReceiver;
  decltype(&::PQsocket) socket;
  decltype(&::PQstatus) status;
  decltype(&::PQtransactionStatus) transactionStatus;
};

/// Loaded once for the process. @throws Error{config_invalid} where it is not installed
const Libpq& libpq();

}  // namespace naru::server
