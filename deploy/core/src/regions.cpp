#include "regions.h"

namespace mfs {
namespace {

// Contours of the eyes in MediaPipe's canonical face model.
constexpr int LEFT_EYE[] = {33, 246, 161, 160, 159, 158, 157, 173, 133, 155, 154, 153, 145, 144, 163, 7};
constexpr int RIGHT_EYE[] = {263, 466, 388, 387, 386, 385, 384, 398, 362, 382, 381, 380, 374, 373, 390, 249};

template <int COUNT>
Point middle(const Landmarks& landmarks, const int (&indices)[COUNT]) {
  Point sum;
  for (const int index : indices) {
    sum = {sum.x + landmarks.at[index][0], sum.y + landmarks.at[index][1]};
  }
  return {sum.x / COUNT, sum.y / COUNT};
}

}  // namespace

void five_points(const Landmarks& landmarks, Point* five) {
  five[0] = middle(landmarks, LEFT_EYE);
  five[1] = middle(landmarks, RIGHT_EYE);
  five[2] = landmarks.point(NOSE_TIP);
  five[3] = landmarks.point(MOUTH_LEFT);
  five[4] = landmarks.point(MOUTH_RIGHT);
}

}  // namespace mfs
