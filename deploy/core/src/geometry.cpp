#include "geometry.h"

#include <algorithm>
#include <cmath>

namespace mfs {

Rect within(const Rect& rect, int width, int height) {
  return {std::clamp(rect.x1, 0, width), std::clamp(rect.y1, 0, height), std::clamp(rect.x2, 0, width),
          std::clamp(rect.y2, 0, height)};
}

bool similarity(const Point* src, const Point* dst, int count, Matrix* result) {
  Point from, to;
  for (int i = 0; i < count; ++i) {
    from = {from.x + src[i].x / count, from.y + src[i].y / count};
    to = {to.x + dst[i].x / count, to.y + dst[i].y / count};
  }
  double spread = 0, along = 0, across = 0;
  for (int i = 0; i < count; ++i) {
    const double ax = src[i].x - from.x, ay = src[i].y - from.y, bx = dst[i].x - to.x, by = dst[i].y - to.y;
    spread += ax * ax + ay * ay;
    along += ax * bx + ay * by;
    across += ax * by - ay * bx;
  }
  if (!(spread > 0)) return false;
  const double c = along / spread, s = across / spread;
  *result = {{c, -s, to.x - c * from.x + s * from.y, s, c, to.y - s * from.x - c * from.y}};
  return true;
}

Point transform(Point p, const Matrix& m) {
  return {m.a[0] * p.x + m.a[1] * p.y + m.a[2], m.a[3] * p.x + m.a[4] * p.y + m.a[5]};
}

Matrix invert(const Matrix& m) {
  const double determinant = m.a[0] * m.a[4] - m.a[1] * m.a[3];
  const double d = determinant != 0 ? 1 / determinant : 0;
  const double a = m.a[4] * d, b = -m.a[1] * d, c = -m.a[3] * d, e = m.a[0] * d;
  return {{a, b, -a * m.a[2] - b * m.a[5], c, e, -c * m.a[2] - e * m.a[5]}};
}

Matrix compose(const Matrix& outer, const Matrix& inner) {
  const double *o = outer.a, *i = inner.a;
  return {{o[0] * i[0] + o[1] * i[3], o[0] * i[1] + o[1] * i[4], o[0] * i[2] + o[1] * i[5] + o[2],
           o[3] * i[0] + o[4] * i[3], o[3] * i[1] + o[4] * i[4], o[3] * i[2] + o[4] * i[5] + o[5]}};
}

double scale_of(const Matrix& m) { return std::sqrt(std::abs(m.a[0] * m.a[4] - m.a[1] * m.a[3])); }

}  // namespace mfs
