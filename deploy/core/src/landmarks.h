// The 468-point face mesh of a detected face, and the head pose read from it: face/landmarks.py.
//
// Kartynnik et al. 2019, https://arxiv.org/abs/1907.06724.

#pragma once

#include <vector>

#include "boxes.h"
#include "frame.h"
#include "regions.h"
#include "warp.h"

namespace mfs {

struct MeshSettings {
  int size = 192;             // pixels, side of the input
  float min_presence = 0.5f;  // below, the network says that there is no face
  double region_scale = 1.5;  // side of the region shown to the network / side of the face box
  double min_face = 20;       // pixels, longer side of the landmarks' box; a smaller face is refused
};

// What the network is shown: centre and side in pixels, roll in radians (clockwise in the image).
struct Region {
  Point centre;
  double side = 0, angle = 0;
};

// Where to look next, from a mesh, or from a detection.
Region region(const Landmarks& landmarks, double scale);
Region region(const Detection& detection, double scale);

// Head pose in degrees. yaw > 0: turned to the image's right; pitch > 0: looking down; roll > 0: clockwise in the
// image.
struct Pose {
  double yaw = 0, pitch = 0, roll = 0;
};
Pose pose(const Landmarks& landmarks);

class Landmarker {
 public:
  // `network`: image -> landmarks (468, 3) in pixels of the input, presence logit.
  Landmarker(Network& network, const TensorSpec& input, const MeshSettings& settings = {});

  // Landmarks of a detection: the first pass looks where the detection says, the second where the mesh of the first
  // says. A pass whose presence stays below `min_presence` is the last.
  Status operator()(Picture& picture, const Detection& detection, Landmarks* landmarks, float* presence);

  // One pass.
  Status look(Picture& picture, const Region& where, Landmarks* landmarks, float* presence);

  // The matrix that shows a region to the network: picture -> input.
  Matrix view(const Region& where) const;
  // What the network's output says, in pixels of the picture.
  static void decode(const Matrix& view, const float* mesh, float logit, Landmarks* landmarks, float* presence);

  const MeshSettings settings;

 private:
  Network& network_;
  const float mean_, std_;
  std::vector<std::uint8_t> pixels_;
  Warp warp_;
};

}  // namespace mfs
