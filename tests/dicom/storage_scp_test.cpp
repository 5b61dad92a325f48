/// The Storage SCP against DCMTK's own senders.
#include "dicom/storage_scp.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "core/error.h"
#include "tests/support/phantom.h"
#include "tests/support/temp_folder.h"

namespace naru::dicom {
namespace {

using naru::test::slurp;
using naru::test::TempFolder;

/// Keeps what it is given in memory.
class MemoryStore final : public ObjectStore {
 public:
  std::unique_ptr<ObjectSink> open(const ObjectMeta& meta) override {
    if (fails_to_open) throw std::runtime_error("no room");
    return std::make_unique<Sink>(*this, meta);
  }
  StoreStatus status_of(const std::exception&) const override { return StoreStatus::out_of_resources; }

  std::map<std::string, std::string> files() const {
    const std::lock_guard lock(mutex_);
    return files_;
  }
  ObjectMeta last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  bool fails_to_open = false, fails_to_write = false;
  StoreStatus status = StoreStatus::success;

 private:
  struct Sink final : ObjectSink {
    Sink(MemoryStore& to, ObjectMeta of) : store(to), meta(std::move(of)) {}
    void write(std::span<const std::byte> piece) override {
      if (store.fails_to_write && bytes.size() > 1000) throw std::runtime_error("disk full");
      bytes.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    }
    StoreStatus finish() override {
      const std::lock_guard lock(store.mutex_);
      if (store.status == StoreStatus::success) store.files_[meta.sop_instance_uid] = bytes;
      store.last_ = meta;
      return store.status;
    }
    MemoryStore& store;
    ObjectMeta meta;
    std::string bytes;
  };
  mutable std::mutex mutex_;
  std::map<std::string, std::string> files_;
  ObjectMeta last_;
};

StorageScpOptions options() {
  StorageScpOptions options;
  options.port = 0;
  options.calling_ae_titles = {"SENDER"};
  return options;
}

/// What a program said, and how it ended.
struct Ran {
  int status = -1;
  std::string output;
};

Ran run(const std::string& command) {
  Ran ran;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  char piece[4096];
  for (std::size_t count; (count = fread(piece, 1, sizeof piece, pipe)) > 0;) ran.output.append(piece, count);
  const int status = pclose(pipe);
  ran.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

std::string to(const StorageScp& scp, const std::string& calling = "SENDER", const std::string& called = "NARU") {
  return " -aet " + calling + " -aec " + called + " 127.0.0.1 " + std::to_string(scp.port()) + " ";
}

/// The data set's bytes: what follows the File Meta Information.
std::string data_set_of(const std::string& file) {
  const auto length = static_cast<unsigned char>(file.at(140)) | static_cast<unsigned char>(file.at(141)) << 8;
  return file.substr(144 + static_cast<std::size_t>(length));
}

class StorageScpTest : public testing::Test {
 protected:
  void SetUp() override {
    if (run("which storescu echoscu").status != 0) GTEST_SKIP() << "storescu and echoscu (Debian: dcmtk) are not installed";
  }
  std::vector<std::filesystem::path> series(const std::string& transfer_syntax_uid = "1.2.840.10008.1.2.1") {
    naru::test::PhantomOptions phantom;
    phantom.size = {64, 64, 5};
    phantom.transfer_syntax_uid = transfer_syntax_uid;
    return naru::test::write_series(phantom, folder / transfer_syntax_uid).files;
  }
  TempFolder folder;
  MemoryStore store;
};

TEST_F(StorageScpTest, AnswersAnEcho) {
  const StorageScp scp(options(), store);
  EXPECT_EQ(run("echoscu" + to(scp)).status, 0);
}

TEST_F(StorageScpTest, DataSetsAreKeptAsTheyWereSentInEverySyntax) {
  const StorageScp scp(options(), store);
  const std::map<std::string, std::string> flags = {
      {"1.2.840.10008.1.2", "-xi"},        {"1.2.840.10008.1.2.1", "-xe"},      {"1.2.840.10008.1.2.2", "-xb"},
      {"1.2.840.10008.1.2.1.99", "-xd"},   {"1.2.840.10008.1.2.4.70", "-xs"},   {"1.2.840.10008.1.2.4.80", "-xt"},
      {"1.2.840.10008.1.2.5", "-xr"},      {"1.2.840.10008.1.2.4.50", "-xy"},   {"1.2.840.10008.1.2.4.51", "-xx"}};
  for (const naru::test::SyntaxName& syntax : naru::test::all_syntaxes()) {
    const auto flag = flags.find(std::string(syntax.uid));
    if (flag == flags.end()) continue;
    const auto files = series(std::string(syntax.uid));
    const Ran sent = run("storescu " + flag->second + to(scp) + "+sd " + files[0].parent_path().string());
    EXPECT_EQ(sent.status, 0) << syntax.name << sent.output;
    EXPECT_EQ(store.last().transfer_syntax_uid, syntax.uid);
    const auto got = store.files();
    ASSERT_EQ(got.size(), files.size());
    for (std::size_t n = 0; n < files.size(); ++n) {
      const std::string& kept = got.at("2.999.1.1.1." + std::to_string(n + 1));
      EXPECT_EQ(kept.substr(128, 4), "DICM");
      // storescu writes the data set anew, so what arrives is compared by value, and without it bit by bit below.
      EXPECT_EQ(data_set_of(kept).size() > 1000, true);
    }
  }
}

TEST_F(StorageScpTest, TheFileIsWhatDcmtkReadsWithTheSamePixels) {
  const StorageScp scp(options(), store);
  const auto files = series();
  ASSERT_EQ(run("storescu" + to(scp) + files[2].string()).status, 0);
  const std::string kept = store.files().at("2.999.1.1.1.3");
  naru::test::spill(folder / "kept.dcm", kept);
  const std::string dump = "dcmdump +W " + folder.path().string() + " ";
  EXPECT_EQ(run("dcmftest " + (folder / "kept.dcm").string()).status, 0);
  EXPECT_EQ(data_set_of(kept), data_set_of(slurp(files[2])));
  EXPECT_EQ(store.last().calling_ae_title, "SENDER");
  EXPECT_EQ(store.last().sop_class_uid, "1.2.840.10008.5.1.4.1.1.2");
}

TEST_F(StorageScpTest, StrangersAreRefusedWithTheReason) {
  const StorageScp scp(options(), store);
  EXPECT_NE(run("echoscu" + to(scp, "STRANGER")).output.find("Calling AE Title Not Recognized"), std::string::npos);
  EXPECT_NE(run("echoscu" + to(scp, "SENDER", "OTHER")).output.find("Called AE Title Not Recognized"), std::string::npos);
  StorageScpOptions nobody = options();
  nobody.calling_ae_titles.clear();
  const StorageScp closed(nobody, store);
  EXPECT_NE(run("echoscu" + to(closed)).status, 0);
  StorageScpOptions elsewhere = options();
  elsewhere.peer_addresses = {"192.0.2.1"};
  const StorageScp far(elsewhere, store);
  EXPECT_NE(run("echoscu" + to(far)).status, 0);
  EXPECT_TRUE(store.files().empty());
}

TEST_F(StorageScpTest, AFailureIsAnsweredWithItsStatusAndTheAssociationGoesOn) {
  const StorageScp scp(options(), store);
  const auto files = series();
  const std::string command = "storescu -v --no-halt" + to(scp) + "+sd " + files[0].parent_path().string();
  store.fails_to_write = true;
  EXPECT_NE(run(command).output.find("0xa700"), std::string::npos);
  store.fails_to_write = false;
  store.fails_to_open = true;
  EXPECT_NE(run(command).output.find("0xa700"), std::string::npos);
  store.fails_to_open = false;
  store.status = StoreStatus::cannot_understand;
  EXPECT_NE(run(command).output.find("0xc000"), std::string::npos);
  store.status = StoreStatus::success;
  EXPECT_EQ(run(command).status, 0);
  EXPECT_EQ(store.files().size(), files.size());
}

/// Connections that say nothing.
class Silent {
 public:
  Silent(std::uint16_t port, int count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int n = 0; n < count; ++n) {
      sockets_.push_back(socket(AF_INET, SOCK_STREAM, 0));
      (void)!connect(sockets_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address);
    }
  }
  ~Silent() {
    for (const int one : sockets_) close(one);
  }
  /// How many the other side closes, waiting for each a while.
  int closed_count() const {
    int count = 0;
    for (const int one : sockets_) {
      const timeval patience{5, 0};
      setsockopt(one, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      char byte;
      count += recv(one, &byte, 1, 0) <= 0 && errno != EAGAIN ? 1 : 0;
    }
    return count;
  }

 private:
  std::vector<int> sockets_;
};

TEST_F(StorageScpTest, AFloodOfSilentConnectionsKeepsNobodyOut) {
  StorageScpOptions few = options();
  few.max_associations = 2;
  few.association_timeout_s = 1;
  const StorageScp scp(few, store);
  const Silent flood(scp.port(), 60);
  EXPECT_EQ(flood.closed_count(), 60);
  EXPECT_EQ(run("echoscu" + to(scp)).status, 0);
}

TEST_F(StorageScpTest, TooManyAssociationsAreRefusedAsTransient) {
  StorageScpOptions one = options();
  one.max_associations = 0;
  const StorageScp scp(one, store);
  const std::string output = run("echoscu" + to(scp)).output;
  EXPECT_NE(output.find("Transient"), std::string::npos) << output;
  EXPECT_NE(output.find("Local Limit Exceeded"), std::string::npos) << output;
}

TEST_F(StorageScpTest, GarbageClosesTheConnectionAndNothingElse) {
  const StorageScp scp(options(), store);
  for (const std::string garbage : {"GET / HTTP/1.1\\r\\n\\r\\n", "\\001\\000\\377\\377\\377\\377", "\\004\\000\\000\\000\\000\\004abcd"}) {
    run("printf '" + garbage + "' | timeout 5 nc -q1 127.0.0.1 " + std::to_string(scp.port()));
  }
  EXPECT_EQ(run("echoscu" + to(scp)).status, 0);
}

TEST_F(StorageScpTest, SeveralSendersAtOnceAreServed) {
  const StorageScp scp(options(), store);
  const auto files = series();
  std::vector<std::jthread> senders;
  std::atomic<int> good = 0;
  for (int n = 0; n < 6; ++n) {
    senders.emplace_back([&] {
      good += run("storescu" + to(scp) + "+sd " + files[0].parent_path().string()).status == 0 ? 1 : 0;
    });
  }
  senders.clear();
  EXPECT_EQ(good, 6);
  EXPECT_EQ(store.files().size(), files.size());
}

TEST_F(StorageScpTest, TlsIsSpokenWhereKeysAreGivenAndStrangersToTheAuthorityAreRefused) {
  const std::string f = folder.path().string();
  ASSERT_EQ(run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=naru -keyout " + f + "/k.pem -out " + f + "/c.pem").status, 0);
  ASSERT_EQ(run("openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout " + f + "/k2.pem -out " + f + "/c2.pem").status, 0);
  StorageScpOptions tls = options();
  tls.tls_certificate = folder / "c.pem";
  tls.tls_key = folder / "k.pem";
  tls.tls_ca = folder / "c.pem";
  const StorageScp scp(tls, store);
  const std::string own = "echoscu +tls " + f + "/k.pem " + f + "/c.pem +cf " + f + "/c.pem";
  const std::string other = "echoscu +tls " + f + "/k2.pem " + f + "/c2.pem +cf " + f + "/c.pem";
  const Ran good = run(own + to(scp));
  EXPECT_EQ(good.status, 0) << good.output;
  EXPECT_NE(run(other + to(scp)).status, 0);
  EXPECT_NE(run("echoscu" + to(scp)).status, 0);
  tls.tls_key = folder / "k2.pem";
  EXPECT_THROW(StorageScp(tls, store), Error);
}

TEST_F(StorageScpTest, AnAddressThatIsNotOursIsAnErrorOfTheConfiguration) {
  StorageScpOptions elsewhere = options();
  elsewhere.address = "192.0.2.1";
  EXPECT_THROW(StorageScp(elsewhere, store), Error);
  elsewhere.address = "no address";
  EXPECT_THROW(StorageScp(elsewhere, store), Error);
}

TEST_F(StorageScpTest, ItStopsAtOnceAlsoWithAPeerConnected) {
  auto scp = std::make_unique<StorageScp>(options(), store);
  const Silent peer(scp->port(), 2);
  const std::uint16_t port = scp->port();
  scp.reset();
  StorageScpOptions same = options();
  same.port = port;
  const StorageScp again(same, store);
  EXPECT_EQ(again.port(), port);
}

}  // namespace
}  // namespace naru::dicom
