// Which way up a JPEG is shown: the orientation tag of its EXIF data (Exif 2.32, 4.6.4; TIFF 6.0, section 2).

#pragma once

#include <cstdint>
#include <vector>

namespace mfs_shell {

// The orientation that a JPEG file states, 1 to 8. 1 where it states none, or its EXIF data are damaged.
int exif_orientation(const std::vector<std::uint8_t>& jpeg);

// RGB pixels that are stored in an orientation, upright. Their width and height change places from 5 on.
std::vector<std::uint8_t> upright(const std::vector<std::uint8_t>& rgb, int orientation, int* width, int* height);

}  // namespace mfs_shell
