// Finding faces, held against the Python package: every view the networks are shown, and what is made of their answers.

#include <string>

#include "align.h"
#include "analysis.h"
#include "golden.h"

using namespace mfs;
using mfs_test::Golden;
using mfs_test::Replay;

namespace {

constexpr double POINTS = 0.01;  // pixels
constexpr double MATRIX = 1e-4;
constexpr double STEP = 1.0001;  // of 8 bits

void check_faces(const std::string& name, const std::vector<Face>& faces) {
  const Golden& golden = Golden::vectors();
  const auto boxes = golden.array<double>(name, "boxes"), five = golden.array<double>(name, "five");
  const auto scores = golden.array<double>(name, "scores"), poses = golden.array<double>(name, "poses");
  const auto landmarks = golden.array<float>(name, "landmarks");
  CHECK(static_cast<int>(faces.size()) == boxes.size());
  if (!(static_cast<int>(faces.size()) == boxes.size())) return;
  for (std::size_t i = 0; i < faces.size(); ++i) {
    const Face& face = faces[i];
    const double box[4] = {face.box.x1, face.box.y1, face.box.x2, face.box.y2};
    for (int k = 0; k < 4; ++k) CHECK_NEAR(box[k], boxes[i][k], POINTS);
    for (int k = 0; k < 3 * MESH_POINTS; ++k) CHECK_NEAR(face.landmarks.at[k / 3][k % 3], landmarks[i][k], POINTS);
    for (int k = 0; k < 5; ++k) {
      CHECK_NEAR(face.five[k].x, five[i][2 * k], POINTS);
      CHECK_NEAR(face.five[k].y, five[i][2 * k + 1], POINTS);
    }
    CHECK_NEAR(face.score, scores[i][0], 1e-5);
    const Pose turned = pose(face.landmarks);
    CHECK_NEAR(turned.yaw, poses[i][0], 0.01);
    CHECK_NEAR(turned.pitch, poses[i][1], 0.01);
    CHECK_NEAR(turned.roll, poses[i][2], 0.01);
  }
}

void the_search_sees_and_finds_what_python_does() {
  int tried = 0;
  for (const std::string& name : Golden::vectors().cases()) {
    if (!Golden::vectors().has(name, "detector_inputs") || name == "clip") continue;
    ++tried;
    const auto pixels = Golden::vectors().array<std::uint8_t>(name, "picture");
    Replay detector = Replay::detector(name), mesh = Replay::mesh(name);
    FaceAnalyser analyser(detector, detector.spec(), mesh, mesh.spec());
    Picture picture;
    picture.set(mfs_test::frame_of(pixels));
    std::vector<Face> faces;
    const Status status = analyser.faces(picture, name == "two", &faces);
    if (!status.ok()) std::fprintf(stderr, "%s: %s\n", name.c_str(), status.message.c_str());
    CHECK(status.ok());
    CHECK(detector.is_done());
    CHECK(mesh.is_done());
    CHECK_NEAR(detector.largest_difference(), 0, STEP);
    CHECK_NEAR(mesh.largest_difference(), 0, STEP);
    check_faces(name, faces);
  }
  CHECK(tried >= 10);
}

void the_alignment_is_pythons() {
  int tried = 0;
  for (const std::string& name : Golden::vectors().cases()) {
    if (!Golden::vectors().has(name, "five") || !Golden::vectors().has(name, "matrix")) continue;
    ++tried;
    const auto five = Golden::vectors().array<double>(name, "five");
    const auto wanted = Golden::vectors().array<double>(name, "matrix");
    Point points[5];
    for (int k = 0; k < 5; ++k) points[k] = {five[0][2 * k], five[0][2 * k + 1]};
    Matrix matrix;
    CHECK(alignment(points, 224, &matrix));
    if (!(alignment(points, 224, &matrix))) return;
    for (int k = 0; k < 6; ++k) CHECK_NEAR(matrix.a[k], wanted.values[k], MATRIX);
  }
  CHECK(tried >= 8);
}

void a_picture_without_a_face_is_told_so() {
  const auto pixels = Golden::vectors().array<std::uint8_t>("nobody", "picture");
  Replay detector = Replay::detector("nobody"), mesh = Replay::mesh("nobody");
  FaceAnalyser analyser(detector, detector.spec(), mesh, mesh.spec());
  Picture picture;
  picture.set(mfs_test::frame_of(pixels));
  Face face;
  const Status status = analyser.largest(picture, "wall.jpg", &face);
  CHECK(status.message.rfind("wall.jpg: no face found", 0) == 0);
}

void a_network_that_fails_ends_the_search() {
  const auto pixels = Golden::vectors().array<std::uint8_t>("upright", "picture");
  Replay detector = Replay::detector("nobody"), mesh = Replay::mesh("nobody");
  FaceAnalyser analyser(mesh, detector.spec(), mesh, mesh.spec());  // one without answers
  Picture picture;
  picture.set(mfs_test::frame_of(pixels));
  std::vector<Face> faces;
  CHECK(!analyser.faces(picture, false, &faces).ok());
}

}  // namespace

int main() {
  the_search_sees_and_finds_what_python_does();
  the_alignment_is_pythons();
  a_picture_without_a_face_is_told_so();
  a_network_that_fails_ends_the_search();
  return mfs_test::result();
}
