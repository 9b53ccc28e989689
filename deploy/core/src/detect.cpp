#include "detect.h"

#include <algorithm>
#include <cmath>

#include "tensor.h"

namespace mfs {

Detector::Detector(Network& network, const TensorSpec& input, const DetectorSettings& given)
    : settings(given), network_(network), mean_(input.mean), std_(input.std) {
  for (const auto& [cells, per_cell] : settings.anchors) {
    for (int i = 0; i < cells * cells * per_cell; ++i) {
      const int cell = i / per_cell;
      anchors_.push_back({(cell % cells + 0.5) / cells, (cell / cells + 0.5) / cells});
    }
  }
  pixels_.resize(static_cast<std::size_t>(3) * settings.size * settings.size);
}

Status Detector::detect(Picture& picture, const Matrix* views, std::size_t count, std::vector<Detection>* found) {
  found->clear();
  for (std::size_t i = 0; i < count; ++i) {
    warp_(picture, views[i], settings.size, settings.size, Interpolation::linear, Border::zero, pixels_.data());
    to_tensor(pixels_.data(), settings.size * settings.size, mean_, std_, network_.input(0));
    if (Status status = network_.run(); !status.ok()) return status;
    decode(views[i], network_.output(0), network_.output(1), found);
  }
  suppress(found, settings.same_iou);
  return {};
}

void Detector::decode(const Matrix& view, const float* regressors, const float* logits,
                      std::vector<Detection>* found) const {
  const std::size_t first = found->size();
  const Matrix back = invert(view);
  const double per_pixel = scale_of(back);
  for (std::size_t i = 0; i < anchors_.size(); ++i) {
    const float score = 1 / (1 + std::exp(-std::clamp(logits[i], -80.0f, 80.0f)));
    if (!(score > settings.min_score)) continue;
    // the network's unit is its input side, measured from the edge of the first pixel; second of the points is the size
    const float* values = regressors + 16 * i;
    const auto place = [&](int k) {
      return transform({values[2 * k] + anchors_[i].x * settings.size - 0.5,
                        values[2 * k + 1] + anchors_[i].y * settings.size - 0.5},
                       back);
    };
    Detection detection;
    detection.centre = place(0);
    detection.size = static_cast<double>(std::max(values[2], values[3])) * per_pixel;
    for (int k = 0; k < 6; ++k) detection.keypoints[k] = place(k + 2);
    detection.score = score;
    found->push_back(detection);
  }
  merge(found, first, settings.same_iou);
}

}  // namespace mfs
