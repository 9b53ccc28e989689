// What a tracked face looks like at a glance: tells two people apart from frame to frame, recognises nobody.
// face/appearance.py.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "align.h"
#include "resize.h"

namespace mfs {

constexpr int APPEARANCE_SIDE = 12;  // pixels of the thumbnail
using Look = std::array<float, APPEARANCE_SIDE * APPEARANCE_SIDE * 3>;

class Appearance {
 public:
  // The aligned face as a thumbnail, brightness and contrast evened out, of length 1. five: points of a face.
  Look operator()(Picture& picture, const Point* five);

 private:
  Warp warp_;
  AreaResize area_;
  std::vector<std::uint8_t> crop_, middle_;
};

// Correlation of two appearances, at most 1.
float likeness(const Look& a, const Look& b);

float length(const Look& look);

}  // namespace mfs
