// A bundle's contents: a zip archive, described and hashed by its deploy.json.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "json.h"
#include "mfs/mfs.h"
#include "settings.h"
#include "zip.h"

namespace mfs {

struct NetworkFile {
  NetworkSpec spec;
  Bytes nb;
};

// A run of float32 in idn.nb, at byte `file_offset`: its numbers are those of the IIN's output from `weights_offset`
// on.
struct Segment {
  std::size_t file_offset, weights_offset, count;
};

struct BundledIdentity {
  std::string name, source_sha256;
  Bytes nb;
};

// Everything has been checked: what is here may go to Paddle-Lite.
struct BundleContents {
  std::string name;  // for messages
  std::vector<std::uint8_t> archive;
  Zip zip;
  Json deploy;
  Settings settings;
  std::string made_by, target, precision, paddlelite;
  bool needs_extra = false;
  NetworkFile blazeface, facemesh, idn;
  std::optional<NetworkFile> encoder, iin;
  std::vector<Segment> segments;
  std::string injection_refused;  // why no source can be injected; empty when one can
  std::vector<BundledIdentity> identities;
};

// Status of opening a bundle where it cannot run: made for another processor.
Status check_target(const Bundle& bundle, const Networks& networks);

}  // namespace mfs
