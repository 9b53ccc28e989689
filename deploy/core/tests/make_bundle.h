// Little bundles for tests: a zip of stored members, and a deploy.json that fits them. Their .nb files are no networks.

#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "crc32.h"
#include "json.h"
#include "sha256.h"

namespace mfs_test {

using Bytes = std::vector<std::uint8_t>;
using Members = std::vector<std::pair<std::string, Bytes>>;

inline void put(Bytes& to, std::uint64_t number, int bytes) {
  for (int i = 0; i < bytes; ++i) to.push_back(static_cast<std::uint8_t>(number >> 8 * i));
}

inline Bytes zip_of(const Members& members) {
  Bytes zip, table;
  for (const auto& [name, data] : members) {
    const std::size_t at = zip.size();
    Bytes common;
    put(common, 0, 2), put(common, 0, 2), put(common, 0, 4);  // flags, stored, time
    put(common, mfs::crc32(data.data(), data.size()), 4);
    put(common, data.size(), 4), put(common, data.size(), 4);
    put(common, name.size(), 2), put(common, 0, 2);
    put(zip, 0x04034b50, 4), put(zip, 20, 2);
    zip.insert(zip.end(), common.begin(), common.end());
    zip.insert(zip.end(), name.begin(), name.end());
    zip.insert(zip.end(), data.begin(), data.end());
    put(table, 0x02014b50, 4), put(table, 20, 2), put(table, 20, 2);
    table.insert(table.end(), common.begin(), common.end());
    put(table, 0, 6), put(table, 0, 4), put(table, at, 4);
    table.insert(table.end(), name.begin(), name.end());
  }
  const std::size_t at = zip.size();
  zip.insert(zip.end(), table.begin(), table.end());
  put(zip, 0x06054b50, 4), put(zip, 0, 4);
  put(zip, members.size(), 2), put(zip, members.size(), 2), put(zip, table.size(), 4), put(zip, at, 4), put(zip, 0, 2);
  return zip;
}

inline mfs::Json tensors(const std::vector<std::vector<int>>& shapes, double mean = 0, double std = 1) {
  mfs::Json list = mfs::Json::array();
  for (const auto& shape : shapes) {
    mfs::Json tensor = mfs::Json::object(), sides = mfs::Json::array();
    for (const int side : shape) sides.add(side);
    tensor.set("name", "t");
    tensor.set("shape", std::move(sides));
    tensor.set("mean", mean);
    tensor.set("std", std);
    list.add(std::move(tensor));
  }
  return list;
}

constexpr int WEIGHTS = 16;  // of the little IIN

// deploy.json of a bundle whose template idn.nb has 100 bytes: weights 0..9 at byte 8, 10..15 at byte 60.
inline mfs::Json deploy_json(const std::string& target = "x86") {
  mfs::Json deploy = mfs::Json::object();
  deploy.set("format", 1);
  deploy.set("made_by", "paddle_mfs test");
  deploy.set("paddlelite", "2.13rc0");
  deploy.set("target", target);
  deploy.set("precision", "fp32");
  deploy.set("needs_extra", false);
  mfs::Json networks = mfs::Json::object();
  const auto network = [&networks](const char* name, mfs::Json inputs, mfs::Json outputs) {
    mfs::Json facts = mfs::Json::object();
    facts.set("file", std::string(name) + ".nb");
    facts.set("inputs", std::move(inputs));
    facts.set("outputs", std::move(outputs));
    networks.set(name, std::move(facts));
  };
  network("blazeface", tensors({{1, 3, 128, 128}}, 0.5, 0.5), tensors({{1, 896, 16}, {1, 896}}));
  network("facemesh", tensors({{1, 3, 192, 192}}), tensors({{1, 468, 3}, {1}}));
  network("encoder", tensors({{1, 3, 112, 112}}), tensors({{1, 4}, {1, 2, 7, 7}}));
  network("iin", tensors({{1, 4}, {1, 2, 7, 7}}), tensors({{1, WEIGHTS}}));
  network("idn", tensors({{1, 3, 224, 224}}), tensors({{1, 3, 224, 224}, {1, 1, 224, 224}}));
  deploy.set("networks", std::move(networks));
  for (const auto& [group, size] : {std::pair<const char*, int>{"detector", 128}, {"mesh", 192}, {"crop", 224}}) {
    mfs::Json sizes = mfs::Json::object();
    sizes.set("size", size);
    deploy.set(group, std::move(sizes));
  }
  deploy.set("encoder_crop", mfs::parse_json(R"({"size": 112, "network": 112})").value());
  deploy.set("identities", mfs::parse_json(R"([{"name": "anna", "file": "identities/anna.nb"}])").value());
  deploy.set("patch",
             mfs::parse_json(R"({"file": "idn.nb", "count": 16, "segments": [[60, 10, 6], [8, 0, 10]]})").value());
  return deploy;
}

inline Members nb_files() {
  Members members;
  for (const char* name : {"blazeface.nb", "facemesh.nb", "encoder.nb", "iin.nb", "idn.nb", "identities/anna.nb"}) {
    members.emplace_back(name, Bytes(100, static_cast<std::uint8_t>(members.size() + 1)));
  }
  return members;
}

// The bundle of a deploy.json, in which the members' sizes and hashes are filled in.
inline Bytes bundle_of(mfs::Json deploy, Members members = nb_files()) {
  mfs::Json files = mfs::Json::object();
  for (const auto& [name, data] : members) {
    mfs::Json facts = mfs::Json::object();
    facts.set("bytes", static_cast<double>(data.size()));
    facts.set("sha256", mfs::sha256(data.data(), data.size()));
    files.set(name, std::move(facts));
  }
  deploy.set("files", std::move(files));
  const std::string text = deploy.dump();
  members.emplace_back("deploy.json", Bytes(text.begin(), text.end()));
  return zip_of(members);
}

}  // namespace mfs_test
