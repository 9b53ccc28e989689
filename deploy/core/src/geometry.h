// Points and the similarity transforms between pictures: face/geometry.py. Pixel centres are at integers.

#pragma once

#include "mfs/mfs.h"

namespace mfs {

// Pixels x1 <= x < x2, y1 <= y < y2.
struct Rect {
  int x1 = 0, y1 = 0, x2 = 0, y2 = 0;
  int width() const { return x2 - x1; }
  int height() const { return y2 - y1; }
  bool is_empty() const { return x2 <= x1 || y2 <= y1; }
};

// The part of `rect` that lies in a picture of this size.
Rect within(const Rect& rect, int width, int height);

// Least-squares similarity (rotation, uniform scale, translation; never a reflection) from `src` to `dst`, `count` >= 2
// points each: Umeyama, TPAMI 1991, which in the plane has a closed form. False when the source points are all equal.
bool similarity(const Point* src, const Point* dst, int count, Matrix* result);

Point transform(Point point, const Matrix& matrix);

// The inverse; zeros where there is none.
Matrix invert(const Matrix& matrix);

// The matrix that applies `inner`, then `outer`.
Matrix compose(const Matrix& outer, const Matrix& inner);

// Length in the destination of one source pixel (square root of the determinant).
double scale_of(const Matrix& matrix);

}  // namespace mfs
