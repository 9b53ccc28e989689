#include "boxes.h"

#include <algorithm>

namespace mfs {
namespace {

using Place = std::vector<Detection>::iterator;

// Yields groups of detections that overlap the best one of the group, each group and the groups best score first:
// `take(begin, end)`. The order of detections changes.
template <class Take>
void in_groups(Place begin, Place end, double same_iou, Take take) {
  std::sort(begin, end, [](const Detection& a, const Detection& b) { return a.score > b.score; });
  while (begin != end) {
    const Box best = begin->box();
    // the near ones to the front, both parts in order: std::stable_partition would allocate
    Place near = begin + 1;
    for (Place other = near; other != end; ++other) {
      if (box_iou(best, other->box()) > same_iou) std::rotate(near++, other, other + 1);
    }
    take(begin, near);
    begin = near;
  }
}

}  // namespace

double box_iou(const Box& a, const Box& b) {
  const double across = std::max(std::min(a.x2, b.x2) - std::max(a.x1, b.x1), 0.0);
  const double down = std::max(std::min(a.y2, b.y2) - std::max(a.y1, b.y1), 0.0);
  const double overlap = across * down;
  const double areas = (a.x2 - a.x1) * (a.y2 - a.y1) + (b.x2 - b.x1) * (b.y2 - b.y1);
  return overlap / std::max(areas - overlap, 1e-9);
}

void merge(std::vector<Detection>* detections, std::size_t first, double same_iou) {
  const Place begin = detections->begin() + static_cast<std::ptrdiff_t>(first);
  Place out = begin;
  in_groups(begin, detections->end(), same_iou, [&](Place from, Place to) {
    double total = 0;
    for (Place one = from; one != to; ++one) total += one->score;
    Detection mean;
    mean.score = from->score;
    for (Place one = from; one != to; ++one) {
      const double weight = one->score / total;
      mean.centre = {mean.centre.x + weight * one->centre.x, mean.centre.y + weight * one->centre.y};
      mean.size += weight * one->size;
      for (int i = 0; i < 6; ++i) {
        mean.keypoints[i].x += weight * one->keypoints[i].x, mean.keypoints[i].y += weight * one->keypoints[i].y;
      }
    }
    *out++ = mean;
  });
  detections->erase(out, detections->end());
}

void suppress(std::vector<Detection>* detections, double same_iou) {
  Place out = detections->begin();
  in_groups(detections->begin(), detections->end(), same_iou, [&](Place from, Place) { *out++ = *from; });
  detections->erase(out, detections->end());
}

}  // namespace mfs
