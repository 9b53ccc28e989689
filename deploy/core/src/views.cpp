#include "views.h"

#include <algorithm>
#include <cmath>

namespace mfs {
namespace {

constexpr double TILE = 160;         // pixels, smallest upright tile: finds faces from 26 px on
constexpr double TURNED_TILE = 256;  // pixels, smallest turned tile: finds faces from 40 px on
constexpr double OVERLAP = 0.35;     // of their side that neighbouring tiles share
constexpr double LOCAL = 2.5;        // side of a local view in sizes of its face
constexpr double RADIANS = 3.14159265358979323846 / 180;

// The view turned by `angle` degrees and scaled that has `point` in the middle.
Matrix centred(int input, double angle, double scale, Point point) {
  const double c = scale * std::cos(angle * RADIANS), s = scale * std::sin(angle * RADIANS), middle = (input - 1) / 2.0;
  return {{c, -s, middle - c * point.x + s * point.y, s, c, middle - s * point.x - c * point.y}};
}

// Middles of the tiles along a side.
int middles(int length, double tile) {
  return length <= tile ? 1 : static_cast<int>(std::ceil((length - tile) / (tile * (1 - OVERLAP)))) + 1;
}
double middle(int length, double tile, int index, int count) {
  if (count == 1) return (length - 1) / 2.0;
  return tile / 2 + index * ((length - tile) / (count - 1)) - 0.5;
}

}  // namespace

Matrix whole_view(int input, int width, int height, double angle, double margin) {
  const double c = std::cos(angle * RADIANS), s = std::sin(angle * RADIANS);
  const double longest = std::max({std::abs(c * width - s * height), std::abs(s * width + c * height),
                                   std::abs(c * width + s * height), std::abs(s * width - c * height)});
  return centred(input, angle, input / (longest * (1 + 2 * margin)), {(width - 1) / 2.0, (height - 1) / 2.0});
}

Matrix local_view(int input, Point centre, double size, double angle) {
  return centred(input, angle, input / (size * LOCAL), centre);
}

void tile_views(int input, int width, int height, double tile, double angle, std::vector<Matrix>* views) {
  const int columns = middles(width, tile), rows = middles(height, tile);
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      const Point point = {middle(width, tile, column, columns), middle(height, tile, row, rows)};
      views->push_back(centred(input, angle, input / tile, point));
    }
  }
}

void Levels::set(int input, int width, int height) {
  if (input == input_ && width == width_ && height == height_) return;
  input_ = input, width_ = width, height_ = height;
  levels_.clear(), views_.clear();
  const auto level = [this](bool is_fine, std::size_t first) {
    levels_.push_back({is_fine, first, views_.size() - first});
  };

  views_.push_back(whole_view(input, width, height));
  level(false, 0);
  for (const double margin : {0.0, 0.5}) {
    for (const double angle : {0.0, 90.0, 180.0, 270.0}) {
      if (margin != 0 || angle != 0) views_.push_back(whole_view(input, width, height, angle, margin));
    }
  }
  level(false, 1);
  for (const bool is_upright : {true, false}) {
    const double smallest = is_upright ? TILE : TURNED_TILE, below = 0.8 * std::max(width, height);
    double tile = smallest;
    while (2 * tile < below) tile *= 2;
    for (; tile >= smallest && tile < below; tile /= 2) {
      const std::size_t first = views_.size();
      if (is_upright) {
        tile_views(input, width, height, tile, 0, &views_);
      } else {
        for (const double angle : {90.0, 180.0, 270.0}) tile_views(input, width, height, tile, angle, &views_);
      }
      level(is_upright, first);
    }
  }
}

}  // namespace mfs
