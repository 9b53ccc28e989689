// Pixels of a frame, seen upright as RGB, changed where a face is and nowhere else: video/frame.py.
//
// A YUV frame is read where something looks at it and no further. What is changed in its RGB view is added to Y, U and
// V as a difference: no change adds exactly 0, so pixels outside the face keep their bytes.
//
// YUV is BT.601 in full range, as Android's cameras give it (JFIF):
//   R = Y + 1.402 V'    G = Y - 0.344136 U' - 0.714136 V'    B = Y + 1.772 U'    U' = U - 128, V' = V - 128
// a chroma sample holds for its 2 x 2 pixels, and what is added to it is the mean over them.

#pragma once

#include <vector>

#include "geometry.h"
#include "mfs/mfs.h"

namespace mfs {

// Why a frame cannot be used: planes missing, sizes or strides impossible, an unknown rotation.
Status check_frame(const Frame& frame);

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

  // Every `step`-th pixel of every `step`-th row, as the Python slice [::step, ::step] of the upright picture:
  // ceil(height / step) rows of ceil(width / step) RGB pixels. Converts nothing else.
  void sample(int step, std::uint8_t* rgb) const;

  // Where pixel (x, y) of the memory lies in the upright picture, and where parts of that lie in memory.
  const Matrix& to_upright() const { return to_upright_; }
  Rect in_memory(const Rect& area) const;
  const Turn& turn() const { return turn_; }
  const Pixels& pixels() const { return pixels_; }  // as `read` gives them

  // Changing pixels, at most two rows of memory at a time: `begin_rows` gives memory rows y and y + 1 (y even; the
  // second may not exist) from x1 to x2 (even, or the frame's end) as RGB pixels that may be written, until `end_rows`
  // brings the change into the frame.
  struct Rows {
    std::uint8_t* row[2];  // pixel x1, `pixels().dx` bytes before the next; nullptr: no such row
  };
  Rows begin_rows(int y, int x1, int x2);
  void end_rows();

 private:
  void convert(const Rect& area);  // in memory's layout
  void convert_tile(const Rect& tile);
  void sample_row(int x, int y, int step, int count, std::uint16_t* pairs) const;
  void add_luma(const std::uint8_t* after, const std::uint8_t* before, int row);
  void add_chroma();

  Frame frame_;
  Pixels pixels_;
  Turn turn_;
  Matrix to_upright_;
  std::vector<std::uint8_t> rgb_;        // of a YUV frame, in its layout, 4 bytes a pixel
  std::vector<std::uint8_t> converted_;  // which tiles of it are
  int tiles_across_ = 0;
  std::vector<std::uint8_t> before_;  // the rows being changed
  int row_ = 0, from_ = 0, to_ = 0;
  std::vector<std::int16_t> change_;  // sums over the two rows: of each tile's red, green, blue
};

}  // namespace mfs
