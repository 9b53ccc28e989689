#include "align.h"

namespace mfs {

const Point TEMPLATE_112[5] = {
    {38.2946, 51.6963},  // eye on the image's left
    {73.5318, 51.5014},  // eye on the image's right
    {56.0252, 71.7366},  // nose tip
    {41.5493, 92.3655},  // mouth corner on the image's left
    {70.7299, 92.2041},
};

bool alignment(const Point* five, int size, Matrix* matrix) {
  Point places[5];
  for (int i = 0; i < 5; ++i) places[i] = {TEMPLATE_112[i].x * size / 112, TEMPLATE_112[i].y * size / 112};
  return similarity(five, places, 5, matrix);
}

void align(Picture& picture, const Matrix& matrix, int size, Warp& warp, std::uint8_t* crop) {
  warp(picture, matrix, size, size, Interpolation::cubic, Border::reflect, crop);
}

}  // namespace mfs
