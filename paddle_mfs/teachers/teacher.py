"""The interface of teachers."""


class Teacher:
    """Aligned source, aligned target -> the image the student should make.

    options: the settings of the config's `teacher:` section that it takes, as arguments of its constructor; required: those of
        them it cannot do without.
    licence: one line printed when it is used; None where there is nothing to say.
    """

    name = None
    options = required = ()
    licence = None

    @property
    def may_fork(self):
        """It works in the forked processes that make batches, not in this one alone."""
        return True

    def geometry(self, landmarks, size):
        """What `swap` can use of target landmarks (468, >=2) in pixels of a crop of `size`, whatever the source."""
        return None

    def partners(self, crops):
        """Which targets it can put each source on: {index in crops: [indices]}, or None where it can do any pair."""
        return None

    def swap(self, source, source_landmarks, target, target_landmarks, geometry=None):
        """Put the source's face on the target.

        Args:
            source, target: (S, S, 3) uint8 RGB aligned crops.
            source_landmarks, target_landmarks: (468, >=2) in pixels of their crops.
            geometry: `self.geometry(target_landmarks, S)` if it is at hand.
        Returns: image (S, S, 3) uint8 RGB; blend (S, S) float32 in 0..1, 0 where the target was left untouched.
        """
        raise NotImplementedError
