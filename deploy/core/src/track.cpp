#include "track.h"

#include <algorithm>
#include <cmath>

namespace mfs {
namespace {

double norm(Point vector) { return std::hypot(vector.x, vector.y); }
Point minus(Point a, Point b) { return {a.x - b.x, a.y - b.y}; }

Point centre(const Landmarks& landmarks) {
  Point sum;
  for (const auto& at : landmarks.at) sum = {sum.x + at[0], sum.y + at[1]};
  return {sum.x / MESH_POINTS, sum.y / MESH_POINTS};
}

// `now`, or what is nearest to `before` and no more than `reach` from `now`.
double within_reach(double now, double before, double reach) { return std::clamp(before, now - reach, now + reach); }

bool is_inside(const Face& face, const Picture& picture, double least) {
  int inside = 0;
  for (const auto& at : face.landmarks.at) {
    const bool is_in = at[0] >= 0 && at[1] >= 0 && at[0] < static_cast<float>(picture.width()) &&
                       at[1] < static_cast<float>(picture.height());
    inside += is_in;
  }
  return inside >= least * MESH_POINTS;
}

// Whether the mesh network's answer can be the face it was `before`.
bool is_plausible(const Face& face, const Face& before, const Picture& picture, const TrackSettings& settings) {
  const double growth = face.size() / before.size();
  return face.size() >= settings.min_followed && 1 / settings.max_growth < growth && growth < settings.max_growth &&
         is_inside(face, picture, settings.min_inside);
}

// A stable sort that allocates nothing, for a few things.
template <class Iterator, class Less>
void sort_few(Iterator begin, Iterator end, Less less) {
  for (Iterator one = begin; one != end; ++one) std::rotate(std::upper_bound(begin, one, *one, less), one, one + 1);
}

}  // namespace

// One face over time.
class Track {
 public:
  Track(int number, const Face& face, const Look& look, double time, const TrackSettings& settings)
      : id(number), look(look), last_look(look), born(time), settings_(settings) {
    see(face, time);
  }

  // The face was seen again.
  void move(const Face& now, const Look& now_look, double now_time) {
    const Point moved = minus(centre(now.landmarks), centre(face.landmarks));
    const double step = now_time - time;
    velocity_ = {(velocity_.x + moved.x / step) / 2, (velocity_.y + moved.y / step) / 2};
    moved_ = norm(moved);
    const auto share = static_cast<float>(step / (step + settings_.appearance_seconds));
    for (std::size_t i = 0; i < look.size(); ++i) look[i] += (now_look[i] - look[i]) * share;
    const float most = std::max(length(look), 1e-6f);
    for (float& value : look) value /= most;
    last_look = now_look;
    see(now, now_time);
  }

  // The region to look at: that of the last landmarks, moved on. It keeps still within settings_.dead_zone: else
  // landmark noise would move the region and the region the landmarks.
  Region region_at(double now, double scale) {
    Region next = region(face.landmarks, scale);
    const double seconds = std::min(now - time, settings_.max_ahead);
    const Point ahead = {velocity_.x * seconds, velocity_.y * seconds};
    const double share = std::min(1.0, settings_.max_leap * moved_ / std::max(norm(ahead), 1e-6));
    next.centre = {next.centre.x + ahead.x * share, next.centre.y + ahead.y * share};
    if (has_region_) {
      next.centre = {within_reach(next.centre.x, region_.centre.x, settings_.dead_zone * next.side),
                     within_reach(next.centre.y, region_.centre.y, settings_.dead_zone * next.side)};
      next.side = within_reach(next.side, region_.side, settings_.dead_zone * next.side);
      next.angle = within_reach(next.angle, region_.angle, settings_.dead_zone);
    }
    has_region_ = true;
    region_ = next;
    return next;
  }

  // Where it may be after a loss: where it would have gone and, when that is another place, where it was. -> 1 or 2
  int places(double now, Face out[2]) const {
    Landmarks landmarks = face.landmarks;
    for (auto& at : landmarks.at) {
      at[0] += static_cast<float>(velocity_.x * (now - time));
      at[1] += static_cast<float>(velocity_.y * (now - time));
    }
    out[0] = Face::of(landmarks, face.score, face.presence);
    if (is_known(out[0].box, &face, 1)) return 1;
    out[1] = face;
    return 2;
  }

  // Whether `other` is where it may be after a loss.
  bool is_near(const Face& other, double now) const {
    Face place[2];
    const int count = places(now, place);
    for (int i = 0; i < count; ++i) {
      if (norm(minus(centre(other.landmarks), centre(place[i].landmarks))) < settings_.reach * face.size()) return true;
    }
    return false;
  }

  int id;
  Look look, last_look;  // its usual appearance, the last
  double born;           // when it was first seen
  double time = 0;       // when it was last seen
  Face face, output;     // where it was last seen, unsmoothed; the same, smoothed

 private:
  void see(const Face& now, double now_time) {
    face = output = now;
    time = now_time;
    if (!settings_.smooth) return;
    // depth is noisier than the picture plane, and must not speak in its speed
    double plane[MESH_POINTS][2], depth[MESH_POINTS];
    for (int i = 0; i < MESH_POINTS; ++i) {
      plane[i][0] = now.landmarks.at[i][0];
      plane[i][1] = now.landmarks.at[i][1];
      depth[i] = now.landmarks.at[i][2];
    }
    const std::vector<double>& steady = plane_filter_(plane[0], time, now.size());
    const std::vector<double>& steady_depth = depth_filter_(depth, time, now.size());
    Landmarks landmarks;
    for (std::size_t i = 0; i < MESH_POINTS; ++i) {
      landmarks.at[i][0] = static_cast<float>(steady[2 * i]);
      landmarks.at[i][1] = static_cast<float>(steady[2 * i + 1]);
      landmarks.at[i][2] = static_cast<float>(steady_depth[i]);
    }
    output = Face::of(landmarks, now.score, now.presence);
  }

  const TrackSettings settings_;  // of the moment it was found
  OneEuro plane_filter_{MESH_POINTS, 2, settings_.one_euro}, depth_filter_{MESH_POINTS, 1, settings_.one_euro};
  Point velocity_;    // pixels a second
  double moved_ = 0;  // pixels between the last two frames it was seen in
  bool has_region_ = false;
  Region region_;
};

FaceTracker::FaceTracker(FaceAnalyser& analyser, const TrackSettings& settings)
    : analyser_(analyser), settings_(settings) {
  reset();
}

FaceTracker::~FaceTracker() = default;

void FaceTracker::reset() {
  cut_.reset();
  step_ = settings_.first_step;
  clock_ = 0;
  has_time_ = has_searched_ = false;
  forget();
}

void FaceTracker::forget() {
  tracks_.clear();
  lost_.clear();
  for (ViewTurns& turns : turns_) turns.levels.clear();
  is_search_due_ = true;
  credit_ = 0;
}

bool FaceTracker::is_alive(int id) const {
  const auto has_id = [id](const std::unique_ptr<Track>& track) { return track->id == id; };
  return std::any_of(tracks_.begin(), tracks_.end(), has_id) || std::any_of(lost_.begin(), lost_.end(), has_id);
}

Status FaceTracker::update(Picture& picture, double time, std::vector<TrackedFace>* tracked) {
  tracked->clear();
  advance(time);
  if (cut_(picture)) forget();
  if (Status status = follow(picture); !status.ok()) return status;
  if (Status status = find(picture); !status.ok()) return status;
  reclaim();
  const auto is_over = [this](const std::unique_ptr<Track>& track) {
    return clock_ - track->time > settings_.lost_seconds;
  };
  lost_.erase(std::remove_if(lost_.begin(), lost_.end(), is_over), lost_.end());
  for (const auto& track : tracks_) tracked->push_back({track->id, &track->output});
  sort_few(tracked->begin(), tracked->end(),
           [](const TrackedFace& a, const TrackedFace& b) { return a.face->size() > b.face->size(); });
  return {};
}

void FaceTracker::advance(double time) {
  if (has_time_ && time > time_) step_ = time - time_;
  has_time_ = true;
  time_ = time;
  clock_ += step_;
}

Status FaceTracker::follow(Picture& picture) {
  seen_.clear();
  const MeshSettings& mesh = analyser_.mesh_settings();
  for (const auto& track : tracks_) {
    Seen seen;
    bool is_there = false;
    const Region where = track->region_at(clock_, mesh.region_scale);
    if (Status status = analyser_.follow(picture, track->face, where, &seen.face, &is_there); !status.ok())
      return status;
    if (!is_there || !is_plausible(seen.face, track->face, picture, settings_)) continue;
    seen.look = appearance_(picture, seen.face.five);
    if (likeness(seen.look, track->last_look) < settings_.same_appearance) continue;
    seen.likeness = likeness(seen.look, track->look);
    seen.track = track.get();
    seen_.push_back(seen);
  }
  // two tracks on one face: it is the one's whom it resembles more, the older one's if both are alike
  order_.clear();
  for (const Seen& seen : seen_) order_.push_back(&seen);
  sort_few(order_.begin(), order_.end(), [](const Seen* a, const Seen* b) {
    const double one = std::nearbyint(a->likeness * 10), other = std::nearbyint(b->likeness * 10);
    return one != other ? one > other : a->track->id < b->track->id;
  });
  followed_.swap(tracks_);
  for (const Seen* seen : order_) {
    if (is_known_to_others(seen->face)) continue;
    seen->track->move(seen->face, seen->look, clock_);
    for (auto& track : followed_) {
      if (track.get() == seen->track) tracks_.push_back(std::move(track));
    }
  }
  for (auto& track : followed_) {
    if (track) lost_.push_back(std::move(track));
  }
  followed_.clear();
  return {};
}

bool FaceTracker::is_known_to_others(const Face& face) const {
  return std::any_of(tracks_.begin(), tracks_.end(),
                     [&face](const std::unique_ptr<Track>& track) { return is_known(face.box, &track->face, 1); });
}

// Look for faces that are not being followed.
Status FaceTracker::find(Picture& picture) {
  if (settings_.only_largest && !tracks_.empty()) return {};
  found_.clear();
  if (is_search_due_ && (!has_searched_ || clock_ - searched_ >= settings_.search_gap)) {
    if (Status status = analyser_.faces(picture, !settings_.only_largest, &found_); !status.ok()) return status;
    const auto is_followed = [this](const Face& face) { return is_known_to_others(face); };
    found_.erase(std::remove_if(found_.begin(), found_.end(), is_followed), found_.end());
    is_search_due_ = false;
    has_searched_ = true;
    searched_ = clock_;
  } else {
    known_.clear();
    for (const auto& track : tracks_) known_.push_back(track->face);
    collect_views(picture);
    if (Status status = analyser_.find_in(picture, views_.data(), views_.size(), known_, &found_); !status.ok()) {
      return status;
    }
  }
  const auto is_outside = [this, &picture](const Face& face) {
    return !is_inside(face, picture, settings_.min_inside);
  };
  found_.erase(std::remove_if(found_.begin(), found_.end(), is_outside), found_.end());
  sort_few(found_.begin(), found_.end(), [](const Face& a, const Face& b) { return a.size() > b.size(); });
  if (settings_.only_largest && found_.size() > 1) found_.resize(1);
  for (const Face& face : found_) {
    const Look look = appearance_(picture, face.five);
    tracks_.push_back(std::make_unique<Track>(next_id_++, face, look, clock_, settings_));
  }
  return {};
}

// What the detector shall look at in this frame: around each lost face, and the next of the search's views.
void FaceTracker::collect_views(const Picture& picture) {
  views_.clear();
  for (const auto& track : lost_) add_lost_views(*track);
  const bool is_idle = tracks_.empty();
  ViewTurns& views = turns(picture, is_idle);
  credit_ += is_idle ? settings_.idle_views : static_cast<double>(views.levels.size()) / settings_.every;
  const double count = std::floor(credit_);
  credit_ -= count;
  for (double taken = 0; taken < count; ++taken) {
    const std::size_t level = views.turn++ % views.levels.size();
    const std::size_t view = views.next[level]++ % views.levels[level].count;
    views_.push_back(levels_.views(views.levels[level])[view]);
  }
}

FaceTracker::ViewTurns& FaceTracker::turns(const Picture& picture, bool is_idle) {
  ViewTurns& turns = turns_[is_idle];
  levels_.set(analyser_.detector_settings().size, picture.width(), picture.height());
  if (!turns.levels.empty()) return turns;
  turns.turn = 0;
  for (const Levels::Level& level : levels_.levels()) {
    const bool is_first = &level == &levels_.levels().front();
    if (level.count > 0 && (is_first || level.is_fine || is_idle)) turns.levels.push_back(level);
  }
  turns.next.assign(turns.levels.size(), 0);
  return turns;
}

// The detector's views of the places of a lost face, turned so that it stands upright.
void FaceTracker::add_lost_views(const Track& track) {
  Face place[2];
  const int count = track.places(clock_, place);
  for (int i = 0; i < count; ++i) {
    const Box& box = place[i].box;
    const int quarter = ((static_cast<int>(std::nearbyint(-pose(place[i].landmarks).roll / 90)) % 4) + 4) % 4;
    const Point middle = {(box.x1 + box.x2) / 2, (box.y1 + box.y2) / 2};
    views_.push_back(local_view(analyser_.detector_settings().size, middle, place[i].size(), 90.0 * quarter));
  }
}

// Lost tracks take over the faces found since that are theirs: the likest pair first.
void FaceTracker::reclaim() {
  while (true) {
    auto best = static_cast<float>(settings_.same_appearance);
    Track* found = nullptr;
    auto theirs = lost_.end();
    for (auto lost = lost_.begin(); lost != lost_.end(); ++lost) {
      for (const auto& track : tracks_) {
        if (track->born <= (*lost)->time || !(*lost)->is_near(track->face, clock_)) continue;
        const float alike = likeness(track->look, (*lost)->look);
        if (alike > best || (alike == best && !found)) {
          best = alike;
          found = track.get();
          theirs = lost;
        }
      }
    }
    if (!found) return;
    found->id = (*theirs)->id;
    found->look = (*theirs)->look;
    found->born = (*theirs)->born;
    lost_.erase(theirs);
  }
}

}  // namespace mfs
