package org.paddlemfs.gradle;

/** Something that the person who builds has to do. One sentence. */
public final class BuildProblem extends RuntimeException {
    public BuildProblem(String message) {
        super(message);
    }
}
