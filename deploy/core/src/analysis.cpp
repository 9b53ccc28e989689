#include "analysis.h"

#include <algorithm>
#include <cmath>

#include "status.h"

namespace mfs {

Face Face::of(const Landmarks& landmarks, float score, float presence) {
  Face face;
  face.landmarks = landmarks, face.score = score, face.presence = presence;
  const Point first = landmarks.point(0);
  face.box = {first.x, first.y, first.x, first.y};
  for (int i = 1; i < MESH_POINTS; ++i) {
    const Point p = landmarks.point(i);
    face.box = {std::min(face.box.x1, p.x), std::min(face.box.y1, p.y), std::max(face.box.x2, p.x),
                std::max(face.box.y2, p.y)};
  }
  five_points(landmarks, face.five);
  return face;
}

double Face::size() const { return std::max(box.x2 - box.x1, box.y2 - box.y1); }

bool is_known(const Box& box, const Face* faces, std::size_t count) {
  return std::any_of(faces, faces + count, [&](const Face& face) { return box_iou(box, face.box) > SAME_FACE_IOU; });
}

FaceAnalyser::FaceAnalyser(Network& detector, const TensorSpec& detector_input, Network& mesh,
                           const TensorSpec& mesh_input, const DetectorSettings& detector_settings,
                           const MeshSettings& mesh_settings, const LightSettings& light_settings)
    : detector_(detector, detector_input, detector_settings),
      landmarker_(mesh, mesh_input, mesh_settings),
      brightness_(light_settings) {}

Status FaceAnalyser::faces(Picture& picture, bool small, std::vector<Face>* found) {
  Status status = search(picture, small, found);
  found->erase(std::remove_if(found->begin(), found->end(),
                              [this](const Face& face) { return face.size() < landmarker_.settings.min_face; }),
               found->end());
  return status;
}

Status FaceAnalyser::largest(Picture& picture, const std::string& name, Face* face) {
  std::vector<Face> found;
  if (Status status = search(picture, false, &found); !status.ok()) return status;
  const std::string least = std::to_string(std::lround(landmarker_.settings.min_face));
  if (found.empty()) {
    return {name + ": no face found; use a picture that shows a face, unhidden and at least " + least + " px high"};
  }
  if (found[0].size() < landmarker_.settings.min_face) {
    return {name + ": the face is too small (" + std::to_string(std::lround(found[0].size())) + " px, at least " +
            least + " are needed); use a larger picture"};
  }
  *face = found[0];
  return {};
}

Status FaceAnalyser::find_in(Picture& picture, const Matrix* views, std::size_t count, const std::vector<Face>& known,
                             std::vector<Face>* found) {
  if (Status status = detector_.detect(picture, views, count, &detections_); !status.ok()) return status;
  found->assign(known.begin(), known.end());
  Status status = confirm(picture, found);
  found->erase(found->begin(), found->begin() + static_cast<std::ptrdiff_t>(known.size()));
  found->erase(std::remove_if(found->begin(), found->end(),
                              [this](const Face& face) { return face.size() < landmarker_.settings.min_face; }),
               found->end());
  return status;
}

Status FaceAnalyser::follow(Picture& picture, const Face& face, const Region& where, Face* now, bool* is_there) {
  Landmarks landmarks;
  float presence = 0;
  if (Status status = landmarker_.look(picture, where, &landmarks, &presence); !status.ok()) return status;
  *is_there = presence >= landmarker_.settings.min_presence;
  if (*is_there) *now = Face::of(landmarks, face.score, presence);
  return {};
}

Status FaceAnalyser::search(Picture& picture, bool small, std::vector<Face>* found) {
  found->clear();
  MFS_TRY(search_as_it_is(picture, small, found));
  Picture* bright = found->empty() ? brightness_.brightened(picture) : nullptr;
  if (bright != nullptr) MFS_TRY(search_as_it_is(*bright, small, found));
  std::sort(found->begin(), found->end(), [](const Face& a, const Face& b) { return a.size() > b.size(); });
  return {};
}

Status FaceAnalyser::search_as_it_is(Picture& picture, bool small, std::vector<Face>* found) {
  levels_.set(detector_.settings.size, picture.width(), picture.height());
  for (const Levels::Level& level : levels_.levels()) {
    if (!found->empty() && !(small && level.is_fine)) continue;
    if (Status status = detector_.detect(picture, levels_.views(level), level.count, &detections_); !status.ok())
      return status;
    if (Status status = confirm(picture, found); !status.ok()) return status;
  }
  return {};
}

Status FaceAnalyser::confirm(Picture& picture, std::vector<Face>* found) {
  for (Detection detection : detections_) {
    if (is_known(detection.box(), found->data(), found->size())) continue;
    if (Status status = upright(picture, &detection); !status.ok()) return status;
    Landmarks landmarks;
    float presence = 0;
    if (Status status = landmarker_(picture, detection, &landmarks, &presence); !status.ok()) return status;
    if (presence < landmarker_.settings.min_presence) continue;
    const Face face = Face::of(landmarks, detection.score, presence);
    if (!is_known(face.box, found->data(), found->size())) found->push_back(face);
  }
  return {};
}

Status FaceAnalyser::upright(Picture& picture, Detection* detection) {
  if (detection->score >= detector_.settings.sure) return {};
  Matrix views[4];
  for (int i = 0; i < 4; ++i) {
    views[i] = local_view(detector_.settings.size, detection->centre, detection->size, 90 * i);
  }
  if (Status status = detector_.detect(picture, views, 4, &again_); !status.ok()) return status;
  Detection best = *detection;
  for (const Detection& other : again_) {
    const double away =
        std::max(std::abs(other.centre.x - detection->centre.x), std::abs(other.centre.y - detection->centre.y));
    if (away < detection->size / 2 && other.score > best.score) best = other;
  }
  *detection = best;
  return {};
}

}  // namespace mfs
