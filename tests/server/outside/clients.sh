#!/usr/bin/env bash
# From nothing to a verified dataset with programs that are not ours: curl, storescu, Orthanc as a PACS (C-STORE and
# DICOMweb), aria2c and wget for the download, tar, sha256sum. Ends with 0 where every step did what it promised.
#
#   clients.sh NARU PHANTOM FOLDER
#
# Debian packages: curl dcmtk orthanc orthanc-dicomweb aria2 wget python3 (reads JSON). A step whose program is missing
# is named and left out; NARU_NEEDS_ALL=1 makes that a failure.
set -eu -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
naru=$(realpath "$1") phantom=$(realpath "$2") folder=$3
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
password='correct horse battery staple'

say() { printf '== %s\n' "$*" >&2; }
fail() { printf 'FAILED: %s\n' "$*" >&2; tail -20 serve.log >&2 || true; exit 1; }
has() {
  command -v "$1" >/dev/null && return 0
  [ -z "${NARU_NEEDS_ALL:-}" ] || fail "$1 is missing"
  say "left out, since $1 is missing: $2"
  return 1
}
json() { python3 -c 'import json,sys; v=json.load(sys.stdin)
for k in sys.argv[1].split("."): v = v[int(k)] if k.isdigit() else v[k]
print(v)' "$1"; }
free_port() { PYTHONPATH=$here python3 -Bc 'import harness; print(harness.free_port())'; }

port=$(free_port) dicom_port=$(free_port) orthanc_port=$(free_port) orthanc_dicom_port=$(free_port)
url=http://127.0.0.1:$port
cat > naru.toml <<TOML
[listen]
port = $port
[dicom]
is_on = true
port = $dicom_port
ae_title = "NARU"
organisation = "Seoul Hospital"
allowed_ae_titles = ["STORESCU", "ORTHANC"]
[ingest]
quiet_s = 3600
[jobs]
device = "cpu"
memory = "1GiB"
TOML

server= orthanc=
finish() {
  [ -z "$server" ] || { kill "$server" && wait "$server"; } 2>/dev/null || true
  [ -z "$orthanc" ] || { kill "$orthanc" && wait "$orthanc"; } 2>/dev/null || true
}
trap finish EXIT
start() {
  "$naru" serve --config naru.toml --data data 2>>serve.log & server=$!
  for _ in $(seq 200); do
    curl -fs "$url/readyz" >/dev/null 2>&1 && return 0
    kill -0 "$server" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

# curl as an account: TOKEN METHOD PATH [more of curl]
as() {
  local token=$1 method=$2 path=$3
  shift 3
  curl -sS --fail-with-body -X "$method" -H "Authorization: Bearer $token" "$url$path" "$@"
}
# Signs in LOGIN and prints a token.
token_of() {
  local csrf
  csrf=$(curl -sS --fail-with-body -c "cookies-$1" -H 'Content-Type: application/json' \
    -d "{\"login\":\"$1\",\"password\":\"$password\"}" "$url/api/v1/session" | json csrf_token)
  curl -sS --fail-with-body -b "cookies-$1" -H "X-CSRF-Token: $csrf" -H 'Content-Type: application/json' \
    -d "{\"name\":\"script\",\"scopes\":[\"read\",\"ingest\",\"jobs\",\"deliver\",\"review\",\"admin\"],\"expires_ms\":$(($(date +%s) * 1000 + 86400000))}" \
    "$url/api/v1/tokens" | json secret
}
post() { as "$1" POST "$2" -H 'Content-Type: application/json' -d "$3"; }

say 'the first admin, a hospital and a company'
"$naru" serve --config naru.toml --data data --init admin <<<"$password" >/dev/null
# The receiver's organisation must exist before it is turned on.
sed -i 's/^is_on = true/is_on = false/' naru.toml
start || fail 'the server does not start'
admin=$(token_of admin)
hospital=$(post "$admin" /api/v1/organisations '{"name":"Seoul Hospital","kind":"hospital"}' | json id)
company=$(post "$admin" /api/v1/organisations '{"name":"Start-up","kind":"company"}' | json id)
post "$admin" "/api/v1/organisations/$hospital/admins" "{\"login\":\"hospital-admin\",\"password\":\"$password\"}" >/dev/null
post "$admin" "/api/v1/organisations/$company/admins" "{\"login\":\"company-admin\",\"password\":\"$password\"}" >/dev/null
hospital_admin=$(token_of hospital-admin) company_admin=$(token_of company-admin)
for row in steward:hospital_steward reviewer:reviewer auditor:auditor; do
  post "$hospital_admin" /api/v1/users "{\"login\":\"${row%%:*}\",\"roles\":[\"${row##*:}\"],\"password\":\"$password\"}" >/dev/null
done
post "$company_admin" /api/v1/users "{\"login\":\"engineer\",\"roles\":[\"company\"],\"password\":\"$password\"}" >/dev/null
steward=$(token_of steward) reviewer=$(token_of reviewer) auditor=$(token_of auditor) engineer=$(token_of engineer)

kill "$server"
wait "$server" || fail 'the server did not stop cleanly'
sed -i 's/^is_on = false/is_on = true/' naru.toml
start || fail 'the server does not start again'

say 'studies: curl sends a zip in pieces, storescu and Orthanc send the others'
for n in 1 2 3 4; do "$phantom" --out "input/$n" --size 96 96 20 --seed "$n" >/dev/null; done
python3 -c 'import pathlib,sys,zipfile
with zipfile.ZipFile("one.zip","w") as z:
  for p in sorted(pathlib.Path("input/1").rglob("*")):
    if p.is_file(): z.write(p, p.name)'
size=$(stat -c %s one.zip) half=$(($(stat -c %s one.zip) / 2))
upload=$(post "$steward" /api/v1/uploads "{\"kind\":\"archive\",\"size_bytes\":$size}" | json id)
head -c "$half" one.zip | as "$steward" PATCH "/api/v1/uploads/$upload" -H 'Upload-Offset: 0' \
  -H 'Content-Type: application/offset+octet-stream' --data-binary @- >/dev/null
status=$(tail -c +"$((half + 11))" one.zip | curl -sS -o /dev/null -w '%{http_code}' -X PATCH -H "Authorization: Bearer $steward" \
  -H "Upload-Offset: $((half + 10))" -H 'Content-Type: application/offset+octet-stream' --data-binary @- "$url/api/v1/uploads/$upload")
case $status in 409 | 412) ;; *) fail "a piece with a gap before it was answered $status" ;; esac
tail -c +"$((half + 1))" one.zip | as "$steward" PATCH "/api/v1/uploads/$upload" -H "Upload-Offset: $half" \
  -H 'Content-Type: application/offset+octet-stream' --data-binary @- >/dev/null
post "$steward" "/api/v1/uploads/$upload/complete" '{}' >/dev/null

if has storescu 'C-STORE by storescu'; then
  echoscu -aet STORESCU -aec NARU 127.0.0.1 "$dicom_port" || fail 'C-ECHO'
  storescu -aet STORESCU -aec NARU +sd +r 127.0.0.1 "$dicom_port" input/2 || fail 'C-STORE by storescu'
  ! storescu -aet STRANGER -aec NARU +sd +r 127.0.0.1 "$dicom_port" input/2 2>/dev/null || fail 'a stranger may send'
fi

orthanc_program=$(command -v Orthanc || echo /usr/sbin/Orthanc)
plugins=$(find /usr/share/orthanc/plugins /usr/lib -name 'libOrthancDicomWeb.so*' 2>/dev/null | head -1)
[ -n "$plugins" ] || orthanc_program=orthanc-dicomweb  # missing without its plugin
if has "$orthanc_program" 'Orthanc as a PACS'; then
  cat > orthanc.json <<JSON
{"Name": "PACS", "HttpPort": $orthanc_port, "DicomPort": $orthanc_dicom_port, "DicomAet": "ORTHANC",
 "StorageDirectory": "orthanc", "IndexDirectory": "orthanc", "RemoteAccessAllowed": false, "AuthenticationEnabled": false,
 "Plugins": ["$plugins"], "DicomModalities": {"naru": ["NARU", "127.0.0.1", $dicom_port]},
 "DicomWeb": {"Enable": true, "Servers": {"naru": {"Url": "$url/dicomweb/", "HttpHeaders": {"Authorization": "Bearer $steward"}}}}}
JSON
  "$orthanc_program" orthanc.json >orthanc.log 2>&1 & orthanc=$!
  pacs=http://127.0.0.1:$orthanc_port
  for _ in $(seq 100); do curl -fs "$pacs/system" >/dev/null 2>&1 && break; sleep 0.1; done
  for n in 3 4; do
    find "input/$n" -type f -print0 | xargs -0 -I{} curl -sS --fail -o /dev/null --data-binary @{} "$pacs/instances"
  done
  by_store=$(curl -sS "$pacs/studies" | json 0)
  by_web=$(curl -sS "$pacs/studies" | json 1)
  curl -sS --fail-with-body -d "\"$by_store\"" "$pacs/modalities/naru/store" >/dev/null || fail 'C-STORE by Orthanc'
  curl -sS --fail-with-body -d "{\"Resources\":[\"$by_web\"],\"Synchronous\":true}" "$pacs/dicom-web/servers/naru/stow" \
    >stow.json || fail "STOW-RS by Orthanc: $(cat stow.json)"
fi

say 'the studies are closed and granted by two persons'
as "$steward" GET '/api/v1/studies?limit=100' > studies.json
python3 - <<'PY' || fail 'studies are missing or not whole'
import json
items = json.load(open("studies.json"))["items"]
print([(s["state"], s["instance_count"]) for s in items])
assert all(s["instance_count"] == 20 for s in items), items
PY
ids=$(python3 -c 'import json; print(" ".join(s["id"] for s in json.load(open("studies.json"))["items"]))')
for id in $ids; do post "$steward" "/api/v1/studies/$id/close" '{}' >/dev/null; done
list=$(printf '"%s",' $ids)
body="{\"recipient_id\":\"$company\",\"purpose\":\"DUO:0000042\",\"decision\":\"DRB-2026-012\",\"recipe\":\"ct-1mm\",\"expires_ms\":$(($(date +%s) * 1000 + 86400000)),\"study_ids\":[${list%,}]}"
grant=$(post "$steward" /api/v1/grants "$body" | json id)
! post "$steward" "/api/v1/grants/$grant/approve" '{}' >/dev/null 2>&1 || fail 'a steward approved the own proposal'
post "$reviewer" "/api/v1/grants/$grant/approve" '{}' >/dev/null

say 'a job makes the dataset; its progress comes as events'
job_body="{\"kind\":\"prepare\",\"name\":\"liver\",\"recipe\":\"ct-1mm\",\"grant_id\":\"$grant\",\"study_ids\":[${list%,}]}"
for _ in 1 2; do as "$steward" POST /api/v1/jobs -H 'Idempotency-Key: liver-1' -H 'Content-Type: application/json' -d "$job_body" | json id; done >job-ids
[ "$(sort -u job-ids | wc -l)" = 1 ] || fail 'the same request made two jobs'
job=$(head -1 job-ids)
timeout 300 curl -sSN -H "Authorization: Bearer $steward" -H 'Accept: text/event-stream' "$url/api/v1/jobs/$job/events" > events.txt || true
grep -q COMPLETE events.txt || fail "the events do not end with COMPLETE: $(tail -3 events.txt)"
[ "$(as "$steward" GET "/api/v1/jobs/$job" | json state)" = COMPLETE ] || fail 'the job is not COMPLETE'

say 'the company downloads through DRS'
dataset=$(as "$engineer" GET /api/v1/datasets | json items.0.id)
as "$engineer" GET "/ga4gh/drs/v1/objects/$dataset?expand=true" > drs.json
link=$(as "$engineer" GET "/ga4gh/drs/v1/objects/$dataset/access/tar" | json url)
curl -sS --fail -r 0-9999 -o by-curl.tar "$link"
curl -sS --fail -C - -o by-curl.tar "$link"
cp by-curl.tar whole.tar
if has aria2c 'download by aria2c in pieces'; then
  aria2c -q -x 4 -s 4 -k 1M --allow-overwrite=true -o by-aria2.tar "$link" || fail 'aria2c'
  cmp by-aria2.tar whole.tar || fail 'aria2c got other bytes'
fi
if has wget 'download by wget, resumed'; then
  head -c 10000 whole.tar > by-wget.tar
  wget -q -c -O by-wget.tar "$link" || fail 'wget -c'
  cmp by-wget.tar whole.tar || fail 'wget got other bytes'
fi
mkdir -p unpacked
tar -xf whole.tar -C unpacked
(cd unpacked/liver && sha256sum --quiet -c SHA256SUMS) || fail 'sha256sum'
[ "$(find unpacked/liver/images -name '*.nii.gz' | wc -l)" = "$(wc -w <<<"$ids")" ] || fail 'not every study became an image'

say 'the receipt and the ledger, checked offline'
as "$auditor" GET /api/v1/ledger/key > ledger.key
"$naru" audit verify unpacked/liver/receipt.tlog-proof --key "$(cat ledger.key)" --dataset unpacked/liver \
  || fail 'the receipt'
(cd unpacked/liver && "$naru" verify . >/dev/null) || fail "the data card's naru verify"

say 'a revoked grant delivers nothing'
post "$reviewer" "/api/v1/grants/$grant/revoke" '{}' >/dev/null
[ "$(curl -s -o /dev/null -w '%{http_code}' "$link")" = 403 ] || fail 'a link outlived its grant'

kill "$server"
wait "$server" || fail 'the server did not stop cleanly'
server=
"$naru" admin fsck --config naru.toml --data data --read || fail 'fsck'
say 'from nothing to a verified dataset: all steps did what they promised'
