// Five points -> the ArcFace crop: face/align.py.

#pragma once

#include "frame.h"
#include "warp.h"

namespace mfs {

// Where the five points (eyes, nose tip, mouth corners) land in a crop of 112 pixels.
extern const Point TEMPLATE_112[5];

// picture -> crop of `size` pixels. False when the points are all equal.
bool alignment(const Point* five, int size, Matrix* matrix);

// Cut the aligned face out of a picture: size x size RGB, anti-aliased when the face is larger than the crop, mirrored
// beyond the picture's edge.
void align(Picture& picture, const Matrix& matrix, int size, Warp& warp, std::uint8_t* crop);

}  // namespace mfs
