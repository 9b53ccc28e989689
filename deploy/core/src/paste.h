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

  // picture = picture + 255 change - damping (picture - crop), interpolated cubically; of a face smaller than the crop, each
  // pixel gets the mean of what it covers. Pixels that nothing reaches keep their bytes.
  // change: 3 planes of size x size in [-1, 1]; matrix: picture -> crop; crop: size x size RGB; damping: size x size.
  void operator()(Picture& picture, const float* change, const Matrix& matrix, const std::uint8_t* crop,
                  const float* damping);

 private:
  void make_layer(const float* change, const std::uint8_t* crop, const float* damping);
  Matrix shrink(const Matrix& matrix);
  void find_reached();
  Rect rectangle(const Matrix& matrix, int width, int height) const;
  void add_row(std::uint8_t* pixels, int pixel_stride, int count, Point place, Point step) const;

  const int size_;
  const PasteSettings settings_;
  AreaResize area_;
  std::vector<float> fade_;                  // size x size
  std::vector<float> layer_, small_, edged_;  // 4 numbers a pixel: what is added, in 8-bit steps; the share that goes
  std::vector<std::uint8_t> reached_, nonzero_;
  int width_ = 0, height_ = 0;  // of the layer without its border
};

}  // namespace mfs
