// Which of the picture's own fine detail the new face contradicts: brows, wrinkles and stubble it no longer has.
// face/detail.py.

#pragma once

#include <cstdint>
#include <vector>

namespace mfs {

struct DetailSettings {
  double fine = 2.0 / 224;    // of the crop: sigma below which a crop's structure is compared
  double around = 3.0 / 224;  // of the crop: sigma of the neighbourhood of a pixel
  float noise = 2;            // squared 8-bit steps: weaker structure than this contradicts nothing
  float gone = 0.1f,
        kept = 0.4f;  // share of its structure that is left: below, all detail goes with it; above, all stays
};

// A Gaussian blur of planes of one size, mirrored at the border without its last pixel twice, as OpenCV's. It goes row
// by row, so that several of them can follow each other closely.
class GaussianBlur {
 public:
  GaussianBlur(int size, double sigma);  // size: a multiple of 4

  // The rows of a plane, from 0 on, `size` numbers each.
  void take(const float* row);

  // Rows that can be told by now, in their order: `result` gets the next one. False: not yet.
  bool give(float* result);
  void reset() { taken_ = given_ = 0; }

 private:
  const int size_, reach_;
  int taken_ = 0, given_ = 0;
  std::vector<float> kernel_;  // from the middle outwards
  std::vector<float> rows_, padded_;
  std::vector<const float*> before_, after_;  // what lies one, two, ... pixels away
};

class Detail {
 public:
  explicit Detail(int size, const DetailSettings& settings = {});  // size: a multiple of 16

  // The share of the picture's detail that is to go: damping, size x size in [0, 1], 0 where the crop is unchanged.
  // crop: size x size RGB; result: 3 planes in [0, 1].
  void operator()(const std::uint8_t* crop, const float* result, float* damping);

 private:
  void take_row(const std::uint8_t* crop, const float* result, int y);
  bool compare_row(int y);

  const int size_;
  const DetailSettings settings_;
  GaussianBlur fine_before_, fine_after_, around_before_, around_after_;
  std::vector<float> before_, after_;  // luma
  std::vector<float> row_, other_;
};

}  // namespace mfs
