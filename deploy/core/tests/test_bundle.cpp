// Bundles: what fits is opened, what does not is refused with one sentence that names it; identities are patched, saved
// and loaded.

#include "bundle.h"

#include <cstdio>
#include <cstring>
#include <functional>
#include <limits>

#include "check.h"
#include "identity.h"
#include "make_bundle.h"
#include "zip.h"

namespace {

using mfs::Bundle;
using mfs::Json;
using mfs::parse_json;
using mfs_test::Bytes;
using mfs_test::Members;

// Refused, in one line that begins with the bundle's name and has `word` in it.
void refused(Bytes bytes, const char* word) {
  const auto bundle = Bundle::from_bytes(std::move(bytes), "b.zip");
  const std::string& message = bundle.message();
  const bool is_fine = !bundle.ok() && message.rfind("b.zip: ", 0) == 0 && message.find(word) != std::string::npos &&
                       message.find('\n') == std::string::npos;
  if (!is_fine) std::fprintf(stderr, "wanted %s, got: %s\n", word, bundle.ok() ? "(opened)" : message.c_str());
  CHECK(is_fine);
}

// A bundle whose deploy.json was changed, its files' hashes being right.
Bytes changed(const char* key, const char* json) {
  Json deploy = mfs_test::deploy_json();
  deploy.set(key, parse_json(json).value());
  return mfs_test::bundle_of(std::move(deploy));
}

Bytes network_changed(const char* network, const char* key, Json value) {
  Json deploy = mfs_test::deploy_json(), networks = deploy.at("networks"), facts = networks.at(network);
  facts.set(key, std::move(value));
  networks.set(network, std::move(facts));
  deploy.set("networks", std::move(networks));
  return mfs_test::bundle_of(std::move(deploy));
}

void test_refused() {
  const Bytes good = mfs_test::bundle_of(mfs_test::deploy_json());
  CHECK(Bundle::from_bytes(good, "b.zip").ok());
  refused({}, "not a zip");
  refused(Bytes(1000, 7), "not a zip");
  for (std::size_t size = 1; size < good.size(); size += 37)
    refused(Bytes(good.begin(), good.begin() + static_cast<long>(size)), "cut off");
  // a flipped bit is noticed, or is in what nobody reads; nothing crashes
  for (std::size_t at = 0; at < good.size(); at += 3) {
    Bytes flipped = good;
    flipped[at] ^= 0x10;
    (void)Bundle::from_bytes(flipped, "b.zip");
  }
  refused(mfs_test::zip_of(mfs_test::nb_files()), "no bundle");
  refused(mfs_test::zip_of({{"deploy.json", {'{', 'x'}}}), "not JSON");
  refused(changed("format", "2"), "format 2");
  refused(changed("target", "\"\""), "target");
  refused(changed("crop", R"({"size": 256})"), "crop.size is 256");
  refused(changed("paste", R"({"edge": 7})"), "paste.edge is 7");
  refused(changed("track", R"({"reach": "far"})"), "track.reach");
  refused(changed("encoder_crop", R"({"size": 224, "network": 112})"), "encoder_crop");
  refused(changed("identities", R"([{"name": "ben", "file": "identities/ben.nb"}])"), "ben is missing");
  for (const char* segments : {"[[0, 0, 16], [60, 0, 3]]", "[[8, 7, 10]]", "[[64, 0, 10]]", "[[-4, 0, 2]]",
                               "[[0, 0, 0]]", "[]", "[[0.5, 0, 1]]", "[[9e15, 0, 1]]", "[7]"}) {
    Json patch = parse_json(R"({"file": "idn.nb", "count": 16})").value(), deploy = mfs_test::deploy_json();
    patch.set("segments", parse_json(segments).value());
    deploy.set("patch", std::move(patch));
    refused(mfs_test::bundle_of(std::move(deploy)), "patch does not fit");
  }
  refused(network_changed("idn", "inputs", mfs_test::tensors({{1, 3, 112, 112}})), "[1, 3, 112, 112]");
  refused(network_changed("idn", "inputs", mfs_test::tensors({{1, 3, 224, 224}}, 0, 0)), "std");
  refused(network_changed("blazeface", "outputs", mfs_test::tensors({{1, 896, 16}})), "outputs are 1");
  refused(network_changed("iin", "outputs", mfs_test::tensors({{2000000000, 2000000000}})), "shape");
  refused(network_changed("facemesh", "file", Json("mesh.nb")), "facemesh.nb is missing");
  Members fewer = mfs_test::nb_files();
  fewer.erase(fewer.begin() + 3);
  refused(mfs_test::bundle_of(mfs_test::deploy_json(), fewer), "iin.nb is missing");
  // a member that is another file than deploy.json names, though the archive is whole
  Json deploy = mfs_test::deploy_json(), files = Json::object();
  deploy.set("files", parse_json(R"({"idn.nb": {"bytes": 100, "sha256": "00"}})").value());
  const std::string text = deploy.dump();
  Members members = mfs_test::nb_files();
  members.emplace_back("deploy.json", Bytes(text.begin(), text.end()));
  refused(mfs_test::zip_of(members), "SHA-256");
  members.emplace_back("deploy.json", Bytes(text.begin(), text.end()));
  refused(mfs_test::zip_of(members), "twice");
}

void test_identities(const std::string& folder) {
  const Bundle bundle = Bundle::from_bytes(mfs_test::bundle_of(mfs_test::deploy_json()), "b.zip").value();
  CHECK(bundle.can_inject() && bundle.identities() == std::vector<std::string>{"anna"});
  CHECK(bundle.identity("anna").value().name() == "anna");
  CHECK(bundle.identity("ben").message() == "b.zip: has no identity named ben; it has anna");

  float weights[mfs_test::WEIGHTS];
  for (int i = 0; i < mfs_test::WEIGHTS; ++i) weights[i] = static_cast<float>(i) + 0.5f;
  const auto identity = mfs::patched_identity(bundle.contents(), weights, "a.jpg", "ab12").value();
  Bytes wanted(100, 5);  // idn.nb
  std::memcpy(wanted.data() + 8, weights, 40);
  std::memcpy(wanted.data() + 60, weights + 10, 24);
  const mfs::Bytes nb = identity.model().nb;
  CHECK(nb.size == 100 && std::memcmp(nb.data, wanted.data(), 100) == 0);

  const std::string path = folder + "/a.face";
  CHECK(identity.save(path).ok());
  const auto loaded = bundle.load_identity(path);
  CHECK(loaded.ok() && loaded.value().name() == "a.jpg" && loaded.value().source_sha256() == "ab12");
  CHECK(loaded.ok() && std::memcmp(loaded.value().model().nb.data, wanted.data(), 100) == 0);

  // another bundle: the same sizes, another template
  Members others = mfs_test::nb_files();
  others[4].second[50] = 99;
  const Bundle other = Bundle::from_bytes(mfs_test::bundle_of(mfs_test::deploy_json(), others), "c.zip").value();
  CHECK(other.load_identity(path).message().find("another bundle than c.zip") != std::string::npos);
  Bytes saved = mfs::read_file(path).value();
  for (const std::size_t at : {std::size_t{3}, saved.size() - 90, saved.size() - 1}) {
    Bytes damaged = saved;
    damaged[at] ^= 1;
    CHECK(mfs::write_file(path, {{damaged.data(), damaged.size()}}).ok());
    CHECK(bundle.load_identity(path).message().find("damaged") != std::string::npos);
  }
  CHECK(mfs::write_file(path, {{saved.data(), saved.size() - 1}}).ok());
  CHECK(bundle.load_identity(path).message().find("damaged") != std::string::npos);
  CHECK(bundle.load_identity(folder + "/none").message().find("cannot be read") != std::string::npos);
  CHECK(!identity.save(folder + "/no/such/folder").ok());
  std::remove(path.c_str());

  weights[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK(mfs::patched_identity(bundle.contents(), weights, "a.jpg", "").message().find("no numbers") !=
        std::string::npos);
}

void test_provenance() {
  Json deploy = mfs_test::deploy_json();
  deploy.set("provenance", parse_json(R"({"weights": {"file": "w & <v>.pdparams"}})").value());
  const Bundle bundle = Bundle::from_bytes(mfs_test::bundle_of(std::move(deploy)), "b.zip").value();
  const std::string record = bundle.provenance(bundle.identity("anna").value(), 1700000000, "ff00");
  const Json read = parse_json(record).value();
  CHECK(read.at("synthetic").truth() && read.at("software").text() == "paddle_mfs");
  CHECK(read.at("created").text() == "2023-11-14T22:13:20+00:00" && read.at("target_sha256").text() == "ff00");
  CHECK(read.at("weights").at("file").text() == "w & <v>.pdparams");
  CHECK(mfs::xmp_packet(record).find("w &amp; &lt;v&gt;.pdparams") != std::string::npos);
}

}  // namespace

int main(int count, char** words) {
  test_refused();
  test_identities(count > 1 ? words[1] : "/tmp");
  test_provenance();
  return mfs_test::result();
}
