#include "tensor.h"

namespace mfs {

void to_tensor(const std::uint8_t* rgb, int count, float mean, float std, float* planes) {
  for (int c = 0; c < 3; ++c) {
    float* plane = planes + static_cast<std::ptrdiff_t>(c) * count;
    for (int i = 0; i < count; ++i) plane[i] = (static_cast<float>(rgb[3 * i + c]) / 255.0f - mean) / std;
  }
}

}  // namespace mfs
