"""Running javac and java for tests: short runs are not worth a second compiler's work."""

import subprocess

_SHORT = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
JAVA = ["java", *_SHORT]
JAVAC = ["javac", *(f"-J{word}" for word in _SHORT), "-encoding", "UTF-8"]
GROOVY = {"JAVA_OPTS": " ".join(_SHORT)}  # environment


def run(*words, **options):
    """Run a program -> CompletedProcess, its output as text."""
    return subprocess.run(list(map(str, words)), text=True, capture_output=True, timeout=600, **options)
