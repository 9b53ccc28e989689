// Faces of a clip, frame by frame: found rarely, followed in between, smoothed in time. face/tracker.py and track.py.

#pragma once

#include <memory>
#include <vector>

#include "analysis.h"
#include "appearance.h"
#include "one_euro.h"
#include "scene_cut.h"

namespace mfs {

// A face with the number it keeps as long as it is tracked. `face`: landmarks, points and box are smoothed.
struct TrackedFace {
  int id;
  const Face* face;
};

// Chosen by the user first, then what face/tracker.py and track.py explain.
struct TrackSettings {
  int every = 10;                // frames in which each upright level of the search has its turn once
  bool smooth = true;            // filter the landmarks in time
  bool only_largest = false;     // follow one face, the largest when it was found; look for others only when it is lost
  double first_step = 1.0 / 30;  // seconds, for a step of time that is not positive before any that is
  double lost_seconds = 1;       // a lost face is looked for and may get its id back
  double search_gap = 1;         // seconds between full searches, however often the scene seems to change
  double idle_views = 2;         // detector views a frame while no face is known
  double max_ahead = 0.25;       // seconds that a followed face's velocity is trusted
  double max_leap = 2;           // times the last move between frames, the farthest it is moved on
  double min_followed = 15;      // pixels; a little less than to be found
  double min_inside = 0.5;       // share of the landmarks; a face with fewer in the picture has left it
  double same_appearance = 0.6;  // likeness to the last frame, or to a lost face; below, it is another one
  double appearance_seconds = 1;  // a track's appearance follows the face's so slowly
  double dead_zone = 0.01;        // of the region's side (and of its roll in radians)
  double max_growth = 1.5;        // of a face's size between frames; more is a mistake of the mesh network
  double reach = 2;               // face sizes between where a lost face is expected and where it may be found
  OneEuroSettings one_euro;
};

class Track;

// Follows the faces of one clip, see the Python class of that name.
class FaceTracker {
 public:
  explicit FaceTracker(FaceAnalyser& analyser, const TrackSettings& settings = {});
  ~FaceTracker();

  // Forget all faces and the time, for another clip (or place in it). Ids are never used twice.
  void reset();
  void set_settings(const TrackSettings& settings) { settings_ = settings; }

  // The faces of the clip's next frame, largest first, valid until the next call. `time` in seconds; one that does not
  // advance is a step like the last.
  Status update(Picture& picture, double time, std::vector<TrackedFace>* tracked);

  // Whether the next frames may hold this id again.
  bool is_alive(int id) const;

 private:
  // The views of the analyser's search, in portions: one level after another, each with the next of its views.
  struct ViewTurns {
    std::vector<Levels::Level> levels;
    std::vector<std::size_t> next;  // view of each level
    std::size_t turn = 0;           // level
    int width = 0, height = 0;      // of the picture they were made for
  };
  struct Seen {
    float likeness;
    Track* track;
    Face face;
    Look look;
  };

  void forget();
  void advance(double time);
  Status follow(Picture& picture);
  Status find(Picture& picture);
  void collect_views(const Picture& picture);
  ViewTurns& turns(const Picture& picture, bool is_idle);
  void add_lost_views(const Track& track);
  void reclaim();
  bool is_known_to_others(const Face& face) const;

  FaceAnalyser& analyser_;
  TrackSettings settings_;
  CutDetector cut_;
  Appearance appearance_;
  Levels levels_;
  ViewTurns turns_[2];  // upright only; turned too, while no face is known
  int next_id_ = 0;
  double step_ = 0, clock_ = 0, time_ = 0, searched_ = 0, credit_ = 0;
  bool has_time_ = false, has_searched_ = false, is_search_due_ = true;
  std::vector<std::unique_ptr<Track>> tracks_, lost_, followed_;
  std::vector<Seen> seen_;
  std::vector<const Seen*> order_;
  std::vector<Face> found_, known_;
  std::vector<Matrix> views_;
};

}  // namespace mfs
