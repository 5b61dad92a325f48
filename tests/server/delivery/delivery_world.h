/// A hospital with a study, a granted dataset on the disk, and those who deal with it.
#pragma once

#include "pipeline/files.h"
#include "server/delivery/access.h"
#include "server/delivery/dataset_store.h"
#include "server/delivery/grants.h"
#include "server/store/database.h"
#include "tests/server/support/test_server.h"

namespace naru::server::test {

class DeliveryWorld {
 public:
  template <class Work>
  auto write(Work&& work) {
    return in_transaction(*server.database, Access::write, std::forward<Work>(work));
  }

  explicit DeliveryWorld(const DatabaseCase& database) : server(database) {
    steward = caller(server.hospital_id, "steward", Role::hospital_steward);
    reviewer = caller(server.hospital_id, "reviewer", Role::reviewer);
    engineer = caller(server.company_id, "engineer", Role::company);
    write([&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO studies (id, organisation_id, study_uid, state, instance_count, size_bytes, modalities, "
          "created_ms, received_ms) VALUES ('study-1', $1, '2.999.1', 'closed', 0, 0, 'CT', 0, 0)",
          {server.hospital_id});
    });
  }

  /// Instances of "study-1", named by their bytes; the study is open then.
  void receive(const std::vector<std::string>& names) {
    write([&](Transaction& t) {
      for (const std::string& name : names) {
        const std::string sha256 = sha256_hex(name);
        t.execute("INSERT INTO blobs (sha256, size_bytes, created_ms) VALUES ($1, 1, 0)", {sha256});
        t.execute(
            "INSERT INTO instances (study_id, sop_instance_uid, sha256, series_uid, sop_class_uid, "
            "transfer_syntax_uid, modality, source, received_ms, number) VALUES ('study-1', $1, $2, '2.999.1', "
            "'2.999.2', '2.999.3', 'CT', 'upload', 0, (SELECT COUNT(*) + 1 FROM instances WHERE study_id = 'study-1'))",
            {"2.999." + name, sha256});
        t.execute("UPDATE studies SET state = 'open', instance_count = instance_count + 1 WHERE id = 'study-1'");
      }
    });
  }
  void close() {
    write([](Transaction& t) { t.execute("UPDATE studies SET state = 'closed' WHERE id = 'study-1'"); });
  }

  GrantProposal proposal() const {
    GrantProposal wanted;
    wanted.recipient_id = server.company_id;
    wanted.purpose = "DUO:0000042";
    wanted.decision = "DRB-2026-012";
    wanted.recipe = "ct-1mm";
    wanted.mode = "download";
    wanted.expires_ms = server.clock.now_ms() + 3600'000;
    wanted.study_ids = {"study-1"};
    return wanted;
  }

  Grant grant(const GrantProposal& wanted) {
    return write([&](Transaction& transaction) {
      const Grant made = propose_grant(server.services, transaction, steward, wanted);
      approve_grant(server.services, transaction, reviewer, made);
      return find_grant(transaction, steward, made.id).value();
    });
  }
  Grant now_in(Transaction& transaction, const Grant& grant) const {
    return find_grant(transaction, steward, grant.id).value();
  }
  Grant now(const Grant& grant) {
    return write([&](Transaction& transaction) { return now_in(transaction, grant); });
  }

  /// A published dataset of two files, made under `grant`.
  std::string publish(const Grant& grant) {
    const std::string id = "dataset-1";
    const auto folder = dataset_folder(server.services, id);
    std::filesystem::create_directories(folder / "images");
    const std::string image(1000, 'i');
    write_file(folder / "images/1.nii.gz", image);
    write_file(folder / "SHA256SUMS", sha256_hex(image) + "  images/1.nii.gz\n");
    write([&](Transaction& transaction) {
      transaction.execute(
          "INSERT INTO jobs (id, organisation_id, created_by, kind, name, recipe, state, wish, priority, attempt, "
          "max_attempts, available_ms, fence, memory_bytes, device, progress, event_count, created_ms) VALUES "
          "('job-1', "
          "$1, $2, 'prepare', 'set', '', 'COMPLETE', 'none', 0, 1, 1, 0, 1, 1, 'cpu', '{}', 0, 0)",
          {server.hospital_id, steward.user_id});
      publish_dataset(server.services, transaction, {id, server.hospital_id, "job-1", "set", grant.id},
                      read_dataset(folder, CancelToken()));
    });
    return id;
  }
  DatasetAccess access(const Caller& caller, const std::string& id) {
    return write([&](Transaction& transaction) { return find_access(transaction, caller, id, server.clock.now_ms()); });
  }

  /// A new user, by a token.
  Caller caller(const std::string& organisation_id, std::string_view login, Role role) {
    return server.auth.tokens.caller_with(server.token_of(server.add_user(organisation_id, login, {role}))).value();
  }

  TestServer server;
  Caller steward, reviewer, engineer;
};

}  // namespace naru::server::test
