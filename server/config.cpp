#include "server/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/error.h"
#include "core/units.h"
#include "pipeline/device_name.h"
#include "pipeline/files.h"
#include "pipeline/toml_value.h"
#include "server/auth/https_client.h"

namespace naru::server {

namespace {

constexpr std::size_t kMaxConfigBytes = 1 << 20;
using Set = void (*)(const TomlValue&, Config&);

/// One key: where it stands, what the sample shows as its default, what it means, and how it is read.
struct Key {
  std::string_view section, name, sample, help;
  Set set;
};

int number_within(const TomlValue& value, std::int64_t least, std::int64_t most) {
  const std::int64_t number = value.count();
  if (number < least || number > most) value.fail(fmt::format("must lie between {} and {}", least, most));
  return static_cast<int>(number);
}

std::uint64_t size_of(const TomlValue& value) {
  const auto size = parse_size_bytes(value.string());
  if (!size) value.fail("must be a size such as \"8GiB\"");
  return *size;
}

std::uint16_t port_of(const TomlValue& value) { return static_cast<std::uint16_t>(number_within(value, 0, 65535)); }

std::string url_of(const TomlValue& value, std::string_view begin) {
  const std::string text = value.string();
  if (!text.empty() && !text.starts_with(begin)) value.fail(fmt::format("must begin with {}", begin));
  return text;
}

/// Of an address that paths are put behind.
std::string without_last_slashes(std::string url) {
  while (url.ends_with('/')) url.pop_back();
  return url;
}

std::string ae_title_of(const TomlValue& value, const std::string& text) {
  const bool is_good = !text.empty() && text.size() <= 16 && text.front() != ' ' && text.back() != ' ' &&
                       std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; });
  if (!is_good) value.fail("must be 1 to 16 printable characters, without '\\' and without spaces at the ends");
  return text;
}

void set_folders(const TomlValue& value, Config& config) {
  constexpr std::array<std::string_view, 2> kKnown = {"path", "organisation"};
  for (const TomlTable& table : value.tables(kKnown)) {
    FolderConfig folder{table.at("path").string(), table.at("organisation").string()};
    if (!folder.path.is_absolute()) table.at("path").fail("must be an absolute path");
    config.ingest.folders.push_back(std::move(folder));
  }
}

void set_ae_titles(const TomlValue& value, Config& config) {
  for (const std::string& text : value.strings()) {
    config.dicom.allowed_ae_titles.push_back(ae_title_of(value, text));
  }
}

void set_witnesses(const TomlValue& value, Config& config) {
  constexpr std::array<std::string_view, 3> kKnown = {"name", "url", "key"};
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  constexpr std::size_t kMaxNameBytes = 64;
  for (const TomlTable& table : value.tables(kKnown)) {
    WitnessConfig witness{table.at("name").string(), table.at("url").string(), table.at("key").string()};
    const bool is_name = !witness.name.empty() && witness.name.size() <= kMaxNameBytes &&
                         witness.name.find_first_not_of(kLetters) == std::string::npos;
    if (!is_name) table.at("name").fail("must be 1 to 64 small letters, digits, '-', '_' and '.'");
    const auto is_same = [&](const WitnessConfig& other) { return other.name == witness.name; };
    if (std::ranges::any_of(config.ledger.witnesses, is_same)) table.at("name").fail("is there twice");
    if (!is_allowed_url(witness.url, true)) table.at("url").fail("must be an https address");
    witness.url = without_last_slashes(std::move(witness.url));
    config.ledger.witnesses.push_back(std::move(witness));
  }
}

void set_device(const TomlValue& value, Config& config) {
  config.jobs.device = value.string();
  const auto device = parse_device_name(config.jobs.device);
  // auto:N is for workers: the server itself says which GPU each begins with.
  if (!device || (device->kind == DeviceName::Kind::automatic && device->index)) {
    value.fail("must be \"auto\", \"cpu\", \"cuda\" or \"cuda:N\"");
  }
}

/// In the order of the sample file.
const std::array kKeys = {
    Key{"", "data", "\"/var/lib/naru\"", "Everything that is kept lies below this folder. --data wins over it.",
        [](const TomlValue& v, Config& c) { c.data = v.string(); }},
    Key{"", "database", "\"\"",
        "\"\": SQLite in the data folder. Else \"postgresql://host/name?user=naru\"; a password belongs in a file of "
        "mode 0600, named by &passfile=FILE.",
        [](const TomlValue& v, Config& c) { c.database = v.string(); }},
    Key{"", "master_key", "\"\"",
        "The key under which all secrets are sealed: 64 hexadecimal digits, mode 0600. \"\": the systemd credential "
        "naru-master-key, else master.key in the data folder.",
        [](const TomlValue& v, Config& c) { c.master_key = v.string(); }},
    Key{"listen", "address", "\"127.0.0.1\"", "The address to listen on.",
        [](const TomlValue& v, Config& c) { c.listen.address = v.string(); }},
    Key{"listen", "port", "8600", "The port; 0 takes a free one and says which.",
        [](const TomlValue& v, Config& c) { c.listen.port = port_of(v); }},
    Key{"listen", "tls_certificate", "\"\"",
        "PEM file with the chain; with tls_key turns TLS on. SIGHUP reads it again.",
        [](const TomlValue& v, Config& c) { c.listen.tls_certificate = v.string(); }},
    Key{"listen", "tls_key", "\"\"", "PEM file with the private key, mode 0600, or 0640.",
        [](const TomlValue& v, Config& c) { c.listen.tls_key = v.string(); }},
    Key{"listen", "plain_is_allowed", "false",
        "Without TLS the server listens on loopback alone, unless a proxy in front of it does TLS and this says so.",
        [](const TomlValue& v, Config& c) { c.listen.plain_is_allowed = v.boolean(); }},
    Key{"listen", "public_url", "\"\"",
        "How clients reach it, e.g. \"https://naru.hospital.example\"; stands in links. \"\": address and port, "
        "of 0.0.0.0 and :: the machine's name and port.",
        [](const TomlValue& v, Config& c) { c.listen.public_url = without_last_slashes(url_of(v, "http")); }},
    Key{"listen", "max_connections", "20000", "More than these are refused.",
        [](const TomlValue& v, Config& c) { c.listen.max_connections = number_within(v, 1, 1000000); }},
    Key{"listen", "header_timeout_s", "20", "A request's header must be there within this time.",
        [](const TomlValue& v, Config& c) { c.listen.header_timeout_s = number_within(v, 1, 3600); }},
    Key{"listen", "body_timeout_s", "60", "A body may not pause for longer.",
        [](const TomlValue& v, Config& c) { c.listen.body_timeout_s = number_within(v, 1, 3600); }},
    Key{"listen", "idle_timeout_s", "75", "A connection without requests is closed after this time.",
        [](const TomlValue& v, Config& c) { c.listen.idle_timeout_s = number_within(v, 1, 3600); }},
    Key{"listen", "send_timeout_s", "120", "A reader that takes no byte for so long is cut off; it may resume.",
        [](const TomlValue& v, Config& c) { c.listen.send_timeout_s = number_within(v, 1, 3600); }},
    Key{"listen", "drain_s", "30", "On SIGTERM, how long running requests may still take.",
        [](const TomlValue& v, Config& c) { c.listen.drain_s = number_within(v, 0, 3600); }},
    Key{"listen", "requests_per_second", "200", "Of one client address, 0: no limit. See loopback_is_limited.",
        [](const TomlValue& v, Config& c) { c.listen.requests_per_second = number_within(v, 0, 1000000); }},
    Key{"listen", "max_connections_per_address", "256", "Of one client address; 0: no limit.",
        [](const TomlValue& v, Config& c) { c.listen.max_connections_per_address = number_within(v, 0, 1000000); }},
    Key{"listen", "loopback_is_limited", "false",
        "Whether both limits hold for loopback too. A proxy on this machine speaks for all its clients, so they do "
        "not.",
        [](const TomlValue& v, Config& c) { c.listen.loopback_is_limited = v.boolean(); }},
    Key{"listen", "max_event_streams", "512", "Connections that follow events.",
        [](const TomlValue& v, Config& c) { c.listen.max_event_streams = number_within(v, 1, 100000); }},
    Key{"listen", "handler_threads", "16", "Requests worked on at a time.",
        [](const TomlValue& v, Config& c) { c.listen.handler_threads = number_within(v, 1, 1024); }},
    Key{"listen", "max_waiting_requests", "1024", "Requests that may wait for them; more are answered 503.",
        [](const TomlValue& v, Config& c) { c.listen.max_waiting_requests = number_within(v, 1, 1000000); }},
    Key{"listen", "access_log", "true", "A line of JSON on stderr for each request, without path, query or names.",
        [](const TomlValue& v, Config& c) { c.listen.access_log = v.boolean(); }},
    Key{"dicom", "is_on", "false", "Receive by C-STORE.",
        [](const TomlValue& v, Config& c) { c.dicom.is_on = v.boolean(); }},
    Key{"dicom", "address", "\"127.0.0.1\"", "The address to listen on.",
        [](const TomlValue& v, Config& c) { c.dicom.address = v.string(); }},
    Key{"dicom", "port", "11112", "The port.", [](const TomlValue& v, Config& c) { c.dicom.port = port_of(v); }},
    Key{"dicom", "ae_title", "\"NARU\"", "Our AE title.",
        [](const TomlValue& v, Config& c) { c.dicom.ae_title = ae_title_of(v, v.string()); }},
    Key{"dicom", "organisation", "\"\"", "The hospital (its name here) that owns what is received.",
        [](const TomlValue& v, Config& c) { c.dicom.organisation = v.string(); }},
    Key{"dicom", "allowed_ae_titles", "[]", "Who may send; others are rejected. An empty list allows nobody.",
        set_ae_titles},
    Key{"dicom", "tls_certificate", "\"\"", "PEM file; with tls_key turns TLS on.",
        [](const TomlValue& v, Config& c) { c.dicom.tls_certificate = v.string(); }},
    Key{"dicom", "tls_key", "\"\"", "PEM file with the private key, mode 0600, or 0640.",
        [](const TomlValue& v, Config& c) { c.dicom.tls_key = v.string(); }},
    Key{"dicom", "tls_ca", "\"\"",
        "PEM file with the authorities of senders; \"\": their certificates are not asked for.",
        [](const TomlValue& v, Config& c) { c.dicom.tls_ca = v.string(); }},
    Key{"dicom", "max_associations", "32", "At the same time; more are rejected for now.",
        [](const TomlValue& v, Config& c) { c.dicom.max_associations = number_within(v, 1, 1000); }},
    Key{"ingest", "quiet_s", "60", "A study closes when nothing came for so long.",
        [](const TomlValue& v, Config& c) { c.ingest.quiet_s = number_within(v, 1, 86400); }},
    Key{"ingest", "max_upload_bytes", "\"64GiB\"", "Of one upload.",
        [](const TomlValue& v, Config& c) { c.ingest.max_upload_bytes = size_of(v); }},
    Key{"ingest", "max_instance_bytes", "\"4GiB\"", "Of one DICOM file.",
        [](const TomlValue& v, Config& c) { c.ingest.max_instance_bytes = size_of(v); }},
    Key{"ingest", "folders", "[]",
        "Folders to take files from: [{ path = \"/srv/export\", organisation = \"Seoul Hospital\" }].", set_folders},
    Key{"jobs", "worker_count", "1", "Jobs at the same time; 0: none, they wait.",
        [](const TomlValue& v, Config& c) { c.jobs.worker_count = number_within(v, 0, 64); }},
    Key{"jobs", "memory", "\"\"", "Of all jobs together, e.g. \"16GiB\". \"\": half of the machine.",
        [](const TomlValue& v, Config& c) {
          if (!v.string().empty()) c.jobs.memory_bytes = size_of(v);
        }},
    Key{"jobs", "threads", "0", "Of one job; 0: all.",
        [](const TomlValue& v, Config& c) { c.jobs.threads = number_within(v, 0, 1024); }},
    Key{"jobs", "device", "\"auto\"", "auto, cpu, cuda or cuda:N.", set_device},
    Key{"jobs", "lease_s", "30", "A job whose worker was not heard of for so long is given to another.",
        [](const TomlValue& v, Config& c) { c.jobs.lease_s = number_within(v, 5, 3600); }},
    Key{"jobs", "max_attempts", "3", "How often a job is begun before it counts as failed.",
        [](const TomlValue& v, Config& c) { c.jobs.max_attempts = number_within(v, 1, 100); }},
    Key{"jobs", "max_queued_per_organisation", "1000", "More are refused.",
        [](const TomlValue& v, Config& c) { c.jobs.max_queued_per_organisation = number_within(v, 1, 1000000); }},
    Key{"oidc", "is_on", "false", "Sign in through the hospital's identity provider.",
        [](const TomlValue& v, Config& c) { c.oidc.is_on = v.boolean(); }},
    Key{"oidc", "issuer", "\"\"", "Its issuer URL.",
        [](const TomlValue& v, Config& c) { c.oidc.issuer = url_of(v, "http"); }},
    Key{"oidc", "client_id", "\"\"", "Our client id there.",
        [](const TomlValue& v, Config& c) { c.oidc.client_id = v.string(); }},
    Key{"oidc", "client_secret_file", "\"\"", "File with the client's secret, mode 0600, or 0640; \"\": none.",
        [](const TomlValue& v, Config& c) { c.oidc.client_secret_file = v.string(); }},
    Key{"oidc", "redirect_url", "\"\"", "PUBLIC_URL/api/v1/session/oidc/callback, as registered there.",
        [](const TomlValue& v, Config& c) { c.oidc.redirect_url = url_of(v, "http"); }},
    Key{"ledger", "origin", "\"\"", "Name of the ledger, e.g. \"naru.hospital.example\"; \"\": a random one, kept.",
        [](const TomlValue& v, Config& c) { c.ledger.origin = v.string(); }},
    Key{"ledger", "witness_keys", "[]", "Verifier keys of other hospitals' ledgers that this server cosigns.",
        [](const TomlValue& v, Config& c) { c.ledger.witness_keys = v.strings(); }},
    Key{"ledger", "witnesses", "[]",
        "Servers of others that cosign ours: [{ name = \"busan\", url = "
        "\"https://naru.busan.example/api/v1/ledger/witness\", key = \"its witness key\" }].",
        set_witnesses},
    Key{"ledger", "witness_every_s", "60", "Each of them is asked that often at most.",
        [](const TomlValue& v, Config& c) { c.ledger.witness_every_s = number_within(v, 1, 86400); }},
    Key{"retention", "study_days", "0", "Studies are destroyed so many days after they closed; 0: by hand alone.",
        [](const TomlValue& v, Config& c) { c.retention.study_days = number_within(v, 0, 36500); }},
    Key{"backup", "folder", "\"\"",
        "Where the running server puts its backups, best on another disk; \"\": it makes none. See docs/operations.md.",
        [](const TomlValue& v, Config& c) { c.backup.folder = v.string(); }},
    Key{"backup", "every_hours", "0", "A backup so many hours after the last good one; 0: when an admin asks alone.",
        [](const TomlValue& v, Config& c) { c.backup.every_hours = number_within(v, 0, 8760); }},
    Key{"backup", "keep", "7", "So many good ones are kept; older ones are removed.",
        [](const TomlValue& v, Config& c) { c.backup.keep = number_within(v, 1, 10000); }},
};

const Key* find_key(std::string_view section, std::string_view name) {
  const auto found = std::ranges::find_if(kKeys, [&](const Key& k) { return k.section == section && k.name == name; });
  return found == kKeys.end() ? nullptr : &*found;
}

bool is_section(std::string_view name) {
  return std::ranges::any_of(kKeys, [&](const Key& key) { return key.section == name && !name.empty(); });
}

void read_table(const TomlOrigin& origin, std::string_view section, const toml::table& table, Config& config) {
  for (const auto& [name, node] : table) {
    if (section.empty() && is_section(name.str()) && node.is_table()) {
      read_table(origin, name.str(), *node.as_table(), config);
      continue;
    }
    const std::string shown = section.empty() ? std::string(name.str()) : fmt::format("[{}] {}", section, name.str());
    const Key* key = find_key(section, name.str());
    if (key == nullptr)
      fail_at(origin, name.source(), fmt::format("unknown key {}; see naru serve --print-config", shown));
    key->set(TomlValue(origin, shown, node), config);
  }
}

bool is_below(const std::filesystem::path& path, const std::filesystem::path& folder) {
  const auto relative = path.lexically_normal().lexically_relative(folder.lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

}  // namespace

void check(const Config& config) {
  const auto fail = [](std::string_view problem) { throw Error(ErrorCode::config_invalid, std::string(problem)); };
  if (config.listen.tls_certificate.empty() != config.listen.tls_key.empty()) {
    fail("[listen] tls_certificate and tls_key belong together; give both or none");
  }
  if (config.dicom.tls_certificate.empty() != config.dicom.tls_key.empty()) {
    fail("[dicom] tls_certificate and tls_key belong together; give both or none");
  }
  if (config.dicom.is_on && config.dicom.organisation.empty()) {
    fail("[dicom] organisation must name the hospital that owns what is received");
  }
  const OidcConfig& oidc = config.oidc;
  if (oidc.is_on && (oidc.issuer.empty() || oidc.client_id.empty() || oidc.redirect_url.empty())) {
    fail("[oidc] needs issuer, client_id and redirect_url");
  }
  if (oidc.is_on && !oidc.issuer.starts_with("https://") && !oidc.issuer.starts_with("http://127.0.0.1")) {
    fail("[oidc] issuer must be an https address");
  }
  const BackupConfig& backup = config.backup;
  if (backup.every_hours > 0 && backup.folder.empty()) fail("[backup] every_hours needs folder");
  if (!backup.folder.empty() && !backup.folder.is_absolute()) fail("[backup] folder must be an absolute path");
  // The data folder would grow by each backup of it.
  if (!backup.folder.empty() && !config.data.empty() && is_below(backup.folder, config.data)) {
    fail("[backup] folder must not lie within the data folder");
  }
}

std::string database_url(const Config& config) {
  return config.database.empty() ? "sqlite:" + (config.data / "naru.db").string() : config.database;
}

Config load_config(const std::filesystem::path& file) {
  const auto text = read_file(file, kMaxConfigBytes);
  const std::string where = fmt::format("configuration {}", file.string());
  if (!text) {
    throw Error(ErrorCode::config_invalid, fmt::format("{} cannot be read; check its path and mode", where));
  }
  const TomlOrigin origin{where, ErrorCode::config_invalid};
  Config config;
  read_table(origin, "", parse_toml(*text, origin), config);
  check(config);
  return config;
}

std::string sample_config() {
  std::string text = "# Configuration of naru serve. Every key may be left out; the values shown are the defaults.\n";
  std::string_view section;
  for (const Key& key : kKeys) {
    if (key.section != section) text += fmt::format("\n[{}]\n", section = key.section);
    text += fmt::format("# {}\n{} = {}\n", key.help, key.name, key.sample);
  }
  return text;
}

}  // namespace naru::server
