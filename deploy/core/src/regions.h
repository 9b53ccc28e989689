// Regions of the 468-point face mesh that geometry is read from: face/regions.py. "Left" and "right" are sides of the
// image.

#pragma once

#include "mfs/mfs.h"

namespace mfs {

constexpr int MESH_POINTS = 468;
constexpr int NOSE_TIP = 4, MOUTH_LEFT = 61, MOUTH_RIGHT = 291, FOREHEAD = 10, CHIN = 152;
constexpr int EYE_LEFT_OUTER = 33, EYE_RIGHT_OUTER = 263;

// x, y, z (same unit, smaller is nearer) of the mesh.
struct Landmarks {
  float at[MESH_POINTS][3] = {};
  Point point(int index) const { return {at[index][0], at[index][1]}; }
};

// Eye centres (left, right), nose tip, mouth corners (likewise).
void five_points(const Landmarks& landmarks, Point* five);

}  // namespace mfs
