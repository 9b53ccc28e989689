// Putting what a network changed in a crop into its picture: the picture's own pixels, plus the change at their size.
// face/paste.py.

#pragma once

#include <cstdint>
#include <vector>

#include "frame.h"
#include "resize.h"

namespace mfs {

struct PasteSettings {
  double edge = 0.03;             // the change fades to 0 over this part of the crop's side
  float negligible = 1.0f / 512;  // a smaller change moves no 8-bit value by more than half a step
};

class Paste {
 public:
  explicit Paste(int size, const PasteSettings& settings = {});

  // picture = picture + 255 change - damping (picture - crop), interpolated cubically; of a face smaller than the crop,
  // each pixel gets the mean of what it covers. Pixels that nothing reaches keep their bytes. change: 3 planes of size
  // x size in [-1, 1]; matrix: picture -> crop; crop: size x size RGB; damping: size x size.
  void operator()(Picture& picture, const float* change, const Matrix& matrix, const std::uint8_t* crop,
                  const float* damping);

 private:
  static constexpr int CHANNELS =
      4;  // of the layer: what is added to red, green and blue, in 8-bit steps; the share that goes

  void make_layer(const float* change, const std::uint8_t* crop, const float* damping);
  Matrix shrink(const Matrix& matrix);  // picture -> the layer at the size of a smaller face
  void find_reached();
  bool seen_rows(Rect* area) const;  // pixels of the layer from which others are reached; false: nothing is
  bool add_values(float* values, int begin, int end, Point place, Point step) const;
  void add_row(std::uint8_t* pixels, std::ptrdiff_t stride, int count, Point place, Point step) const;

  const int size_;
  const PasteSettings settings_;
  AreaResize area_;
  int width_ = 0, height_ = 0;         // of the layer as it is laid over the picture, without its border
  std::vector<float> fade_;            // size x size
  std::vector<float> layer_, shrunk_;  // size x size, smaller
  std::vector<float> edged_;           // the same with a border of zeros, 2 pixels wide, and one more row
  std::vector<std::uint8_t> reached_;  // 1 where, from this pixel of it on, any of 4 x 4 is not 0
  std::vector<std::uint8_t> filled_;
};

}  // namespace mfs
