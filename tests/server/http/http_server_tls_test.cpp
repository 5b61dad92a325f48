// TLS over real sockets, with OpenSSL's own client and a certificate made here.

#include <gmock/gmock.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <cstdio>
#include <fstream>

#include "core/error.h"
#include "server/http/http_server.h"
#include "tests/server/http/test_door.h"
#include "tests/support/temp_folder.h"

namespace naru::server {
namespace {

using test::loopback;
using test::RawClient;

/// A key and a certificate for 127.0.0.1 that signs itself.
void write_certificate(const std::filesystem::path& certificate, const std::filesystem::path& key, int serial) {
  EVP_PKEY* const pair = EVP_EC_gen("P-256");
  X509* const made = X509_new();
  X509_set_version(made, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial);
  X509_gmtime_adj(X509_getm_notBefore(made), -3600);
  X509_gmtime_adj(X509_getm_notAfter(made), 3600);
  X509_set_pubkey(made, pair);
  X509_NAME* const name = X509_get_subject_name(made);
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("127.0.0.1"), -1, -1, 0);
  X509_set_issuer_name(made, name);
  X509_sign(made, pair, EVP_sha256());
  FILE* file = std::fopen(certificate.c_str(), "w");
  PEM_write_X509(file, made);
  std::fclose(file);
  file = std::fopen(key.c_str(), "w");
  PEM_write_PrivateKey(file, pair, nullptr, nullptr, 0, nullptr, nullptr);
  std::fclose(file);
  std::filesystem::permissions(key, std::filesystem::perms{0600});
  X509_free(made);
  EVP_PKEY_free(pair);
}

/// A blocking client.
class TlsClient {
 public:
  explicit TlsClient(std::uint16_t port, int max_version = TLS1_3_VERSION, int min_version = TLS1_2_VERSION)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_min_proto_version(context_, min_version);
    SSL_CTX_set_max_proto_version(context_, max_version);
    SSL_CTX_set_security_level(context_, 0);  // so that it is the server that refuses old versions
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_.descriptor());
    is_connected = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;

  void send(const std::string& bytes) {
    EXPECT_EQ(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())), static_cast<int>(bytes.size()));
  }
  std::string read_all() {
    std::string out;
    std::array<char, 16384> bytes;
    int count = 0;
    while ((count = SSL_read(ssl_, bytes.data(), bytes.size())) > 0)
      out.append(bytes.data(), static_cast<std::size_t>(count));
    ended_cleanly = SSL_get_error(ssl_, count) == SSL_ERROR_ZERO_RETURN;
    return out;
  }
  int version() const { return SSL_version(ssl_); }
  long serial() const {
    X509* const peer = SSL_get1_peer_certificate(ssl_);
    const long out = ASN1_INTEGER_get(X509_get0_serialNumber(peer));
    X509_free(peer);
    return out;
  }
  SSL* ssl() { return ssl_; }
  bool is_connected = false, ended_cleanly = false;

 private:
  RawClient socket_;
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
};

class HttpServerTls : public test::DoorTest {
 protected:
  void SetUp() override {
    config = loopback();
    config.tls_certificate = folder.path() / "certificate.pem";
    config.tls_key = folder.path() / "key.pem";
    write_certificate(config.tls_certificate, config.tls_key, 1);
  }
  test::TempFolder folder;
  ListenConfig config;
};

const std::string kGetAndClose = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

TEST_F(HttpServerTls, AnswersByTls12AndTls13) {
  start(config);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsClient client(server->port(), version);
    ASSERT_TRUE(client.is_connected);
    EXPECT_EQ(client.version(), version);
    client.send(kGetAndClose);
    const std::string answer = client.read_all();
    EXPECT_NE(answer.find("200 OK"), std::string::npos);
    EXPECT_NE(answer.find("Strict-Transport-Security: max-age="), std::string::npos);
    EXPECT_TRUE(answer.ends_with("hello"));
    EXPECT_TRUE(client.ended_cleanly);
  }
}

TEST_F(HttpServerTls, RefusesOlderVersionsAndPlainHttp) {
  start(config);
  EXPECT_FALSE(TlsClient(server->port(), TLS1_1_VERSION, TLS1_VERSION).is_connected);
  RawClient plain(server->port());
  plain.send(kGetAndClose);
  EXPECT_EQ(plain.read_all().find("HTTP"), std::string::npos);
  EXPECT_TRUE(TlsClient(server->port()).is_connected);
}

TEST_F(HttpServerTls, RefusesRenegotiation) {
  start(config);
  TlsClient client(server->port(), TLS1_2_VERSION);
  ASSERT_TRUE(client.is_connected);
  SSL_renegotiate(client.ssl());
  EXPECT_NE(SSL_do_handshake(client.ssl()), 1);
}

TEST_F(HttpServerTls, SendsLongBodiesExactly) {
  std::string bytes(5'000'003, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 253);
  const auto file = folder.path() / "file";
  std::ofstream(file, std::ios::binary) << bytes;
  application.on_respond = [&](Request&) {
    Response response;
    response.body = LongBody{std::make_shared<const std::vector<Segment>>(
                                 std::vector<Segment>{{"begin", {}, 5}, {"", file, bytes.size()}, {"end", {}, 3}}),
                             2, bytes.size() + 4, nullptr};
    return response;
  };
  start(config);
  TlsClient client(server->port());
  client.send(kGetAndClose);
  const std::string answer = client.read_all();
  const std::size_t at = answer.find("\r\n\r\n") + 4;
  EXPECT_TRUE(answer.substr(at) == "gin" + bytes + "e");
}

TEST_F(HttpServerTls, ReadsItsCertificateAgain) {
  start(config);
  EXPECT_EQ(TlsClient(server->port()).serial(), 1);
  TlsClient before(server->port());
  write_certificate(config.tls_certificate, config.tls_key, 2);
  server->reload_certificate();
  EXPECT_EQ(TlsClient(server->port()).serial(), 2);
  before.send(kGetAndClose);
  EXPECT_TRUE(before.read_all().ends_with("hello"));
  std::filesystem::permissions(config.tls_key, std::filesystem::perms{0644});
  testing::internal::CaptureStderr();
  server->reload_certificate();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), testing::HasSubstr("[listen] tls_key")) << "open to all";
  std::ofstream(config.tls_key) << "nonsense";
  EXPECT_THROW(server->reload_certificate(), Error);
  EXPECT_EQ(TlsClient(server->port()).serial(), 2);
}

TEST_F(HttpServerTls, AHandshakeThatDoesNotEndIsCutOff) {
  config.header_timeout_s = 1;
  start(config);
  RawClient silent(server->port());
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(server->counters().timed_out, 1U);
}

TEST_F(HttpServerTls, AKeyOfAnotherCertificateIsRefused) {
  write_certificate(folder.path() / "other.pem", config.tls_key, 3);
  EXPECT_THROW(HttpServer(config, application), Error);
}

}  // namespace
}  // namespace naru::server
