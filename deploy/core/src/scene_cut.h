// Cuts between scenes, seen on thumbnails: face/scene_cut.py, where the numbers are explained.

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "frame.h"
#include "resize.h"

namespace mfs {

constexpr int CUT_SIDE = 32;  // pixels of the thumbnail
using Thumbnail = std::array<float, CUT_SIDE * CUT_SIDE * 3>;

// Say of each frame of a clip, in order, whether a cut lies before it.
class CutDetector {
 public:
  // True when the picture is of another scene (or size) than the one before it, if any.
  bool operator()(const Picture& picture);
  void reset() { width_ = 0; }

 private:
  Thumbnail thumbnail(const Picture& picture);

  int width_ = 0, height_ = 0;  // of the picture before; 0: none
  Thumbnail last_{};
  AreaResize area_;
  std::vector<std::uint8_t> sample_;
};

// 0 (one scene) to 1 between two thumbnails.
double difference(const Thumbnail& a, const Thumbnail& b);

}  // namespace mfs
