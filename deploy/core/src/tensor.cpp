#include "tensor.h"

#include "lanes.h"

namespace mfs {

void to_tensor(const std::uint8_t* rgb, int count, float mean, float std, float* planes) {
  const float scale = 1 / (255 * std), shift = -mean / std;
  for (int i = 0; i < count; i += 16) {
    Byte16 colours[3];
    planes_of(rgb + 3 * i, count - i, colours);
    for (int c = 0; c < 3; ++c) {
      Float4 values[4];
      floats(colours[c], values);
      for (Float4& four : values) four = four * scale + shift;
      float* to = planes + c * count + i;
      if (count - i >= 16) {
        for (int k = 0; k < 4; ++k) store4(values[k], to + 4 * k);
      } else {
        std::memcpy(to, values, sizeof(float) * static_cast<std::size_t>(count - i));
      }
    }
  }
}

}  // namespace mfs
