// Pixels of a frame, seen upright as RGB, changed where a face is and nowhere else: video/frame.py.
//
// A YUV frame is read where something looks at it and no further. What is changed in its RGB view is added to Y, U and
// V as a difference: no change adds exactly 0, so pixels outside the face keep their bytes.
//
// What YUV means, with the luma weights Kr, Kg, Kb of its matrix (BT.601: 0.299, 0.587, 0.114; BT.709: 0.2126, 0.7152,
// 0.0722):
//   R = Y' + 2 (1 - Kr) V'    B = Y' + 2 (1 - Kb) U'    Y' = Kr R + Kg G + Kb B
// in full range Y' = Y, U' = U - 128, V' = V - 128; in video range Y' = 255/219 (Y - 16), U' = 255/224 (U - 128), and
// so V'. A chroma sample holds for its 2 x 2 pixels, and what is added to it is the mean over them.

#pragma once

#include <vector>

#include "geometry.h"
#include "mfs/mfs.h"

namespace mfs {

// Why a frame cannot be used: planes missing, sizes or strides impossible, an unknown rotation.
Status check_frame(const Frame& frame);

constexpr int RGBX = 4;  // bytes of a pixel that goes with another number

// RGB pixels that somebody else holds: red, green and blue of pixel (x, y) are the three bytes at data + x dx + y dy.
// Those of four bytes (dx = 4) have another one, which may be read.
struct Pixels {
  std::uint8_t* data = nullptr;
  int width = 0, height = 0;
  std::ptrdiff_t dx = 0, dy = 0;
  std::uint8_t* at(int x, int y) const { return data + x * dx + y * dy; }
};

// How an upright picture lies in memory: the axes change places, then each may run backwards.
struct Turn {
  bool is_swapped = false, from_right = false, from_bottom = false;
};

// What YUV means, as whole numbers.
struct YuvWeights {
  bool is_full = true;                                                     // range
  std::int16_t luma = 0, red_v = 0, green_u = 0, green_v = 0, blue_u = 0;  // to RGB: shares of 1 << 13
  std::int16_t to_y[3] = {}, to_u[3] = {}, to_v[3] = {};                   // from red, green, blue: shares of 1 << 15
  YuvWeights(YuvRange range, YuvMatrix matrix);
};

// A frame and its upright RGB view. Kept from frame to frame: it allocates when frames grow only.
class Picture {
 public:
  // Takes the next frame, one that `check_frame` approves of; its memory has to stay until the one after. Copies
  // nothing.
  void set(const Frame& frame);

  int width() const { return turn_.is_swapped ? frame_.height : frame_.width; }  // of the upright picture
  int height() const { return turn_.is_swapped ? frame_.width : frame_.height; }

  // All pixels as they lie in memory, of which those of `area`, a part of the upright picture, may be read. YUV is
  // converted here, each part once a frame.
  const Pixels& read(const Rect& area);
  const Pixels& read_lying(const Rect& area);  // the same of a part of the memory

  // Every `step`-th pixel of every `step`-th row, as the Python slice [::step, ::step] of the upright picture:
  // ceil(height / step) rows of ceil(width / step) RGB pixels. Converts nothing else.
  void sample(int step, std::uint8_t* rgb) const;

  // Where pixel (x, y) of the memory lies in the upright picture, and where parts of that lie in memory.
  const Matrix& to_upright() const { return to_upright_; }
  Rect in_memory(const Rect& area) const;
  const Turn& turn() const { return turn_; }
  const Pixels& pixels() const { return pixels_; }  // as `read` gives them

  // Changing pixels, a block of memory at a time. `begin_block` gives the BLOCK x 2 pixels from (x, y) on, both even,
  // as RGBX: row after row, those beyond the frame 0. Red, green and blue may be written, until `end_block` brings the
  // change into the frame.
  static constexpr int BLOCK = 64;
  std::uint8_t* begin_block(int x, int y);
  void end_block();

 private:
  using Change = std::int16_t[2][BLOCK * RGBX];

  void convert(const Rect& area);  // in memory's layout
  template <bool IS_FULL>
  void convert_tile(const Rect& tile);
  void sample_row(int x, int y, int step, int count, std::uint8_t* rgbx) const;
  void add_luma(const std::int16_t* change, int row);
  void add_chroma(const Change& change);

  Frame frame_;
  Pixels pixels_;
  Turn turn_;
  Matrix to_upright_;
  YuvWeights yuv_{YuvRange::full, YuvMatrix::bt601};
  std::vector<std::uint8_t> rgb_;        // of a YUV frame, in its layout
  std::vector<std::uint8_t> converted_;  // which tiles of it are
  int tiles_across_ = 0;
  int block_x_ = 0, block_y_ = 0;
  alignas(16) std::uint8_t block_[2 * BLOCK * RGBX];
};

}  // namespace mfs
