// What deploy.json says of the steps around the networks: the numbers of the Python package that made the bundle.

#pragma once

#include <string>

#include "detail.h"
#include "detect.h"
#include "json.h"
#include "landmarks.h"
#include "light.h"
#include "paste.h"
#include "track.h"

namespace mfs {

struct Settings {
  DetectorSettings detector;
  MeshSettings mesh;
  PasteSettings paste;
  DetailSettings detail;
  TrackSettings track;
  LightSettings light;
};

// Fill `settings` from a deploy.json; what it does not name stays as it is. Returns what is wrong, as "paste.edge is 7,
// at most 0.5 makes sense"; empty: nothing.
std::string read_settings(const Json& deploy, Settings& settings);

}  // namespace mfs
