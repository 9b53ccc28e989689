#include "tensor.h"

namespace mfs {

void to_tensor(const std::uint8_t* rgb, int count, float mean, float std, float* planes) {
  float value[256];
  for (int i = 0; i < 256; ++i) value[i] = (static_cast<float>(i) / 255.0f - mean) / std;
  float *red = planes, *green = red + count, *blue = green + count;
  for (int i = 0; i < count; ++i, rgb += 3) red[i] = value[rgb[0]], green[i] = value[rgb[1]], blue[i] = value[rgb[2]];
}

}  // namespace mfs
