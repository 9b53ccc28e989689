#include "landmarks.h"

#include <algorithm>
#include <cmath>

#include "tensor.h"

namespace mfs {
namespace {

constexpr double DEGREES = 180 / 3.14159265358979323846;

// Roll in radians of the line through two points, 0 when the second is straight to the right.
double roll(Point left, Point right) { return std::atan2(right.y - left.y, right.x - left.x); }

struct Vector {
  double x, y, z;
};
Vector operator+(Vector a, Vector b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
Vector operator-(Vector a, Vector b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
Vector operator*(double s, Vector a) { return {s * a.x, s * a.y, s * a.z}; }
double dot(Vector a, Vector b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
Vector unit(Vector a) { return 1 / std::max(std::sqrt(dot(a, a)), 1e-9) * a; }

}  // namespace

Region region(const Landmarks& landmarks, double scale) {
  Region found;
  found.angle = roll(landmarks.point(EYE_LEFT_OUTER), landmarks.point(EYE_RIGHT_OUTER));
  const double c = std::cos(found.angle), s = std::sin(found.angle);
  const Matrix upright = {{c, s, 0, -s, c, 0}};
  Point low = transform(landmarks.point(0), upright), high = low;
  for (int i = 1; i < MESH_POINTS; ++i) {
    const Point p = transform(landmarks.point(i), upright);
    low = {std::min(low.x, p.x), std::min(low.y, p.y)};
    high = {std::max(high.x, p.x), std::max(high.y, p.y)};
  }
  found.centre = transform({(low.x + high.x) / 2, (low.y + high.y) / 2}, {{c, -s, 0, s, c, 0}});
  found.side = std::max(high.x - low.x, high.y - low.y) * scale;
  return found;
}

Region region(const Detection& detection, double scale) {
  return {detection.centre, detection.size * scale, roll(detection.keypoints[0], detection.keypoints[1])};
}

Pose pose(const Landmarks& landmarks) {
  const auto at = [&](int i) { return Vector{landmarks.at[i][0], landmarks.at[i][1], landmarks.at[i][2]}; };
  const Vector across = unit(at(EYE_RIGHT_OUTER) - at(EYE_LEFT_OUTER) + (at(MOUTH_RIGHT) - at(MOUTH_LEFT)));
  Vector down = at(CHIN) - at(FOREHEAD);
  down = unit(down - dot(across, down) * across);
  const double into = across.x * down.y - across.y * down.x;  // depth of their cross product
  return {std::asin(std::clamp(across.z, -1.0, 1.0)) * DEGREES, std::atan2(down.z, into) * DEGREES,
          std::atan2(across.y, across.x) * DEGREES};
}

Landmarker::Landmarker(Network& network, const TensorSpec& input, const MeshSettings& given)
    : settings(given), network_(network), mean_(input.mean), std_(input.std) {
  pixels_.resize(static_cast<std::size_t>(3) * settings.size * settings.size);
}

Status Landmarker::operator()(Picture& picture, const Detection& detection, Landmarks* landmarks, float* presence) {
  Status status = look(picture, region(detection, settings.region_scale), landmarks, presence);
  if (status.ok() && *presence >= settings.min_presence) {
    status = look(picture, region(*landmarks, settings.region_scale), landmarks, presence);
  }
  return status;
}

Status Landmarker::look(Picture& picture, const Region& where, Landmarks* landmarks, float* presence) {
  const Matrix shown = view(where);
  warp_(picture, shown, settings.size, settings.size, Interpolation::linear, Border::zero, pixels_.data());
  to_tensor(pixels_.data(), settings.size * settings.size, mean_, std_, network_.input(0));
  if (Status status = network_.run(); !status.ok()) return status;
  decode(shown, network_.output(0), network_.output(1)[0], landmarks, presence);
  return {};
}

Matrix Landmarker::view(const Region& where) const {
  const double scale = settings.size / std::max(where.side, 1e-3), middle = (settings.size - 1) / 2.0;
  const double c = scale * std::cos(where.angle), s = scale * std::sin(where.angle);
  return {{c, s, middle - c * where.centre.x - s * where.centre.y, -s, c,
           middle + s * where.centre.x - c * where.centre.y}};
}

void Landmarker::decode(const Matrix& view, const float* mesh, float logit, Landmarks* landmarks, float* presence) {
  const Matrix back = invert(view);
  const double per_pixel = scale_of(back);
  for (int i = 0; i < MESH_POINTS; ++i) {  // the network measures from the edge of the first pixel
    const Point p = transform({mesh[3 * i] - 0.5, mesh[3 * i + 1] - 0.5}, back);
    landmarks->at[i][0] = static_cast<float>(p.x);
    landmarks->at[i][1] = static_cast<float>(p.y);
    landmarks->at[i][2] = static_cast<float>(mesh[3 * i + 2] * per_pixel);
  }
  *presence = static_cast<float>(1 / (1 + std::exp(-std::clamp(static_cast<double>(logit), -80.0, 80.0))));
}

}  // namespace mfs
