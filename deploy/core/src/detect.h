// Finding faces: BlazeFace's anchors and decoding, in one view or several. face/detect.py.
//
// Bazarevsky et al. 2019, https://arxiv.org/abs/1907.05047 (short-range model).

#pragma once

#include <vector>

#include "boxes.h"
#include "frame.h"
#include "warp.h"

namespace mfs {

struct DetectorSettings {
  int size = 128;  // pixels, side of the input
  float min_score = 0.5f;
  float sure = 0.85f;                     // below, a face may have been seen at the wrong roll: look again around it
  int anchors[2][2] = {{16, 2}, {8, 6}};  // grids: cells a side, anchors a cell
  double same_iou = 0.3;                  // of two detections of one face
};

class Detector {
 public:
  // `network`: image -> regressors (anchors, 16), logits (anchors). `input`: its mean and std.
  Detector(Network& network, const TensorSpec& input, const DetectorSettings& settings = {});

  // Faces of `picture` in each view, best score first, valid until the next call.
  Status detect(Picture& picture, const Matrix* views, std::size_t count, std::vector<Detection>* found);

  // What the network's output says of one view, merged and appended to `found`.
  void decode(const Matrix& view, const float* regressors, const float* logits, std::vector<Detection>* found) const;

  const DetectorSettings settings;

 private:
  Network& network_;
  const float mean_, std_;
  std::vector<Point> anchors_;  // in 0..1
  std::vector<std::uint8_t> pixels_;
  Warp warp_;
};

}  // namespace mfs
