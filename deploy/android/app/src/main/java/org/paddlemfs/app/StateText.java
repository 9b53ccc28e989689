package org.paddlemfs.app;

import android.content.Context;
import org.paddlemfs.core.Device;
import org.paddlemfs.core.State;

/** States of a session in words. */
final class StateText {
    private StateText() {}

    static String device(Context context, Device device) {
        switch (device) {
            case GPU:
                return context.getString(R.string.device_gpu);
            case NNAPI:
                return context.getString(R.string.device_nnapi);
            default:
                return context.getString(R.string.device_cpu);
        }
    }

    /** What the user has to know or wait for; empty when faces are being swapped. */
    static String status(Context context, State state) {
        switch (state.phase) {
            case OPENING:
                return context.getString(R.string.state_opening);
            case NO_BUNDLE:
                return (context.getString(R.string.state_no_bundle) + "\n" + state.problem).trim();
            case FAILED:
                return context.getString(R.string.state_failed, fallback(context, state));
            case CHANGING:
                return context.getString(step(state.step));
            case READY:
                if (!state.problem.isEmpty()) {
                    return state.problem;
                }
                return state.worn == null ? context.getString(R.string.state_nobody) : "";
            default:
                return state.problem;
        }
    }

    /** Why another device is used than the one chosen; empty when it is the one. */
    static String fallback(Context context, State state) {
        State.Fallback fallback = state.fallback;
        if (fallback == null) {
            return "";
        }
        String wished = device(context, fallback.wished);
        if (state.device == null) {
            return wished + ": " + fallback.problem;
        }
        String used = device(context, state.device);
        switch (fallback.reason) {
            case NO_BUNDLE:
                return context.getString(R.string.fallback_no_bundle, wished, used);
            case ENDED_APP:
                return context.getString(R.string.fallback_ended_app, wished, used);
            default:
                return context.getString(R.string.fallback_refused, wished, used, fallback.problem);
        }
    }

    private static int step(int step) {
        int[] texts = {R.string.state_step_1, R.string.state_step_2, R.string.state_step_3};
        return texts[step - 1];
    }
}
