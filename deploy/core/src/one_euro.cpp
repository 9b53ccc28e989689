#include "one_euro.h"

#include <algorithm>
#include <cmath>

namespace mfs {
namespace {

// The new value's weight in an exponential filter of this cutoff (Hz), `step` seconds after the last (eq. 3, 5).
double weight(double cutoff, double step) {
  const double turn = 2 * M_PI * cutoff * step;
  return turn / (turn + 1);
}

}  // namespace

OneEuro::OneEuro(std::size_t points, std::size_t dimensions, const OneEuroSettings& settings)
    : points_(points), settings_(settings) {
  for (auto* buffer : {&raw_, &value_, &velocity_, &behind_}) buffer->assign(points * dimensions, 0);
}

const std::vector<double>& OneEuro::operator()(const double* value, double time, double scale) {
  const std::size_t count = value_.size();
  if (!has_time_ || time <= time_) {
    std::copy(value, value + count, value_.begin());
    std::fill(velocity_.begin(), velocity_.end(), 0.0);
  } else {
    const double step = time - time_;
    double cutoff = settings_.min_cutoff;
    if (settings_.beta != 0) {
      const double share = weight(settings_.speed_cutoff, step);
      for (std::size_t i = 0; i < count; ++i) {
        velocity_[i] += share * ((value[i] - raw_[i]) / (step * scale) - velocity_[i]);
      }
      cutoff += settings_.beta * rms(velocity_);
    }
    const double stays = 1 - weight(cutoff, step);
    for (std::size_t i = 0; i < count; ++i) behind_[i] = (value[i] - value_[i]) * stays;
    const double least =
        settings_.beta != 0 ? std::min(1.0, settings_.slack * scale / std::max(rms(behind_), 1e-12)) : 1.0;
    for (std::size_t i = 0; i < count; ++i) value_[i] = value[i] - behind_[i] * least;
  }
  has_time_ = true;
  time_ = time;
  std::copy(value, value + count, raw_.begin());
  return value_;
}

// Root mean square of the lengths.
double OneEuro::rms(const std::vector<double>& vectors) const {
  double sum = 0;
  for (const double number : vectors) sum += number * number;
  return std::sqrt(sum / static_cast<double>(points_));
}

}  // namespace mfs
