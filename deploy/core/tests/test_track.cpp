// The tracker against the Python package's on a clip: two faces that move, one covered for a while, then another scene.

#include "track.h"

#include "golden.h"

using namespace mfs_test;

int main() {
  const Golden& golden = Golden::vectors();
  const auto frames = golden.array<std::uint8_t>("clip", "frames");
  const auto times = golden.array<double>("clip", "times");
  const auto counts = golden.array<std::int32_t>("clip", "counts"), ids = golden.array<std::int32_t>("clip", "ids");
  const auto boxes = golden.array<double>("clip", "boxes");
  const auto landmarks = golden.array<float>("clip", "landmarks");

  Replay detector = Replay::detector("clip"), mesh = Replay::mesh("clip");
  FaceAnalyser analyser(detector, detector.spec(), mesh, mesh.spec());
  FaceTracker tracker(analyser);
  Picture picture;
  std::vector<TrackedFace> tracked;
  std::size_t face = 0;
  double points = 0, corners = 0;
  for (int number = 0; number < frames.size(); ++number) {
    const auto at = static_cast<std::size_t>(number);
    const Frame frame = frame_of(frames, frames[at]);
    picture.set(frame);
    const Status status = tracker.update(picture, times.values[at], &tracked);
    if (!status.ok()) std::fprintf(stderr, "frame %d: %s\n", number, status.message.c_str());
    CHECK(status.ok());
    CHECK(static_cast<int>(tracked.size()) == counts.values[at]);
    if (mfs_test::failures()) return mfs_test::result();  // nothing after fits
    for (const TrackedFace& one : tracked) {
      CHECK(one.id == ids.values[face] && tracker.is_alive(one.id));
      for (std::size_t i = 0; i < MESH_POINTS; ++i) {
        for (std::size_t axis = 0; axis < 2; ++axis) {
          points = std::max(points, std::abs(double{one.face->landmarks.at[i][axis]} - landmarks[face][3 * i + axis]));
        }
      }
      const double box[4] = {one.face->box.x1, one.face->box.y1, one.face->box.x2, one.face->box.y2};
      for (std::size_t i = 0; i < 4; ++i) corners = std::max(corners, std::abs(box[i] - boxes[face][i]));
      ++face;
    }
  }
  std::printf("%zu faces in %d frames: landmarks differ by %.5f px at most, boxes by %.5f\n", face, frames.size(),
              points, corners);
  CHECK_NEAR(points, 0, 0.01);
  CHECK_NEAR(corners, 0, 0.01);
  CHECK(detector.is_done() && mesh.is_done());
  // places are rounded to 1/32 of a pixel, which is 8 steps where the picture has its steepest edges
  CHECK_NEAR(std::max(detector.largest_difference(), mesh.largest_difference()), 0, 8.5);
  CHECK(face == static_cast<std::size_t>(ids.size()) && face > 80);
  return mfs_test::result();
}
