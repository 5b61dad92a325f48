#include "server/store/schema.h"

#include <array>

namespace naru::server {

namespace {

constexpr std::string_view kAccounts = R"sql(
CREATE TABLE organisations (
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, -- hospital | company | operator
  created_ms BIGINT NOT NULL, disabled_ms BIGINT);
CREATE TABLE users (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id), login TEXT NOT NULL UNIQUE,
  roles TEXT NOT NULL, -- names with ' ' between
  password_hash TEXT, oidc_issuer TEXT, oidc_subject TEXT, created_ms BIGINT NOT NULL, disabled_ms BIGINT,
  failed_count BIGINT NOT NULL, locked_until_ms BIGINT NOT NULL, UNIQUE (oidc_issuer, oidc_subject));
CREATE TABLE sessions (
  secret_sha256 TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users(id),
  created_ms BIGINT NOT NULL, seen_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL);
CREATE TABLE tokens (
  id TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL REFERENCES users(id), name TEXT NOT NULL,
  scopes TEXT NOT NULL, created_ms BIGINT NOT NULL, expires_ms BIGINT NOT NULL, revoked_ms BIGINT);
CREATE TABLE oidc_logins (
  state_sha256 TEXT PRIMARY KEY, nonce TEXT NOT NULL, verifier TEXT NOT NULL, expires_ms BIGINT NOT NULL);
)sql";

constexpr std::string_view kIngest = R"sql(
CREATE TABLE uploads (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id), created_by TEXT NOT NULL,
  kind TEXT NOT NULL, -- file | archive
  state TEXT NOT NULL, -- open | received | done | failed | aborted
  size_bytes BIGINT NOT NULL, received_bytes BIGINT NOT NULL, sha256 TEXT, result TEXT,
  created_ms BIGINT NOT NULL, updated_ms BIGINT NOT NULL);
CREATE TABLE blobs (sha256 TEXT PRIMARY KEY, size_bytes BIGINT NOT NULL, created_ms BIGINT NOT NULL);
CREATE TABLE studies (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id), study_uid TEXT NOT NULL,
  state TEXT NOT NULL, -- open | closed | destroyed
  instance_count BIGINT NOT NULL, size_bytes BIGINT NOT NULL, modalities TEXT NOT NULL,
  created_ms BIGINT NOT NULL, received_ms BIGINT NOT NULL, closed_ms BIGINT, destroyed_ms BIGINT,
  UNIQUE (organisation_id, study_uid));
CREATE TABLE instances (
  study_id TEXT NOT NULL REFERENCES studies(id), sop_instance_uid TEXT NOT NULL, sha256 TEXT NOT NULL REFERENCES blobs(sha256),
  series_uid TEXT NOT NULL, sop_class_uid TEXT NOT NULL, transfer_syntax_uid TEXT NOT NULL, modality TEXT NOT NULL,
  source TEXT NOT NULL, -- upload | folder | stow | storescp
  received_ms BIGINT NOT NULL, PRIMARY KEY (study_id, sop_instance_uid, sha256));
CREATE INDEX instances_by_blob ON instances (sha256);
CREATE INDEX studies_by_state ON studies (state, received_ms);
)sql";

constexpr std::string_view kGrants = R"sql(
CREATE TABLE grants (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id),
  recipient_id TEXT NOT NULL REFERENCES organisations(id), purpose TEXT NOT NULL, decision TEXT NOT NULL,
  recipe TEXT NOT NULL, mode TEXT NOT NULL, -- download | safe_zone
  state TEXT NOT NULL, -- proposed | active | revoked
  quota_bytes BIGINT NOT NULL, used_bytes BIGINT NOT NULL, created_ms BIGINT NOT NULL, created_by TEXT NOT NULL,
  approved_ms BIGINT, approved_by TEXT, expires_ms BIGINT NOT NULL, revoked_ms BIGINT, revoked_by TEXT,
  key_sealed TEXT NOT NULL, key_id TEXT NOT NULL);
CREATE TABLE grant_studies (
  grant_id TEXT NOT NULL REFERENCES grants(id), study_id TEXT NOT NULL REFERENCES studies(id),
  PRIMARY KEY (grant_id, study_id));
)sql";

constexpr std::string_view kJobs = R"sql(
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id), created_by TEXT NOT NULL,
  grant_id TEXT REFERENCES grants(id), kind TEXT NOT NULL, -- prepare | deidentify
  name TEXT NOT NULL, recipe TEXT NOT NULL, state TEXT NOT NULL, wish TEXT NOT NULL, -- none | pause | cancel
  priority BIGINT NOT NULL, attempt BIGINT NOT NULL, max_attempts BIGINT NOT NULL, available_ms BIGINT NOT NULL,
  fence BIGINT NOT NULL, lease_owner TEXT, lease_until_ms BIGINT, memory_bytes BIGINT NOT NULL, device TEXT NOT NULL,
  progress TEXT NOT NULL, error_code TEXT, error_text TEXT, dataset_id TEXT, event_count BIGINT NOT NULL,
  created_ms BIGINT NOT NULL, started_ms BIGINT, ended_ms BIGINT);
CREATE INDEX jobs_by_state ON jobs (state, available_ms);
CREATE TABLE job_studies (
  job_id TEXT NOT NULL REFERENCES jobs(id), study_id TEXT NOT NULL REFERENCES studies(id), PRIMARY KEY (job_id, study_id));
CREATE TABLE job_events (
  job_id TEXT NOT NULL REFERENCES jobs(id), number BIGINT NOT NULL, at_ms BIGINT NOT NULL, kind TEXT NOT NULL,
  detail TEXT NOT NULL, PRIMARY KEY (job_id, number));
CREATE TABLE idempotency (
  organisation_id TEXT NOT NULL, key TEXT NOT NULL, payload_sha256 TEXT NOT NULL, state TEXT NOT NULL, -- in_flight | done
  status BIGINT, location TEXT, body TEXT, created_ms BIGINT NOT NULL, PRIMARY KEY (organisation_id, key));
)sql";

constexpr std::string_view kDelivery = R"sql(
CREATE TABLE datasets (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL REFERENCES organisations(id), job_id TEXT NOT NULL UNIQUE REFERENCES jobs(id),
  grant_id TEXT REFERENCES grants(id), name TEXT NOT NULL, state TEXT NOT NULL, -- published | destroyed
  sha256 TEXT NOT NULL, file_count BIGINT NOT NULL, size_bytes BIGINT NOT NULL, leaf_number BIGINT NOT NULL,
  created_ms BIGINT NOT NULL, destroyed_ms BIGINT);
CREATE TABLE dataset_files (
  dataset_id TEXT NOT NULL REFERENCES datasets(id), path TEXT NOT NULL, object_id TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL,
  size_bytes BIGINT NOT NULL, PRIMARY KEY (dataset_id, path));
CREATE TABLE deliveries (
  id TEXT PRIMARY KEY, organisation_id TEXT NOT NULL, grant_id TEXT, dataset_id TEXT NOT NULL REFERENCES datasets(id),
  object_id TEXT NOT NULL, user_id TEXT NOT NULL, first_byte BIGINT NOT NULL, last_byte BIGINT NOT NULL, sent_bytes BIGINT NOT NULL,
  outcome TEXT NOT NULL, started_ms BIGINT NOT NULL, ended_ms BIGINT);
CREATE INDEX deliveries_by_dataset ON deliveries (dataset_id, started_ms);
)sql";

constexpr std::string_view kLedger = R"sql(
CREATE TABLE ledger_head (id BIGINT PRIMARY KEY, size BIGINT NOT NULL);
INSERT INTO ledger_head (id, size) VALUES (1, 0);
CREATE TABLE ledger_leaves (number BIGINT PRIMARY KEY, leaf TEXT NOT NULL);
CREATE TABLE ledger_hashes (level BIGINT NOT NULL, number BIGINT NOT NULL, sha256 TEXT NOT NULL, PRIMARY KEY (level, number));
CREATE TABLE ledger_checkpoints (size BIGINT PRIMARY KEY, note TEXT NOT NULL, created_ms BIGINT NOT NULL);
CREATE TABLE sealed_keys (name TEXT PRIMARY KEY, sealed TEXT NOT NULL, created_ms BIGINT NOT NULL);
CREATE TABLE witnessed (origin TEXT PRIMARY KEY, size BIGINT NOT NULL, root TEXT NOT NULL, created_ms BIGINT NOT NULL);
)sql";

constexpr std::string_view kBackups = R"sql(
CREATE TABLE backups (
  id TEXT PRIMARY KEY, state TEXT NOT NULL, -- waiting | running | complete | incomplete | failed | removed
  created_by TEXT NOT NULL, created_ms BIGINT NOT NULL, started_ms BIGINT, ended_ms BIGINT, file_count BIGINT NOT NULL,
  size_bytes BIGINT NOT NULL, missing_count BIGINT NOT NULL, error_code TEXT);
)sql";

constexpr std::string_view kWitnesses = R"sql(
CREATE TABLE witnesses ( -- who cosign our checkpoints; `witnessed` has the logs that we cosign
  name TEXT PRIMARY KEY, cosigned_size BIGINT NOT NULL, cosigned_ms BIGINT, asked_ms BIGINT, outcome TEXT);
ALTER TABLE ledger_checkpoints ADD COLUMN cosignature_count BIGINT NOT NULL DEFAULT 0;
CREATE INDEX ledger_checkpoints_by_cosignatures ON ledger_checkpoints (cosignature_count, size);
)sql";

constexpr std::string_view kAmendments = R"sql(
CREATE TABLE grant_amendments (
  id TEXT PRIMARY KEY, grant_id TEXT NOT NULL REFERENCES grants(id), state TEXT NOT NULL, -- proposed | approved | rejected
  created_by TEXT NOT NULL, created_ms BIGINT NOT NULL, quota_bytes BIGINT, expires_ms BIGINT, -- NULL: stays
  decided_by TEXT, decided_ms BIGINT);
CREATE UNIQUE INDEX grant_amendments_proposed ON grant_amendments (grant_id) WHERE state = 'proposed';
CREATE INDEX grant_amendments_by_grant ON grant_amendments (grant_id, id);
)sql";

constexpr std::string_view kJobStudies = R"sql(
CREATE INDEX job_studies_by_study ON job_studies (study_id);
)sql";

// Of the jobs under a grant. What was granted before was checked as `prepare` alone.
constexpr std::string_view kGrantKind = R"sql(
ALTER TABLE grants ADD COLUMN kind TEXT NOT NULL DEFAULT 'prepare';
)sql";

// What a grant covers, to the file: server/jobs/cohort.h. Grants of before cover what had come when they were approved;
// their hashes follow at the server's start, since SQL has none that both engines know.
constexpr std::string_view kCohorts = R"sql(
ALTER TABLE instances ADD COLUMN number BIGINT NOT NULL DEFAULT 0; -- 1, 2, ... as they came to their study
UPDATE instances SET number = ranked.number FROM (
  SELECT study_id, sop_instance_uid, sha256,
         ROW_NUMBER() OVER (PARTITION BY study_id ORDER BY received_ms, sop_instance_uid, sha256) AS number
  FROM instances) AS ranked
WHERE instances.study_id = ranked.study_id AND instances.sop_instance_uid = ranked.sop_instance_uid AND
      instances.sha256 = ranked.sha256;
ALTER TABLE grant_studies ADD COLUMN instance_count BIGINT NOT NULL DEFAULT 0;
ALTER TABLE grant_studies ADD COLUMN instances_sha256 TEXT NOT NULL DEFAULT '';
UPDATE grant_studies SET instance_count = (
  SELECT COUNT(*) FROM instances i, grants g WHERE g.id = grant_studies.grant_id AND
  i.study_id = grant_studies.study_id AND i.received_ms <= COALESCE(g.approved_ms, g.created_ms));
CREATE TABLE amendment_studies ( -- the cohort that an amendment is to give its grant
  amendment_id TEXT NOT NULL REFERENCES grant_amendments(id), study_id TEXT NOT NULL REFERENCES studies(id),
  instance_count BIGINT NOT NULL, instances_sha256 TEXT NOT NULL, PRIMARY KEY (amendment_id, study_id));
)sql";

// For the history of a grant's period. What earlier amendments replaced is in the ledger alone.
constexpr std::string_view kPeriods = R"sql(
ALTER TABLE grant_amendments ADD COLUMN expires_ms_before BIGINT;
)sql";

// What an attempt to sign in writes where no account is to count it: server/auth/password_sign_in.cpp.
constexpr std::string_view kUnknownLogins = R"sql(
CREATE TABLE unknown_logins (id BIGINT PRIMARY KEY, attempt_count BIGINT NOT NULL);
INSERT INTO unknown_logins (id, attempt_count) VALUES (1, 0);
)sql";

// Sign-ins that were begun are in the browser alone: server/auth/oidc.h.
constexpr std::string_view kNoOidcLogins = R"sql(
DROP TABLE oidc_logins;
)sql";

constexpr std::array kMigrations = {
    Migration{1, "accounts", kAccounts},
    Migration{2, "ingest", kIngest},
    Migration{3, "grants", kGrants},
    Migration{4, "jobs", kJobs},
    Migration{5, "delivery", kDelivery},
    Migration{6, "ledger", kLedger},
    Migration{7, "backups", kBackups},
    Migration{8, "witnesses", kWitnesses},
    Migration{9, "amendments of grants", kAmendments},
    Migration{10, "jobs of a study", kJobStudies},
    Migration{11, "kind of jobs of a grant", kGrantKind},
    Migration{12, "cohorts of grants", kCohorts},
    Migration{13, "history of a grant's period", kPeriods},
    Migration{14, "attempts of unknown logins", kUnknownLogins},
    Migration{15, "no begun sign-ins", kNoOidcLogins},
};

}  // namespace

std::span<const Migration> migrations() { return kMigrations; }

}  // namespace naru::server
