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
  explicit Paste(int size, const PasteSettings& settings = {});  // size: a multiple of 16

  // picture = picture + 255 change - damping (picture - crop), interpolated cubically; of a face smaller than the crop,
  // each pixel gets the mean of what it covers. Pixels that nothing reaches keep their bytes. change: 3 planes of size
  // x size in [-1, 1]; matrix: picture -> crop; crop: size x size RGB; damping: size x size.
  void operator()(Picture& picture, const float* change, const Matrix& matrix, const std::uint8_t* crop,
                  const float* damping);

 private:
  static constexpr int CHANNELS =
      4;  // of the layer: what is added to red, green and blue, in 8-bit steps; the share that goes

  Matrix make_layer(const float* change, const Matrix& matrix, const std::uint8_t* crop, const float* damping);
  void make_row(const float* change, const std::uint8_t* crop, const float* damping, int y, float* row) const;
  void take_row(const float* row, int y);
  void find_reached();
  bool seen_rows(Rect* area) const;  // pixels of the layer from which others are reached; false: nothing is
  struct Span {                      // of a row, within a block
    int block_x, block_y, y, x1, x2;
  };
  void lay(Picture& picture, const Span& span, const Matrix& from_memory, std::uint8_t** pixels) const;

  const int size_;
  const PasteSettings settings_;
  AreaResize area_;
  int width_ = 0, height_ = 0;                 // of the layer as it is laid over the picture, without its border
  std::vector<float> fade_;                    // size x size
  std::vector<float> row_, whole_, shrunk_;    // of the layer: a row; for a smaller face all of it, and that smaller
  std::vector<std::int16_t> edged_;            // the layer with a border of zeros, 2 pixels wide, and one more row
  std::vector<std::uint8_t> reached_;          // 1 where, from this pixel of it on, any of 4 x 4 is not 0
  std::vector<std::uint8_t> filled_, across_;  // 1 where the pixel is not 0; where any of 4 on a row is not
};

}  // namespace mfs
