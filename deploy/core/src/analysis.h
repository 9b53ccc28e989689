// Every face of a picture: detector, landmarks and the search that makes them work at any size and roll.
// face/analysis.py.

#pragma once

#include <string>
#include <vector>

#include "detect.h"
#include "landmarks.h"
#include "light.h"
#include "views.h"

namespace mfs {

// One face, in pixels of the picture it was found in. box: of the landmarks; score 0..1 of the detector; five: eye
// centres, nose tip, mouth corners; presence 0..1 of the mesh network.
struct Face {
  Box box;
  float score = 0;
  Landmarks landmarks;
  Point five[5];
  float presence = 0;

  // The face with these landmarks; box and five points follow from them.
  static Face of(const Landmarks& landmarks, float score, float presence);
  double size() const;  // longer side of the box in pixels
};

// Whether `box` overlaps one of the faces so much that it is the same face.
bool is_known(const Box& box, const Face* faces, std::size_t count);

class FaceAnalyser {
 public:
  FaceAnalyser(Network& detector, const TensorSpec& detector_input, Network& mesh, const TensorSpec& mesh_input,
               const DetectorSettings& detector_settings = {}, const MeshSettings& mesh_settings = {},
               const LightSettings& light_settings = {});

  // Faces of at least `min_face` pixels, largest first. The search widens until some face is confirmed by the mesh
  // network: the whole picture; with a border and turned; ever smaller overlapping tiles, upright and turned; all of it
  // once more in more light where the picture lacks it. small: search the tiles too when larger faces were found.
  Status faces(Picture& picture, bool small, std::vector<Face>* found);

  // The largest face. A sentence that begins with `name` when there is none, or it is too small.
  Status largest(Picture& picture, const std::string& name, Face* face);

  // Faces that show in these views and are none of `known`; no search.
  Status find_in(Picture& picture, const Matrix* views, std::size_t count, const std::vector<Face>& known,
                 std::vector<Face>* found);

  // The face of an earlier frame in this one: one mesh pass over `where`. `is_there` says whether it was seen.
  Status follow(Picture& picture, const Face& face, const Region& where, Face* now, bool* is_there);

  const DetectorSettings& detector_settings() const { return detector_.settings; }
  const MeshSettings& mesh_settings() const { return landmarker_.settings; }

 private:
  Status search(Picture& picture, bool small, std::vector<Face>* found);
  Status search_as_it_is(Picture& picture, bool small, std::vector<Face>* found);
  // Appends to `found` the detections which the mesh network confirms and which are not the same face again.
  Status confirm(Picture& picture, std::vector<Face>* found);
  // Replaces an unsure detection by the best that four turned views around it give.
  Status upright(Picture& picture, Detection* detection);

  Detector detector_;
  Landmarker landmarker_;
  Brightness brightness_;
  Levels levels_;
  std::vector<Detection> detections_, again_;
};

}  // namespace mfs
