// Resampling a picture through a matrix without aliasing: `warp` of face/geometry.py.
//
// Pixels agree with OpenCV's warpAffine, but for a rounding step in few: places are rounded to 1/32 pixel as there.

#pragma once

#include <vector>

#include "frame.h"
#include "geometry.h"

namespace mfs {

enum class Interpolation { linear, cubic };
enum class Border { zero, reflect };  // reflect: the last pixel twice, as OpenCV's BORDER_REFLECT

class Warp {
 public:
  // `result`: height x width RGB, three bytes a pixel. `matrix`: picture -> result.
  // When the result is less than half as large as the picture, the region seen is first shrunk by a whole factor with
  // area averaging, so that each result pixel sees all pixels it covers. Only the region seen is read.
  void operator()(Picture& picture, const Matrix& matrix, int width, int height, Interpolation interpolation,
                  Border border, std::uint8_t* result);

 private:
  Pixels shrink_region(Picture& picture, Matrix* matrix, int width, int height, int factor);

  std::vector<std::uint8_t> shrunk_;
  std::vector<std::uint16_t> sums_;
  std::vector<std::uint32_t> large_sums_;
  std::vector<int> right_, down_;  // of the result's columns: what they add to the place in the picture
};

}  // namespace mfs
