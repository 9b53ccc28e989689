// Where the detector looks: the whole picture, tiles of it, turned copies, the place of a face. face/views.py.
//
// A view is a matrix that maps the picture to the detector's input.

#pragma once

#include <vector>

#include "mfs/mfs.h"

namespace mfs {

// The view that fits the whole picture, turned by `angle` degrees, into an input of `input` pixels. `margin`: extra
// border around the picture, as a fraction of its longer side.
Matrix whole_view(int input, int width, int height, double angle = 0, double margin = 0);

// The view around a face at `centre`, turned by `angle` degrees; its `size` spans 0.4 of it.
Matrix local_view(int input, Point centre, double size, double angle);

// Views of square tiles of side `tile` that cover the picture, neighbours sharing 0.35 of their side, row by row;
// appended.
void tile_views(int input, int width, int height, double tile, double angle, std::vector<Matrix>* views);

// The search order for pictures of one size, made once.
class Levels {
 public:
  struct Level {
    bool is_fine;              // of upright tiles
    std::size_t first, count;  // its views
  };
  void set(int input, int width, int height);  // does nothing when they are as before
  const std::vector<Level>& levels() const { return levels_; }
  const Matrix* views(const Level& level) const { return views_.data() + level.first; }

 private:
  int input_ = 0, width_ = 0, height_ = 0;
  std::vector<Level> levels_;
  std::vector<Matrix> views_;
};

}  // namespace mfs
