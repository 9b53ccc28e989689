// What a network changed in a crop, which is what goes into the picture: swap/change.py and face/coarse.py.
//
// crop: size x size RGB, the target. result: 3 planes of size x size in [0, 1], RGB, the swapped face.

#pragma once

#include <cstdint>
#include <vector>

namespace mfs {

class Change {
 public:
  explicit Change(int size);  // a multiple of 16

  // The part of result - crop that the network means: its means over 2 x 2 pixels, enlarged cubically; grey where the
  // whole crop is. change: 3 planes of size x size in [-1, 1].
  // Returns the largest difference of result and crop; infinity when a number is not finite.
  float operator()(const std::uint8_t* crop, const float* result, float* change);

 private:
  const int size_;
  std::vector<float> small_, scratch_;
};

}  // namespace mfs
