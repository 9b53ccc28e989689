// Detections, and boxes that overlap: which of them are one face. face/boxes.py.

#pragma once

#include <vector>

#include "mfs/mfs.h"

namespace mfs {

constexpr double SAME_FACE_IOU = 0.4;  // of the boxes of landmarks

struct Box {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;
};

// A face as the detector sees it, in pixels of the picture. `size`: side of the face box, which is square to the
// searched view; keypoints: eye, eye (image left, right), nose, mouth, ear, ear; score 0..1.
struct Detection {
  Point centre;
  double size = 0;
  Point keypoints[6];
  float score = 0;
  Box box() const { return {centre.x - size / 2, centre.y - size / 2, centre.x + size / 2, centre.y + size / 2}; }
};

// Intersection over union.
double box_iou(const Box& a, const Box& b);

// Overlapping detections of one view become their score-weighted mean, as BlazeFace has it. Best score first.
// `detections` from index `first` on, in place.
void merge(std::vector<Detection>* detections, std::size_t first, double same_iou);

// Of overlapping detections of several views (which may disagree on the roll) the best stays. Best score first.
void suppress(std::vector<Detection>* detections, double same_iou);

}  // namespace mfs
