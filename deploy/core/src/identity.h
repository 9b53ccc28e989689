// Identities: the template's bytes with an IIN's weights written over them, and their files.

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bundle.h"

namespace mfs {

struct IdentityModel {
  std::string name, source_sha256;
  Bytes nb;
  NetworkSpec spec;
  std::shared_ptr<const void> owner;  // of the bytes
};

// The template with `weights` (as many as the IIN gives) in their places. Refused: weights that are not finite.
Result<Identity> patched_identity(const BundleContents& bundle, const float* weights, const std::string& name,
                                  const std::string& source_sha256);

Identity bundled_identity(const std::shared_ptr<const BundleContents>& bundle, const BundledIdentity& identity);

// A file of `Identity::save`: a line of JSON ({"paddle_mfs_identity": 1, name, source_sha256, bytes, sha256}), then the
// .nb. Only one whose bytes outside of the segments are the template's is of this bundle.
Result<Identity> read_identity(const BundleContents& bundle, const std::string& path);

}  // namespace mfs
